//! `eth_getProof` (EIP-1186).

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, KECCAK_EMPTY, Nibbles, proof::ProofRetainer};

use crate::chain::{Account, WorldState};

/// The proof of an account, and of slots of its storage.
pub(super) fn prove(
    state: &WorldState,
    address: Address,
    slots: Vec<JsonStorageKey>,
) -> EIP1186AccountProofResponse {
    let leaves =
        state.accounts().map(|(key, account)| (*key, alloy_rlp::encode(account.trie_account())));
    let account_proof = path(leaves, keccak256(address));
    let account = state.account(&address);
    let trie = account.map(Account::trie_account);
    let storage_proof = slots.into_iter().map(|key| {
        let slot = key.as_b256();
        let leaves = account.into_iter().flat_map(Account::storage);
        let leaves = leaves.map(|(hash, _, value)| (hash, alloy_rlp::encode(value)));
        let proof = path(leaves, keccak256(slot));
        EIP1186StorageProof { key, value: state.storage(&address, slot.into()), proof }
    });
    EIP1186AccountProofResponse {
        address,
        balance: state.balance(&address),
        code_hash: trie.map_or(KECCAK_EMPTY, |trie| trie.code_hash),
        nonce: state.nonce(&address),
        storage_hash: trie.map_or(EMPTY_ROOT_HASH, |trie| trie.storage_root),
        account_proof,
        storage_proof: storage_proof.collect(),
    }
}

/// The nodes on the way to `target`, from the root on.
fn path(leaves: impl Iterator<Item = (B256, Vec<u8>)>, target: B256) -> Vec<Bytes> {
    let retainer = ProofRetainer::new(vec![Nibbles::unpack(target)]);
    let mut builder = HashBuilder::default().with_proof_retainer(retainer);
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), &value);
    }
    let _ = builder.root();
    let nodes = builder.take_proof_nodes().into_nodes_sorted();
    nodes.into_iter().map(|(_, node)| node).collect()
}
