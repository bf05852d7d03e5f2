//! An Ethereum virtual machine that computes on encrypted data.
//!
//! - [`install`] adds the FHEVM host contracts to any alloy-evm precompiles map, and [`CipherEvmFactory`]
//!   is an [`EvmFactory`](alloy_evm::EvmFactory) with them: that is all an existing host needs to
//!   execute confidential contracts symbolically.
//! - [`Settlement`] turns what a block's logs record into ciphertexts, after the block.
//! - [`InputService`] makes and accepts encrypted inputs.
//! - [`Chain`] is a minimal chain in memory for demonstrations and tests.

pub mod error;

mod chain;
mod clear_inputs;
mod commitment;
mod factory;
mod inputs;
mod settlement;
mod state;

pub use ciphervm_fhe as fhe;
pub use ciphervm_precompiles as precompiles;

pub use chain::{Block, Call, Chain, Outcome, Receipt};
pub use ciphervm_precompiles::install;
pub use commitment::Commitment;
pub use factory::CipherEvmFactory;
pub use inputs::{EncryptedInput, InputService, LOCAL_COPROCESSOR_KEY};
pub use settlement::{Accounts, Settled, Settlement};
pub use state::insert_host_accounts;
