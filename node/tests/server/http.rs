//! JSON-RPC over HTTP, and the routes beside it.

use std::{
    fs,
    io::{Read, Write},
};

use ciphervm_node::server::Limits;
use serde_json::{Value, json};

use crate::{Node, agent, receive, request, send};

#[test]
fn a_call_is_answered() {
    let node = Node::start(Limits::default());
    assert_eq!(node.call("sum", json!([1, 2])), 3);
}

#[test]
fn a_batch_is_answered_in_order_without_its_notifications() {
    let node = Node::start(Limits::default());
    let batch = json!([
        { "jsonrpc": "2.0", "id": "a", "method": "sum", "params": [1, 2] },
        { "jsonrpc": "2.0", "method": "sum", "params": [3, 4] },
        { "jsonrpc": "2.0", "id": "b", "method": "nonsense" },
        { "jsonrpc": "2.0", "id": "c", "method": "echo", "params": ["x"] },
        7,
    ]);
    let answers = node.post(batch.to_string()).json();
    let answers = answers.as_array().unwrap();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!("a"), &json!("b"), &json!("c"), &Value::Null]);
    assert_eq!(answers[0]["result"], 3);
    assert_eq!(answers[1]["error"]["message"], "the method nonsense does not exist");
    assert_eq!(answers[2]["result"], "x");
    assert_eq!(answers[3]["error"]["code"], -32600);
}

#[test]
fn errors_have_their_codes() {
    let node = Node::start(Limits::default());
    let long = "x".repeat(1_000_000);
    for (body, code) in [
        (String::new(), -32700),
        ("5".to_owned(), -32700),
        ("{".to_owned(), -32700),
        ("[{]".to_owned(), -32700),
        (r#"{"id":1,"jsonrpc":"2.0","method":"echo","params":["#.to_owned(), -32700),
        (r#"{"id":1,"jsonrpc":"1.0","method":"echo"}"#.to_owned(), -32600),
        (r#"{"id":1,"jsonrpc":"2.0","method":5}"#.to_owned(), -32600),
        (request("nonsense", json!([])).to_string(), -32601),
        (request(&long, json!([])).to_string(), -32601),
        (request("subscribe", json!([])).to_string(), -32601),
        (request("sum", json!(["1", 2])).to_string(), -32602),
        (request("sum", json!([-1, 2])).to_string(), -32602),
        (request("sum", json!([1])).to_string(), -32602),
        (request("sum", json!({ "a": 1 })).to_string(), -32602),
        (request("sum", json!(7)).to_string(), -32602),
    ] {
        let answer = node.post(body.clone());
        assert_eq!(answer.error().0, code, "{body:.100}: {answer:?}");
        assert!(answer.body.len() < 1_000, "{body:.100}");
    }
    node.assert_serves();
}

#[test]
fn a_subscription_over_http_says_where_it_can_be_had() {
    let node = Node::start(Limits::default());
    let subscribe = request("subscribe", json!([]));
    let message = "subscribe needs a WebSocket: connect to ws:// at the same address";
    assert_eq!(node.post(subscribe.to_string()).error().1, message);
    let batch = node.post(json!([subscribe]).to_string()).json();
    assert_eq!(batch[0]["error"]["message"], message);
}

#[test]
fn a_batch_larger_than_the_limit_is_refused_with_the_limit() {
    let node = Node::start(Limits { batch: 3, ..Limits::default() });
    let call = request("sum", json!([1, 2]));
    assert_eq!(node.post(json!([call, call, call]).to_string()).json()[2]["result"], 3);
    let answer = node.post(json!([call, call, call, call]).to_string());
    assert_eq!(answer.error(), (-32010, "The batch request was too large".to_owned()));
    assert_eq!(answer.json()["error"]["data"], "Exceeded max limit of 3");
}

#[test]
fn a_request_larger_than_the_limit_is_refused_with_both_sizes() {
    let node = Node::start(Limits { request_bytes: 1_000, ..Limits::default() });
    let mut body = request("echo", json!([""])).to_string().into_bytes();
    body.resize(1_000, b' ');
    assert_eq!(node.post(body.clone()).status, 200);

    for size in [1_001, 20_000_000] {
        body.resize(size, b' ');
        let answer = node.post(body.clone());
        assert_eq!(answer.status, 413);
        let message = format!("request of {size} bytes is larger than the limit of 1000 bytes");
        assert_eq!(answer.error(), (-32007, message));
    }
    node.assert_serves();
}

#[test]
fn a_request_without_a_length_is_limited_too() {
    let node = Node::start(Limits { request_bytes: 1_000, ..Limits::default() });
    let mut stream = node.connect();
    let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
        Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..10 {
        write!(stream, "c8\r\n{}\r\n", " ".repeat(200)).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("request of 2000 bytes is larger than the limit of 1000"), "{answer}");
}

#[test]
fn a_response_larger_than_the_limit_is_an_error() {
    let node = Node::start(Limits { response_bytes: 1_000, ..Limits::default() });
    assert_eq!(node.call("fill", json!([900])).as_str().unwrap().len(), 900);
    let fill = request("fill", json!([1_001]));
    assert_eq!(node.post(fill.to_string()).error().0, -32008);
    let fill = request("fill", json!([600]));
    assert_eq!(node.post(json!([fill, fill]).to_string()).error().0, -32011);
}

#[test]
fn deep_nesting_is_an_error_and_no_stack_overflow() {
    const DEPTH: usize = 1_000_000;
    let node = Node::start(Limits::default());
    let arrays = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(DEPTH), "}".repeat(DEPTH));
    for deep in [&arrays, &objects] {
        let as_parameter =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"echo","params":[{deep}]}}"#);
        assert_eq!(node.post(as_parameter).error().0, -32602);
        let as_id = format!(r#"{{"jsonrpc":"2.0","id":{deep},"method":"echo","params":[1]}}"#);
        assert_eq!(node.post(as_id).status, 200);
        let unclosed = &deep[..DEPTH];
        assert!([-32600, -32700].contains(&node.post(unclosed).error().0));
        let as_batch = node.post(format!("[{deep}]")).json();
        assert_eq!(as_batch[0]["error"]["code"], -32600);
    }
    // What is still allowed.
    let shallow = json!([[[[[[[[[[1]]]]]]]]]]);
    assert_eq!(node.call("echo", json!([shallow])), shallow);
}

#[test]
fn a_web_page_of_any_origin_may_call() {
    let node = Node::start(Limits::default());
    let preflight = ureq::http::Request::options(node.url("/"))
        .header("Origin", "https://example.org")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type")
        .header("Access-Control-Request-Private-Network", "true")
        .body(())
        .unwrap();
    let response = agent().run(preflight).unwrap();
    assert_eq!(response.status(), 200);
    for (header, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "*"),
        ("access-control-allow-headers", "*"),
        ("access-control-allow-private-network", "true"),
    ] {
        assert_eq!(response.headers()[header], value, "{header}");
    }

    for path in ["/", "/healthz", "/v2/keyurl"] {
        let response = agent().get(node.url(path)).header("Origin", "null").call().unwrap();
        assert_eq!(response.headers()["access-control-allow-origin"], "*", "{path}");
    }
}

#[test]
fn routes_stand_beside_json_rpc() {
    let node = Node::start(Limits::default());
    let get = |path: &str| {
        let mut response = agent().get(node.url(path)).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    };
    assert_eq!(get("/healthz"), (200, "ok".to_owned()));
    assert_eq!(get("/v2/keyurl"), (200, "keys".to_owned()));
    let (status, version) = get("/version");
    assert_eq!(status, 200);
    let version: Value = serde_json::from_str(&version).unwrap();
    assert_eq!(version, json!({ "name": "ciphervm", "version": env!("CARGO_PKG_VERSION") }));

    let (status, hint) = get("/");
    assert_eq!(status, 405);
    assert!(hint.contains("POST"), "{hint}");

    // Limited as JSON-RPC is.
    for (size, expected) in [(3 << 20, 200), (9 << 20, 413)] {
        let response = agent().post(node.url("/v2/size")).send(vec![0; size]).unwrap();
        assert_eq!(response.status(), expected);
    }

    let call = request("sum", json!([1, 2])).to_string();
    let post = agent().post(node.url("/rpc/of/someone")).content_type("application/json");
    let answer: Value = post.send(call).unwrap().body_mut().read_json().unwrap();
    assert_eq!(answer["result"], 3);
}

#[test]
fn a_page_stands_beside_routes_and_json_rpc() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("ui")).unwrap();
    fs::write(directory.path().join("ui/index.html"), "<h1>hello</h1>").unwrap();
    fs::write(directory.path().join("ui/prover.wasm"), [0, 97, 115, 109]).unwrap();
    fs::write(directory.path().join("secret"), "nobody's").unwrap();
    let node = Node::with_page(Some(&directory.path().join("ui")), Limits::default());
    let get = |path: &str| {
        let mut response = agent().get(node.url(path)).call().unwrap();
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let (content, isolated) = (header("content-type"), header("cross-origin-opener-policy"));
        assert_eq!(isolated.is_some(), path != "/v2/keyurl");
        (response.status().as_u16(), content, response.body_mut().read_to_vec().unwrap())
    };
    let html = (200, Some("text/html".to_owned()), b"<h1>hello</h1>".to_vec());
    assert_eq!(get("/"), html);
    assert_eq!(get("/index.html"), html);
    assert_eq!(get("/prover.wasm").1.as_deref(), Some("application/wasm"));
    assert_eq!(get("/v2/keyurl").2, b"keys");
    for outside in ["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/nothing"] {
        assert_eq!(get(outside).0, 405, "{outside}");
    }
    node.assert_serves();
    let mut socket = node.websocket();
    send(&mut socket, &request("sum", json!([1, 2])));
    assert_eq!(receive(&mut socket)["result"], 3);
}
