//! Upgrades, which a native contract does not have.
//!
//! In the public deployment each host contract stands behind a proxy, and three functions of it
//! belong to the proxy standard (ERC-1822, ERC-1967). Here the implementation is part of the
//! node, and a chain changes it as it changes its other rules. What these functions answer is
//! what they answer behind a proxy, with one difference on purpose: the owner's
//! `upgradeToAndCall` is refused as well, with the error for an implementation that does not fit,
//! whichever it names.
//!
//! Tools that find no FHEVM on a development chain put one there: they write code, and the word of
//! an empty proxy at [`INITIALIZABLE`], and call an initializer. A verifier plays along if it is
//! asked to be what it is. No transaction writes that word, so elsewhere initializers refuse.

use alloy_primitives::{Address, Bytes, U256, uint};
use alloy_sol_types::{SolCall, SolValue};

use crate::{
    acl,
    calldata::Arguments,
    eip712::Domain,
    errors::HostErrors,
    frame::{Abort, Frame, Outcome, Slot},
    interface::Upgradeable,
    signers::SignerSet,
};

/// The version of the upgrade interface that OpenZeppelin's contracts, release 5, announce.
const INTERFACE_VERSION: &str = "5.0.0";

/// Where OpenZeppelin's `Initializable` has the version that a contract is initialized to
/// (ERC-7201, `openzeppelin.storage.Initializable`).
const INITIALIZABLE: U256 =
    uint!(0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00_U256);
/// The version that an empty proxy leaves there.
const EMPTY_PROXY: u64 = 1;
/// The version after it.
const INITIALIZED: u64 = 2;

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

/// What `initializeFromEmptyProxy` of a verifier is given, protocol 0.12 and before: domain and
/// signers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Initial {
    verifying_contract: Address,
    chain_id: u64,
    signers: Vec<Address>,
    threshold: U256,
}

impl Initial {
    /// Reads the arguments `(address,uint64,address[],uint256)`.
    pub(crate) fn read(arguments: Arguments<'_>) -> Outcome<Self> {
        let (verifying_contract, chain_id) = (arguments.address(0)?, arguments.uint64(1)?);
        let (length, elements) = arguments.array(2, 1)?;
        let threshold = arguments.uint(3)?;
        let signers = (0..length).map(|index| elements.address(index)).collect::<Outcome<_>>()?;
        Ok(Self { verifying_contract, chain_id, signers, threshold })
    }

    /// Refuses unless the contract has this domain and these signers. Nothing changes but its
    /// version.
    pub(crate) fn apply(
        &self,
        frame: &mut Frame<'_>,
        domain: &Domain,
        signers: SignerSet,
    ) -> Outcome<Bytes> {
        let same = self.verifying_contract == domain.verifying_contract
            && self.chain_id == domain.chain_id
            && self.signers == signers.list(frame)?
            && self.threshold == signers.threshold(frame)?;
        if !same {
            return refuse_reinitialization();
        }
        frame.sstore(version_slot(frame), U256::from(INITIALIZED))?;
        frame.emit(frame.address(), &Upgradeable::Initialized { version: INITIALIZED })?;
        Ok(Bytes::new())
    }
}

/// Refuses unless the called contract's storage says that it is an empty proxy.
pub(crate) fn require_empty_proxy(frame: &mut Frame<'_>) -> Outcome {
    if frame.sload(version_slot(frame))? != U256::from(EMPTY_PROXY) {
        return refuse_initialization().map(drop);
    }
    Ok(())
}

fn version_slot(frame: &Frame<'_>) -> Slot {
    Slot { account: frame.address(), key: INITIALIZABLE }
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
