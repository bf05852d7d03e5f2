//! The prices of the host contracts, as data.

use crate::frame::gas;

/// One price of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GasPrice {
    /// What is paid for.
    pub item: &'static str,
    /// Gas.
    pub gas: u64,
    /// Where the price comes from, or why it is what it is.
    pub reason: &'static str,
}

/// What a call of a host contract pays for. The gas of a call is the sum over what it does, and
/// the same on every node.
pub fn gas_schedule() -> Vec<GasPrice> {
    let prices = &*gas::PRICES;
    let price = |item, gas, reason| GasPrice { item, gas, reason };
    vec![
        price(
            "operation of the executor",
            gas::OPERATION,
            "reading its log back, a node of the graph, an entry at settlement",
        ),
        price(
            "encrypted operand of an operation",
            gas::OPERAND,
            "an edge of the graph, followed twice",
        ),
        price("storage read, first in the transaction", gas::SLOAD_COLD, "`SLOAD`, EIP-2929"),
        price("storage read, later", gas::SLOAD_WARM, "`SLOAD`, EIP-2929"),
        price(
            "storage write, zero to non-zero, slot read before",
            prices.sstore_set_without_load_cost() + prices.sstore_static_gas(),
            "`SSTORE`, EIP-2200",
        ),
        price(
            "storage write, between non-zero values, slot read before",
            prices.sstore_reset_without_cold_load_cost() + prices.sstore_static_gas(),
            "`SSTORE`, EIP-2200",
        ),
        price(
            "storage write, slot written before in the transaction",
            prices.sstore_static_gas(),
            "`SSTORE`, EIP-2200",
        ),
        price(
            "storage write, first access to the slot, on top",
            gas::SLOAD_COLD,
            "`SSTORE`, EIP-2929",
        ),
        price("transient read or write", gas::TRANSIENT, "`TLOAD`, `TSTORE`, EIP-1153"),
        price("log", gas::LOG, "`LOG`"),
        price("log topic", prices.log_cost(1, 0), "`LOG`"),
        price("log data, per byte", prices.log_cost(0, 1), "`LOG`"),
        price("hash", gas::KECCAK, "`KECCAK256`"),
        price("hash, per word", prices.keccak256_cost(32), "`KECCAK256`"),
        price("signature recovery", gas::ECRECOVER, "the `ecrecover` precompile"),
        price("call inside `multicall`", gas::CALL, "`CALL` of a warm address, EIP-2929"),
        price("bytes copied inside `multicall`, per word", prices.copy_cost(32), "`CALLDATACOPY`"),
        price(
            "results of `multicall`, per word, and its square by 512",
            prices.memory_cost(1),
            "memory expansion",
        ),
    ]
}
