//! The state of all accounts after a block.

use std::{collections::BTreeMap, convert::Infallible};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use alloy_trie::TrieAccount;
use imbl::{HashMap, Vector, ordmap::DiffItem};
use revm::{
    DatabaseRef,
    database::BundleState,
    state::{AccountInfo, Bytecode},
};

use super::trie::Trie;

/// Accounts, code and block hashes. Copies share structure, so one is kept for each block.
#[derive(Clone, Debug, Default)]
pub struct WorldState {
    /// By the hash of the address, the order of the state trie.
    accounts: Trie<Account>,
    codes: HashMap<B256, Bytecode>,
    /// The hash of every block up to this one, by number.
    hashes: Vector<B256>,
}

/// An account.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Its address.
    pub address: Address,
    /// Its nonce.
    pub nonce: u64,
    /// Its balance in wei.
    pub balance: U256,
    /// Hash of its code.
    pub code_hash: B256,
    /// Slot and value by the hash of the slot, without zeros.
    storage: Trie<(U256, U256)>,
}

impl Account {
    fn new(address: Address) -> Self {
        Self {
            address,
            nonce: 0,
            balance: U256::ZERO,
            code_hash: KECCAK256_EMPTY,
            storage: Trie::default(),
        }
    }

    /// EIP-161: what is the same as no account.
    fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code_hash == KECCAK256_EMPTY
    }

    /// The account after a change. Nothing if it is empty then.
    fn changed(mut self, change: &AccountDiff) -> Option<Self> {
        self.nonce = change.nonce;
        self.balance = change.balance;
        self.code_hash = change.code_hash;
        if self.is_empty() {
            return None;
        }
        if change.wiped {
            self.storage.clear();
        }
        let slots = change.storage.iter().map(|&SlotDiff { slot, value }| {
            let hash = keccak256(slot.to_be_bytes::<32>());
            (hash, (!value.is_zero()).then_some((slot, value)))
        });
        self.storage.update(slots, |(_, value)| alloy_rlp::encode(value));
        Some(self)
    }

    /// Slots that are not zero, in the order of the storage trie: hash, slot, value.
    pub fn storage(&self) -> impl Iterator<Item = (B256, U256, U256)> {
        self.storage.iter().map(|(hash, (slot, value))| (*hash, *slot, *value))
    }

    /// The leaf of the state trie.
    pub fn trie_account(&self) -> TrieAccount {
        TrieAccount::new(self.nonce, self.balance, self.storage.root(), self.code_hash)
    }
}

/// What a block, or an edit, changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct StateDiff {
    /// Changed accounts, by address.
    pub accounts: Vec<AccountDiff>,
    /// Code that was not there before.
    pub codes: Vec<Bytes>,
}

/// A changed account as it is afterwards.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct AccountDiff {
    /// Its address.
    pub address: Address,
    /// Its nonce.
    pub nonce: u64,
    /// Its balance in wei.
    pub balance: U256,
    /// Hash of its code.
    pub code_hash: B256,
    /// Whether all of its earlier storage is gone.
    pub wiped: bool,
    /// Changed slots.
    pub storage: Vec<SlotDiff>,
}

/// A changed slot as it is afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct SlotDiff {
    /// Its key.
    pub slot: U256,
    /// Its value.
    pub value: U256,
}

impl StateDiff {
    /// The changes that an executed block left in revm's bundle.
    pub fn from_bundle(bundle: BundleState) -> Self {
        let accounts: BTreeMap<_, _> = bundle.state.into_iter().collect();
        let accounts = accounts.into_iter().map(|(address, account)| {
            let wiped = account.was_destroyed();
            let storage: BTreeMap<U256, U256> = account
                .storage
                .into_iter()
                .filter(|(_, slot)| wiped || slot.is_changed())
                .map(|(slot, value)| (slot, value.present_value))
                .collect();
            // An account that is gone is one that is empty.
            let info = account.info.unwrap_or_default();
            AccountDiff {
                address,
                nonce: info.nonce,
                balance: info.balance,
                code_hash: info.code_hash,
                wiped,
                storage: storage
                    .into_iter()
                    .map(|(slot, value)| SlotDiff { slot, value })
                    .collect(),
            }
        });
        let codes: BTreeMap<_, _> = bundle.contracts.into_iter().collect();
        let codes = codes.into_values().map(|code| code.original_bytes());
        Self { accounts: accounts.collect(), codes: codes.collect() }
    }
}

impl WorldState {
    /// Applies changes.
    pub fn apply(&mut self, diff: &StateDiff) {
        for code in &diff.codes {
            // What only begins as a delegation (EIP-7702) is ordinary code, which nobody can deploy.
            let bytecode = Bytecode::new_raw_checked(code.clone())
                .unwrap_or_else(|_| Bytecode::new_legacy(code.clone()));
            self.codes.insert(keccak256(code), bytecode);
        }
        let changes: Vec<_> = diff
            .accounts
            .iter()
            .map(|change| {
                let key = keccak256(change.address);
                let account = self.accounts.get(&key).cloned();
                let account = account.unwrap_or_else(|| Account::new(change.address));
                (key, account.changed(change))
            })
            .collect();
        self.accounts.update(changes, |account| alloy_rlp::encode(account.trie_account()));
    }

    /// What turns `earlier` into this state. What the two share is not looked at.
    pub fn difference(&self, earlier: &Self) -> StateDiff {
        let nothing = |account: &Account| Account::new(account.address);
        let (mut accounts, mut codes) = (BTreeMap::new(), BTreeMap::new());
        for item in earlier.accounts.diff(&self.accounts) {
            let (old, new) = match item {
                DiffItem::Add(_, new) => (nothing(new), new.clone()),
                DiffItem::Update { old: (_, old), new: (_, new) } => (old.clone(), new.clone()),
                DiffItem::Remove(_, old) => (old.clone(), nothing(old)),
            };
            let code = self.codes.get(&new.code_hash).filter(|_| new.code_hash != old.code_hash);
            codes.extend(code.map(|code| (new.code_hash, code.original_bytes())));
            let slots = old.storage.diff(&new.storage).map(|item| match item {
                DiffItem::Add(_, &(slot, value))
                | DiffItem::Update { new: (_, &(slot, value)), .. } => SlotDiff { slot, value },
                DiffItem::Remove(_, &(slot, _)) => SlotDiff { slot, value: U256::ZERO },
            });
            let change = AccountDiff {
                address: new.address,
                nonce: new.nonce,
                balance: new.balance,
                code_hash: new.code_hash,
                wiped: false,
                storage: slots.collect(),
            };
            accounts.insert(new.address, change);
        }
        StateDiff {
            accounts: accounts.into_values().collect(),
            codes: codes.into_values().collect(),
        }
    }

    /// A change of nothing in an account, to be filled in.
    pub fn unchanged(&self, address: Address) -> AccountDiff {
        let account = self.account(&address).cloned().unwrap_or_else(|| Account::new(address));
        AccountDiff {
            address,
            nonce: account.nonce,
            balance: account.balance,
            code_hash: account.code_hash,
            wiped: false,
            storage: Vec::new(),
        }
    }

    /// An account, if it is not empty.
    pub fn account(&self, address: &Address) -> Option<&Account> {
        self.accounts.get(&keccak256(address))
    }

    /// All accounts in the order of the state trie.
    pub fn accounts(&self) -> impl Iterator<Item = (&B256, &Account)> {
        self.accounts.iter()
    }

    /// The nonce of an account.
    pub fn nonce(&self, address: &Address) -> u64 {
        self.account(address).map_or(0, |account| account.nonce)
    }

    /// The balance of an account in wei.
    pub fn balance(&self, address: &Address) -> U256 {
        self.account(address).map_or(U256::ZERO, |account| account.balance)
    }

    /// The code of an account.
    pub fn code(&self, address: &Address) -> Bytes {
        let code = self.account(address).and_then(|account| self.codes.get(&account.code_hash));
        code.map(Bytecode::original_bytes).unwrap_or_default()
    }

    /// The value of a slot.
    pub fn storage(&self, address: &Address, slot: U256) -> U256 {
        let value = self.account(address).and_then(|account| {
            account.storage.get(&keccak256(slot.to_be_bytes::<32>())).map(|(_, value)| *value)
        });
        value.unwrap_or_default()
    }

    /// Root of the state trie.
    pub fn root(&self) -> B256 {
        self.accounts.root()
    }

    /// Adds the hash of the block that this is the state of.
    pub(super) fn push_hash(&mut self, hash: B256) {
        self.hashes.push_back(hash);
    }
}

impl DatabaseRef for WorldState {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.account(&address).map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash,
            code: None,
            ..AccountInfo::default()
        }))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.codes.get(&code_hash).cloned().unwrap_or_default())
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, Infallible> {
        Ok(self.storage(&address, index))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        let index = usize::try_from(number).ok();
        Ok(index.and_then(|index| self.hashes.get(index)).copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;
    use alloy_trie::EMPTY_ROOT_HASH;
    use proptest::{collection::btree_map, prelude::*};

    use super::*;

    const ALICE: Address = address!("0x00000000000000000000000000000000000a11ce");

    fn diff(nonce: u64, storage: &[(u64, u64)]) -> StateDiff {
        let slot = |&(slot, value): &(u64, u64)| SlotDiff {
            slot: U256::from(slot),
            value: U256::from(value),
        };
        let account = AccountDiff {
            nonce,
            storage: storage.iter().map(slot).collect(),
            ..WorldState::default().unchanged(ALICE)
        };
        StateDiff { accounts: vec![account], codes: vec![] }
    }

    #[test]
    fn copies_do_not_see_later_changes() {
        let mut state = WorldState::default();
        state.apply(&diff(1, &[(1, 10)]));
        let copy = state.clone();
        state.apply(&diff(2, &[(1, 20), (2, 5)]));
        assert_eq!((copy.nonce(&ALICE), copy.storage(&ALICE, U256::ONE)), (1, U256::from(10)));
        assert_eq!((state.nonce(&ALICE), state.storage(&ALICE, U256::ONE)), (2, U256::from(20)));
    }

    #[test]
    fn roots_depend_on_what_is_there_and_not_on_how_it_came() {
        let mut one = WorldState::default();
        one.apply(&diff(1, &[(1, 10), (2, 20)]));
        one.apply(&diff(2, &[(2, 0)]));
        let mut other = WorldState::default();
        other.apply(&diff(2, &[(1, 10)]));
        assert_eq!(one.root(), other.root());
        other.apply(&diff(2, &[(1, 11)]));
        assert_ne!(one.root(), other.root());
    }

    /// Such code can be set by hand, but not executed.
    #[test]
    fn what_only_begins_as_a_delegation_is_code() {
        let code = Bytes::from_static(&[0xef, 0x01, 0x00]);
        let mut changes = diff(1, &[]);
        changes.accounts[0].code_hash = keccak256(&code);
        changes.codes.push(code.clone());
        let mut state = WorldState::default();
        state.apply(&changes);
        assert_eq!(state.code(&ALICE), code);
    }

    #[test]
    fn an_empty_account_is_no_account() {
        let mut state = WorldState::default();
        state.apply(&diff(1, &[(1, 10)]));
        assert_ne!(state.root(), EMPTY_ROOT_HASH);
        state.apply(&diff(0, &[]));
        assert!(state.account(&ALICE).is_none());
        assert_eq!(state.root(), EMPTY_ROOT_HASH);
    }

    /// Nonce, balance, number of a code, and slots.
    type Shape = (u64, u64, u8, BTreeMap<u8, u8>);

    fn state(shapes: &BTreeMap<u8, Shape>) -> WorldState {
        let mut diff = StateDiff::default();
        for (address, (nonce, balance, code, slots)) in shapes {
            let slot = |(slot, value): (&u8, &u8)| SlotDiff {
                slot: U256::from(*slot),
                value: U256::from(*value),
            };
            let code = Bytes::from(vec![0; *code as usize]);
            diff.accounts.push(AccountDiff {
                address: Address::repeat_byte(*address),
                nonce: *nonce,
                balance: U256::from(*balance),
                code_hash: keccak256(&code),
                wiped: false,
                storage: slots.iter().map(slot).collect(),
            });
            diff.codes.push(code);
        }
        let mut state = WorldState::default();
        state.apply(&diff);
        state
    }

    fn shapes() -> impl Strategy<Value = BTreeMap<u8, Shape>> {
        let slots = btree_map(0..4_u8, 0..3_u8, 0..4);
        btree_map(0..4_u8, (0..2_u64, 0..2_u64, 0..3_u8, slots), 0..4)
    }

    proptest! {
        /// Accounts and slots come, change and go.
        #[test]
        fn a_difference_leads_from_one_state_to_the_other(one in shapes(), other in shapes()) {
            let (mut found, later) = (state(&one), state(&other));
            found.apply(&later.difference(&found));
            prop_assert_eq!(&found.accounts, &later.accounts);
            prop_assert_eq!(found.root(), later.root());
            for (_, account) in later.accounts() {
                prop_assert_eq!(found.code(&account.address), later.code(&account.address));
            }
            prop_assert_eq!(later.difference(&found), StateDiff::default());
        }
    }
}
