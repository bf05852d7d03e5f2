//! Calls of a prober, encoded for it, and what it says of them.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use super::names::{Meaningless, Names};
use crate::{
    chain::Receipt,
    prober,
    sequence::{Expect, Item, Kind},
};

/// A static call's number in the contract.
const STATIC: u8 = 1;

/// Calls of a prober, ready to be sent.
#[derive(Debug, Default)]
pub(super) struct Program {
    steps: Vec<prober::Step>,
    /// For each word that it takes, its name.
    words: Vec<String>,
    /// How deep it is nested.
    depth: usize,
}

/// What a prober says of its calls.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub(super) words: Vec<B256>,
    pub(super) outcomes: Vec<Outcome>,
}

/// What came of one call.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) success: bool,
    pub(super) data: Bytes,
}

impl Program {
    /// Encodes the items of a transaction.
    pub(super) fn of(items: &[Item], names: &Names) -> Result<Self, Meaningless> {
        let mut program = Self::default();
        program.add(items, names)?;
        Ok(program)
    }

    /// Adds one call, and whether its first word is taken under a name.
    pub(super) fn push(&mut self, to: Address, data: Vec<u8>, into: Option<String>) {
        self.step(0, to, 0, data, into.map(|name| (0, name)).into_iter().collect());
    }

    /// The number of calls.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The names of the words that it takes.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    fn add(&mut self, items: &[Item], names: &Names) -> Result<(), Meaningless> {
        for item in items {
            // What this program's calls returned is not known yet: marks stand in its place.
            let mut inner = names.clone();
            for (number, name) in self.words.iter().enumerate() {
                inner.values.insert(name.clone(), self.mark(number).to_vec().into());
            }
            match item {
                Item::Call(call) => {
                    let to = inner.address(&call.target.to)?;
                    let data = inner.encode(&call.target.function, &call.target.arguments)?;
                    let kind = match call.kind {
                        Kind::Call => 0,
                        Kind::Static => STATIC,
                        Kind::Delegate => 2,
                    };
                    let takes = call.into.iter().map(|name| (0, name.clone())).collect();
                    self.step(kind, to, call.value.unwrap_or_default(), data, takes);
                }
                Item::Frame(frame) => {
                    let mut program = Self { depth: self.depth + 1, ..Self::default() };
                    program.add(&frame.calls, &inner)?;
                    let on = inner.address(&frame.on)?;
                    // Past the offsets of both lists and the length of the first. An error has a
                    // selector before them.
                    let first = 3 * 32 + if frame.undo { 4 } else { 0 };
                    let takes = (0..).zip(&program.words);
                    let takes = takes.map(|(n, name)| (first + 32 * n, name.clone())).collect();
                    self.step(0, on, 0, program.calldata(frame.undo), takes);
                }
            }
        }
        Ok(())
    }

    /// Stands for the last word of this name until the prober puts it in.
    pub(super) fn mark_of(&self, name: &str) -> B256 {
        let number = self.words.iter().rposition(|word| word == name);
        self.mark(number.unwrap_or(usize::MAX))
    }

    /// Stands for word `number` until the prober puts it in.
    fn mark(&self, number: usize) -> B256 {
        keccak256(format!("word {number} at depth {}", self.depth))
    }

    fn step(
        &mut self,
        kind: u8,
        target: Address,
        value: u64,
        mut data: Vec<u8>,
        takes: Vec<(usize, String)>,
    ) {
        let mut patches = Vec::new();
        for number in 0..self.words.len() {
            let mark = self.mark(number);
            let mut from = 0;
            while let Some(found) = data[from..].windows(32).position(|bytes| bytes == mark) {
                let offset = from + found;
                patches.push((U256::from(offset) << 128) | U256::from(number));
                data[offset..offset + 32].fill(0);
                from = offset + 32;
            }
        }
        let (offsets, names): (Vec<_>, Vec<_>) = takes.into_iter().unzip();
        self.steps.push(prober::Step {
            kind,
            target,
            value: U256::from(value),
            gasLimit: if kind == STATIC { U256::from(prober::STATIC_GAS) } else { U256::ZERO },
            data: data.into(),
            patches,
            takes: offsets.into_iter().map(U256::from).collect(),
        });
        self.words.extend::<Vec<String>>(names);
    }

    /// What the prober is called with.
    pub(super) fn calldata(&self, undo: bool) -> Vec<u8> {
        let steps = self.steps.clone();
        match undo {
            true => prober::runAndUndoCall { steps }.abi_encode(),
            false => prober::runCall { steps }.abi_encode(),
        }
    }
}

impl Ran {
    /// What the event of prober `on` in a receipt says.
    pub(super) fn of_receipt(receipt: &Receipt, on: Address) -> Option<Self> {
        // Frames have events of their own, before.
        let log = receipt.logs.iter().rev().find(|log| {
            log.address == on && log.topics.first() == Some(&prober::Ran::SIGNATURE_HASH)
        })?;
        let event = prober::Ran::abi_decode_data(&log.data).ok()?;
        Some(Self::new(event.0, event.1))
    }

    /// What a frame returned, or reverted with.
    pub(super) fn of_answer(data: &Bytes, undone: bool) -> Option<Self> {
        if undone {
            let error = prober::Undone::abi_decode(data).ok()?;
            return Some(Self::new(error.words, error.outcomes));
        }
        let returned = prober::runCall::abi_decode_returns(data).ok()?;
        Some(Self::new(returned.words, returned.outcomes))
    }

    fn new(words: Vec<B256>, outcomes: Vec<Bytes>) -> Self {
        let outcome = |bytes: Bytes| Outcome {
            success: bytes.first() == Some(&1),
            data: if bytes.is_empty() { bytes } else { bytes.slice(1..) },
        };
        Self { words, outcomes: outcomes.into_iter().map(outcome).collect() }
    }

    /// Names what was taken.
    pub(super) fn bind(&self, program: &Program, names: &mut Names) {
        for (name, word) in program.words.iter().zip(&self.words) {
            names.values.insert(name.clone(), word.to_vec().into());
        }
    }
}

/// Checks what came of items against what must.
///
/// # Errors
/// Where they differ.
pub(super) fn check(items: &[Item], ran: &Ran, names: &Names) -> Result<(), String> {
    if ran.outcomes.len() < items.len() {
        return Err("the prober made fewer calls than it was told to".to_owned());
    }
    for (position, (item, outcome)) in items.iter().zip(&ran.outcomes).enumerate() {
        match item {
            Item::Call(call) => {
                compare(&call.expect, outcome, names).map_err(|difference| {
                    format!("call {position}, {}: {difference}", call.target.function)
                })?;
            }
            Item::Frame(frame) => {
                if outcome.success == frame.undo {
                    let what = if frame.undo { "was to revert" } else { "reverted" };
                    return Err(format!("call {position}: the frame {what}"));
                }
                let inner = Ran::of_answer(&outcome.data, frame.undo)
                    .ok_or_else(|| format!("call {position}: the frame broke off"))?;
                check(&frame.calls, &inner, names)
                    .map_err(|difference| format!("call {position}, in its frame: {difference}"))?;
            }
        }
    }
    Ok(())
}

/// Checks what came of one call.
///
/// # Errors
/// Where it differs.
pub(super) fn compare(expect: &Expect, outcome: &Outcome, names: &Names) -> Result<(), String> {
    let found = |outcome: &Outcome| {
        let how = if outcome.success { "it returned" } else { "it reverted with" };
        format!("{how} {}", outcome.data)
    };
    match expect {
        Expect::Success if outcome.success => Ok(()),
        Expect::Failure if !outcome.success => Ok(()),
        Expect::Success => Err(format!("it was to succeed, and {}", found(outcome))),
        Expect::Failure => Err(format!("it was to fail, and {}", found(outcome))),
        Expect::Returns(words) => {
            let mut expected = Vec::new();
            for word in words {
                expected.extend(names.word(word)?);
            }
            if outcome.success && outcome.data[..] == expected[..] {
                return Ok(());
            }
            let expected = Bytes::from(expected);
            Err(format!("it was to return {expected}, and {}", found(outcome)))
        }
        Expect::Error(signature, arguments) => {
            let mut expected = keccak256(signature)[..4].to_vec();
            for argument in arguments {
                expected.extend(names.word(argument)?);
            }
            let same = if arguments.is_empty() {
                outcome.data.starts_with(&expected)
            } else {
                outcome.data[..] == expected[..]
            };
            if !outcome.success && same {
                return Ok(());
            }
            let expected = Bytes::from(expected);
            Err(format!("it was to revert with {signature}, {expected}, and {}", found(outcome)))
        }
    }
}
