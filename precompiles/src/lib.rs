//! The FHEVM host contracts as native precompiles for [revm].
//!
//! A contract that computes on encrypted data calls *host contracts*: an executor that takes
//! operations on handles, an access control list, a meter for homomorphic work, and verifiers of
//! inputs and decryptions. This crate is those contracts, at Zama's addresses and with Zama's ABI,
//! in native code. No call touches a ciphertext. An operation is checked, named and logged in
//! microseconds; who evaluates it, and when, is for others to decide (see [`Record`]).
//!
//! ```
//! use alloy_evm::precompiles::PrecompilesMap;
//! use ciphervm_precompiles::{GenesisParams, HostConfig, genesis, install};
//! use revm::precompile::Precompiles;
//!
//! let config = HostConfig::default();
//! let mut precompiles = PrecompilesMap::from_static(Precompiles::prague());
//! install(&mut precompiles, &config);
//! // To be put into the genesis state.
//! let accounts = genesis(&config, &GenesisParams::default());
//! assert_eq!(accounts.len(), 9);
//! ```
//!
//! # State
//!
//! All state is EVM state at the host contracts' own addresses: grants and limits in storage,
//! per-transaction grants and meters in transient storage, and the operations themselves in logs.
//! A revert therefore undoes everything, and snapshots, forks and state roots need no help.
//!
//! # Outcomes
//!
//! A caller's mistake *reverts*, with the error that the FHEVM contracts give. A call without
//! enough gas, and a write under `STATICCALL`, *halt*: the frame's gas is gone. Only a broken
//! database is *fatal* and aborts the transaction.
//!
//! Calls that are not the contract's own (`DELEGATECALL`, `CALLCODE`, an account that delegates to
//! a host contract by EIP-7702), calls with value, unknown functions and malformed calldata revert
//! without data. A length that no memory could hold is `Panic(0x41)` where the public contract
//! takes the argument in memory.
//!
//! # Differences on purpose
//!
//! The public contracts are Solidity, so somebody's `DELEGATECALL` runs their code on the caller's
//! own storage, where they have no owner and no grants. A precompile has but one state, that of
//! the chain, and would change it in the name of whoever delegates: so such calls are refused,
//! whatever they carry.
//!
//! A write under `STATICCALL` fails there inside of the implementation, and the proxy around it
//! reverts without data and gives the 64th part of the gas back that it kept. Here there is no
//! proxy, and the write takes all gas of the call, as a write of any contract does.
//!
//! In the public deployment each contract stands behind a proxy that its owner can point at other
//! code. Here the code is part of the node. `upgradeToAndCall` gives strangers the error that the
//! proxied contract gives, and the owner `ERC1967InvalidImplementation`. Initializers answer as on
//! contracts that are initialized. Replacing the code at a host address (`hardhat_setCode`) does
//! not replace the contract. [`coverage`] lists every function with its outcome.
//!
//! # Gas
//!
//! A call costs what its reads, writes, logs, hashes and signature recoveries cost as opcodes, and
//! an operation a constant besides, for what it makes the node do after the transaction. Calls
//! among the host contracts cost nothing by themselves. [`gas_schedule`] is the table.

mod acl;
mod addresses;
mod calldata;
mod config;
mod coverage;
mod ecdsa;
mod eip712;
mod errors;
mod executor;
mod frame;
mod gas_schedule;
mod genesis;
mod handles;
mod hcu;
mod input_proof;
mod input_verifier;
pub mod interface;
mod kms_verifier;
mod layout;
mod pauser_set;
mod protocol_config;
mod record;
mod signers;
mod transient;
mod upgrade;

pub use addresses::HostAddresses;
pub use config::{Gateway, HostConfig, PreimageScheme};
pub use coverage::{Covered, HostContract, Status, coverage};
pub use eip712::{CiphertextVerification, Domain, PublicDecryptVerification, decryption_digest};
pub use errors::{
    AclErrors, ConfigErrors, EcdsaErrors, ExecutorErrors, HcuErrors, HcuLimitsError, HostErrors,
    InputErrors, KmsErrors, PauserErrors, ProofError, RecordError,
};
pub use gas_schedule::{GasPrice, gas_schedule};
pub use genesis::{GenesisParams, HOST_CODE, HostAccount, genesis};
pub use handles::{COMPUTATION_DOMAIN, Context, SEED_DOMAIN};
pub use hcu::{HcuLimits, HcuReading};
pub use input_proof::{
    BLOB_DOMAIN, HANDLE_DOMAIN, InputProof, auxiliary_data, blob_hash, input_digest, input_handle,
};
pub use record::{Record, RecordedOp};

use alloy_evm::precompiles::{DynPrecompile, PrecompilesMap};
use alloy_primitives::Address;
use frame::{Contract, Frame};
use revm::precompile::PrecompileId;

/// Installs the host contracts at their addresses.
///
/// Their accounts have to be in the state, with [`genesis`].
pub fn install(map: &mut PrecompilesMap, config: &HostConfig) {
    for (address, name, contract) in contracts(&config.addresses) {
        let config = *config;
        let precompile = DynPrecompile::new_stateful(PrecompileId::custom(name), move |input| {
            Frame::run(input, &config, contract)
        });
        map.apply_precompile(&address, |_| Some(precompile));
    }
}

/// Every host contract, with its address and name, aliases included.
fn contracts(
    addresses: &HostAddresses,
) -> impl Iterator<Item = (Address, &'static str, Contract)> + use<> {
    let main: [(Address, &'static str, Contract); 7] = [
        (addresses.acl, "ACL", acl::call),
        (addresses.executor, "FHEVMExecutor", executor::call),
        (addresses.kms_verifier, "KMSVerifier", kms_verifier::call),
        (addresses.input_verifier, "InputVerifier", input_verifier::call),
        (addresses.hcu_limit, "HCULimit", hcu::call),
        (addresses.protocol_config, "ProtocolConfig", protocol_config::call),
        (addresses.pauser_set, "PauserSet", pauser_set::call),
    ];
    let alias = |alias: Option<Address>, of: Address, name, contract: Contract| {
        alias.filter(|alias| *alias != of).map(|alias| (alias, name, contract))
    };
    let aliases = [
        alias(
            addresses.kms_verifier_alias,
            addresses.kms_verifier,
            "KMSVerifier",
            kms_verifier::call,
        ),
        alias(addresses.pauser_set_alias, addresses.pauser_set, "PauserSet", pauser_set::call),
    ];
    main.into_iter().chain(aliases.into_iter().flatten())
}
