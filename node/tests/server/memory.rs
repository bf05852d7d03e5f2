//! What hostile clients can make the server keep.
//!
//! Memory is a process's, and other tests take it, too: each test here runs in one of its own. The C
//! library keeps what is freed for later, and more of it with each wave of clients, so that process
//! has it give everything back: what is measured is what the server holds.

use std::{
    env, fs, io::Write, net::TcpStream, process::Command, sync::atomic::Ordering, thread,
    time::Duration,
};

use ciphervm_node::server::Limits;
use serde_json::json;

use crate::{DEADLINE, Node, post_to, request};

/// Set in a process that has one test to run.
const ALONE: &str = "CIPHERVM_TEST_ALONE";
/// From how many bytes on glibc takes memory from the system and gives it back when it is freed.
const LARGE: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "65536");

const CONNECTIONS: u32 = 16;
/// Without limits these, too, would have the server keep what they send: 640 MiB.
const SENDERS: usize = 160;
/// What these ask for is 1 GiB.
const SILENT: usize = 256;
/// Of a request and of a response.
const BYTES: u32 = 4 << 20;
/// Of the process at its peak, in bytes. The connections, and those that are told that there are
/// too many, may hold 192 MiB of requests, and a request or an answer is copied on its way.
const BOUND: usize = 512 << 20;

fn start(connections: u32) -> Node {
    Node::start(Limits {
        connections,
        request_bytes: BYTES,
        response_bytes: BYTES,
        ..Limits::default()
    })
}

/// Runs `scenario`, all that the test of this name does, in a process where nothing else takes
/// memory. Whether the most that this process ever had is within the bound must be as `bounded` says.
fn alone(test: &str, bounded: bool, scenario: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        scenario();
        assert_eq!(is_over(), !bounded, "{} MiB", peak() >> 20);
        return;
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "1")
        .env(LARGE.0, LARGE.1)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    // None at all would be no failure either.
    let ran = said.contains("test result: ok. 1 passed");
    assert!(output.status.success() && ran, "{said}{complained}");
}

/// Whether the server took what no bound would let it. What clients sent may wait in the system
/// before it is the server's, so that whoever expects this has to wait for it.
fn is_over() -> bool {
    peak() >= BOUND
}

/// The most memory that this process ever had, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
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

/// Clients that send nearly all of a request and stay `until` then. Those that are not read from give
/// up after `patience`.
fn send_much(connections: u32, patience: Duration, until: impl FnMut() -> bool) {
    let node = start(connections);
    let send = |patience| {
        let mut stream = node.connect();
        stream.set_write_timeout(Some(patience)).unwrap();
        let whole = send_nearly_all(&mut stream).is_some();
        (stream, whole)
    };
    // The server takes as much as it may, and no more, however many others there are.
    let taken: Vec<_> = (0..CONNECTIONS).map(|_| send(DEADLINE)).collect();
    assert!(taken.iter().all(|(_, whole)| *whole));
    let others: Vec<_> = thread::scope(|scope| {
        let others: Vec<_> = (0..SENDERS).map(|_| scope.spawn(|| send(patience))).collect();
        others.into_iter().map(|other| other.join().unwrap()).collect()
    });
    crate::eventually(until);
    drop((taken, others));
    assert_serves(&node);
}

/// Clients that ask for much and read nothing, `until` the number of answers is such.
fn read_nothing(connections: u32, until: impl Fn(usize) -> bool) {
    let node = start(connections);
    let fill = request("fill", json!([BYTES - (64 << 10)])).to_string();
    let silent: Vec<_> = (0..SILENT)
        .map(|_| {
            let mut stream = node.connect();
            post_to(&mut stream, &fill);
            stream
        })
        .collect();
    crate::eventually(|| until(node.gate.fills.load(Ordering::SeqCst)));
    drop(silent);
    assert_serves(&node);
}

/// Once the connections that were closed are gone.
fn assert_serves(node: &Node) {
    crate::eventually(|| node.post(request("echo", json!([1])).to_string()).status == 200);
}

#[test]
fn clients_that_send_much_take_bounded_memory() {
    alone("memory::clients_that_send_much_take_bounded_memory", true, || {
        send_much(CONNECTIONS, Duration::from_secs(3), || true);
    });
}

#[test]
fn clients_that_send_much_take_more_if_all_may_connect() {
    alone("memory::clients_that_send_much_take_more_if_all_may_connect", false, || {
        send_much(u32::MAX, DEADLINE, is_over);
    });
}

#[test]
fn clients_that_read_nothing_take_bounded_memory() {
    alone("memory::clients_that_read_nothing_take_bounded_memory", true, || {
        read_nothing(CONNECTIONS, |answers| answers >= CONNECTIONS as usize);
    });
}

#[test]
fn clients_that_read_nothing_take_more_if_all_may_connect() {
    alone("memory::clients_that_read_nothing_take_more_if_all_may_connect", false, || {
        read_nothing(u32::MAX, |_| is_over());
    });
}
