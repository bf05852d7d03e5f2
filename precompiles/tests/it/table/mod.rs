//! Tables of calls: for each host contract, every function with its success and with every error
//! in its order.
//!
//! A case says all that a call does: what it returns or reverts with, the logs, and every word of
//! storage and of transient storage that it changes. What a case does not name must not happen.

mod acl;
mod acl_admin;
mod complete;
mod delegation;
mod executor;
mod hcu;
mod input_verifier;
mod kms_verifier;
mod pausers;
mod protocol_config;
mod protocol_config_activation;
mod protocol_config_lifecycle;
mod verifiers;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256, keccak256};
use alloy_sol_types::{SolError, SolEvent, SolValue};
use ciphervm_fhe::{FheType, Handle, Op};
use ciphervm_precompiles::interface::{Acl, HcuLimit};
use ciphervm_precompiles::{
    AclErrors, ConfigErrors, ExecutorErrors, HcuErrors, HostErrors, PauserErrors,
};

use crate::support::*;

pub(crate) use complete::{Cost, NEVER_GIVEN, costs};

pub(crate) const OTHER: Address = Address::repeat_byte(0x77);
pub(crate) const NOW: u64 = 1_700_000_000;
pub(crate) const BLOCK: u64 = 100;

/// A word of an account's storage, or of its transient storage.
type Word = (Address, U256);

/// What goes before a call.
type Step = Box<dyn Fn(&mut Chain)>;

/// What a call ends with.
#[derive(Clone, Debug, PartialEq)]
enum End {
    Returns(Bytes),
    Reverts(Bytes),
}

/// One call, what goes before it, and everything that it does.
pub(crate) struct Case {
    name: String,
    before: Vec<Step>,
    caller: Address,
    to: Address,
    data: Vec<u8>,
    end: Option<End>,
    logs: Vec<Log>,
    stored: Vec<(Word, U256)>,
    transient: Vec<(Word, U256)>,
    operation: Option<(B256, u64, u64)>,
}

/// A call by [`DAPP`].
pub(crate) fn case(name: impl Into<String>, to: Address, data: impl Into<Vec<u8>>) -> Case {
    Case {
        name: name.into(),
        before: vec![],
        caller: DAPP,
        to,
        data: data.into(),
        end: None,
        logs: vec![],
        stored: vec![],
        transient: vec![],
        operation: None,
    }
}

impl Case {
    pub(crate) fn by(mut self, caller: Address) -> Self {
        self.caller = caller;
        self
    }

    pub(crate) fn after(mut self, step: impl Fn(&mut Chain) + 'static) -> Self {
        self.before.push(Box::new(step));
        self
    }

    /// After a successful call of the same contract.
    pub(crate) fn after_call(self, caller: Address, data: impl Into<Vec<u8>>) -> Self {
        let (to, data) = (self.to, data.into());
        self.after(move |chain| done(chain, caller, to, &data))
    }

    pub(crate) fn returns(mut self, value: impl SolValue) -> Self {
        self.end = Some(End::Returns(value.abi_encode().into()));
        self
    }

    pub(crate) fn returns_nothing(mut self) -> Self {
        self.end = Some(End::Returns(Bytes::new()));
        self
    }

    pub(crate) fn reverts(mut self, error: impl SolError) -> Self {
        self.end = Some(End::Reverts(error.abi_encode().into()));
        self
    }

    pub(crate) fn reverts_empty(mut self) -> Self {
        self.end = Some(End::Reverts(Bytes::new()));
        self
    }

    pub(crate) fn emits(self, event: impl SolEvent) -> Self {
        let to = self.to;
        self.emits_from(to, event)
    }

    pub(crate) fn emits_from(mut self, address: Address, event: impl SolEvent) -> Self {
        self.logs.push(Log { address, data: event.encode_log_data() });
        self
    }

    pub(crate) fn logs(mut self, data: LogData) -> Self {
        self.logs.push(Log { address: self.to, data });
        self
    }

    pub(crate) fn stores(mut self, word: Word, value: impl SlotValue) -> Self {
        self.stored.push((word, value.word()));
        self
    }

    pub(crate) fn transient(mut self, word: Word, value: impl SlotValue) -> Self {
        self.transient.push((word, value.word()));
        self
    }

    /// The effects that every operation has: a transient grant of the result to the caller, the
    /// price charged to block and transaction, and the depth of the result.
    pub(crate) fn operates(mut self, result: B256, price: u64, depth: u64) -> Self {
        self.operation = Some((result, price, depth));
        self.returns(result)
    }

    /// What the call costs in a transaction of its own, or if it needs a grant that ends with the
    /// transaction, in the one that gives it.
    fn cost(&self) -> Option<Cost> {
        let call = |chain: &mut Chain| {
            let output = chain.call(self.caller, self.to, &self.data);
            output.is_success().then_some(output.gas_used)
        };
        let first = |alone: bool| {
            let mut chain = Chain::new();
            self.before.iter().for_each(|step| step(&mut chain));
            if alone {
                chain.next_transaction();
            }
            let gas = call(&mut chain)?;
            Some((chain, gas))
        };
        let Some(End::Returns(_)) = self.end else { return None };
        let (mut chain, gas) = first(true).or_else(|| first(false))?;
        let selector = *self.data.first_chunk()?;
        Some(Cost { to: self.to, selector, first: gas, again: call(&mut chain) })
    }

    fn run(self) -> Ran {
        let name = &self.name;
        let mut chain = Chain::new();
        for step in &self.before {
            step(&mut chain);
        }
        chain.logs();
        let before = State::of(&chain);
        let output = chain.call(self.caller, self.to, &self.data);
        let end = if output.is_success() {
            End::Returns(output.bytes)
        } else {
            assert!(output.is_revert(), "{name}: {output:?}");
            End::Reverts(output.bytes)
        };
        assert_eq!(Some(&end), self.end.as_ref(), "{name}: how it ends");
        let logs = chain.logs();
        assert_eq!(logs, self.logs, "{name}: logs");
        let mut expected = before.clone();
        if let Some((result, price, depth)) = self.operation {
            expected.operate(self.caller, result, price, depth);
        }
        for (word, value) in &self.stored {
            assert!(before.storage(*word) != *value, "{name}: {word:?} changes");
            expected.stored.insert(*word, *value);
        }
        for (word, value) in &self.transient {
            expected.set_transient(*word, *value);
        }
        let after = State::of(&chain);
        for (word, value) in &after.stored {
            assert_eq!(*value, expected.storage(*word), "{name}: storage {word:?}");
        }
        for (word, value) in &expected.stored {
            assert_eq!(*value, after.storage(*word), "{name}: storage {word:?}");
        }
        assert_eq!(after.transient, expected.transient, "{name}: transient storage");
        let selector = self.data.first_chunk::<4>().copied().unwrap_or_default();
        Ran { to: self.to, selector, end }
    }
}

/// A value as a word.
pub(crate) trait SlotValue {
    fn word(self) -> U256;
}

impl SlotValue for u64 {
    fn word(self) -> U256 {
        U256::from(self)
    }
}

impl SlotValue for U256 {
    fn word(self) -> U256 {
        self
    }
}

impl SlotValue for B256 {
    fn word(self) -> U256 {
        self.into()
    }
}

impl SlotValue for Address {
    fn word(self) -> U256 {
        self.into_word().into()
    }
}

/// All storage that was loaded, and all transient storage.
#[derive(Clone, Debug, Default)]
struct State {
    stored: BTreeMap<Word, U256>,
    transient: BTreeMap<Word, U256>,
}

impl State {
    fn of(chain: &Chain) -> Self {
        let mut state = Self::default();
        let journal = &chain.context.journaled_state.inner;
        for (address, account) in &journal.state {
            for (key, slot) in &account.storage {
                state.stored.insert((*address, *key), slot.present_value);
            }
        }
        for (address, words) in journal.transient_storage.iter() {
            for (key, value) in words.iter() {
                state.set_transient((*address, *key), *value);
            }
        }
        state
    }

    /// A word, with what genesis gave where nothing was loaded.
    fn storage(&self, word: Word) -> U256 {
        self.stored.get(&word).copied().unwrap_or_else(|| genesis_word(word))
    }

    fn transient(&self, word: Word) -> U256 {
        self.transient.get(&word).copied().unwrap_or_default()
    }

    fn set_transient(&mut self, word: Word, value: U256) {
        if value.is_zero() {
            self.transient.remove(&word);
        } else {
            self.transient.insert(word, value);
        }
    }

    fn operate(&mut self, caller: Address, result: B256, price: u64, depth: u64) {
        self.grant(result, caller);
        if price == 0 {
            return;
        }
        let total = (HOST.hcu_limit, U256::ZERO);
        self.set_transient(total, self.transient(total) + U256::from(price));
        self.set_transient((HOST.hcu_limit, result.into()), U256::from(depth));
        let meter = hcu_field(3);
        let used = (self.storage(meter) >> 48) + U256::from(price);
        self.stored.insert(meter, U256::from(BLOCK) | used << 48);
    }

    fn grant(&mut self, handle: B256, account: Address) {
        let key = transient_key(handle, account);
        let length = self.transient((HOST.acl, U256::ZERO)) + U256::ONE;
        self.set_transient((HOST.acl, key.into()), U256::ONE);
        self.set_transient((HOST.acl, length), key.into());
        self.set_transient((HOST.acl, U256::ZERO), length);
    }
}

fn genesis_word(word: Word) -> U256 {
    use ciphervm_precompiles::{GenesisParams, HostConfig, genesis};
    genesis(&HostConfig::default(), &GenesisParams::default())
        .into_iter()
        .filter(|account| account.address == word.0)
        .flat_map(|account| account.storage)
        .find_map(|(key, value)| (key == word.1).then_some(value))
        .unwrap_or_default()
}

/// What a case showed.
struct Ran {
    to: Address,
    selector: [u8; 4],
    end: End,
}

fn run(cases: Vec<Case>) -> Vec<Ran> {
    cases.into_iter().map(Case::run).collect()
}

/// A call that has to succeed.
pub(crate) fn done(chain: &mut Chain, caller: Address, to: Address, data: &[u8]) {
    let output = chain.call(caller, to, data);
    assert!(output.is_success(), "{output:?}");
}

pub(crate) fn owner() -> Address {
    ciphervm_precompiles::GenesisParams::default().owner
}

/// Field `index` of a contract's storage, as ERC-7201 places it.
fn field(account: Address, name: &str, index: u64) -> Word {
    let id = U256::from_be_bytes(keccak256(format!("ciphervm.storage.{name}")).0) - U256::ONE;
    let base = U256::from_be_bytes(keccak256(id.to_be_bytes::<32>()).0) & !U256::from(0xff);
    (account, base + U256::from(index))
}

pub(crate) fn acl_field(index: u64) -> Word {
    field(HOST.acl, "ACL", index)
}

pub(crate) fn hcu_field(index: u64) -> Word {
    field(HOST.hcu_limit, "HCULimit", index)
}

pub(crate) fn pauser(account: Address) -> Word {
    entry(field(HOST.pauser_set, "PauserSet", 0), account.into_word())
}

pub(crate) fn seeds() -> Word {
    field(HOST.executor, "FHEVMExecutor", 0)
}

/// The entry of a mapping, as Solidity places it.
pub(crate) fn entry(word: Word, key: B256) -> Word {
    (word.0, keccak256((key, word.1).abi_encode()).into())
}

pub(crate) fn transient_key(handle: B256, account: Address) -> B256 {
    keccak256([handle.as_slice(), account.as_slice()].concat())
}

/// The handle that an operation's result has on a fresh chain, from the published formula.
pub(crate) fn derived(op: Op, body: &[u8], ty: FheType) -> B256 {
    let parent = keccak256((BLOCK - 1).to_string());
    let context = (U256::from(31337), parent, U256::from(NOW)).abi_encode();
    let preimage = [b"FHE_comp", &[op.id()][..], body, HOST.acl.as_slice(), &context].concat();
    Handle::computed(keccak256(preimage), 31337, ty).0
}

/// The handle of a trivially encrypted value on a fresh chain.
pub(crate) fn trivial(value: u64, ty: FheType) -> B256 {
    let body = [&U256::from(value).to_be_bytes::<32>()[..], &[ty.id()]].concat();
    derived(Op::TrivialEncrypt, &body, ty)
}

/// A step that gives [`DAPP`] the handle of [`trivial`].
pub(crate) fn has(value: u64, ty: FheType) -> impl Fn(&mut Chain) {
    move |chain| assert_eq!(chain.trivial(value, ty), trivial(value, ty))
}
