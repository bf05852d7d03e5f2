//! Operations on plaintexts, as they would run on ciphertexts: the same circuits, with noise
//! tracked and bootstraps counted. What costs seconds there takes microseconds here.

use alloy_primitives::U256;

use crate::{
    FheType, Kernel, Op,
    circuits::{
        Number,
        algebra::{Algebra, Bounds, Clear, ClearBlock, MAX_DIGIT, MAX_STORED_NOISE, Profile},
        kernels::{self, Value},
    },
    error::CiphertextError,
};

/// Runs operations and counts their bootstraps.
///
/// ```
/// use ciphervm_fhe::{FheType, Op, Profile, Simulator, primitives::U256};
///
/// let simulator = Simulator::new(Profile::Throughput);
/// let a = simulator.encrypted(FheType::Uint64, U256::from(7), 1);
/// let b = simulator.encrypted(FheType::Uint64, U256::from(5), 1);
/// let sum = simulator.apply(Op::Add, &[&a, &b], FheType::Uint64, FheType::Uint64)?;
/// assert_eq!((sum.value(), simulator.bootstraps()), (U256::from(12), 32));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Debug, Default)]
pub struct Simulator {
    clear: Clear,
}

/// A value of the simulation: a number, encrypted or constant, or a prepared condition.
#[derive(Clone, Debug)]
pub struct Simulated(Value<ClearBlock>);

/// First byte of an encoded value.
const TAG_CONSTANT: u8 = 0;
const TAG_ENCRYPTED: u8 = 1;
const TAG_CONDITION: u8 = 2;
/// Bytes of an encoded block: value, largest value, noise level, and depth.
const BLOCK: usize = 3 + 8;

impl Simulated {
    /// The value; of a prepared condition, at its scale.
    pub fn value(&self) -> U256 {
        match &self.0 {
            Value::Number(number) => number.value(),
            Value::Condition(block) => U256::from(block.value().unsigned_abs()),
        }
    }

    /// Number of bootstraps one after the other that it took.
    pub fn depth(&self) -> u64 {
        self.blocks().iter().map(ClearBlock::depth).max().unwrap_or(0)
    }

    /// The noise level of its noisiest block: 0 for a constant.
    pub fn noise(&self) -> u64 {
        self.blocks().iter().map(|block| block.bounds().noise).max().unwrap_or(0)
    }

    /// A public constant, as it is.
    pub(crate) const fn clear(value: U256) -> Self {
        Self(Value::Number(Number::Constant(value)))
    }

    fn blocks(&self) -> &[ClearBlock] {
        match &self.0 {
            Value::Number(Number::Constant(_)) => &[],
            Value::Number(Number::Encrypted(digits)) => digits,
            Value::Condition(block) => std::slice::from_ref(block),
        }
    }

    /// The value as bytes. There is nothing secret about it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = match &self.0 {
            Value::Number(Number::Constant(value)) => {
                let mut bytes = vec![TAG_CONSTANT];
                bytes.extend(value.to_be_bytes::<32>());
                return bytes;
            }
            Value::Number(Number::Encrypted(_)) => vec![TAG_ENCRYPTED],
            Value::Condition(_) => vec![TAG_CONDITION],
        };
        for block in self.blocks() {
            let Bounds { high, noise, .. } = block.bounds();
            // A value to store is 7 at most, and its noise level 2.
            bytes.extend([block.value() as u8, high as u8, noise as u8]);
            bytes.extend(block.depth().to_le_bytes());
        }
        bytes
    }

    /// Reads what [`Self::encode`] wrote.
    pub(crate) fn decode(bytes: &[u8], ty: FheType) -> Result<Self, CiphertextError> {
        let malformed = || CiphertextError::Malformed("not a value of the simulation".to_owned());
        let (tag, rest) = bytes.split_first().ok_or_else(malformed)?;
        if *tag == TAG_CONSTANT {
            let value = U256::try_from_be_slice(rest)
                .filter(|value| rest.len() == 32 && *value <= ty.max_value());
            return Ok(Self(Value::Number(Number::Constant(value.ok_or_else(malformed)?))));
        }
        let highest = if *tag == TAG_CONDITION { 7 } else { MAX_DIGIT };
        let block = |bytes: &[u8]| {
            let (value, high) = (i64::from(bytes[0]), i64::from(bytes[1]));
            let (noise, depth) = bytes[2..].split_at(1);
            let depth = u64::from_le_bytes(depth.try_into().ok()?);
            let sound = value <= high && high <= highest && u64::from(noise[0]) <= MAX_STORED_NOISE;
            sound.then(|| ClearBlock::stored(value, high, u64::from(noise[0]), depth))
        };
        let blocks: Option<Vec<_>> = rest
            .chunks(BLOCK)
            .map(|bytes| if bytes.len() == BLOCK { block(bytes) } else { None })
            .collect();
        match (*tag, blocks.ok_or_else(malformed)?) {
            (TAG_ENCRYPTED, blocks) if blocks.len() == ty.blocks() => {
                Ok(Self(Value::Number(Number::Encrypted(blocks))))
            }
            (TAG_CONDITION, blocks) if blocks.len() == 1 => Ok(Self(Value::Condition(blocks[0]))),
            _ => Err(malformed()),
        }
    }
}

impl Simulator {
    /// A simulation of the circuits for a profile.
    pub const fn new(profile: Profile) -> Self {
        Self { clear: Clear::new(profile) }
    }

    /// A value as it comes from a store: encrypted, with blocks of noise level 1 or 2.
    pub fn encrypted(&self, ty: FheType, value: U256, noise: u64) -> Simulated {
        Simulated(Value::Number(Number::stored(ty.truncate(value), ty, noise)))
    }

    /// A clear operand, as a kernel wants it.
    pub fn public(&self, value: U256) -> Simulated {
        Simulated::clear(value)
    }

    /// A constant, whose value is public.
    pub fn constant(&self, ty: FheType, value: U256) -> Simulated {
        Simulated::clear(ty.truncate(value))
    }

    /// Runs an operation.
    ///
    /// # Errors
    /// The rule that the operands break.
    ///
    /// # Panics
    /// If the circuit bootstraps out of bounds or its result may not be stored: a bug of the
    /// circuit.
    pub fn apply(
        &self,
        op: Op,
        operands: &[&Simulated],
        operand: FheType,
        result: FheType,
    ) -> Result<Simulated, &'static str> {
        let results = self.run(&kernels::operation(op, operand, result), operands)?;
        results.into_iter().next().ok_or("an operation has a result")
    }

    /// Runs a kernel.
    ///
    /// # Errors
    /// The rule that the operands break.
    ///
    /// # Panics
    /// As [`Self::apply`].
    pub fn run(
        &self,
        kernel: &Kernel,
        operands: &[&Simulated],
    ) -> Result<Vec<Simulated>, &'static str> {
        let operands: Vec<_> = operands.iter().map(|value| value.0.clone()).collect();
        let results = kernels::run(&self.clear, kernel, &operands)?;
        for (value, ty) in results.iter().zip(kernel.results()) {
            let Value::Number(Number::Encrypted(digits)) = value else { continue };
            assert_eq!(digits.len(), ty.blocks(), "{kernel} gave {} blocks", digits.len());
            for digit in digits {
                let Bounds { low, high, noise } = self.clear.bounds(digit);
                assert!(
                    low >= 0 && high <= MAX_DIGIT && noise <= MAX_STORED_NOISE,
                    "{kernel} gave a block of {low}..={high} at noise level {noise}"
                );
            }
        }
        Ok(results.into_iter().map(Simulated).collect())
    }

    /// The same value with noise level 1 at most.
    #[must_use]
    pub fn clean(&self, value: &Simulated) -> Simulated {
        match &value.0 {
            Value::Number(Number::Encrypted(digits)) => {
                let digits = digits.iter().map(|digit| self.clear.clean(digit)).collect();
                Simulated(Value::Number(Number::Encrypted(digits)))
            }
            _ => value.clone(),
        }
    }

    /// Bootstraps so far.
    pub fn bootstraps(&self) -> u64 {
        self.clear.bootstraps()
    }
}
