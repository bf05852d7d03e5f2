//! Bytes of an input proof: they are read or refused, and what is read is written as it was.

use alloy_primitives::{B256, Bytes};
use ciphervm_fhe::Handle;
use ciphervm_precompiles::InputProof;

use crate::{Seed, Target, Verdict, no_words};

/// Input proofs.
pub const TARGET: Target =
    Target { name: "input_proof", run, seeds, words: no_words, runs: 200_000 };

/// Reads bytes as a proof.
///
/// # Panics
/// If they are not written back as they were.
pub fn run(data: &[u8]) -> Verdict {
    let proof = InputProof::decode(data);
    if let Ok(proof) = &proof {
        assert_eq!(&proof.encode()[..], data, "a proof is written in another way");
    }
    Verdict::of(proof.is_ok())
}

fn seeds() -> Vec<Seed> {
    let proof = |handles: u8, signatures: u8, extra_data: &'static [u8]| {
        let handles = (0..handles).map(|byte| Handle(B256::repeat_byte(byte))).collect();
        let signatures = (0..signatures).map(|byte| [byte; 65]).collect();
        InputProof { handles, signatures, extra_data: Bytes::from_static(extra_data) }.encode()
    };
    vec![
        Seed::valid("nothing", proof(0, 0, &[])),
        Seed::valid("one-value", proof(1, 1, &[0])),
        Seed::valid("three-values-two-coprocessors", proof(3, 2, b"extra data")),
        Seed::refused("cut-short", &proof(3, 2, &[])[..200]),
    ]
}
