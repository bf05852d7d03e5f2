//! libFuzzer on [`ciphervm_fuzz::lists::run_plain`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::lists::run_plain(data);
});
