//! The first block.

use std::collections::BTreeMap;

use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header, constants::EMPTY_WITHDRAWALS,
};
use alloy_eips::{
    eip1559::INITIAL_BASE_FEE,
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip7685::Requests,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use ciphervm_precompiles::{GenesisParams, HostConfig, genesis};

use super::{AccountDiff, SlotDiff, StateDiff, WorldState};

/// What the chain begins with.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// Timestamp of the first block.
    pub timestamp: u64,
    /// Gas limit of the first block.
    pub gas_limit: u64,
    /// Base fee of the first block.
    pub base_fee: u64,
    /// Balances in wei.
    pub balances: BTreeMap<Address, U256>,
    /// The host contracts.
    pub host: GenesisParams,
}

impl Genesis {
    /// Base fee of the first block, unless something else is asked for, in wei.
    pub const BASE_FEE: u64 = INITIAL_BASE_FEE;

    /// The first block's header, and the state after it.
    pub fn build(&self, host: &HostConfig) -> (Header, StateDiff) {
        let diff = self.state(host);
        let mut state = WorldState::default();
        state.apply(&diff);
        (self.header(state.root()), diff)
    }

    /// The accounts: those with balances, the host contracts, and the history contract, which
    /// blocks call (EIP-2935).
    fn state(&self, host: &HostConfig) -> StateDiff {
        let empty = WorldState::default();
        let contract = |address: Address, code: &Bytes, storage: Vec<(U256, U256)>| AccountDiff {
            // A contract's nonce starts at one (EIP-161).
            nonce: 1,
            code_hash: keccak256(code),
            storage: storage.into_iter().map(|(slot, value)| SlotDiff { slot, value }).collect(),
            ..empty.unchanged(address)
        };
        let mut codes = vec![HISTORY_STORAGE_CODE.clone()];
        let mut accounts = vec![contract(HISTORY_STORAGE_ADDRESS, &HISTORY_STORAGE_CODE, vec![])];
        for account in genesis(host, &self.host) {
            accounts.push(contract(account.address, &account.code, account.storage));
            codes.push(account.code);
        }
        let funded = self.balances.iter().map(|(address, balance)| AccountDiff {
            balance: *balance,
            ..empty.unchanged(*address)
        });
        accounts.extend(funded);
        StateDiff { accounts, codes }
    }

    fn header(&self, state_root: B256) -> Header {
        Header {
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            state_root,
            transactions_root: EMPTY_ROOT_HASH,
            receipts_root: EMPTY_ROOT_HASH,
            gas_limit: self.gas_limit,
            timestamp: self.timestamp,
            base_fee_per_gas: Some(self.base_fee),
            withdrawals_root: Some(EMPTY_WITHDRAWALS),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(Requests::default().requests_hash()),
            ..Header::default()
        }
    }
}
