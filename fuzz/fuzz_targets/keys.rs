//! libFuzzer on [`ciphervm_fuzz::keys::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::keys::run(data);
});
