//! libFuzzer on [`ciphervm_fuzz::journal::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::journal::run(data);
});
