//! libFuzzer on [`ciphervm_fuzz::ciphertext::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::ciphertext::run(data);
});
