//! Runs vectors of operations, many in a transaction.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, hex, keccak256};
use alloy_sol_types::SolValue;
use ciphervm_fhe::{FheType, Handle, Op, Shape};
use serde_json::{Value, json};

use super::{
    Verdict,
    names::Names,
    program::{self, Program, Ran},
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
}

/// A vector in a transaction.
struct Pending<'v> {
    position: usize,
    vector: &'v Vector,
    /// Its call in the program; none for an input, which is there already.
    call: Option<usize>,
    /// Its operands as words.
    words: Vec<B256>,
}

fn bits(ty: FheType) -> usize {
    2 * ty.blocks()
}

impl<'a> Operations<'a> {
    /// Encrypts and stores what the vectors have as operands.
    pub(super) fn prepare(world: &'a World, vectors: &[Vector]) -> Result<Self, ChainError> {
        let mut values: Vec<(FheType, U256)> = vectors
            .iter()
            .flat_map(|vector| &vector.operands)
            .filter_map(|operand| match operand {
                Argument::Encrypted(ty, value) => Some((*ty, *value)),
                _ => None,
            })
            .collect();
        values.sort_unstable();
        values.dedup();
        let mut operations = Self { world, handles: BTreeMap::new() };
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

    /// Encrypts a list, and has the prober verify and keep it.
    fn store(&mut self, list: &[(FheType, U256)]) -> Result<(), ChainError> {
        let user = self.world.account("alice")?;
        let prober = self.world.places.prober;
        let input = self.world.encrypt(list, prober, user, false)?;
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
        self.handles.extend(list.iter().copied().zip(input.handles));
        Ok(())
    }

    /// Runs vectors, and tells what came of each in order. `advance` is told how many are done.
    pub(super) fn run(
        &self,
        vectors: &[Vector],
        advance: &mut dyn FnMut(u64),
    ) -> Result<Vec<Verdict>, ChainError> {
        let mut verdicts = vec![Verdict::Passed; vectors.len()];
        let mut rest = 0;
        while rest < vectors.len() {
            let (mut program, mut pending) = (Program::default(), Vec::new());
            let (mut hcu, mut gas) = (0, 0);
            for (position, vector) in vectors.iter().enumerate().skip(rest) {
                let words = self.words(vector);
                let data = calldata(vector, &words);
                hcu += price(vector);
                gas += GAS_PER_CALL + GAS_PER_BYTE * data.len() as u64;
                if !pending.is_empty() && (hcu > MAX_HCU || gas > MAX_GAS) {
                    break;
                }
                pending.push(self.add(&mut program, position, vector, words, data));
            }
            rest += pending.len();
            self.settle(&program, &pending, &mut verdicts)?;
            advance(pending.len() as u64);
        }
        Ok(verdicts)
    }

    fn add<'v>(
        &self,
        program: &mut Program,
        position: usize,
        vector: &'v Vector,
        words: Vec<B256>,
        data: Vec<u8>,
    ) -> Pending<'v> {
        let acl = self.world.places.acl;
        if vector.op == Op::VerifyInput {
            let mut data = selector("allowForDecryption(bytes32[])");
            data.extend((words.clone(),).abi_encode_params());
            program.push(acl, data, None);
            return Pending { position, vector, call: None, words };
        }
        let call = program.len();
        let name = matches!(vector.expected, Expected::Value(..) | Expected::Below(..))
            .then(|| format!("r{position}"));
        program.push(self.world.places.executor, data, name.clone());
        if let Some(name) = name {
            // The word is put in by the prober.
            let mark = program.mark_of(&name);
            let mut data = selector("allowForDecryption(bytes32[])");
            data.extend((vec![mark],).abi_encode_params());
            program.push(acl, data, None);
        }
        Pending { position, vector, call: Some(call), words }
    }

    /// Sends a transaction, and checks what came of its vectors.
    fn settle(
        &self,
        program: &Program,
        pending: &[Pending<'_>],
        verdicts: &mut [Verdict],
    ) -> Result<(), ChainError> {
        let user = self.world.account("alice")?;
        let (receipt, ran) = self.world.run(user, program)?;
        let mut names = Names::default();
        ran.bind(program, &mut names);
        let mut wanted = Vec::new();
        for Pending { position, vector, call, words } in pending {
            let verdict = match (&vector.expected, call) {
                (Expected::Error { signature, arguments }, Some(call)) => {
                    check_error(signature, arguments, words, self.world.places.prober, &ran, *call)
                }
                (_, Some(call)) => {
                    let outcome = &ran.outcomes[*call];
                    let handle = names.values.get(&format!("r{position}"));
                    match handle.and_then(|word| B256::try_from(&word[..]).ok()) {
                        Some(handle) if outcome.success => {
                            wanted.push((*position, *vector, handle));
                            Ok(())
                        }
                        _ => Err(format!("it reverted with {}", outcome.data)),
                    }
                }
                (_, None) => {
                    wanted.push((*position, *vector, words[0]));
                    Ok(())
                }
            };
            if let Err(difference) = verdict {
                verdicts[*position] = Verdict::Failed(difference);
            }
        }
        let mut rest = &wanted[..];
        while !rest.is_empty() {
            let mut room = MAX_BITS;
            let fit = rest.iter().take_while(|(_, _, handle)| {
                let width = Handle(*handle).fhe_type().map_or(2, bits);
                let fits = width <= room;
                room = room.saturating_sub(width);
                fits
            });
            let (request, after) = rest.split_at(fit.count().max(1));
            self.decrypt(request, receipt.transaction_hash, verdicts)?;
            rest = after;
        }
        Ok(())
    }

    /// Has results decrypted, and compares them.
    fn decrypt(
        &self,
        wanted: &[(usize, &Vector, B256)],
        transaction: B256,
        verdicts: &mut [Verdict],
    ) -> Result<(), ChainError> {
        let handles: Vec<B256> = wanted.iter().map(|(_, _, handle)| *handle).collect();
        let body = json!({ "ciphertextHandles": handles, "extraData": "0x00" });
        let words = match self.world.relayer.request("/v2/public-decrypt", &body)? {
            Answered::Result(result) => clear_words(&result)?,
            Answered::Refused(label, message) if wanted.len() == 1 => {
                let reason = self.world.diagnosis(transaction).unwrap_or_default();
                let (position, ..) = wanted[0];
                verdicts[position] = Verdict::Failed(format!("{label}: {message}\n{reason}"));
                return Ok(());
            }
            // One by one, to see which it is.
            Answered::Refused(..) => {
                return wanted
                    .iter()
                    .try_for_each(|one| self.decrypt(&[*one], transaction, verdicts));
            }
        };
        if words.len() != wanted.len() {
            return Err(ChainError::Answer {
                what: "a decryption".to_owned(),
                reason: format!("{} words for {} handles", words.len(), wanted.len()),
            });
        }
        for ((position, vector, handle), found) in wanted.iter().zip(words) {
            let ty = Handle(*handle).fhe_type();
            let expected = match &vector.expected {
                Expected::Value(expected, value) if ty == Some(*expected) && found == *value => {
                    continue;
                }
                Expected::Below(expected, bound)
                    if ty == Some(*expected)
                        && found <= expected.max_value()
                        && bound.is_none_or(|bound| found < bound) =>
                {
                    continue;
                }
                Expected::Value(ty, value) => format!("{value} as {ty}"),
                Expected::Below(ty, bound) => format!("something below {bound:?} as {ty}"),
                Expected::Error { signature, .. } => signature.clone(),
            };
            let ty = ty.map_or_else(|| "no type".to_owned(), |ty| ty.to_string());
            verdicts[*position] = Verdict::Failed(format!(
                "it gives {found} as {ty}, and should give {expected}, from {:?}; handle {handle}",
                vector.operands
            ));
        }
        Ok(())
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

fn check_error(
    signature: &str,
    arguments: &[String],
    words: &[B256],
    prober: Address,
    ran: &Ran,
    call: usize,
) -> Result<(), String> {
    let mut names = Names::default();
    names.addresses.insert("prober".to_owned(), prober);
    for (number, word) in words.iter().enumerate() {
        names.values.insert(number.to_string(), word.to_vec().into());
    }
    let expect = Expect::Error(signature.to_owned(), arguments.to_vec());
    program::compare(&expect, &ran.outcomes[call], &names)
}

/// The words of a public decryption.
pub(super) fn clear_words(result: &Value) -> Result<Vec<U256>, ChainError> {
    let text = result["decryptedValue"].as_str().unwrap_or_default();
    let bytes = hex::decode(text).map_err(|error| ChainError::Answer {
        what: "a decryption".to_owned(),
        reason: error.to_string(),
    })?;
    Ok(bytes.chunks(32).map(U256::from_be_slice).collect())
}
