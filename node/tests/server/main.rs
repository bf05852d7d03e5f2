//! The network with a small module behind it: protocols, limits, hostile clients, the end.

mod clients;
mod http;
#[cfg(target_os = "linux")]
mod memory;
mod stop;
mod websocket;

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    routing::{get, post as on_post},
};
use ciphervm_node::server::{Limits, Server, start};
use jsonrpsee::{PendingSubscriptionSink, RpcModule, core::SubscriptionResult, types::Params};
use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::Semaphore};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// How long a test waits for what must happen before it fails.
const DEADLINE: Duration = Duration::from_secs(60);

/// What the methods of the module share.
struct Gate {
    /// Calls of `wait` end when this is closed.
    door: Semaphore,
    /// Calls of `wait` that run, and how many did at most.
    waiting: AtomicUsize,
    peak: AtomicUsize,
    /// Calls of `fill`.
    fills: AtomicUsize,
}

impl Gate {
    async fn wait(&self) {
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(waiting, Ordering::SeqCst);
        let _ = self.door.acquire().await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

fn module(gate: Arc<Gate>) -> RpcModule<Gate> {
    let mut module = RpcModule::from_arc(gate);
    module.register_method("echo", |params, _, _| params.one::<Value>()).unwrap();
    module
        .register_method("sum", |params, _, _| params.parse::<(u32, u32)>().map(|(a, b)| a + b))
        .unwrap();
    module
        .register_method("fill", |params, gate, _| {
            gate.fills.fetch_add(1, Ordering::SeqCst);
            params.one::<usize>().map(|length| "x".repeat(length))
        })
        .unwrap();
    module
        .register_async_method("wait", |_, gate, _| async move {
            gate.wait().await;
            "waited"
        })
        .unwrap();
    module.register_subscription("subscribe", "number", "unsubscribe", count).unwrap();
    module
}

/// Notifies of 0, 1, 2, and nothing more.
async fn count(
    _: Params<'static>,
    pending: PendingSubscriptionSink,
    _: Arc<Gate>,
    _: jsonrpsee::Extensions,
) -> SubscriptionResult {
    let sink = pending.accept().await?;
    for number in 0..3_u32 {
        sink.send(serde_json::value::to_raw_value(&number)?).await?;
    }
    sink.closed().await;
    Ok(())
}

/// A server, and the clients to ask it.
struct Node {
    runtime: Runtime,
    address: SocketAddr,
    gate: Arc<Gate>,
    server: Server,
}

impl Node {
    fn start(limits: Limits) -> Self {
        Self::with_page(None, limits)
    }

    fn with_page(ui: Option<&Path>, limits: Limits) -> Self {
        let runtime = Runtime::new().unwrap();
        let gate = Arc::new(Gate {
            door: Semaphore::new(0),
            waiting: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            fills: AtomicUsize::new(0),
        });
        let http = Router::new()
            .route("/v2/keyurl", get(async || "keys"))
            .route("/v2/size", on_post(async |body: Bytes| body.len().to_string()));
        let any_port = ([127, 0, 0, 1], 0).into();
        let server = runtime.block_on(start(any_port, module(Arc::clone(&gate)), http, ui, limits));
        let server = server.unwrap();
        Self { runtime, address: server.local_address(), gate, server }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The answer to a POST of `body`.
    fn post(&self, body: impl Into<Vec<u8>>) -> Answer {
        post(self.address, body)
    }

    /// The result of a call.
    fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.post(request(method, params).to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["result"].clone()
    }

    fn assert_serves(&self) {
        assert_eq!(self.call("echo", json!(["hello"])), "hello");
    }

    fn websocket(&self) -> WebSocket<TcpStream> {
        self.try_websocket().unwrap()
    }

    fn try_websocket(&self) -> Result<WebSocket<TcpStream>, String> {
        let stream = self.connect();
        tungstenite::client(format!("ws://{}", self.address), stream)
            .map(|(socket, _)| socket)
            .map_err(|error| error.to_string())
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    fn wait_for_waiting(&self, calls: usize) {
        eventually(|| self.gate.waiting.load(Ordering::SeqCst) == calls);
    }
}

/// Status and body of a response.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Code and message of the error.
    fn error(&self) -> (i64, String) {
        let error = &self.json()["error"];
        (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder();
    config.http_status_as_error(false).timeout_global(Some(DEADLINE)).build().into()
}

fn post(address: SocketAddr, body: impl Into<Vec<u8>>) -> Answer {
    let mut response = agent()
        .post(format!("http://{address}"))
        .content_type("application/json")
        .send(&body.into()[..])
        .unwrap();
    let body = response.body_mut().read_to_string().unwrap();
    Answer { status: response.status().as_u16(), body }
}

/// Sends a POST of `body`, and does not read the response.
fn post_to(stream: &mut TcpStream, body: &str) {
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
    write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
}

fn request(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

fn send(socket: &mut WebSocket<TcpStream>, request: &Value) {
    socket.send(Message::text(request.to_string())).unwrap();
}

/// The next message that is no ping.
fn receive(socket: &mut WebSocket<TcpStream>) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn eventually(mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < DEADLINE, "it never happened");
        std::thread::sleep(Duration::from_millis(5));
    }
}
