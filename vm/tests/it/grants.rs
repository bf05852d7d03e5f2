//! Grants follow the transaction: what is reverted was never granted, and what is transient ends.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolError};
use ciphervm::{
    Call, Outcome,
    precompiles::{ExecutorErrors, interface::Acl},
};

use crate::lab::*;

#[test]
fn revert_leaves_no_grant_and_no_ciphertext() {
    let (mut lab, probe) = Lab::with_probe();
    let before = lab.size();
    let (receipt, settled) = lab.send(ALICE, probe, &Probe::grantThenRevertCall { value: 5 });
    let Outcome::Revert(data) = &receipt.outcome else { panic!("{receipt:?}") };
    let handle = Probe::Rolledback::abi_decode_validate(data).expect("the probe's error").handle;
    assert!(receipt.logs.is_empty());
    assert_eq!(settled.recorded, 0);
    assert!(!lab.persists(handle, ALICE) && !lab.persists(handle, probe));
    assert_eq!(lab.clear(handle), None);
    assert_eq!(lab.size(), before);

    let granted = lab.done(ALICE, probe, &Probe::grantCall { value: 5 });
    assert!(lab.persists(granted, ALICE) && lab.persists(granted, probe));
    assert!(!lab.persists(granted, BOB));
    assert_eq!(lab.clear(granted), Some(U256::from(5)));
}

#[test]
fn inner_revert_leaves_no_grant_in_a_transaction_that_succeeds() {
    let (mut lab, probe) = Lab::with_probe();
    let handle = lab.done(ALICE, probe, &Probe::grantInnerRevertCall { value: 6 });
    assert!(!handle.is_zero());
    assert!(!lab.persists(handle, ALICE) && !lab.persists(handle, probe));
    assert_eq!(lab.clear(handle), None);

    let granted = lab.done(ALICE, probe, &Probe::grantCall { value: 6 });
    assert!(lab.persists(granted, ALICE) && lab.persists(granted, probe));
    assert_eq!(lab.clear(granted), Some(U256::from(6)));
}

#[test]
fn a_reverted_grant_does_not_stand_in_the_way_of_the_same_grant_in_the_same_block() {
    let (mut lab, probe) = Lab::with_probe();
    let revert = Probe::grantThenRevertCall { value: 7 }.abi_encode();
    let grant = Probe::grantCall { value: 7 }.abi_encode();
    let calls = [revert, grant].map(|data| Call::new(ALICE, probe, data));
    let (block, settled) = lab.execute(&calls);
    let handle = returned::<Probe::grantCall>(&block.receipts[1]);
    assert_reverts(&block.receipts[0], &Probe::Rolledback { handle });
    assert_eq!((settled.recorded, settled.operations), (1, 1));
    assert!(lab.persists(handle, ALICE));
    assert_eq!(lab.clear(handle), Some(U256::from(7)));
}

#[test]
fn transient_rights_end_with_the_transaction() {
    let (mut lab, probe) = Lab::with_probe();
    let make = Probe::makeTransientCall { value: 8 }.abi_encode();
    let take = Probe::useTransientCall {}.abi_encode();
    let calls = [make, take].map(|data| Call::new(ALICE, probe, data));
    let (block, settled) = lab.execute(&calls);
    let handle = returned::<Probe::makeTransientCall>(&block.receipts[0]);
    let refusal = ExecutorErrors::ACLNotAllowed { handle, account: probe };
    // Neither in the next transaction of the block nor in the next block.
    assert_reverts(&block.receipts[1], &refusal);
    assert_reverts(&lab.send(ALICE, probe, &Probe::useTransientCall {}).0, &refusal);
    assert_eq!((settled.recorded, settled.operations), (1, 0));
    assert_eq!(lab.clear(handle), None);

    let handle = lab.done(ALICE, probe, &Probe::storeCall { value: 8 });
    let (receipt, _) = lab.send(ALICE, probe, &Probe::useForeignCall { handle });
    assert!(receipt.is_success(), "{receipt:?}");
}

#[test]
fn operations_refuse_handles_of_others() {
    let (mut lab, probe) = Lab::with_probe();
    let other = lab.deploy(creation_code("Probe"));
    let handle = lab.done(ALICE, probe, &Probe::storeCall { value: 9 });
    let (receipt, settled) = lab.send(ALICE, other, &Probe::useForeignCall { handle });
    let expected = ExecutorErrors::ACLNotAllowed { handle, account: other };
    assert_reverts(&receipt, &expected);
    let Outcome::Revert(data) = &receipt.outcome else { unreachable!() };
    assert_eq!(ExecutorErrors::ACLNotAllowed::abi_decode_validate(data).as_ref(), Ok(&expected));
    assert_eq!(settled.recorded, 0);

    let (receipt, settled) = lab.send(ALICE, probe, &Probe::useForeignCall { handle });
    assert!(receipt.is_success(), "{receipt:?}");
    assert_eq!(settled.recorded, 1);
}

#[test]
fn a_public_value_is_granted_to_nobody_and_has_a_ciphertext() {
    let (mut lab, probe) = Lab::with_probe();
    let handle = lab.done(ALICE, probe, &Probe::publishCall { value: 10 });
    let private = lab.done(ALICE, probe, &Probe::storeCall { value: 10 });
    let public = |handle| lab.view(HOST.acl, &Acl::isAllowedForDecryptionCall { handle });
    assert!(public(handle) && !public(private));
    assert!(!lab.persists(handle, probe) && lab.persists(private, probe));
    assert_eq!(lab.clear(handle), Some(U256::from(10)));
}
