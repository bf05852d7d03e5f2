//! Records of a ciphertext store: a byte that says whether the digest is made to fit, a handle, and
//! what the database holds for it. A record is refused, or read and written back as it was.

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{Ciphertext, FheType, Handle, Record};

use crate::{Seed, Target, Verdict, bytes::Bytes, no_words};

/// Records of a store.
pub const TARGET: Target = Target { name: "record", run, seeds, words: no_words, runs: 50_000 };

/// Where the digest is: after the format, the type, and the class.
const DIGEST: std::ops::Range<usize> = 34..66;

/// Reads bytes as a record.
///
/// # Panics
/// If they are not written back as they were.
pub fn run(data: &[u8]) -> Verdict {
    let mut data = Bytes(data);
    let fits = data.byte() & 1 == 0;
    let mut word = [0; 32];
    let handle = data.take(32);
    word[..handle.len()].copy_from_slice(handle);
    let handle = Handle(word.into());
    let mut stored = data.0.to_vec();
    if fits
        && stored.len() >= DIGEST.end
        && let Some(ty) = FheType::from_id(stored[1])
    {
        let class = B256::from_slice(&stored[2..34]);
        let digest = Record::new(ty, class, stored[DIGEST.end..].to_vec()).digest;
        stored[DIGEST].copy_from_slice(&digest[..]);
    }
    let record = Record::from_bytes(&handle, &stored);
    if let Ok(record) = &record {
        assert_eq!(handle.fhe_type(), Some(record.ty), "a record of another type is read");
        assert_eq!(record.to_bytes(), stored, "a record is written in another way");
    }
    Verdict::of(record.is_ok())
}

fn seeds() -> Vec<Seed> {
    let input = |fits: bool, ty: FheType| {
        let handle = Handle::computed(B256::repeat_byte(9), 31337, ty);
        let bytes = Ciphertext::Constant(U256::ONE).encode().expect("a constant has no noise");
        let record = Record::new(ty, B256::repeat_byte(3), bytes);
        [&[u8::from(!fits)], &handle.0[..], &record.to_bytes()].concat()
    };
    let mut other = input(false, FheType::Uint8);
    let last = other.len() - 1;
    other[last] = 2;
    vec![
        Seed::valid("a-byte", input(true, FheType::Uint8)),
        Seed::valid("a-bool-with-its-own-digest", input(false, FheType::Bool)),
        Seed::refused("another-value-than-the-digest's", other),
    ]
}
