//! What clients are told of as it happens.

use std::net::TcpStream;

use alloy_primitives::Address;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::{DEADLINE, Node};

const NOBODY: Address = Address::repeat_byte(0xbb);
/// Logs once, with nothing in it.
const LOG: &str = "0x5f5fa000";

impl Node {
    fn subscribe(&self, params: &Value) -> WebSocket<TcpStream> {
        let address = self.server.local_address();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let (mut socket, _) = tungstenite::client(format!("ws://{address}"), stream).unwrap();
        let request =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": params });
        socket.send(Message::text(request.to_string())).unwrap();
        assert!(next(&mut socket)["result"].is_string());
        socket
    }
}

/// The next message that is no ping.
fn next(socket: &mut WebSocket<TcpStream>) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

/// What a subscriber is told next.
fn told(socket: &mut WebSocket<TcpStream>) -> Value {
    let message = next(socket);
    assert_eq!(message["method"], "eth_subscription");
    message["params"]["result"].clone()
}

#[test]
fn transactions_that_wait_are_told_before_there_is_a_block() {
    let node = Node::start();
    node.call("evm_setAutomine", json!([false]));
    let filter = node.call("eth_newPendingTransactionFilter", json!([]));
    let mut hashes = node.subscribe(&json!(["newPendingTransactions"]));
    let mut whole = node.subscribe(&json!(["newPendingTransactions", true]));
    let changes = || node.call("eth_getFilterChanges", json!([filter]));
    assert_eq!(changes(), json!([]));

    let first = node.send(json!({ "to": NOBODY, "value": "0x1" }));
    let second = node.send(json!({ "to": NOBODY, "value": "0x2" }));
    assert_eq!((changes(), changes()), (json!([first, second]), json!([])));
    for (hash, value) in [(&first, "0x1"), (&second, "0x2")] {
        assert_eq!(told(&mut hashes), *hash);
        let transaction = told(&mut whole);
        assert_eq!((&transaction["hash"], &transaction["value"]), (hash, &json!(value)));
        assert_eq!(transaction["blockHash"], Value::Null);
    }
    // A block is no news for those who wait for transactions.
    node.call("evm_mine", json!([]));
    assert_eq!(changes(), json!([]));
    assert_eq!(node.number(), 1);
}

#[test]
fn blocks_are_told_by_their_hashes() {
    let node = Node::start();
    node.call("evm_mine", json!([]));
    let filter = node.call("eth_newBlockFilter", json!([]));
    let mut heads = node.subscribe(&json!(["newHeads"]));
    let changes = || node.call("eth_getFilterChanges", json!([filter]));
    assert_eq!(changes(), json!([]));
    let [first, second] = [(); 2].map(|()| {
        node.call("evm_mine", json!([]));
        node.head()["hash"].clone()
    });
    assert_eq!((changes(), changes()), (json!([first, second]), json!([])));
    assert_eq!([told(&mut heads)["hash"].take(), told(&mut heads)["hash"].take()], [first, second]);
}

#[test]
fn a_filter_for_logs_gives_new_ones_and_all_of_them() {
    let node = Node::start();
    let [one, other] = [NOBODY, Address::repeat_byte(0xcc)];
    for logger in [one, other] {
        node.call("hardhat_setCode", json!([logger, LOG]));
    }
    let log = |address: Address| node.send(json!({ "to": address }));
    let earlier = log(one);
    let filter = json!([{ "address": one, "fromBlock": "0x0" }]);
    let id = node.call("eth_newFilter", filter.clone());
    let mut logs = node.subscribe(&json!(["logs", { "address": one }]));
    let later = log(one);
    log(other);

    let transactions = |logs: Value| -> Vec<Value> {
        logs.as_array().unwrap().iter().map(|log| log["transactionHash"].clone()).collect()
    };
    let changes = || transactions(node.call("eth_getFilterChanges", json!([id])));
    assert_eq!((changes(), changes()), (vec![later.clone()], vec![]));
    assert_eq!(told(&mut logs)["transactionHash"], later);
    let all = node.call("eth_getFilterLogs", json!([id]));
    assert_eq!(all, node.call("eth_getLogs", filter));
    assert_eq!(transactions(all), [earlier, later]);
    // Only a filter for logs has logs.
    let blocks = node.call("eth_newBlockFilter", json!([]));
    let refusal = node.refusal("eth_getFilterLogs", json!([blocks]));
    assert!(refusal.contains("is not for logs"), "{refusal}");
    let refusal = node.refusal("eth_getFilterLogs", json!(["0x77"]));
    assert!(refusal.contains("filter 0x77 not found"), "{refusal}");
}
