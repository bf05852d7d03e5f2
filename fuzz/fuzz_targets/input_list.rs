//! libFuzzer on [`ciphervm_fuzz::input_list::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::input_list::run(data);
});
