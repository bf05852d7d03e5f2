//! libFuzzer on [`ciphervm_fuzz::bundle::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::bundle::run(data);
});
