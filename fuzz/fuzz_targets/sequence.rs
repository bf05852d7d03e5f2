//! libFuzzer on [`ciphervm_fuzz::sequence::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::sequence::run(data);
});
