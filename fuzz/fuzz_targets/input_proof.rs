//! Bytes are an input proof or are refused, and a proof that is read is written as it was.
#![no_main]

use ciphervm::precompiles::InputProof;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(proof) = InputProof::decode(bytes) {
        assert_eq!(&proof.encode()[..], bytes);
    }
});
