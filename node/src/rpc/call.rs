//! Executing without a transaction: calls, gas estimates, access lists.

use alloy_evm::{
    EvmEnv,
    overrides::{apply_block_overrides, apply_state_overrides},
    rpc::TryIntoTxEnv,
};
use alloy_primitives::{Bytes, TxKind, U256};
use alloy_rpc_types_eth::{
    AccessListResult, TransactionRequest,
    state::{EvmOverrides, StateOverride},
};
use alloy_sol_types::{Revert, SolError};
use jsonrpsee::types::ErrorObjectOwned;
use revm::{
    DatabaseRef,
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction},
    },
    database::{CacheDB, WrapDatabaseRef},
};
use revm_inspectors::access_list::AccessListInspector;

use super::{
    Rpc,
    error::{Answer, failed, invalid, reverted},
    meter::{self, Meter},
    view::View,
};
use crate::{
    chain::Scratch,
    explain::{self, HcuContext, explain},
};

/// Gas of a transfer of ether: the least that a transaction uses.
const TRANSFER_GAS: u64 = 21_000;
/// An estimate may be too high by this part of it, as with geth.
const ESTIMATE_TOLERANCE: f64 = 0.015;

/// A call that is ready to be executed.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) database: Scratch,
    pub(super) environment: EvmEnv,
    pub(super) transaction: TxEnv,
}

impl Rpc {
    /// Prepares a call on top of a block. It pays no fee unless the request names one, and needs no
    /// key (EIP-3607) and no nonce.
    pub(super) fn prepare(
        &self,
        view: &View,
        mut request: TransactionRequest,
        overrides: EvmOverrides,
    ) -> Answer<Prepared> {
        let mut environment = view.environment.clone();
        environment.cfg_env.disable_nonce_check = true;
        environment.cfg_env.disable_eip3607 = true;
        environment.cfg_env.disable_base_fee = true;
        let mut database = CacheDB::new(view.state.clone());
        if let Some(block) = overrides.block {
            apply_block_overrides(*block, &mut database, &mut environment.block_env);
        }
        apply_state(&mut database, overrides.state)?;

        let sender = request.from.unwrap_or_default();
        let account = basic(&database, sender);
        request.nonce.get_or_insert(account.0);
        let cap = environment.block_env.gas_limit;
        request.gas = Some(request.gas.unwrap_or(cap).min(cap));
        let price = request.max_fee_per_gas.or(request.gas_price).unwrap_or_default();
        let mut transaction: TxEnv = request.try_into_tx_env(&environment).map_err(invalid)?;
        // A call may ask for more gas than its sender can pay for.
        if price > 0 {
            let left = account.1.checked_sub(transaction.value).ok_or_else(|| {
                let (have, want) = (account.1, transaction.value);
                failed(format!(
                    "insufficient funds for transfer: address {sender} have {have} want {want}"
                ))
            })?;
            let affordable = left / U256::from(price);
            transaction.gas_limit = transaction.gas_limit.min(affordable.saturating_to());
        }
        Ok(Prepared { database, environment, transaction })
    }

    /// `eth_call`.
    pub(super) fn call(&self, view: &View, prepared: Prepared) -> Answer<Bytes> {
        let result = run(view, &prepared)?;
        self.output(view, &result, &prepared)
    }

    /// What an execution returned, or the error that says why it did not.
    fn output(&self, view: &View, result: &ExecutionResult, prepared: &Prepared) -> Answer<Bytes> {
        match result {
            ExecutionResult::Success { output, .. } => Ok(output.data().clone()),
            ExecutionResult::Revert { output, .. } => {
                let hcu = self.measure(view, output, prepared);
                Err(reverted(output, self.explain(output, hcu)))
            }
            ExecutionResult::Halt { reason, .. } => {
                Err(halted(reason, prepared.transaction.gas_limit))
            }
        }
    }

    /// If a limit stopped a call, what it had asked for.
    fn measure(&self, view: &View, data: &Bytes, prepared: &Prepared) -> Option<HcuContext> {
        if !meter::is_limit(data) {
            return None;
        }
        let mut meter = Meter::new(&self.devnet.host().addresses);
        let database = WrapDatabaseRef(&prepared.database);
        let (environment, transaction) =
            (prepared.environment.clone(), prepared.transaction.clone());
        view.simulator.inspect(database, environment, transaction, &mut meter).ok()?;
        meter.reading()
    }

    /// What revert data means.
    pub(super) fn explain(&self, data: &Bytes, hcu: Option<HcuContext>) -> Option<String> {
        // Clients look for a contract's own words right after ours.
        if let Ok(Revert { reason }) = Revert::abi_decode(data) {
            return Some(reason);
        }
        let (chain_id, head) = self.devnet.chain(|chain| (chain.chain_id(), chain.head().number()));
        // While evaluation is behind, a ciphertext that is not there says nothing.
        let complete = self.devnet.settler().progress().settled >= head;
        let store = complete.then(|| self.devnet.store());
        explain(data, &explain::Context { chain_id, hcu, store })
    }

    /// `eth_estimateGas`: the least gas with which the call succeeds, give or take
    /// [`ESTIMATE_TOLERANCE`]. No homomorphic operation is computed for it: the machine executes
    /// symbolically.
    pub(super) fn estimate(&self, view: &View, mut prepared: Prepared) -> Answer<u64> {
        let transaction = &prepared.transaction;
        let plain_transfer = transaction.data.is_empty()
            && transaction.access_list.is_empty()
            && transaction.authorization_list.is_empty();
        if plain_transfer
            && let TxKind::Call(to) = transaction.kind
            && code_is_empty(&prepared.database, to)
        {
            let mut cheap = prepared.clone();
            cheap.transaction.gas_limit = TRANSFER_GAS;
            if let Ok(result) = run(view, &cheap)
                && result.is_success()
            {
                return Ok(TRANSFER_GAS);
            }
        }

        let highest = prepared.transaction.gas_limit;
        let result = run(view, &prepared)?;
        self.output(view, &result, &prepared)?;
        let used = result.tx_gas_used();
        // With less than it used at last it cannot succeed; with refunds it needs more.
        let (mut low, mut high) = (used.saturating_sub(1), highest);
        // A good guess: what it used before refunds, and the 1/64 that calls hold back.
        let spent = used + result.gas().final_refunded();
        let mut next = (spent + 2_300).saturating_mul(64) / 63;
        while low + 1 < high {
            if (high - low) as f64 / (high as f64) < ESTIMATE_TOLERANCE {
                break;
            }
            let middle = low + (high - low) / 2;
            let attempt = if next > low && next < high { next } else { middle };
            next = 0;
            prepared.transaction.gas_limit = attempt;
            let enough = matches!(run(view, &prepared), Ok(result) if result.is_success());
            if enough { high = attempt } else { low = attempt }
        }
        Ok(high)
    }

    /// `eth_createAccessList`.
    pub(super) fn access_list(
        &self,
        view: &View,
        mut prepared: Prepared,
    ) -> Answer<AccessListResult> {
        let mut inspector = AccessListInspector::new(prepared.transaction.access_list.clone());
        let database = prepared.database.clone();
        let environment = prepared.environment.clone();
        view.simulator
            .inspect(database, environment, prepared.transaction.clone(), &mut inspector)
            .map_err(invalid_transaction)?;
        let access_list = inspector.into_access_list();
        prepared.transaction.access_list = access_list.clone();
        let result = run(view, &prepared)?;
        let error =
            self.output(view, &result, &prepared).err().map(|error| error.message().to_owned());
        Ok(AccessListResult { access_list, gas_used: U256::from(result.tx_gas_used()), error })
    }
}

/// Executes a prepared call and forgets what it did.
pub(super) fn run(view: &View, prepared: &Prepared) -> Answer<ExecutionResult> {
    let database = WrapDatabaseRef(&prepared.database);
    let (environment, transaction) = (prepared.environment.clone(), prepared.transaction.clone());
    let result = view.simulator.execute(database, environment, transaction);
    result.map(|result| result.result).map_err(invalid_transaction)
}

/// Why something cannot be executed at all, in geth's words where clients look for them.
pub(super) fn invalid_transaction<E: std::fmt::Display>(error: EVMError<E>) -> ErrorObjectOwned {
    let EVMError::Transaction(error) = error else { return failed(error) };
    match error {
        InvalidTransaction::LackOfFundForMaxFee { fee, balance } => {
            failed(format!("insufficient funds for gas * price + value: have {balance} want {fee}"))
        }
        InvalidTransaction::CallGasCostMoreThanGasLimit { initial_gas: want, gas_limit }
        | InvalidTransaction::GasFloorMoreThanGasLimit { gas_floor: want, gas_limit } => {
            failed(format!("intrinsic gas too low: have {gas_limit}, want {want}"))
        }
        error => failed(error),
    }
}

pub(super) fn halted(reason: &HaltReason, gas_limit: u64) -> ErrorObjectOwned {
    match reason {
        HaltReason::OutOfGas(_) => failed(format!("out of gas: gas limit {gas_limit}")),
        reason => failed(format!("execution halted: {reason:?}")),
    }
}

fn apply_state(database: &mut Scratch, overrides: Option<StateOverride>) -> Answer<()> {
    overrides.map_or(Ok(()), |state| {
        apply_state_overrides(state, database).map_err(|error| invalid(format!("{error:?}")))
    })
}

/// Nonce and balance.
fn basic(database: &Scratch, address: alloy_primitives::Address) -> (u64, U256) {
    match database.basic_ref(address) {
        Ok(account) => account.map_or((0, U256::ZERO), |account| (account.nonce, account.balance)),
        Err(never) => match never {},
    }
}

fn code_is_empty(database: &Scratch, address: alloy_primitives::Address) -> bool {
    match database.basic_ref(address) {
        Ok(account) => account.is_none_or(|account| account.is_empty_code_hash()),
        Err(never) => match never {},
    }
}
