//! libFuzzer on [`ciphervm_fuzz::bundle::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(init: ciphervm_fuzz::panics::watch(), |data: &[u8]| {
    ciphervm_fuzz::bundle::run(data);
});
