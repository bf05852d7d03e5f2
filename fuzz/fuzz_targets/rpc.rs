//! libFuzzer on [`ciphervm_fuzz::rpc::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ciphervm_fuzz::rpc::run(data);
});
