//! Errors that name the handle, the number and the limit.

use alloy_primitives::{Address, Bytes, aliases::U48};
use alloy_sol_types::SolCall;
use ciphervm_precompiles::interface::HcuLimit;
use serde_json::json;

use crate::{HOST, Node, Probe, hash};

fn limit(node: &Node, call: &impl SolCall) {
    node.execute(node.account(0), HOST.hcu_limit, call);
}

/// The message of a call that fails, which an estimate repeats.
fn message(node: &Node, from: Address, to: Address, call: &impl SolCall) -> String {
    let request = json!({ "from": from, "to": to, "data": Bytes::from(call.abi_encode()) });
    let message = node.error("eth_call", json!([request, "latest"]));
    assert_eq!(node.error("eth_estimateGas", json!([request, "latest"])), message);
    message
}

#[test]
fn a_call_with_a_handle_that_is_not_allowed_names_it() {
    let node = Node::reference();
    let (probe, other) = (node.deploy_probe(), node.deploy_probe());
    node.execute(node.account(0), probe, &Probe::storeCall { value: 3 });
    let stored = node.read(probe, &Probe::storedCall {});
    let call = Probe::useForeignCall { handle: stored };
    let message = message(&node, node.account(0), other, &call);
    let expected = format!(
        "execution reverted: ACLNotAllowed(handle {stored:?}, account {other}): the contract was \
         never allowed this handle; "
    );
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn a_limit_on_work_is_told_with_what_was_used() {
    let node = Node::reference();
    let [alice, bob] = [1, 2].map(|index| node.account(index));
    let token = node.deploy_token();
    node.mint(token, alice, 1_000);
    node.mint(token, bob, 10);
    let transfer = node.transfer(token, alice, bob, 250);
    let from = alice;

    // 152,000 for the comparison, 55,000 for the choice that waits for it; the sum would be next.
    let depth = U48::from(300_000);
    limit(&node, &HcuLimit::setMaxHCUDepthPerTxCall { maxHCUDepthPerTx: depth });
    let text = message(&node, from, token, &transfer);
    assert!(text.contains("HCUTransactionDepthLimitExceeded()"), "{text}");
    assert!(text.contains("(207,000 of 300,000 HCU were used"), "{text}");

    // Everything but that sum, which comes last.
    let depth = U48::from(400_000);
    limit(&node, &HcuLimit::setMaxHCUDepthPerTxCall { maxHCUDepthPerTx: depth });
    limit(&node, &HcuLimit::setMaxHCUPerTxCall { maxHCUPerTx: U48::from(500_000) });
    let text = message(&node, from, token, &transfer);
    assert!(text.contains("HCUTransactionLimitExceeded()"), "{text}");
    assert!(text.contains("(424,032 of 500,000 HCU were used"), "{text}");

    // The same in a block, where the receipt says nothing.
    let receipt = node.send(from, Some(token), transfer.abi_encode());
    assert_eq!(receipt["status"], "0x0");
    let trace = node.call("cipher_trace", json!([hash(&receipt)]));
    let reason = trace["reason"].as_str().unwrap();
    assert!(reason.contains("(424,032 of 500,000 HCU were used"), "{reason}");

    // With room for one transfer in a block, a second one in the same block is too much.
    limit(&node, &HcuLimit::setMaxHCUPerTxCall { maxHCUPerTx: U48::from(600_000) });
    limit(&node, &HcuLimit::setHCUPerBlockCall { hcuPerBlock: U48::from(600_000) });
    node.execute(from, token, &transfer);
    let second = node.transfer(token, bob, alice, 1);
    let request = json!({ "from": bob, "to": token, "data": Bytes::from(second.abi_encode()) });
    let text = node.error("eth_call", json!([request, "latest"]));
    assert!(text.contains("HCUBlockLimitExceeded()"), "{text}");
    assert!(text.contains("(586,032 of 600,000 HCU were used"), "{text}");
    node.execute(bob, token, &second);
}
