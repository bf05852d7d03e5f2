//! The limits, and their invariants: what a block may use is at least what a transaction may, and
//! that is at least what its longest chain may.

use alloy_primitives::{U256, aliases::U48};

use super::Field;
use crate::{
    calldata::Arguments,
    errors::HcuErrors,
    frame::{Abort, Frame, Outcome},
    interface::HcuLimit,
    upgrade::require_host_owner,
};

/// `setHCUPerBlock`: by the owner.
pub(super) fn set_per_block(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let limit = U256::from(arguments.uint48(0)?);
    require_host_owner(frame)?;
    if limit < get(frame, Field::PerTx)? {
        return Err(Abort::revert(HcuErrors::HCUPerBlockBelowMaxPerTx {}));
    }
    set(frame, Field::PerBlock, limit)?;
    frame.emit(meter(frame), &HcuLimit::HCUPerBlockSet { hcuPerBlock: U48::from(limit) })
}

/// `setMaxHCUDepthPerTx`: by the owner.
pub(super) fn set_depth_per_tx(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let limit = U256::from(arguments.uint48(0)?);
    require_host_owner(frame)?;
    if get(frame, Field::PerTx)? < limit {
        return Err(Abort::revert(HcuErrors::MaxHCUPerTxBelowDepth {}));
    }
    set(frame, Field::DepthPerTx, limit)?;
    frame.emit(meter(frame), &HcuLimit::MaxHCUDepthPerTxSet { maxHCUDepthPerTx: U48::from(limit) })
}

/// `setMaxHCUPerTx`: by the owner.
pub(super) fn set_per_tx(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let limit = U256::from(arguments.uint48(0)?);
    require_host_owner(frame)?;
    if get(frame, Field::PerBlock)? < limit {
        return Err(Abort::revert(HcuErrors::HCUPerBlockBelowMaxPerTx {}));
    }
    if limit < get(frame, Field::DepthPerTx)? {
        return Err(Abort::revert(HcuErrors::MaxHCUPerTxBelowDepth {}));
    }
    set(frame, Field::PerTx, limit)?;
    frame.emit(meter(frame), &HcuLimit::MaxHCUPerTxSet { maxHCUPerTx: U48::from(limit) })
}

/// One of the limits.
pub(super) fn get(frame: &mut Frame<'_>, field: Field) -> Outcome<U256> {
    frame.sload(field.slot(frame))
}

fn set(frame: &mut Frame<'_>, field: Field, limit: U256) -> Outcome {
    let slot = field.slot(frame);
    frame.sstore(slot, limit)
}

fn meter(frame: &Frame<'_>) -> alloy_primitives::Address {
    frame.config().addresses.hcu_limit
}
