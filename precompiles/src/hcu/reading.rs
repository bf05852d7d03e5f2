//! The meter, read by whoever watches a transaction.

use alloy_primitives::U256;
use revm::{Database, context::JournalTr};

use super::{
    Field, HcuLimits,
    meter::{charged_to_block, uint48},
};
use crate::{HostAddresses, executor};

/// What was charged before an operation, and the limits that hold for it, in HCU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HcuReading {
    /// To the transaction.
    pub transaction: u64,
    /// To the most expensive chain of operations that an operand of it ends.
    pub depth: u64,
    /// To the block, this transaction included.
    pub block: u64,
    /// The limits.
    pub limits: HcuLimits,
}

impl HcuReading {
    /// Reads the meter in the midst of a transaction of block `number`. `call` is the calldata of
    /// the operation, which the executor was called with.
    ///
    /// # Errors
    /// If the database fails.
    pub fn at<J: JournalTr>(
        journal: &mut J,
        addresses: &HostAddresses,
        number: u64,
        call: &[u8],
    ) -> Result<Self, <J::Database as Database>::Error> {
        let account = addresses.hcu_limit;
        journal.load_account(account)?;
        let mut field =
            |field: Field| journal.sload(account, field.of(account).key).map(|load| load.data);
        let block = charged_to_block(field(Field::BlockMeter)?, number);
        let limits = HcuLimits {
            per_block: uint48(field(Field::PerBlock)?),
            depth_per_tx: uint48(field(Field::DepthPerTx)?),
            per_tx: uint48(field(Field::PerTx)?),
        };
        let operands = executor::operands(call).into_iter();
        let depths = operands.map(|operand| journal.tload(account, operand.0.into()));
        let depth = depths.max().unwrap_or_default().saturating_to();
        let transaction = journal.tload(account, U256::ZERO).saturating_to();
        Ok(Self { transaction, depth, block, limits })
    }
}
