//! Upgrades, which a native contract does not have.
//!
//! In the public deployment each host contract stands behind a proxy, and three functions of it
//! belong to the proxy standard (ERC-1822, ERC-1967). Here the implementation is part of the
//! node, and a chain changes it as it changes its other rules. What these functions answer is
//! what they answer behind a proxy, with one difference on purpose: the owner's
//! `upgradeToAndCall` is refused as well, with the error for an implementation that does not fit,
//! whichever it names.

use alloy_primitives::Bytes;
use alloy_sol_types::{SolCall, SolValue};

use crate::{
    acl,
    calldata::Arguments,
    errors::HostErrors,
    frame::{Abort, Frame, Outcome},
    interface::Upgradeable,
};

/// The version of the upgrade interface that OpenZeppelin's contracts, release 5, announce.
const INTERFACE_VERSION: &str = "5.0.0";

/// The only function of any host contract that takes value. It never succeeds, so no value stays.
pub(crate) const PAYABLE: [u8; 4] = Upgradeable::upgradeToAndCallCall::SELECTOR;

/// Answers the functions that every upgradeable contract has, and reverts without data on any
/// other selector. `authorize` refuses whoever may not administer the contract.
pub(crate) fn call(
    frame: &mut Frame<'_>,
    selector: [u8; 4],
    arguments: Arguments<'_>,
    authorize: fn(&mut Frame<'_>) -> Outcome,
) -> Outcome<Bytes> {
    match selector {
        Upgradeable::UPGRADE_INTERFACE_VERSIONCall::SELECTOR => {
            Ok(INTERFACE_VERSION.abi_encode().into())
        }
        // A proxy in front is exactly what this function refuses.
        Upgradeable::proxiableUUIDCall::SELECTOR => {
            Err(Abort::revert(HostErrors::UUPSUnauthorizedCallContext {}))
        }
        Upgradeable::upgradeToAndCallCall::SELECTOR => {
            let implementation = arguments.address(0)?;
            arguments.memory_bytes(1)?;
            authorize(frame)?;
            Err(Abort::revert(HostErrors::ERC1967InvalidImplementation { implementation }))
        }
        _ => Err(Abort::empty()),
    }
}

/// `initializeFromEmptyProxy`, on a contract that is initialized already.
pub(crate) fn refuse_initialization() -> Outcome<Bytes> {
    Err(Abort::revert(HostErrors::NotInitializingFromEmptyProxy {}))
}

/// `reinitializeV…`, on a contract that is at that version already.
pub(crate) fn refuse_reinitialization() -> Outcome<Bytes> {
    Err(Abort::revert(HostErrors::InvalidInitialization {}))
}

/// Refuses every caller but the owner of the access control list, which is the owner of all host
/// contracts.
pub(crate) fn require_host_owner(frame: &mut Frame<'_>) -> Outcome {
    let sender = frame.caller();
    if acl::owner(frame)? != sender {
        return Err(Abort::revert(HostErrors::NotHostOwner { sender }));
    }
    Ok(())
}
