//! How the server ends, and how it does not start.

use std::{
    io::{ErrorKind, Read},
    net::TcpStream,
    thread,
    time::Duration,
};

use axum::Router;
use ciphervm_node::server::{Limits, ServerError, start};
use jsonrpsee::Methods;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::{DEADLINE, Node, eventually, post, post_to, receive, request, send};

#[test]
fn stopping_lets_calls_in_flight_end_and_accepts_no_more() {
    let node = Node::start(Limits { grace: DEADLINE, ..Limits::default() });
    let (address, gate) = (node.address, node.gate.clone());
    let wait = request("wait", json!([]));
    let mut socket = node.websocket();
    send(&mut socket, &wait);
    let answer = thread::spawn(move || post(address, request("wait", json!([])).to_string()));
    node.wait_for_waiting(2);

    let stopped = node.runtime.spawn(node.server.stop());
    eventually(|| TcpStream::connect(address).is_err());
    assert!(!stopped.is_finished());
    gate.door.close();
    assert_eq!(answer.join().unwrap().json()["result"], "waited");
    assert_eq!(receive(&mut socket)["result"], "waited");
    assert!(matches!(socket.read().unwrap(), Message::Close(_)));
    drop(socket);
    node.runtime.block_on(stopped).unwrap();
}

#[test]
fn stopping_cuts_what_does_not_end() {
    let grace = Duration::from_millis(500);
    let node = Node::start(Limits { grace, ..Limits::default() });
    let wait = request("wait", json!([])).to_string();
    let mut socket = node.websocket();
    socket.send(wait.clone().into()).unwrap();
    let mut call = node.connect();
    post_to(&mut call, &wait);
    let silent = node.connect();
    node.wait_for_waiting(2);

    node.runtime.block_on(node.server.stop());
    for mut stream in [socket.into_inner(), call, silent] {
        // What the server sent before, a WebSocket's pings and its last frame, is still there.
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut buffer = [0; 1_024];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => break assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            }
        }
    }
    assert!(TcpStream::connect(node.address).is_err());
}

#[test]
fn connections_without_a_request_do_not_hold_up_a_stop() {
    let node = Node::start(Limits { grace: DEADLINE * 10, ..Limits::default() });
    let mut silent = node.connect();
    let mut socket = node.websocket();
    let mut kept_alive = node.connect();
    post_to(&mut kept_alive, &request("echo", json!([1])).to_string());
    assert_ne!(kept_alive.read(&mut [0; 1_024]).unwrap(), 0);
    node.runtime.block_on(node.server.stop());
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    while socket.read().is_ok() {}
}

#[test]
fn dropping_the_server_ends_it() {
    let node = Node::start(Limits::default());
    let mut call = node.connect();
    let wait = request("wait", json!([])).to_string();
    post_to(&mut call, &wait);
    node.wait_for_waiting(1);
    drop(node.server);
    assert_eq!(call.read(&mut [0]).unwrap(), 0);
    eventually(|| TcpStream::connect(node.address).is_err());
}

#[test]
fn a_port_in_use_is_named_and_free_again_after_a_stop() {
    let node = Node::start(Limits::default());
    let address = node.address;
    let again = || start(address, Methods::new(), Router::new(), None, Limits::default());
    let error = node.runtime.block_on(again()).unwrap_err();
    assert!(matches!(error, ServerError::PortInUse { .. }), "{error:?}");
    let message = format!("port {} is in use; choose another with --port", address.port());
    assert_eq!(error.to_string(), message);

    node.runtime.block_on(node.server.stop());
    let server = node.runtime.block_on(again()).unwrap();
    assert_eq!(server.local_address(), address);
}

#[test]
fn an_address_of_another_machine_is_refused() {
    let node = Node::start(Limits::default());
    // Reserved for documentation (RFC 5737).
    let address = ([192, 0, 2, 1], 8545).into();
    let start = start(address, Methods::new(), Router::new(), None, Limits::default());
    let error = node.runtime.block_on(start).unwrap_err().to_string();
    assert!(error.starts_with("cannot listen on 192.0.2.1:8545: "), "{error}");
}
