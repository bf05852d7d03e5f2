//! The two engines that give operations a meaning: plaintexts, and ciphertexts.

use std::{borrow::Cow, fmt, sync::Arc};

use alloy_primitives::{B256, U256, keccak256};

use crate::{
    Ciphertext, FheType, Op, Operand, Shape, circuits, error::CiphertextError, input, keys::Keyset,
    reference,
};

/// Computes single operations on values of its own kind.
pub trait Engine: fmt::Debug + Send + Sync + 'static {
    /// What handles stand for.
    type Value: Clone + Send + Sync;

    /// Name of everything besides inputs that results depend on.
    fn class(&self) -> B256;

    /// Computes one operation. A scalar operand stands as it was in calldata.
    ///
    /// # Errors
    /// The rule that the operands break. The executor lets no such operands through.
    fn apply(
        &self,
        op: Op,
        operands: &[Operand<&Self::Value>],
        operand: FheType,
        result: FheType,
    ) -> Result<Self::Value, &'static str>;

    /// The bytes to store.
    ///
    /// # Errors
    /// If the value must not be stored: see [`Ciphertext::encode`].
    fn encode(&self, value: &Self::Value) -> Result<Vec<u8>, CiphertextError>;

    /// The value that stored bytes stand for.
    ///
    /// # Errors
    /// If the bytes are not a value of type `ty`.
    fn decode(&self, bytes: &[u8], ty: FheType) -> Result<Self::Value, CiphertextError>;

    /// Encrypts a list of values as a client does.
    ///
    /// # Errors
    /// If the list is too long.
    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError>;

    /// Checks and opens such a list.
    ///
    /// # Errors
    /// If the bytes are not a well-formed list.
    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<(FheType, Self::Value)>, CiphertextError>;
}

/// Plaintext evaluation: the executable specification, instant, and no privacy at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceEngine;

impl Engine for ReferenceEngine {
    type Value = U256;

    fn class(&self) -> B256 {
        keccak256("ciphervm reference engine: plaintexts")
    }

    fn apply(
        &self,
        op: Op,
        operands: &[Operand<&U256>],
        operand: FheType,
        result: FheType,
    ) -> Result<U256, &'static str> {
        let clear: Vec<Operand<U256>> = operands
            .iter()
            .map(|value| match value {
                Operand::Encrypted(value) => Operand::Encrypted(**value),
                Operand::Scalar(value) => Operand::Scalar(*value),
            })
            .collect();
        Ok(reference::evaluate(op, &clear, operand, result))
    }

    fn encode(&self, value: &U256) -> Result<Vec<u8>, CiphertextError> {
        Ciphertext::Constant(*value).encode()
    }

    fn decode(&self, bytes: &[u8], ty: FheType) -> Result<U256, CiphertextError> {
        match Ciphertext::decode(bytes, ty)? {
            Ciphertext::Constant(value) => Ok(value),
            Ciphertext::Encrypted(_) => Err(CiphertextError::Malformed(
                "the reference engine reads plaintexts only".to_owned(),
            )),
        }
    }

    /// 33 bytes a value: type id and big-endian word.
    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        input::check(values.iter().map(|(ty, _)| *ty))?;
        let mut bytes = Vec::with_capacity(values.len() * 33);
        for (ty, value) in values {
            bytes.push(ty.id());
            bytes.extend(ty.truncate(*value).to_be_bytes::<32>());
        }
        Ok(bytes)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<(FheType, U256)>, CiphertextError> {
        if !list.len().is_multiple_of(33) {
            return Err(CiphertextError::Malformed("not a list of 33-byte values".to_owned()));
        }
        let found = list.len() / 33;
        if found > input::MAX_VALUES {
            return Err(CiphertextError::TooMany { found, limit: input::MAX_VALUES });
        }
        list.chunks_exact(33)
            .enumerate()
            .map(|(index, value)| {
                let ty = FheType::from_id(value[0]).ok_or(CiphertextError::Kind { index })?;
                Ok((ty, ty.truncate(U256::from_be_slice(&value[1..]))))
            })
            .collect()
    }
}

/// Real FHE.
#[derive(Clone, Debug)]
pub struct TfheEngine {
    keys: Arc<Keyset>,
}

impl TfheEngine {
    /// An engine that computes under these keys.
    pub fn new(keys: Arc<Keyset>) -> Self {
        Self { keys }
    }
}

impl Engine for TfheEngine {
    type Value = Ciphertext;

    fn class(&self) -> B256 {
        self.keys.class().id()
    }

    /// Operations on constants alone are folded: their result is public and costs no bootstrap.
    fn apply(
        &self,
        op: Op,
        operands: &[Operand<&Ciphertext>],
        operand: FheType,
        result: FheType,
    ) -> Result<Ciphertext, &'static str> {
        let spec = op.spec();
        // From here on, a scalar and a constant ciphertext are the same thing.
        let values: Vec<Cow<'_, Ciphertext>> = operands
            .iter()
            .map(|value| match value {
                Operand::Encrypted(value) => Cow::Borrowed(*value),
                Operand::Scalar(word) => {
                    let clear = reference::normalise(op, &Operand::Scalar(*word), operand);
                    Cow::Owned(Ciphertext::Constant(clear))
                }
            })
            .collect();
        let values: Vec<&Ciphertext> = values.iter().map(AsRef::as_ref).collect();
        let random = matches!(spec.shape, Shape::Rand | Shape::RandBounded);
        let clear: Option<Vec<U256>> = values
            .iter()
            .map(|value| match value {
                Ciphertext::Constant(value) => Some(*value),
                Ciphertext::Encrypted(_) => None,
            })
            .collect();
        match clear {
            Some(clear) if !random => {
                Ok(Ciphertext::Constant((spec.reference)(&clear, operand, result)))
            }
            _ => {
                let value = (spec.circuit)(&self.keys.server, &values, operand, result)?;
                Ok(circuits::clean(&self.keys.server, value))
            }
        }
    }

    fn encode(&self, value: &Ciphertext) -> Result<Vec<u8>, CiphertextError> {
        value.encode()
    }

    fn decode(&self, bytes: &[u8], ty: FheType) -> Result<Ciphertext, CiphertextError> {
        Ciphertext::decode(bytes, ty)
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        input::encrypt(&self.keys, values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<(FheType, Ciphertext)>, CiphertextError> {
        input::expand(&self.keys.server, list)
    }
}
