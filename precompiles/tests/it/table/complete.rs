//! That the tables leave nothing out, and what they say of all functions together.

use ciphervm_precompiles::interface::{Executor, PauserSet};

use super::*;

/// The functions of a contract that no case may call with success, for they never succeed.
const NEVER_SUCCEED: &[&str] = &[
    "initializeFromEmptyProxy()",
    "initializeFromEmptyProxy(uint48,uint48,uint48)",
    "reinitializeV4()",
    "reinitializeV5()",
    "reinitializeV6()",
];

/// Errors that the public contracts declare and never give, as far as ours can be asked. An epoch
/// opens when its context is created, so none waits for a context that is not.
pub(crate) const NEVER_GIVEN: &[&str] = &[
    "OwnableInvalidOwner(address)",
    "BoundaryBitPositionOverflow(uint256)",
    "NotASigner()",
    ConfigErrors::KmsContextNotCreated::SIGNATURE,
];

/// Every case there is.
fn cases() -> impl Iterator<Item = Case> {
    [
        acl::cases(),
        acl_admin::cases(),
        delegation::cases(),
        executor::cases(),
        hcu::cases(),
        input_verifier::cases(),
        kms_verifier::cases(),
        pausers::cases(),
        protocol_config::cases(),
        protocol_config_activation::cases(),
        protocol_config_lifecycle::cases(),
    ]
    .into_iter()
    .flatten()
}

/// What a function costs, as one of its cases calls it.
pub(crate) struct Cost {
    pub(crate) to: Address,
    pub(crate) selector: [u8; 4],
    /// Gas at the first call of a transaction.
    pub(crate) first: u64,
    /// Gas of the same call right after it, unless that is refused.
    pub(crate) again: Option<u64>,
}

/// What every case that succeeds costs.
pub(crate) fn costs() -> Vec<Cost> {
    cases().filter_map(|case| case.cost()).collect()
}

#[test]
fn every_case_of_every_contract_holds() {
    let mut ran = vec![];
    for cases in [
        acl::cases(),
        acl_admin::cases(),
        delegation::cases(),
        executor::cases(),
        hcu::cases(),
        pausers::cases(),
    ] {
        ran.extend(run(cases));
    }
    every_function_has_its_success(&ran);
    every_error_is_given(&ran);
}

fn every_function_has_its_success(ran: &[Ran]) {
    let never: Vec<_> =
        NEVER_SUCCEED.iter().map(|signature| keccak256(signature)[..4].to_vec()).collect();
    for (to, selectors) in [
        (HOST.acl, Acl::AclCalls::SELECTORS),
        (HOST.executor, Executor::ExecutorCalls::SELECTORS),
        (HOST.hcu_limit, HcuLimit::HcuLimitCalls::SELECTORS),
        (HOST.pauser_set, PauserSet::PauserSetCalls::SELECTORS),
    ] {
        for selector in selectors {
            let mut ran = ran.iter().filter(|ran| ran.to == to && ran.selector == *selector);
            let succeeds = !never.iter().any(|never| never == selector);
            let found = ran.any(|ran| matches!(ran.end, End::Returns(_)) == succeeds);
            assert!(found, "{to} {}", alloy_primitives::hex::encode(selector));
        }
    }
}

fn every_error_is_given(ran: &[Ran]) {
    let never: Vec<_> =
        NEVER_GIVEN.iter().map(|signature| keccak256(signature)[..4].to_vec()).collect();
    for selectors in [
        AclErrors::AclErrorsErrors::SELECTORS,
        ExecutorErrors::ExecutorErrorsErrors::SELECTORS,
        HcuErrors::HcuErrorsErrors::SELECTORS,
        HostErrors::HostErrorsErrors::SELECTORS,
        PauserErrors::PauserErrorsErrors::SELECTORS,
    ] {
        for selector in selectors {
            let given = ran
                .iter()
                .any(|ran| matches!(&ran.end, End::Reverts(data) if data.starts_with(selector)));
            let expected = !never.iter().any(|never| never == selector);
            assert_eq!(given, expected, "{}", alloy_primitives::hex::encode(selector));
        }
    }
}
