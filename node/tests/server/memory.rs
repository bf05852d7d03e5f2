//! What hostile clients can make the server keep.

use std::{
    fs,
    io::Write,
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use ciphervm_node::server::Limits;
use serde_json::json;

use crate::{Node, post_to, request};

const CONNECTIONS: u32 = 16;
const CLIENTS: usize = 400;
/// Of a request and of a response.
const BYTES: u32 = 4 << 20;
/// Of the whole process, in bytes, other tests included. The connections, and those that are told
/// that there are too many, may hold 192 MiB of requests; all clients send 1,600 MiB.
const BOUND: usize = 512 << 20;

/// Memory of this process.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() << 10
}

/// Nearly all of a request's body, for as long as the server takes it.
fn send_nearly_all(stream: &mut TcpStream) -> Option<()> {
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
    write!(stream, "{head}\r\nContent-Length: {BYTES}\r\n\r\n").ok()?;
    let part = vec![b' '; 64 << 10];
    for _ in 1..BYTES as usize / part.len() {
        stream.write_all(&part).ok()?;
    }
    Some(())
}

#[test]
fn clients_that_send_much_or_read_nothing_take_bounded_memory() {
    let limits = Limits {
        connections: CONNECTIONS,
        request_bytes: BYTES,
        response_bytes: BYTES,
        ..Limits::default()
    };
    let before = resident();
    let assert_bounded = || {
        let grown = resident().saturating_sub(before);
        assert!(grown < BOUND, "{} MiB", grown >> 20);
    };

    let node = Node::start(limits);
    let (next, whole) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // Connections stay open until all have sent what they could.
    let client = || {
        let mut streams = Vec::new();
        while next.fetch_add(1, Ordering::SeqCst) < CLIENTS {
            let mut stream = node.connect();
            stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
            whole.fetch_add(usize::from(send_nearly_all(&mut stream).is_some()), Ordering::SeqCst);
            assert_bounded();
            streams.push(stream);
        }
        streams
    };
    let streams: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..20).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    // The server did take as much as it may.
    assert!(whole.into_inner() >= CONNECTIONS as usize);
    assert_bounded();
    drop(streams);

    let node = Node::start(limits);
    let fill = request("fill", json!([BYTES - (64 << 10)])).to_string();
    let silent: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut stream = node.connect();
            post_to(&mut stream, &fill);
            assert_bounded();
            stream
        })
        .collect();
    crate::eventually(|| node.gate.fills.load(Ordering::SeqCst) >= CONNECTIONS as usize);
    assert_bounded();
    drop(silent);
    crate::eventually(|| node.post(request("echo", json!([1])).to_string()).status == 200);
}
