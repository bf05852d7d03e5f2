//! A map whose Merkle-Patricia root is cheap to keep up to date.

use std::collections::BTreeSet;

use alloy_primitives::B256;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles};
use imbl::{OrdMap, ordmap::DiffItem};

/// Values by hashed key. Copies share structure.
///
/// The first byte of a key chooses its bucket. The node of the Merkle-Patricia trie above a bucket
/// is kept, so after a change only the leaves of the buckets that changed are hashed again.
#[derive(Clone, Debug)]
pub(super) struct Trie<V> {
    leaves: OrdMap<B256, V>,
    /// The hash of the branch node right above each bucket. A bucket with few leaves has none.
    branches: OrdMap<u8, B256>,
    root: B256,
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { leaves: OrdMap::new(), branches: OrdMap::new(), root: EMPTY_ROOT_HASH }
    }
}

/// The root is a function of the leaves.
impl<V: PartialEq> PartialEq for Trie<V> {
    fn eq(&self, other: &Self) -> bool {
        self.leaves == other.leaves
    }
}

impl<V: Clone> Trie<V> {
    /// A value.
    pub(super) fn get(&self, key: &B256) -> Option<&V> {
        self.leaves.get(key)
    }

    /// All values in the order of their keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&B256, &V)> {
        self.leaves.iter()
    }

    /// Root of the trie.
    pub(super) const fn root(&self) -> B256 {
        self.root
    }

    /// Where `later` differs. What the two share is not looked at.
    pub(super) fn diff<'a>(
        &'a self,
        later: &'a Self,
    ) -> impl Iterator<Item = DiffItem<'a, 'a, B256, V>>
    where
        V: PartialEq,
    {
        self.leaves.diff(&later.leaves)
    }

    /// Removes everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Inserts and removes. `leaf` encodes a value as the trie has it.
    pub(super) fn update(
        &mut self,
        changes: impl IntoIterator<Item = (B256, Option<V>)>,
        leaf: impl Fn(&V) -> Vec<u8>,
    ) {
        let mut buckets = BTreeSet::new();
        for (key, value) in changes {
            buckets.insert(key[0]);
            match value {
                Some(value) => self.leaves.insert(key, value),
                None => self.leaves.remove(&key),
            };
        }
        if buckets.is_empty() {
            return;
        }
        for bucket in buckets {
            match self.branch(bucket, &leaf) {
                Some(hash) => self.branches.insert(bucket, hash),
                None => self.branches.remove(&bucket),
            };
        }
        self.root = self.compute_root(&leaf);
    }

    fn bucket(&self, bucket: u8) -> impl Iterator<Item = (&B256, &V)> {
        let (mut first, mut last) = (B256::ZERO, B256::repeat_byte(0xff));
        (first[0], last[0]) = (bucket, bucket);
        self.leaves.range(first..=last)
    }

    /// The hash of the node above a bucket, if that is a branch node: if the keys differ in the
    /// nibble after the bucket's two.
    fn branch(&self, bucket: u8, leaf: impl Fn(&V) -> Vec<u8>) -> Option<B256> {
        let mut nibbles = self.bucket(bucket).map(|(key, _)| key[1] >> 4);
        let first = nibbles.next()?;
        if nibbles.all(|nibble| nibble == first) {
            return None;
        }
        let mut builder = HashBuilder::default();
        for (key, value) in self.bucket(bucket) {
            builder.add_leaf(Nibbles::unpack(key).slice(2..), &leaf(value));
        }
        Some(builder.root())
    }

    fn compute_root(&self, leaf: impl Fn(&V) -> Vec<u8>) -> B256 {
        let mut builder = HashBuilder::default();
        for bucket in 0..=u8::MAX {
            if let Some(hash) = self.branches.get(&bucket) {
                builder.add_branch(Nibbles::unpack([bucket]), *hash, false);
                continue;
            }
            for (key, value) in self.bucket(bucket) {
                builder.add_leaf(Nibbles::unpack(key), &leaf(value));
            }
        }
        builder.root()
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{U256, keccak256};
    use alloy_trie::root::storage_root;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn update(trie: &mut Trie<U256>, changes: &[(u64, u64)]) {
        let changes = changes.iter().map(|&(key, value)| {
            let key = keccak256(key.to_be_bytes());
            (key, (value != 0).then(|| U256::from(value)))
        });
        trie.update(changes, |value| alloy_rlp::encode(value));
    }

    fn expected(trie: &Trie<U256>) -> B256 {
        storage_root(trie.iter().map(|(key, value)| (*key, *value)))
    }

    proptest! {
        /// Few keys leave most buckets with one leaf or none, many give all of them a branch.
        #[test]
        fn the_root_is_that_of_a_trie_built_from_nothing(
            many in 0_u64..3_000,
            rounds in vec(vec((0_u64..3_000, 0_u64..4), 0..40), 1..8),
        ) {
            let mut trie = Trie::default();
            update(&mut trie, &(0..many).map(|key| (key, key + 1)).collect::<Vec<_>>());
            prop_assert_eq!(trie.root(), expected(&trie));
            for changes in rounds {
                update(&mut trie, &changes);
                prop_assert_eq!(trie.root(), expected(&trie));
            }
        }
    }

    #[test]
    fn all_leaves_may_be_in_one_bucket() {
        let mut trie = Trie::default();
        for second in [0x00, 0x10, 0xf0] {
            let mut key = B256::ZERO;
            (key[0], key[1]) = (0xab, second);
            trie.update([(key, Some(U256::ONE))], |value| alloy_rlp::encode(value));
            assert_eq!(trie.root(), expected(&trie));
        }
        assert_eq!(trie.branches.len(), 1);
        trie.clear();
        assert_eq!(trie.root(), EMPTY_ROOT_HASH);
    }
}
