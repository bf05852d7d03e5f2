//! libFuzzer on [`ciphervm_fuzz::lists::run_proven`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::lists::run_proven(data);
});
