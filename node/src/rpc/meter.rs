//! How much homomorphic work a call had asked for when a limit stopped it: errors of limits do not
//! say, so the call is executed once more and watched.

use alloy_sol_types::SolError;
use ciphervm_precompiles::{HcuErrors, HcuReading, HostAddresses};
use revm::{
    Inspector,
    context::{Block, ContextTr},
    interpreter::{CallInputs, CallOutcome},
};

use crate::explain::HcuContext;

/// Whether revert data is the error of a limit.
pub(super) fn is_limit(data: &[u8]) -> bool {
    data.first_chunk().is_some_and(|selector| {
        [
            HcuErrors::HCUTransactionLimitExceeded::SELECTOR,
            HcuErrors::HCUTransactionDepthLimitExceeded::SELECTOR,
            HcuErrors::HCUBlockLimitExceeded::SELECTOR,
        ]
        .contains(selector)
    })
}

/// Reads the meter whenever a limit refuses an operation.
#[derive(Clone, Debug)]
pub(super) struct Meter<'a> {
    hosts: &'a HostAddresses,
    /// At the last refusal: a contract may live with earlier ones.
    refused: Option<HcuReading>,
}

impl<'a> Meter<'a> {
    pub(super) const fn new(hosts: &'a HostAddresses) -> Self {
        Self { hosts, refused: None }
    }

    /// What was charged before the operation that was refused.
    pub(super) fn reading(&self) -> Option<HcuContext> {
        let HcuReading { transaction: used, depth, block, limits } = self.refused?;
        Some(HcuContext { used, depth, block, limits })
    }
}

impl<CTX: ContextTr> Inspector<CTX> for Meter<'_> {
    fn call_end(&mut self, context: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        let result = &outcome.result;
        if inputs.target_address == self.hosts.executor
            && result.result.is_revert()
            && is_limit(&result.output)
        {
            let call = inputs.input.bytes(context);
            let number = context.block().number().saturating_to();
            // A database that fails ends the call with that error.
            self.refused = HcuReading::at(context.journal_mut(), self.hosts, number, &call).ok();
        }
    }
}
