//! Operations on plaintexts, as they would run on ciphertexts: the same circuits, with noise
//! tracked and bootstraps counted. What costs seconds there takes microseconds here.

use alloy_primitives::U256;

use crate::{
    FheType, Op,
    circuits::{
        Number, add,
        algebra::{Algebra, Bounds, Clear, ClearBlock, MAX_DIGIT, MAX_STORED_NOISE, Profile},
    },
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

/// A value of the simulation, encrypted or constant.
#[derive(Clone, Debug)]
pub struct Simulated(Number<ClearBlock>);

impl Simulated {
    /// The value.
    pub fn value(&self) -> U256 {
        self.0.value()
    }

    /// Number of bootstraps one after the other that it took.
    pub fn depth(&self) -> u64 {
        self.0.most(ClearBlock::depth)
    }

    /// The noise level of its noisiest block: 0 for a constant.
    pub fn noise(&self) -> u64 {
        self.0.most(|block| block.bounds().noise)
    }
}

impl Simulator {
    /// A simulation of the circuits for a profile.
    pub const fn new(profile: Profile) -> Self {
        Self { clear: Clear::new(profile) }
    }

    /// A value as it comes from a store: encrypted, with blocks of noise level 1 or 2.
    pub fn encrypted(&self, ty: FheType, value: U256, noise: u64) -> Simulated {
        Simulated(Number::stored(&self.clear, ty.truncate(value), ty, noise))
    }

    /// A constant, whose value is public.
    pub fn constant(&self, ty: FheType, value: U256) -> Simulated {
        Simulated(Number::Constant(ty.truncate(value)))
    }

    /// Runs an operation on operands of which at least one is encrypted, or that draws
    /// randomness.
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
        let operands: Vec<_> = operands.iter().map(|value| &value.0).collect();
        let number = op.spec().circuit.simulate(&self.clear, &operands, operand, result)?;
        if let Number::Encrypted(digits) = &number {
            assert_eq!(digits.len(), result.blocks(), "{op} gave {} blocks", digits.len());
            for digit in digits {
                let Bounds { low, high, noise } = self.clear.bounds(digit);
                assert!(
                    low >= 0 && high <= MAX_DIGIT && noise <= MAX_STORED_NOISE,
                    "{op} gave a block of {low}..={high} at noise level {noise}"
                );
            }
        }
        Ok(Simulated(number))
    }

    /// `a - b` and `a ≥ b` of two encrypted values, from one chain.
    ///
    /// # Panics
    /// If one of them is a constant.
    pub fn sub_with_order(&self, a: &Simulated, b: &Simulated) -> [Simulated; 2] {
        let (Number::Encrypted(a), Number::Encrypted(b)) = (&a.0, &b.0) else {
            panic!("operands are encrypted")
        };
        add::difference_with_order(&self.clear, a, b, true).map(Simulated)
    }

    /// The same value with noise level 1 at most.
    #[must_use]
    pub fn clean(&self, value: &Simulated) -> Simulated {
        Simulated(match &value.0 {
            Number::Constant(value) => Number::Constant(*value),
            Number::Encrypted(digits) => {
                Number::Encrypted(digits.iter().map(|digit| self.clear.clean(digit)).collect())
            }
        })
    }

    /// Bootstraps so far.
    pub fn bootstraps(&self) -> u64 {
        self.clear.bootstraps()
    }
}
