//! Charging for operations.

use alloy_primitives::{Address, U256};
use ciphervm_fhe::{FheType, Handle, Op, Shape};

use super::{Field, UINT48, whitelist};
use crate::{
    errors::HcuErrors,
    frame::{Abort, Frame, Outcome},
};

/// What is charged for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work<'a> {
    /// The contract that asked for it.
    pub(crate) caller: Address,
    /// The operation.
    pub(crate) op: Op,
    /// The type that it is priced by.
    pub(crate) ty: FheType,
    /// Whether an operand is a scalar.
    pub(crate) scalar: bool,
    /// Encrypted operands.
    pub(crate) inputs: &'a [Handle],
    /// The result.
    pub(crate) result: Handle,
}

impl Work<'_> {
    /// Price in HCU. Collections are priced by the number of their elements.
    fn price(&self) -> Outcome<u64> {
        let elements = match self.op.spec().shape {
            Shape::IsIn => self.inputs.len().saturating_sub(1),
            _ => self.inputs.len(),
        };
        self.op
            .spec()
            .hcu
            .price(self.ty, self.scalar, elements)
            .ok_or_else(|| Abort::revert(HcuErrors::UnsupportedOperation {}))
    }
}

/// Charges for one operation: to the block, to the transaction, to the chain of operations.
pub(crate) fn charge(frame: &mut Frame<'_>, work: &Work<'_>) -> Outcome {
    let price = work.price()?;
    charge_block(frame, work.caller, price)?;
    charge_transaction(frame, price)?;
    charge_depth(frame, work, price)
}

/// The block's number and what it was charged, so far.
pub(super) fn block_meter(frame: &mut Frame<'_>) -> Outcome<(u64, u64)> {
    let packed = frame.sload(Field::BlockMeter.slot(frame))?;
    let now = uint48(frame.block_number());
    Ok((now, charged_to_block(packed, now)))
}

/// What block `now` was charged, by the meter's word, which may be another block's.
pub(super) fn charged_to_block(packed: U256, now: u64) -> u64 {
    if uint48(packed) == now { uint48(packed >> 48) } else { 0 }
}

/// The low 48 bits of a word.
pub(super) fn uint48(word: U256) -> u64 {
    (word & U256::from(UINT48)).to()
}

/// The largest limit keeps the sum within the 48 bits that it has in the packed word.
fn charge_block(frame: &mut Frame<'_>, caller: Address, price: u64) -> Outcome {
    if whitelist::contains(frame, caller)? {
        return Ok(());
    }
    let (now, used) = block_meter(frame)?;
    let used = used + price;
    if U256::from(used) > frame.sload(Field::PerBlock.slot(frame))? {
        return Err(Abort::revert(HcuErrors::HCUBlockLimitExceeded {}));
    }
    let packed = U256::from(now) | U256::from(used) << 48;
    frame.sstore(Field::BlockMeter.slot(frame), packed)
}

fn charge_transaction(frame: &mut Frame<'_>, price: u64) -> Outcome {
    let meter = frame.config().addresses.hcu_limit;
    let used = frame.tload(meter, U256::ZERO)?.saturating_add(U256::from(price));
    if used > frame.sload(Field::PerTx.slot(frame))? {
        return Err(Abort::revert(HcuErrors::HCUTransactionLimitExceeded {}));
    }
    frame.tstore(meter, U256::ZERO, used)
}

fn charge_depth(frame: &mut Frame<'_>, work: &Work<'_>, price: u64) -> Outcome {
    let meter = frame.config().addresses.hcu_limit;
    let mut deepest = U256::ZERO;
    for input in work.inputs {
        require_not_zero(*input)?;
        deepest = deepest.max(frame.tload(meter, input.0.into())?);
    }
    let depth = deepest.saturating_add(U256::from(price));
    // Operations without operands begin a chain and are not checked.
    let checked =
        !matches!(work.op.spec().shape, Shape::TrivialEncrypt | Shape::Rand | Shape::RandBounded);
    if checked && depth > frame.sload(Field::DepthPerTx.slot(frame))? {
        return Err(Abort::revert(HcuErrors::HCUTransactionDepthLimitExceeded {}));
    }
    require_not_zero(work.result)?;
    frame.tstore(meter, work.result.0.into(), depth)
}

/// Slot 0 is the transaction's sum, not a handle's depth.
fn require_not_zero(handle: Handle) -> Outcome {
    if handle.is_zero() {
        return Err(Abort::revert(HcuErrors::InvalidZeroHandle {}));
    }
    Ok(())
}
