//! `plaintexts(bytes32)` of the executor: a view that no executor has but those of test stacks on
//! clear values, and by which clients for these read them.
//!
//! The precompile cannot answer it, for nothing in the EVM can decrypt. It is answered where a call
//! comes in from a client, and there only: for contracts, and in transactions, the executor has no
//! such function.

use alloy_primitives::{Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::{SolCall, SolValue, sol};
use ciphervm_fhe::Handle;

use crate::rpc::{Rpc, error::Answer};

sol! {
    function plaintexts(bytes32 handle) external view returns (uint256);
}

impl Rpc {
    /// The clear value that a call asks for, if it does. That of no handle is zero, as in a mapping.
    pub(in crate::rpc) fn plaintext(&self, request: &TransactionRequest) -> Answer<Option<Bytes>> {
        let executor = self.devnet.host().addresses.executor;
        if request.to != Some(TxKind::Call(executor)) {
            return Ok(None);
        }
        let data = request.input.input().map(|data| &data[..]).unwrap_or_default();
        // What is malformed, the executor refuses.
        let Ok(plaintextsCall { handle }) = plaintextsCall::abi_decode(data) else {
            return Ok(None);
        };
        let value = if handle.is_zero() { U256::ZERO } else { self.clear_value(Handle(handle))? };
        Ok(Some(value.abi_encode().into()))
    }
}
