//! libFuzzer on [`ciphervm_fuzz::relayer::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::relayer::run(data);
});
