//! What a transaction computed, read back from its logs.
//!
//! The precompiles keep nothing outside of EVM state: reverted frames leave no logs, so the logs
//! of a receipt are the operations that count.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, FixedBytes, Log, U256};
use alloy_sol_types::{SolEvent, SolType, sol_data};
use ciphervm_fhe::{Graph, Handle, Node, OPS, Op, Operand, Shape};

use crate::{
    HostAddresses, RecordError,
    executor::{SCALAR, SCALAR_FACTOR, TOPICS},
    interface::Acl,
};

type Word = sol_data::FixedBytes<32>;
type Byte = sol_data::FixedBytes<1>;
type Seed = sol_data::FixedBytes<16>;
type Uint = sol_data::Uint<256>;
type TypeId = sol_data::Uint<8>;
type Words = sol_data::Array<Word>;

/// The operations of a transaction, and what has to be kept of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// How each result is computed.
    pub graph: Graph,
    /// The operations in the order of execution, repeated ones included.
    pub ops: Vec<RecordedOp>,
    /// Handles granted for good, or to everybody for decryption. Only these and what they are
    /// computed from can be used after the transaction. They need not be results of this
    /// transaction.
    pub roots: BTreeSet<Handle>,
    /// HCU charged for all operations.
    pub hcu: u64,
}

/// One operation as it was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedOp {
    /// The result.
    pub handle: Handle,
    /// The operation.
    pub op: Op,
    /// Whether the operand that may be a scalar was one.
    pub scalar: bool,
    /// HCU charged.
    pub hcu: u64,
    /// The contract that asked for it.
    pub caller: Address,
}

impl Record {
    /// Reads the logs of a receipt. Logs of other contracts are passed over, and so are verified
    /// inputs: their ciphertexts exist already.
    ///
    /// # Errors
    /// If a log of a host contract cannot have been emitted by it.
    pub fn from_logs<'a>(
        addresses: &HostAddresses,
        logs: impl Iterator<Item = &'a Log>,
    ) -> Result<Self, RecordError> {
        let mut record = Self::default();
        for (index, log) in logs.enumerate() {
            let Some(topic) = log.topics().first().copied() else { continue };
            let read = if log.address == addresses.executor {
                record.read_operation(topic, log)
            } else if log.address == addresses.acl {
                record.read_grant(topic, log)
            } else {
                Ok(())
            };
            read.map_err(|error| match error {
                ReadError::Malformed => RecordError::Malformed { index, topic },
                ReadError::Graph(source) => RecordError::Graph { index, source },
            })?;
        }
        Ok(record)
    }

    fn read_operation(&mut self, topic: B256, log: &Log) -> Result<(), ReadError> {
        let Some(op) = OPS.iter().map(|spec| spec.op).find(|op| TOPICS[op.id() as usize] == topic)
        else {
            return Ok(());
        };
        let Some(event) = Event::decode(op, &log.data.data)? else { return Ok(()) };
        let caller = *log.topics().get(1).ok_or(ReadError::Malformed)?;
        let elements = event.operands.len() - usize::from(op.spec().shape == Shape::IsIn);
        let node = Node::new(op, event.operands, event.result).map_err(ReadError::Graph)?;
        let priced = match op.spec().shape {
            Shape::Cast => node.result,
            _ => node.operand,
        };
        let hcu = op.spec().hcu.price(priced, event.scalar, elements);
        let hcu = hcu.ok_or(ReadError::Malformed)?;
        self.graph.insert(event.result, node);
        self.hcu = self.hcu.saturating_add(hcu);
        self.ops.push(RecordedOp {
            handle: event.result,
            op,
            scalar: event.scalar,
            hcu,
            caller: Address::from_word(caller),
        });
        Ok(())
    }

    fn read_grant(&mut self, topic: B256, log: &Log) -> Result<(), ReadError> {
        match topic {
            Acl::Allowed::SIGNATURE_HASH => {
                let event = Acl::Allowed::decode_log_data(&log.data)?;
                self.roots.insert(Handle(event.handle));
            }
            Acl::AllowedForDecryption::SIGNATURE_HASH => {
                let event = Acl::AllowedForDecryption::decode_log_data(&log.data)?;
                self.roots.extend(event.handlesList.into_iter().map(Handle));
            }
            _ => {}
        }
        Ok(())
    }
}

/// What is wrong with a log.
#[derive(Debug)]
enum ReadError {
    Malformed,
    Graph(ciphervm_fhe::GraphError),
}

impl From<alloy_sol_types::Error> for ReadError {
    fn from(_: alloy_sol_types::Error) -> Self {
        Self::Malformed
    }
}

/// An operation's event.
struct Event {
    operands: Vec<Operand<Handle>>,
    scalar: bool,
    result: Handle,
}

impl Event {
    /// Reads an event's data. `None` for operations that make no node.
    fn decode(op: Op, data: &[u8]) -> Result<Option<Self>, ReadError> {
        fn read<T: SolType>(data: &[u8]) -> Result<T::RustType, ReadError>
        where
            for<'de> T::Token<'de>: alloy_sol_types::abi::TokenSeq<'de>,
        {
            Ok(T::abi_decode_params_validate(data)?)
        }
        let encrypted = |word: B256| Operand::Encrypted(Handle(word));
        let scalar = |word: B256| Operand::Scalar(word.into());
        let seed = |seed: FixedBytes<16>| Operand::Scalar(U256::from_be_slice(&seed[..]));
        let (operands, is_scalar, result) = match op.spec().shape {
            Shape::Unary => {
                let (ct, result) = read::<(Word, Word)>(data)?;
                (vec![encrypted(ct)], false, result)
            }
            Shape::Binary => {
                let (lhs, rhs, byte, result) = read::<(Word, Word, Byte, Word)>(data)?;
                let is_scalar = byte[0] == SCALAR;
                let rhs = if is_scalar { scalar(rhs) } else { encrypted(rhs) };
                (vec![encrypted(lhs), rhs], is_scalar, result)
            }
            Shape::Select => {
                let (a, b, c, result) = read::<(Word, Word, Word, Word)>(data)?;
                ([a, b, c].map(encrypted).into(), false, result)
            }
            Shape::Cast => {
                let (ct, _, result) = read::<(Word, TypeId, Word)>(data)?;
                (vec![encrypted(ct)], false, result)
            }
            Shape::TrivialEncrypt => {
                let (plaintext, _, result) = read::<(Uint, TypeId, Word)>(data)?;
                (vec![Operand::Scalar(plaintext)], false, result)
            }
            Shape::Rand => {
                let (_, random, result) = read::<(TypeId, Seed, Word)>(data)?;
                (vec![seed(random)], false, result)
            }
            Shape::RandBounded => {
                let (bound, _, random, result) = read::<(Uint, TypeId, Seed, Word)>(data)?;
                (vec![Operand::Scalar(bound), seed(random)], false, result)
            }
            Shape::Sum => {
                let (values, result) = read::<(Words, Word)>(data)?;
                (values.into_iter().map(encrypted).collect(), false, result)
            }
            Shape::IsIn => {
                let (value, values, result) = read::<(Word, Words, Word)>(data)?;
                let operands = std::iter::once(value).chain(values).map(encrypted);
                (operands.collect(), false, result)
            }
            Shape::MulDiv => {
                let (factor1, factor2, divisor, byte, result) =
                    read::<(Word, Word, Word, Byte, Word)>(data)?;
                let is_scalar = byte[0] == SCALAR_FACTOR;
                let factor2 = if is_scalar { scalar(factor2) } else { encrypted(factor2) };
                (vec![encrypted(factor1), factor2, scalar(divisor)], is_scalar, result)
            }
            Shape::VerifyInput => return Ok(None),
        };
        Ok(Some(Self { operands, scalar: is_scalar, result: Handle(result) }))
    }
}
