//! Any bytes are a ciphertext of a type, or are refused; what is accepted is written back the same.
#![no_main]

use ciphervm_fhe::{Ciphertext, FheType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (ty, bytes) = input;
    let ty = FheType::ALL[usize::from(ty) % FheType::ALL.len()];
    if let Ok(ciphertext) = Ciphertext::decode(bytes, ty) {
        let written = ciphertext.encode().expect("what is read is clean");
        assert_eq!(written, bytes);
    }
});
