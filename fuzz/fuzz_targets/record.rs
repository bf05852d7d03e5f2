//! libFuzzer on [`ciphervm_fuzz::record::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::record::run(data);
});
