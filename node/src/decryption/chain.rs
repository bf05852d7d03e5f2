//! The chain of this process, as the KMS asks it.

use std::sync::Arc;

use alloy_consensus::BlockHeader;
use alloy_evm::EvmEnv;
use alloy_primitives::{Address, Bytes, TxKind};
use ciphervm_fhe::{Handle, Record};
use ciphervm_kms::{Chain, ChainState, error::ChainError};
use revm::{
    context::{TxEnv, result::ExecutionResult},
    database::WrapDatabaseRef,
};

use crate::{
    chain::{Simulator, WorldState},
    devnet::{CiphertextError, Devnet, now},
};

/// A devnet in this process.
#[derive(Clone, Debug)]
pub struct DevnetChain(pub Arc<Devnet>);

/// A devnet as of its last block.
struct State<'a> {
    devnet: &'a Devnet,
    state: WorldState,
    environment: EvmEnv,
    simulator: Simulator,
    timestamp: u64,
}

impl Chain for DevnetChain {
    fn state(&self) -> Result<Box<dyn ChainState + '_>, ChainError> {
        Ok(Box::new(self.0.chain(|chain| {
            let header = &chain.head().header;
            let mut environment = chain.environment(header);
            environment.cfg_env.disable_nonce_check = true;
            environment.cfg_env.disable_base_fee = true;
            State {
                devnet: &self.0,
                state: chain.state().clone(),
                environment,
                simulator: chain.simulator(),
                timestamp: header.timestamp(),
            }
        })))
    }
}

impl ChainState for State<'_> {
    fn call(&self, to: Address, data: Bytes) -> Result<Option<Bytes>, ChainError> {
        let transaction = TxEnv {
            kind: TxKind::Call(to),
            data,
            gas_limit: self.environment.block_env.gas_limit,
            chain_id: None,
            ..TxEnv::default()
        };
        let (database, environment) = (WrapDatabaseRef(&self.state), self.environment.clone());
        let outcome = self.simulator.execute(database, environment, transaction);
        match outcome.map_err(|error| ChainError::Unreachable(error.to_string()))?.result {
            ExecutionResult::Success { output, .. } => Ok(Some(output.into_data())),
            ExecutionResult::Revert { .. } | ExecutionResult::Halt { .. } => Ok(None),
        }
    }

    fn time(&self) -> u64 {
        self.timestamp.max(now())
    }

    fn ciphertext(&self, handle: &Handle) -> Result<Arc<Record>, ChainError> {
        self.devnet.ciphertext(*handle).map_err(|error| match error {
            CiphertextError::Missing(why) => ChainError::NoCiphertext(why),
            CiphertextError::Settler(error) => {
                ChainError::NotReady { handle: *handle, reason: error.to_string() }
            }
            CiphertextError::Store(error) => ChainError::Unreachable(error.to_string()),
        })
    }
}
