//! Runs vectors of operations, many in a transaction.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, hex, keccak256};
use alloy_sol_types::SolValue;
use ciphervm_fhe::{FheType, Handle, Op, Shape};
use serde_json::{Value, json};

use super::{
    Verdict,
    graph::graph,
    names::Names,
    program::{self, Outcome, Program},
    world::World,
};
use crate::{
    chain::Answered,
    error::ChainError,
    sequence::Expect,
    vector::{Argument, Expected, Vector},
};

/// Work of a transaction, at most: somewhat below what the public deployment allows.
const MAX_HCU: u64 = 19_000_000;
/// Gas of a transaction's calls, at most, by the estimate below.
const MAX_GAS: u64 = 13_000_000;
/// Of a call, with the grant of its result: about twice what it takes.
const GAS_PER_CALL: u64 = 80_000;
/// Of a byte of calldata, which is copied several times.
const GAS_PER_BYTE: u64 = 40;
/// Bits of an input list, and of a request for decryption, at most. A Bool counts two.
const MAX_BITS: usize = 2_048;
/// Values of an input list: each needs a call and a grant.
const MAX_VALUES: usize = 100;

/// Runs vectors of operations.
pub(super) struct Operations<'a> {
    world: &'a World,
    handles: BTreeMap<(FheType, U256), B256>,
    /// Operands that could not be had, and why.
    missing: BTreeMap<(FheType, U256), String>,
}

/// A vector that can be run.
struct Ready<'v> {
    vector: &'v Vector,
    /// Its operands as words.
    words: Vec<B256>,
    /// What the executor is called with.
    data: Vec<u8>,
}

fn bits(ty: FheType) -> usize {
    2 * ty.blocks()
}

impl<'a> Operations<'a> {
    /// Encrypts and stores what the vectors have as operands.
    ///
    /// # Errors
    /// If the chain does not answer.
    pub(super) fn prepare(world: &'a World, vectors: &[Vector]) -> Result<Self, ChainError> {
        let mut values: Vec<(FheType, U256)> =
            vectors.iter().flat_map(|vector| &vector.operands).filter_map(encrypted).collect();
        values.sort_unstable();
        values.dedup();
        let mut operations = Self { world, handles: BTreeMap::new(), missing: BTreeMap::new() };
        let mut rest = &values[..];
        while !rest.is_empty() {
            let mut room = MAX_BITS;
            let fit = rest.iter().take(MAX_VALUES).take_while(|(ty, _)| {
                let fits = bits(*ty) <= room;
                room = room.saturating_sub(bits(*ty));
                fits
            });
            let (list, after) = rest.split_at(fit.count());
            operations.store(list)?;
            rest = after;
        }
        Ok(operations)
    }

    /// Stores a list, and what can be stored of it where it cannot be as a whole.
    fn store(&mut self, list: &[(FheType, U256)]) -> Result<(), ChainError> {
        match (self.input(list), list) {
            (Ok(handles), _) => self.handles.extend(list.iter().copied().zip(handles)),
            (Err(error), [one]) if error.is_answer() => {
                self.missing.insert(*one, error.to_string());
            }
            (Err(error), _) if error.is_answer() => {
                let (left, right) = list.split_at(list.len() / 2);
                self.store(left)?;
                self.store(right)?;
            }
            (Err(error), _) => return Err(error),
        }
        Ok(())
    }

    /// Encrypts a list, and has the prober verify and keep it.
    fn input(&self, list: &[(FheType, U256)]) -> Result<Vec<B256>, ChainError> {
        let user = self.world.account("alice")?;
        let prober = self.world.places.prober;
        let input = self.world.encrypt(list, prober, user, false)?;
        if input.handles.len() != list.len() {
            return Err(ChainError::Answer {
                what: "an input".to_owned(),
                reason: format!("{} handles of {} values", input.handles.len(), list.len()),
            });
        }
        let mut program = Program::default();
        for ((ty, _), handle) in list.iter().zip(&input.handles) {
            let arguments = (*handle, user, input.proof.clone(), U256::from(ty.id()));
            let mut data = Op::VerifyInput.spec().selector.to_vec();
            data.extend(arguments.abi_encode_params());
            program.push(self.world.places.executor, data, None);
            let mut data = selector("allow(bytes32,address)");
            data.extend((*handle, prober).abi_encode_params());
            program.push(self.world.places.acl, data, None);
        }
        let (_, ran) = self.world.run(user, &program)?;
        if let Some(failed) = ran.outcomes.iter().find(|outcome| !outcome.success) {
            return Err(ChainError::Answer {
                what: "the verification of an input".to_owned(),
                reason: format!("it reverted with {}", failed.data),
            });
        }
        Ok(input.handles)
    }

    /// Runs vectors. `tell` is told what came of each.
    ///
    /// # Errors
    /// If the chain does not answer. What was told before then holds.
    pub(super) fn run(
        &self,
        vectors: &[Vector],
        tell: &mut dyn FnMut(&Vector, Verdict),
    ) -> Result<(), ChainError> {
        let mut ready = Vec::new();
        for vector in vectors {
            let missing =
                |operand| encrypted(operand).and_then(|operand| self.missing.get(&operand));
            if let Some(reason) = vector.operands.iter().find_map(missing) {
                tell(vector, Verdict::Failed(format!("an operand cannot be had: {reason}")));
                continue;
            }
            let words = self.words(vector);
            let data = calldata(vector, &words);
            ready.push(Ready { vector, words, data });
        }
        let mut rest = &ready[..];
        while !rest.is_empty() {
            let (mut hcu, mut gas) = (0, 0);
            let fit = rest.iter().take_while(|Ready { vector, data, .. }| {
                hcu += price(vector);
                gas += GAS_PER_CALL + GAS_PER_BYTE * data.len() as u64;
                hcu <= MAX_HCU && gas <= MAX_GAS
            });
            let (batch, after) = rest.split_at(fit.count().max(1));
            for (ready, verdict) in batch.iter().zip(self.verdicts(batch)?) {
                tell(ready.vector, verdict);
            }
            rest = after;
        }
        Ok(())
    }

    /// What comes of vectors in one transaction, or in several where one of them spoils it.
    fn verdicts(&self, batch: &[Ready<'_>]) -> Result<Vec<Verdict>, ChainError> {
        match self.transaction(batch) {
            Err(error) if error.is_answer() && batch.len() > 1 => {
                let (left, right) = batch.split_at(batch.len() / 2);
                Ok([self.verdicts(left)?, self.verdicts(right)?].concat())
            }
            Err(error) if error.is_answer() => Ok(vec![Verdict::Failed(error.to_string())]),
            verdicts => verdicts,
        }
    }

    /// Adds a vector's calls. The name of the result is that of its position.
    fn add(&self, program: &mut Program, position: usize, ready: &Ready<'_>) -> Option<usize> {
        let Ready { vector, words, data } = ready;
        let acl = self.world.places.acl;
        if vector.op == Op::VerifyInput {
            let mut data = selector("allowForDecryption(bytes32[])");
            data.extend((words.clone(),).abi_encode_params());
            program.push(acl, data, None);
            return None;
        }
        let call = program.len();
        let name = matches!(vector.expected, Expected::Value(..) | Expected::Below(..))
            .then(|| format!("r{position}"));
        program.push(self.world.places.executor, data.clone(), name.clone());
        if let Some(name) = name {
            // The word is put in by the prober.
            let mark = program.mark_of(&name);
            let mut data = selector("allowForDecryption(bytes32[])");
            data.extend((vec![mark],).abi_encode_params());
            program.push(acl, data, None);
        }
        Some(call)
    }

    /// Runs vectors in one transaction, and checks what came of each.
    fn transaction(&self, batch: &[Ready<'_>]) -> Result<Vec<Verdict>, ChainError> {
        let mut program = Program::default();
        let mut calls = Vec::new();
        for (position, ready) in batch.iter().enumerate() {
            calls.push(self.add(&mut program, position, ready));
        }
        let (_, ran) = self.world.run(self.world.account("alice")?, &program)?;
        let mut names = Names::default();
        ran.bind(&program, &mut names);
        let mut verdicts = vec![Verdict::Passed; batch.len()];
        let mut wanted = Vec::new();
        for (position, (Ready { vector, words, .. }, call)) in batch.iter().zip(calls).enumerate() {
            let Some(call) = call else {
                wanted.push((position, words[0]));
                continue;
            };
            let outcome = ran.outcomes.get(call).ok_or_else(|| ChainError::Answer {
                what: "the prober's event".to_owned(),
                reason: "it has fewer outcomes than there were calls".to_owned(),
            })?;
            let difference = match &vector.expected {
                Expected::Error { signature, arguments } => {
                    let prober = self.world.places.prober;
                    check_error(signature, arguments, words, prober, outcome).err()
                }
                Expected::Value(..) | Expected::Below(..) => {
                    let handle = names.values.get(&format!("r{position}"));
                    match handle.and_then(|word| B256::try_from(&word[..]).ok()) {
                        Some(handle) if outcome.success => {
                            wanted.push((position, handle));
                            None
                        }
                        _ => Some(format!("it reverted with {}", outcome.data)),
                    }
                }
            };
            if let Some(difference) = difference {
                verdicts[position] = Verdict::Failed(difference);
            }
        }
        let mut rest = &wanted[..];
        while !rest.is_empty() {
            let mut room = MAX_BITS;
            let fit = rest.iter().take_while(|(_, handle)| {
                let width = Handle(*handle).fhe_type().map_or(2, bits);
                let fits = width <= room;
                room = room.saturating_sub(width);
                fits
            });
            let (request, after) = rest.split_at(fit.count().max(1));
            let handles: Vec<B256> = request.iter().map(|(_, handle)| *handle).collect();
            for ((position, handle), found) in request.iter().zip(self.decrypt(&handles)?) {
                let vector = batch[*position].vector;
                if let Err(difference) = found.and_then(|found| compare(vector, *handle, found)) {
                    let graph = graph(&self.world.rpc, *handle).unwrap_or_default();
                    verdicts[*position] = Verdict::Failed(difference + &graph);
                }
            }
            rest = after;
        }
        Ok(verdicts)
    }

    /// Has results decrypted: of each its clear value, or why there is none.
    fn decrypt(&self, handles: &[B256]) -> Result<Vec<Result<U256, String>>, ChainError> {
        let body = json!({ "ciphertextHandles": handles, "extraData": "0x00" });
        let answer = match self.world.relayer.request("/v2/public-decrypt", &body) {
            Ok(Answered::Result(result)) => clear_words(&result, handles.len()),
            Ok(Answered::Refused(label, message)) => Err(format!("{label}: {message}")),
            // To ask again would take as long again.
            Err(error @ ChainError::Patience(_)) => {
                return Ok(vec![Err(error.to_string()); handles.len()]);
            }
            Err(error) if error.is_answer() => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        match (answer, handles) {
            (Ok(words), _) => Ok(words.into_iter().map(Ok).collect()),
            (Err(reason), [_]) => Ok(vec![Err(reason)]),
            // One by one, to see which it is.
            (Err(_), _) => {
                let mut found = Vec::new();
                for handle in handles {
                    found.extend(self.decrypt(&[*handle])?);
                }
                Ok(found)
            }
        }
    }

    /// The operands as the executor takes them.
    fn words(&self, vector: &Vector) -> Vec<B256> {
        let word = |operand: &Argument| match operand {
            Argument::Encrypted(ty, value) => {
                self.handles.get(&(*ty, *value)).copied().unwrap_or_default()
            }
            Argument::Clear(word) => (*word).into(),
            Argument::Unknown(ty) => {
                let hash = keccak256("a handle that nobody made");
                Handle::computed(hash, self.world.chain_id, *ty).0
            }
            Argument::Zero => B256::ZERO,
        };
        vector.operands.iter().map(word).collect()
    }
}

fn selector(signature: &str) -> Vec<u8> {
    keccak256(signature)[..4].to_vec()
}

/// What the executor is called with.
pub(crate) fn calldata(vector: &Vector, words: &[B256]) -> Vec<u8> {
    let spec = vector.op.spec();
    let mut data = spec.selector.to_vec();
    let ty = U256::from(vector.ty.unwrap_or_default());
    let byte = B256::right_padding_from(&[vector.scalar.unwrap_or_default()]);
    let word = |index: usize| words.get(index).copied().unwrap_or_default();
    match spec.shape {
        Shape::Unary => data.extend(word(0)),
        Shape::Binary => data.extend([word(0), word(1), byte].concat()),
        Shape::Select => data.extend([word(0), word(1), word(2)].concat()),
        Shape::Cast | Shape::TrivialEncrypt | Shape::RandBounded => {
            data.extend([word(0), ty.into()].concat());
        }
        Shape::Rand => data.extend(B256::from(ty)),
        Shape::Sum => data.extend((words.to_vec(), ty).abi_encode_params()),
        Shape::IsIn => {
            let set = words.get(1..).unwrap_or_default().to_vec();
            data.extend((word(0), set, ty).abi_encode_params());
        }
        Shape::MulDiv => data.extend([word(0), word(1), word(2), byte].concat()),
        Shape::VerifyInput => {}
    }
    data
}

/// What a vector costs, if it succeeds.
fn price(vector: &Vector) -> u64 {
    let spec = vector.op.spec();
    let first = vector.operands.iter().rev().find_map(|operand| match operand {
        Argument::Encrypted(ty, _) => Some(*ty),
        _ => None,
    });
    let requested = vector.ty.and_then(FheType::from_id);
    let scalar = match spec.shape {
        Shape::MulDiv => vector.scalar == Some(3),
        _ => vector.scalar == Some(1),
    };
    let elements = match spec.shape {
        Shape::IsIn => vector.operands.len().saturating_sub(1),
        _ => vector.operands.len(),
    };
    // Of an error nothing is charged, but that is what is to be found out.
    requested.or(first).and_then(|ty| spec.hcu.price(ty, scalar, elements)).unwrap_or_default()
}

/// The type and value of an encrypted operand.
fn encrypted(operand: &Argument) -> Option<(FheType, U256)> {
    match operand {
        Argument::Encrypted(ty, value) => Some((*ty, *value)),
        _ => None,
    }
}

/// Compares the clear value behind the handle of a result with what it must be.
fn compare(vector: &Vector, handle: B256, found: U256) -> Result<(), String> {
    let ty = Handle(handle).fhe_type();
    let expected = match &vector.expected {
        Expected::Value(expected, value) if ty == Some(*expected) && found == *value => {
            return Ok(());
        }
        Expected::Below(expected, bound)
            if ty == Some(*expected)
                && found <= expected.max_value()
                && bound.is_none_or(|bound| found < bound) =>
        {
            return Ok(());
        }
        Expected::Value(ty, value) => format!("{value} as {ty}"),
        Expected::Below(ty, bound) => format!("something below {bound:?} as {ty}"),
        Expected::Error { signature, .. } => signature.clone(),
    };
    let ty = ty.map_or_else(|| "no type".to_owned(), |ty| ty.to_string());
    Err(format!(
        "it gives {found} as {ty}, and should give {expected}, from {:?}; handle {handle}",
        vector.operands
    ))
}

fn check_error(
    signature: &str,
    arguments: &[String],
    words: &[B256],
    prober: Address,
    outcome: &Outcome,
) -> Result<(), String> {
    let mut names = Names::default();
    names.addresses.insert("prober".to_owned(), prober);
    for (number, word) in words.iter().enumerate() {
        names.values.insert(number.to_string(), word.to_vec().into());
    }
    let expect = Expect::Error(signature.to_owned(), arguments.to_vec());
    program::compare(&expect, outcome, &names)
}

/// The words of a public decryption of so many handles.
pub(super) fn clear_words(result: &Value, handles: usize) -> Result<Vec<U256>, String> {
    let text = result["decryptedValue"].as_str().unwrap_or_default();
    let bytes =
        hex::decode(text).map_err(|error| format!("a decryption is no hexadecimal: {error}"))?;
    if bytes.len() != 32 * handles {
        return Err(format!("a decryption of {handles} handles has {} bytes", bytes.len()));
    }
    Ok(bytes.chunks_exact(32).map(U256::from_be_slice).collect())
}
