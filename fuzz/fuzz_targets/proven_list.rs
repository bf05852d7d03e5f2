//! libFuzzer on [`ciphervm_fuzz::lists::run_proven`].
#![no_main]

libfuzzer_sys::fuzz_target!(init: ciphervm_fuzz::panics::watch(), |data: &[u8]| {
    ciphervm_fuzz::lists::run_proven(data);
});
