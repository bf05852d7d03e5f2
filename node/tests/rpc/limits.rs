//! What one client may ask for at a time.

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::{Node, word};

const LOGGER: Address = Address::repeat_byte(0x10);
/// Logs as often as its calldata says.
const LOGS: &str = "0x5f355b80156012575f5fa0600190036002565b00";

impl Node {
    /// Has so many logs in a block of their own.
    fn log(&self, count: u64) {
        let sent = self.send(json!({ "to": LOGGER, "data": word(count), "gas": "0x1000000" }));
        assert_eq!(self.receipt(&sent)["status"], "0x1");
    }
}

#[test]
fn filters_are_so_many_and_no_more() {
    let node = Node::start();
    let install = |index: usize| {
        let (method, params) = match index % 3 {
            0 => ("eth_newFilter", json!([{}])),
            1 => ("eth_newBlockFilter", json!([])),
            _ => ("eth_newPendingTransactionFilter", json!([])),
        };
        node.answer(method, &params)
    };
    let filters: Vec<Value> = (0..1_024).map(|index| install(index)["result"].clone()).collect();
    assert!(filters.iter().all(Value::is_string));
    for index in 0..3 {
        let error = &install(index)["error"];
        assert_eq!(error["code"], -32005);
        let message = "there are 1024 filters already: remove some with eth_uninstallFilter";
        assert_eq!(error["message"], message);
    }
    // Those that there are work, and there is room for another in place of one.
    assert_eq!(node.call("eth_getFilterChanges", json!([filters[1_023]])), json!([]));
    let uninstall = || node.call("eth_uninstallFilter", json!([filters[7]]));
    assert_eq!((uninstall(), uninstall()), (json!(true), json!(false)));
    assert!(install(0)["result"].is_string());
    assert!(install(0)["error"].is_object());
}

#[test]
fn an_answer_has_so_many_logs_and_no_more() {
    let node = Node::start();
    node.call("hardhat_setCode", json!([LOGGER, LOGS]));
    let filter = node.call("eth_newFilter", json!([{ "address": LOGGER }]));
    node.log(10_000);
    node.log(10_000);
    let all = json!({ "address": LOGGER, "fromBlock": "0x0" });
    let found = node.call("eth_getLogs", json!([all]));
    assert_eq!(found.as_array().unwrap().len(), 20_000);
    node.log(1);
    let refusal = node.refusal("eth_getLogs", json!([all]));
    assert!(refusal.starts_with("the answer has more than 20000 logs: ask for fewer"), "{refusal}");
    // Half of them, and those of another contract, are an answer.
    let half = json!({ "address": LOGGER, "fromBlock": "0x2" });
    assert_eq!(node.call("eth_getLogs", json!([half])).as_array().unwrap().len(), 10_001);
    let other = json!({ "address": node.account(0), "fromBlock": "0x0" });
    assert_eq!(node.call("eth_getLogs", json!([other])), json!([]));

    let refusal = node.refusal("eth_getFilterChanges", json!([filter]));
    assert!(
        refusal.starts_with("the filter found more than 20000 logs: ask more often"),
        "{refusal}"
    );
    node.log(1);
    let news = node.call("eth_getFilterChanges", json!([filter]));
    assert_eq!(news.as_array().unwrap().len(), 1);
}
