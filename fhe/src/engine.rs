//! The engines that give operations a meaning: plaintexts, ciphertexts, and a simulation of these.

use std::{borrow::Cow, fmt, sync::Arc};

use alloy_primitives::{B256, U256, keccak256};

use crate::{
    Ciphertext, FheType, Kernel, Operand, Profile, Rewrites, Simulated, Simulator, circuits,
    error::CiphertextError, input, keys::Keyset,
};

/// Computes single kernels on values of its own kind.
pub trait Engine: fmt::Debug + Send + Sync + 'static {
    /// What handles stand for.
    type Value: Clone + Send + Sync;

    /// Name of everything besides inputs that results depend on.
    fn class(&self) -> B256;

    /// Computes a kernel. Clear operands are as [`Kernel`] says.
    ///
    /// # Errors
    /// The rule that the operands break. The executor lets no such operands through.
    fn run(
        &self,
        kernel: &Kernel,
        operands: &[Operand<&Self::Value>],
    ) -> Result<Computed<Self::Value>, &'static str>;

    /// The rewrites that pay on this engine.
    fn rewrites(&self) -> Rewrites {
        Rewrites::ALL
    }

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

/// The results of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed<V> {
    /// As many as [`Kernel::results`] has types.
    pub values: Vec<V>,
    /// Programmable bootstraps that they took.
    pub bootstraps: u64,
}

/// Plaintext evaluation: the executable specification, instant, and no privacy at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceEngine;

impl Engine for ReferenceEngine {
    type Value = U256;

    fn class(&self) -> B256 {
        keccak256("ciphervm reference engine: plaintexts")
    }

    fn run(
        &self,
        kernel: &Kernel,
        operands: &[Operand<&U256>],
    ) -> Result<Computed<U256>, &'static str> {
        let clear: Vec<U256> = operands
            .iter()
            .map(|operand| match operand {
                Operand::Encrypted(value) => **value,
                Operand::Scalar(value) => *value,
            })
            .collect();
        Ok(Computed { values: kernel.reference(&clear)?, bootstraps: 0 })
    }

    fn encode(&self, value: &U256) -> Result<Vec<u8>, CiphertextError> {
        Ciphertext::Constant(*value).encode()
    }

    fn decode(&self, bytes: &[u8], ty: FheType) -> Result<U256, CiphertextError> {
        match Ciphertext::decode(bytes, ty)? {
            Ciphertext::Constant(value) => Ok(value),
            _ => Err(CiphertextError::Malformed(
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

    /// What depends on constants alone is a constant: it is public and costs no bootstrap.
    fn run(
        &self,
        kernel: &Kernel,
        operands: &[Operand<&Ciphertext>],
    ) -> Result<Computed<Ciphertext>, &'static str> {
        // A clear operand and a constant ciphertext are the same thing.
        let values: Vec<Cow<'_, Ciphertext>> = operands
            .iter()
            .map(|operand| match operand {
                Operand::Encrypted(value) => Cow::Borrowed(*value),
                Operand::Scalar(value) => Cow::Owned(Ciphertext::Constant(*value)),
            })
            .collect();
        let values: Vec<&Ciphertext> = values.iter().map(AsRef::as_ref).collect();
        let profile = self.keys.class().profile;
        let (values, bootstraps) = circuits::run(&self.keys.server, profile, kernel, &values)?;
        Ok(Computed { values, bootstraps })
    }

    fn rewrites(&self) -> Rewrites {
        self.keys.class().rewrites
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

/// The circuits on plaintexts: nothing is secret, and bootstraps are counted and not run.
///
/// What it stores knows its noise and its depth, so whole contracts can be priced.
#[derive(Clone, Copy, Debug)]
pub struct SimulationEngine {
    profile: Profile,
    rewrites: Rewrites,
}

impl SimulationEngine {
    /// A simulation of the circuits for a profile, of graphs with these rewrites.
    pub const fn new(profile: Profile, rewrites: Rewrites) -> Self {
        Self { profile, rewrites }
    }
}

impl Engine for SimulationEngine {
    type Value = Simulated;

    fn class(&self) -> B256 {
        keccak256(format!("ciphervm simulation: {} {}", self.profile, self.rewrites))
    }

    fn run(
        &self,
        kernel: &Kernel,
        operands: &[Operand<&Simulated>],
    ) -> Result<Computed<Simulated>, &'static str> {
        let simulator = Simulator::new(self.profile);
        let values: Vec<Cow<'_, Simulated>> = operands
            .iter()
            .map(|operand| match operand {
                Operand::Encrypted(value) => Cow::Borrowed(*value),
                Operand::Scalar(value) => Cow::Owned(Simulated::clear(*value)),
            })
            .collect();
        let values: Vec<&Simulated> = values.iter().map(AsRef::as_ref).collect();
        let values = simulator.run(kernel, &values)?;
        Ok(Computed { values, bootstraps: simulator.bootstraps() })
    }

    fn rewrites(&self) -> Rewrites {
        self.rewrites
    }

    fn encode(&self, value: &Simulated) -> Result<Vec<u8>, CiphertextError> {
        Ok(value.encode())
    }

    fn decode(&self, bytes: &[u8], ty: FheType) -> Result<Simulated, CiphertextError> {
        Simulated::decode(bytes, ty)
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        ReferenceEngine.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<(FheType, Simulated)>, CiphertextError> {
        let simulator = Simulator::new(self.profile);
        let values = ReferenceEngine.expand_inputs(list)?;
        Ok(values.into_iter().map(|(ty, value)| (ty, simulator.encrypted(ty, value, 1))).collect())
    }
}
