//! libFuzzer on [`ciphervm_fuzz::input_proof::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::input_proof::run(data);
});
