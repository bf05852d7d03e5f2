//! libFuzzer on [`ciphervm_fuzz::calldata::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::calldata::run(data);
});
