//! What nodes compare to see that they computed the same ciphertexts.

use alloy_primitives::{B256, Keccak256};
use ciphervm_fhe::Handle;

/// Over the ciphertexts that a block settled.
///
/// The root is that of a binary Merkle tree, built as in RFC 6962: a leaf is
/// `keccak256(0x00 ‖ handle ‖ digest)`, a node `keccak256(0x01 ‖ left ‖ right)`, and the left half
/// of `n` leaves has the largest power of two below `n`. Leaves are in the order of handles. A
/// digest covers the engine class, and so does the root. A block without ciphertexts has the root
/// zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commitment {
    /// The Merkle root.
    pub root: B256,
    /// The engine class.
    pub class: B256,
    /// Handle and digest of each ciphertext.
    pub ciphertexts: Vec<(Handle, B256)>,
}

impl Commitment {
    /// The commitment to ciphertexts of one engine class.
    pub fn new(class: B256, mut ciphertexts: Vec<(Handle, B256)>) -> Self {
        ciphertexts.sort_unstable();
        ciphertexts.dedup();
        let leaves: Vec<B256> =
            ciphertexts.iter().map(|(handle, digest)| hash(0, &handle.0, digest)).collect();
        let root = if leaves.is_empty() { B256::ZERO } else { root(&leaves) };
        Self { root, class, ciphertexts }
    }
}

fn root(leaves: &[B256]) -> B256 {
    if let [leaf] = leaves {
        return *leaf;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    hash(1, &root(left), &root(right))
}

fn hash(kind: u8, left: &B256, right: &B256) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update([kind]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use ciphervm_fhe::FheType;

    use super::*;

    fn ciphertext(byte: u8) -> (Handle, B256) {
        let handle = Handle::computed(B256::repeat_byte(byte), 31337, FheType::Uint8);
        (handle, B256::repeat_byte(byte ^ 0xff))
    }

    #[test]
    fn the_root_is_that_of_the_tree_whatever_the_order() {
        let leaf = |byte| hash(0, &ciphertext(byte).0.0, &ciphertext(byte).1);
        let commit = |bytes: &[u8]| {
            let ciphertexts = bytes.iter().map(|byte| ciphertext(*byte)).collect();
            Commitment::new(B256::ZERO, ciphertexts).root
        };
        assert_eq!(commit(&[]), B256::ZERO);
        assert_eq!(commit(&[1]), leaf(1));
        assert_eq!(commit(&[2, 1]), hash(1, &leaf(1), &leaf(2)));
        let three = hash(1, &hash(1, &leaf(1), &leaf(2)), &leaf(3));
        assert_eq!(commit(&[3, 1, 2]), three);
        assert_eq!(commit(&[3, 1, 2, 3]), three, "a ciphertext counts once");
        let upper = hash(1, &leaf(3), &leaf(4));
        let four = hash(1, &hash(1, &leaf(1), &leaf(2)), &upper);
        assert_eq!(commit(&[1, 2, 3, 4]), four);
        assert_eq!(commit(&[1, 2, 3, 4, 5]), hash(1, &four, &leaf(5)));
    }
}
