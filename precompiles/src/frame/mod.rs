//! One call of a host contract: its caller, its gas and its view of the EVM.

pub(crate) mod gas;
mod state;

use alloy_evm::{EvmInternals, precompiles::PrecompileInput};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{Panic, PanicKind, SolError};
use revm::precompile::{PrecompileError, PrecompileHalt, PrecompileOutput, PrecompileResult};

pub(crate) use state::Slot;

use crate::{HostConfig, upgrade::PAYABLE};
use gas::Meter;

/// Why a call ends without success. The three kinds of failure never mix: a *revert* is the
/// caller's mistake, a *halt* consumes the frame's gas, and *fatal* is a broken database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Abort {
    /// The caller's mistake, with the ABI-encoded error.
    Revert(Bytes),
    /// The frame's gas does not suffice.
    OutOfGas,
    /// A write under `STATICCALL`.
    StaticWrite,
    /// The database failed. Aborts the transaction, for nothing can be concluded about it.
    Fatal(String),
}

impl Abort {
    /// A revert with a custom error.
    pub(crate) fn revert(error: impl SolError) -> Self {
        Self::Revert(error.abi_encode().into())
    }

    /// A revert without data: what Solidity code does with calldata that its decoder refuses,
    /// with a selector that it does not have, and with value sent to a function that takes none.
    pub(crate) const fn empty() -> Self {
        Self::Revert(Bytes::new())
    }

    /// A revert with `Panic(code)`, from one of the checks that Solidity inserts.
    pub(crate) fn panic(kind: PanicKind) -> Self {
        Self::revert(Panic::from(kind))
    }

    fn fatal(error: impl std::fmt::Display) -> Self {
        Self::Fatal(error.to_string())
    }
}

/// The outcome of a step of a call.
pub(crate) type Outcome<T = ()> = Result<T, Abort>;

/// A host contract: what it does with a frame and calldata.
pub(crate) type Contract = fn(&mut Frame<'_>, &[u8]) -> Outcome<Bytes>;

/// One call of a host contract.
///
/// The state of all host contracts is within its reach, for in native code they call each other
/// without frames between them. Such inner calls cost nothing but what they read and write.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    internals: EvmInternals<'a>,
    config: &'a HostConfig,
    address: Address,
    caller: Address,
    is_static: bool,
    meter: Meter,
}

impl<'a> Frame<'a> {
    /// Runs `contract` on a call.
    ///
    /// Two kinds of calls revert without data, whatever they carry. A call whose code and storage
    /// are not the contract's own (`DELEGATECALL`, `CALLCODE`, a delegated account) is refused
    /// because it would run with the rights of somebody else. A call with value is refused because
    /// no function is payable but one, which never succeeds.
    ///
    /// # Errors
    /// Only if the database fails.
    pub(crate) fn run(
        input: PrecompileInput<'a>,
        config: &'a HostConfig,
        contract: Contract,
    ) -> PrecompileResult {
        let reservoir = input.reservoir;
        let payable = input.data.starts_with(&PAYABLE);
        if !input.is_direct_call() || !(input.value.is_zero() || payable) {
            return Ok(PrecompileOutput::revert(0, Bytes::new(), reservoir));
        }
        let PrecompileInput { data, gas, caller, target_address, is_static, internals, .. } = input;
        let (address, meter) = (target_address, Meter::new(gas));
        let mut frame = Self { internals, config, address, caller, is_static, meter };
        match contract(&mut frame, data) {
            Ok(bytes) => {
                let mut output = PrecompileOutput::new(frame.meter.used(), bytes, reservoir);
                output.gas_refunded = frame.meter.refund;
                Ok(output)
            }
            Err(Abort::Revert(bytes)) => {
                Ok(PrecompileOutput::revert(frame.meter.used(), bytes, reservoir))
            }
            Err(Abort::OutOfGas) => Ok(PrecompileOutput::halt(PrecompileHalt::OutOfGas, reservoir)),
            // revm has no precompile halt of this name; any halt takes the frame's gas, as a
            // write under `STATICCALL` does.
            Err(Abort::StaticWrite) => Ok(PrecompileOutput::halt(
                PrecompileHalt::other_static("state change during static call"),
                reservoir,
            )),
            Err(Abort::Fatal(reason)) => Err(PrecompileError::Fatal(reason)),
        }
    }

    /// `address(this)`: of a contract with two addresses, the one that was called.
    pub(crate) const fn address(&self) -> Address {
        self.address
    }

    /// `msg.sender`.
    pub(crate) const fn caller(&self) -> Address {
        self.caller
    }

    /// The configuration of the chain's host contracts.
    pub(crate) const fn config(&self) -> &'a HostConfig {
        self.config
    }

    /// `block.chainid`.
    pub(crate) const fn chain_id(&self) -> u64 {
        self.internals.chain_id()
    }

    /// `block.number`.
    pub(crate) fn block_number(&self) -> U256 {
        self.internals.block_number()
    }

    /// `block.timestamp`.
    pub(crate) fn timestamp(&self) -> U256 {
        self.internals.block_timestamp()
    }

    /// `blockhash(block.number - 1)`.
    ///
    /// # Errors
    /// In block 0, where Solidity's checked subtraction panics.
    pub(crate) fn parent_hash(&mut self) -> Outcome<B256> {
        use revm::Database;
        let number = self.block_number();
        let parent =
            number.checked_sub(U256::ONE).ok_or_else(|| Abort::panic(PanicKind::UnderOverflow))?;
        let parent = parent.saturating_to();
        self.internals.db_mut().block_hash(parent).map_err(Abort::fatal)
    }

    /// Keccak-256, at the opcode's price.
    pub(crate) fn keccak(&mut self, bytes: &[u8]) -> Outcome<B256> {
        self.meter.charge(gas::KECCAK + gas::PRICES.keccak256_cost(bytes.len()))?;
        Ok(keccak256(bytes))
    }

    /// Charges for the recovery of a signer, at the precompile's price.
    pub(crate) fn charge_recovery(&mut self) -> Outcome {
        self.meter.charge(gas::ECRECOVER)
    }

    /// Charges for hashing a typed message with `len` bytes of arrays in it.
    pub(crate) fn charge_typed_data(&mut self, len: usize) -> Outcome {
        /// Domain, message, digest, and at most three arrays: their fixed costs.
        const HASHES: u64 = 6;
        /// Bytes of domain, message and digest.
        const FIXED: usize = 5 * 32 + 6 * 32 + 66;
        self.meter.charge(HASHES * gas::KECCAK + gas::PRICES.keccak256_cost(FIXED + len))
    }

    /// Charges for what an operation with `operands` encrypted operands makes the node do after
    /// the call.
    pub(crate) fn charge_operation(&mut self, operands: usize) -> Outcome {
        self.meter.charge(gas::OPERATION + gas::OPERAND * operands as u64)
    }

    /// Charges for an inner call that hands over `len` bytes.
    pub(crate) fn charge_call(&mut self, len: usize) -> Outcome {
        self.meter.charge(gas::CALL + gas::PRICES.copy_cost(len))
    }

    /// Charges for memory that grows from `old` to `new` bytes.
    pub(crate) fn charge_memory(&mut self, old: usize, new: usize) -> Outcome {
        let cost = |len: usize| gas::PRICES.memory_cost(len.div_ceil(32));
        self.meter.charge(cost(new).saturating_sub(cost(old)))
    }
}
