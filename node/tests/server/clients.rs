//! Clients that are too many or too slow.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use ciphervm_node::server::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::{Node, eventually, post, post_to, receive, request, send};

const SOON: Duration = Duration::from_secs(1);

#[test]
fn a_connection_beyond_the_limit_is_refused_until_another_closes() {
    let node = Node::start(Limits { connections: 3, ..Limits::default() });
    // WebSockets, an idle connection, and one that is kept alive count all the same.
    let first = node.websocket();
    let mut second = node.websocket();
    let idle = node.connect();

    let call = request("echo", json!(["hello"])).to_string();
    eventually(|| node.post(call.clone()).status == 503);
    let message = "the server has as many connections as it may, 3; \
        close some, or try again later";
    assert_eq!(node.post(call.clone()).error(), (-32009, message.to_owned()));
    let refused = node.try_websocket().map(|_| ()).unwrap_err();
    assert!(refused.contains("503"), "{refused}");

    send(&mut second, &request("echo", json!([1])));
    assert_eq!(receive(&mut second)["result"], 1);

    drop(first);
    eventually(|| node.post(call.clone()).status == 200);
    drop((second, idle));
}

#[test]
fn a_thousand_clients_are_answered_or_refused_and_never_more_run_than_the_limit() {
    const CLIENTS: usize = 1_000;
    /// As many at a time as a process may have open files everywhere.
    const THREADS: usize = 100;
    let limits = Limits { connections: 16, ..Limits::default() };
    let node = Node::start(limits);
    let (next, served, refused) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let wait = request("wait", json!([])).to_string();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::SeqCst) < CLIENTS {
                    match post(node.address, wait.clone()).status {
                        200 => served.fetch_add(1, Ordering::SeqCst),
                        503 => refused.fetch_add(1, Ordering::SeqCst),
                        status => panic!("status {status}"),
                    };
                }
            });
        }
        // All slots are taken by calls that wait, and everybody else is turned away.
        eventually(|| refused.load(Ordering::SeqCst) > THREADS);
        node.wait_for_waiting(16);
        assert_eq!(served.load(Ordering::SeqCst), 0);
        node.gate.door.close();
    });
    let (served, refused) = (served.into_inner(), refused.into_inner());
    assert_eq!(served + refused, CLIENTS);
    assert_eq!(node.gate.peak.load(Ordering::SeqCst), 16);
    node.assert_serves();
}

#[test]
fn a_thousand_connections_at_once_are_served_or_refused() {
    const CLIENTS: usize = 1_000;
    // Both ends of each are open files of this process, and many systems allow 1,024 at first.
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let node = Node::start(Limits::default());
    let call = request("echo", json!(["hello"])).to_string();
    let client = |_| {
        let mut stream = node.connect();
        post_to(&mut stream, &call);
        stream
    };
    let mut streams: Vec<_> = (0..CLIENTS).map(client).collect();
    let mut counts = BTreeMap::new();
    for stream in &mut streams {
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        *counts.entry(String::from_utf8_lossy(&status).into_owned()).or_insert(0) += 1;
    }
    let served = Limits::default().connections as usize;
    let expected = [("HTTP/1.1 200", served), ("HTTP/1.1 503", CLIENTS - served)];
    assert_eq!(counts, expected.map(|(status, count)| (status.to_owned(), count)).into());
    drop(streams);
    eventually(|| node.post(call.clone()).status == 200);
}

#[test]
fn a_client_that_does_not_send_its_request_is_dropped() {
    let node = Node::start(Limits { patience: SOON, ..Limits::default() });
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let body = request("echo", json!(["hello"])).to_string();
    let whole = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    let without_end = &whole[..whole.len() - 1];

    for (sent, expected) in [("", ""), (head, ""), (without_end, "HTTP/1.1 408")] {
        let mut stream = node.connect();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(expected), "{sent:?}: {answer:?}");
        assert_eq!(answer.is_empty(), expected.is_empty(), "{sent:?}: {answer:?}");
    }

    // The whole request is answered, and then the connection, which is kept alive, is idle.
    let mut stream = node.connect();
    stream.write_all(whole.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("hello"), "{answer}");
}

#[test]
fn a_client_may_wait_for_a_slow_call() {
    let node = Node::start(Limits { patience: SOON, ..Limits::default() });
    thread::scope(|scope| {
        let answer = scope.spawn(|| node.post(request("wait", json!([])).to_string()));
        node.wait_for_waiting(1);
        thread::sleep(SOON * 4);
        node.gate.door.close();
        assert_eq!(answer.join().unwrap().json()["result"], "waited");
    });
}

#[test]
fn a_websocket_is_kept_while_its_client_answers_pings() {
    let node = Node::start(Limits { patience: SOON * 2, ..Limits::default() });
    let mut socket = node.websocket();
    for _ in 0..4 {
        assert!(socket.read().unwrap().is_ping());
    }
    send(&mut socket, &request("echo", json!([1])));
    assert_eq!(receive(&mut socket)["result"], 1);

    // One that answers none is closed.
    let mut silent = node.websocket().into_inner();
    assert!(silent.read_to_end(&mut Vec::new()).is_ok());
}

#[test]
fn a_client_that_does_not_read_the_response_is_dropped() {
    let node = Node::start(Limits { patience: SOON, connections: 1, ..Limits::default() });
    let mut stream = node.connect();
    let body = request("fill", json!([60 << 20])).to_string();
    post_to(&mut stream, &body);
    eventually(|| node.gate.fills.load(Ordering::SeqCst) == 1);
    let call = request("echo", json!(["hello"])).to_string();
    eventually(|| node.post(call.clone()).status == 200);

    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert!(answer.len() < 60 << 20, "{} bytes", answer.len());
}

#[test]
fn a_websocket_whose_client_does_not_read_is_not_read_and_dropped() {
    const CALLS: usize = 20_000;
    let limits =
        Limits { response_bytes: 1 << 20, connections: 1, patience: SOON, ..Limits::default() };
    // Small requests with large answers, and requests as large as their answers.
    for padding in [0, 16 << 10] {
        let node = Node::start(limits);
        let mut socket = node.websocket();
        let call = request("fill", json!([16 << 10])).to_string() + &" ".repeat(padding);
        let send = |_: &usize| socket.send(Message::text(call.clone())).is_ok();
        let sent = (0..CALLS).take_while(send).count();
        eventually(|| node.post(request("echo", json!([1])).to_string()).status == 200);
        let ran = node.gate.fills.load(Ordering::SeqCst);
        assert!(ran < CALLS / 4, "{ran} calls ran of {sent} that were sent");
        assert!(padding == 0 || sent < CALLS / 4, "{sent} calls were sent");
    }
}
