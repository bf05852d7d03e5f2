//! JSON-RPC over WebSocket.

use ciphervm_node::server::Limits;
use serde_json::{Value, json};

use crate::{Node, receive, request, send};

#[test]
fn a_call_and_a_batch_are_answered() {
    let node = Node::start(Limits::default());
    let mut socket = node.websocket();
    let call = request("sum", json!([1, 2]));
    send(&mut socket, &call);
    assert_eq!(receive(&mut socket)["result"], 3);
    send(&mut socket, &json!([call, call]));
    assert_eq!(receive(&mut socket)[1]["result"], 3);
    send(&mut socket, &request("nonsense", json!([])));
    assert_eq!(receive(&mut socket)["error"]["code"], -32601);
    send(&mut socket, &Value::Null);
    assert_eq!(receive(&mut socket)["error"]["code"], -32700);
}

#[test]
fn a_subscription_notifies_until_it_is_ended() {
    let node = Node::start(Limits::default());
    let mut socket = node.websocket();
    send(&mut socket, &request("subscribe", json!([])));
    let id = receive(&mut socket)["result"].clone();
    assert!(id.as_str().unwrap().starts_with("0x"), "{id}");
    for number in 0..3 {
        let notification = receive(&mut socket);
        assert_eq!(notification["method"], "number");
        assert_eq!(notification["params"], json!({ "subscription": id, "result": number }));
    }
    for ended in [true, false] {
        send(&mut socket, &request("unsubscribe", json!([id])));
        assert_eq!(receive(&mut socket)["result"], ended);
    }
}

#[test]
fn subscriptions_of_a_connection_are_limited() {
    let node = Node::start(Limits { subscriptions: 1, ..Limits::default() });
    let mut socket = node.websocket();
    let subscribe = request("subscribe", json!([]));
    send(&mut socket, &subscribe);
    for _ in 0..4 {
        assert_eq!(receive(&mut socket)["error"], Value::Null);
    }
    send(&mut socket, &subscribe);
    assert_eq!(receive(&mut socket)["error"]["code"], -32006);

    let mut other = node.websocket();
    send(&mut other, &subscribe);
    assert!(receive(&mut other)["result"].is_string());
}

#[test]
fn calls_that_run_at_a_time_are_limited() {
    let node = Node::start(Limits { calls: 2, ..Limits::default() });
    let mut socket = node.websocket();
    let wait = request("wait", json!([]));
    send(&mut socket, &wait);
    send(&mut socket, &wait);
    node.wait_for_waiting(2);
    send(&mut socket, &wait);
    let refused = &receive(&mut socket)["error"];
    assert_eq!(refused["code"], -32009);
    let message = "2 calls of this connection run already; wait for answers before you send more";
    assert_eq!(refused["message"], message);
    send(&mut socket, &json!([wait]));
    assert_eq!(receive(&mut socket)["error"]["message"], message);

    node.gate.door.close();
    assert_eq!(receive(&mut socket)["result"], "waited");
    assert_eq!(receive(&mut socket)["result"], "waited");
    send(&mut socket, &wait);
    assert_eq!(receive(&mut socket)["result"], "waited");
}

#[test]
fn a_message_larger_than_the_limit_is_refused_and_the_connection_goes_on() {
    let node = Node::start(Limits { request_bytes: 1_000, ..Limits::default() });
    let mut socket = node.websocket();
    send(&mut socket, &request("echo", json!(["x".repeat(2_000)])));
    let error = &receive(&mut socket)["error"];
    assert_eq!(
        (error["code"].as_i64(), error["data"].as_str()),
        (Some(-32007), Some("Exceeded max limit of 1000"))
    );
    send(&mut socket, &request("echo", json!(["x".repeat(900)])));
    assert_eq!(receive(&mut socket)["result"].as_str().unwrap().len(), 900);
}

#[test]
fn deep_nesting_is_an_error_and_no_stack_overflow() {
    let node = Node::start(Limits::default());
    let mut socket = node.websocket();
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let call = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"echo","params":[{deep}]}}"#);
    socket.send(call.into()).unwrap();
    assert_eq!(receive(&mut socket)["error"]["code"], -32602);
}
