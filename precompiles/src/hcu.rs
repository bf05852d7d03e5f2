//! The HCU meter: limits how much homomorphic work a block, a transaction, and a chain of
//! dependent operations in a transaction may ask for.
//!
//! Every comparison is "more than the limit". What a transaction used, and how deep each of its
//! results is, lives in the meter's transient storage: slot 0 holds the sum, and the slot of each
//! handle its depth. A handle from an earlier transaction, or from an input, has depth 0.

use std::sync::LazyLock;

use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use ciphervm_fhe::{FheType, Handle, OPS, Op, OpSpec, Shape};

use crate::{
    calldata,
    errors::HcuErrors,
    frame::{Abort, Frame, Outcome, Slot},
    interface::HcuLimit,
    layout,
};

/// The version string of protocol 0.13.
const VERSION: &str = "HCULimit v0.3.0";

/// The low 48 bits, the width of limits and of block numbers here.
const UINT48: u64 = (1 << 48) - 1;

/// Limits on homomorphic work, in HCU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HcuLimits {
    /// Per block. The largest 48-bit number switches the limit off.
    pub per_block: u64,
    /// For the most expensive chain of dependent operations in a transaction.
    pub depth_per_tx: u64,
    /// Per transaction.
    pub per_tx: u64,
}

impl Default for HcuLimits {
    /// The limits of every public deployment: 20 million a transaction, 5 million deep, and no
    /// limit on blocks.
    fn default() -> Self {
        Self { per_block: UINT48, depth_per_tx: 5_000_000, per_tx: 20_000_000 }
    }
}

/// Fields of the contract's storage, in order.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
enum Field {
    /// `uint48`
    PerBlock,
    /// `uint48`
    DepthPerTx,
    /// `uint48`
    PerTx,
    /// `(uint48 blockNumber, uint48 used)`, from the low end.
    BlockMeter,
    /// `mapping(address account => bool)`
    Whitelist,
}

impl Field {
    fn of(self, account: Address) -> Slot {
        layout::namespace(account, "HCULimit").offset(self as u64)
    }

    fn slot(self, frame: &Frame<'_>) -> Slot {
        self.of(frame.config().addresses.hcu_limit)
    }
}

/// The storage that sets `limits`.
pub(crate) fn genesis(account: Address, limits: HcuLimits) -> Vec<(Slot, U256)> {
    [
        (Field::PerBlock, limits.per_block),
        (Field::DepthPerTx, limits.depth_per_tx),
        (Field::PerTx, limits.per_tx),
    ]
    .map(|(field, limit)| (field.of(account), U256::from(limit.min(UINT48))))
    .into()
}

/// What is charged for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work<'a> {
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
    charge_block(frame, price)?;
    charge_transaction(frame, price)?;
    charge_depth(frame, work, price)
}

fn charge_block(frame: &mut Frame<'_>, price: u64) -> Outcome {
    let caller = frame.caller();
    if is_whitelisted(frame, caller)? {
        return Ok(());
    }
    let now = block_number(frame);
    let (block, used) = block_meter(frame)?;
    let used = if block == now { used } else { 0 } + price;
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
        if input.is_zero() {
            return Err(Abort::revert(HcuErrors::InvalidZeroHandle {}));
        }
        deepest = deepest.max(frame.tload(meter, input.0.into())?);
    }
    let depth = deepest.saturating_add(U256::from(price));
    // Operations without operands begin a chain and are not checked.
    let checked =
        !matches!(work.op.spec().shape, Shape::TrivialEncrypt | Shape::Rand | Shape::RandBounded);
    if checked && depth > frame.sload(Field::DepthPerTx.slot(frame))? {
        return Err(Abort::revert(HcuErrors::HCUTransactionDepthLimitExceeded {}));
    }
    frame.tstore(meter, work.result.0.into(), depth)
}

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    let limit = |frame: &mut Frame<'_>, field: Field| {
        frame.sload(field.slot(frame)).map(|limit| limit.abi_encode().into())
    };
    match selector {
        HcuLimit::getGlobalHCUCapPerBlockCall::SELECTOR => limit(frame, Field::PerBlock),
        HcuLimit::getMaxHCUDepthPerTxCall::SELECTOR => limit(frame, Field::DepthPerTx),
        HcuLimit::getMaxHCUPerTxCall::SELECTOR => limit(frame, Field::PerTx),
        HcuLimit::isBlockHCUWhitelistedCall::SELECTOR => {
            let account = arguments.address(0)?;
            is_whitelisted(frame, account).map(|listed| listed.abi_encode().into())
        }
        HcuLimit::getBlockMeterCall::SELECTOR => {
            let now = block_number(frame);
            let (block, used) = block_meter(frame)?;
            let used = if block == now { used } else { 0 };
            Ok((now, used).abi_encode().into())
        }
        HcuLimit::getFHEVMExecutorAddressCall::SELECTOR => {
            Ok(frame.config().addresses.executor.abi_encode().into())
        }
        HcuLimit::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        // The executor charges without a call, so whoever calls is not the executor.
        selector if CHARGES.contains(&selector) => {
            Err(Abort::revert(HcuErrors::CallerMustBeFHEVMExecutorContract {}))
        }
        _ => Err(Abort::empty()),
    }
}

fn is_whitelisted(frame: &mut Frame<'_>, account: Address) -> Outcome<bool> {
    let slot = frame.entry(Field::Whitelist.slot(frame), layout::key(account))?;
    Ok(!frame.sload(slot)?.is_zero())
}

/// The last block that was charged to, and what was charged.
fn block_meter(frame: &mut Frame<'_>) -> Outcome<(u64, u64)> {
    let packed = frame.sload(Field::BlockMeter.slot(frame))?;
    let uint48 = |word: U256| (word & U256::from(UINT48)).to::<u64>();
    Ok((uint48(packed), uint48(packed >> 48)))
}

fn block_number(frame: &Frame<'_>) -> u64 {
    (frame.block_number() & U256::from(UINT48)).to()
}

/// Selectors of the functions through which an executor contract charges.
static CHARGES: LazyLock<Vec<[u8; 4]>> = LazyLock::new(|| {
    let hash = |signature: String| keccak256(signature)[..4].try_into().expect("four bytes");
    OPS.iter().filter_map(charge_signature).map(hash).collect()
});

/// Signature of the function that charges for an operation, if it is charged for.
fn charge_signature(spec: &OpSpec) -> Option<String> {
    let arguments = match spec.shape {
        Shape::Unary | Shape::Cast => "uint8,bytes32,bytes32,address",
        Shape::Binary | Shape::MulDiv => "uint8,bytes1,bytes32,bytes32,bytes32,address",
        Shape::Select => "uint8,bytes32,bytes32,bytes32,bytes32,address",
        Shape::TrivialEncrypt | Shape::Rand | Shape::RandBounded => "uint8,bytes32,address",
        Shape::Sum => "uint8,bytes32[],bytes32,address",
        Shape::IsIn => "uint8,bytes32,bytes32[],bytes32,address",
        Shape::VerifyInput => return None,
    };
    let event = spec.event.split_once('(').map_or(spec.event, |(name, _)| name);
    let name = if spec.shape == Shape::Select { event.trim_start_matches("Fhe") } else { event };
    Some(format!("checkHCUFor{name}({arguments})"))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;

    use super::*;

    /// Selectors from the ABI of the FHEVM `HCULimit` contract.
    #[test]
    fn every_charging_function_is_known() {
        assert_eq!(CHARGES.len(), 30);
        for selector in [
            hex!("c1390c34"),
            hex!("497c22c5"),
            hex!("69931afb"),
            hex!("b78bef59"),
            hex!("2e3c3906"),
            hex!("d5b8b8f3"),
            hex!("6cf0bd25"),
            hex!("b9662554"),
            hex!("3bbcc4b2"),
            hex!("0d81a3f1"),
        ] {
            assert!(CHARGES.contains(&selector), "{}", hex::encode(selector));
        }
    }
}
