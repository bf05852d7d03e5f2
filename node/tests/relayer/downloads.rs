//! Keys: where they are, and that they can be downloaded once, in parts, and by web pages.

use alloy_primitives::keccak256;
use serde_json::json;

use crate::{Bench, devnet::Devnet};

fn header(response: &ureq::http::Response<ureq::Body>, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn keys_have_lasting_names_and_come_whole_or_in_parts() {
    let bench = Bench::new(Devnet::on_ciphertexts());
    let urls = bench.get("/v2/keyurl");
    assert_eq!((urls.status, &urls.body["status"]), (200, &json!("succeeded")));
    let response = &urls.body["response"];
    let key = &response["fheKeyInfo"][0]["fhePublicKey"];
    let crs = &response["crs"]["2048"];
    assert!(key["dataId"].as_str().unwrap().starts_with("0x04"));
    assert!(crs["dataId"].as_str().unwrap().starts_with("0x05"));
    let url = crs["urls"][0].as_str().unwrap();
    assert!(url.starts_with(&bench.devnet.url()), "{url}");

    // Sizes that the protocol's clients know, and the version that the oldest of them read.
    let public_key = bench.bytes(key["urls"][0].as_str().unwrap());
    assert_eq!(public_key.len(), 33_018);
    assert_eq!(public_key[public_key.len() - 28..][..4], [0; 4]);
    let whole = bench.bytes(url);
    assert!(whole.len() > 4_000_000);

    let get = |name: &str, value: &str| bench.agent.get(url).header(name, value).call().unwrap();
    let mut part = get("Range", "bytes=10-19");
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range"), format!("bytes 10-19/{}", whole.len()));
    assert_eq!(part.body_mut().read_to_vec().unwrap(), whole[10..20]);
    let mut end = get("Range", "bytes=-5");
    assert_eq!(end.body_mut().read_to_vec().unwrap(), whole[whole.len() - 5..]);
    let outside = get("Range", &format!("bytes={}-", whole.len()));
    assert_eq!(outside.status(), 416);
    assert_eq!(header(&outside, "content-range"), format!("bytes */{}", whole.len()));
    assert_eq!(get("Range", "lines=1-2").status(), 200);
    assert_eq!(get("Range", "bytes=0-1,4-5").status(), 200);

    let tag = header(&part, "etag");
    assert_eq!(tag, format!("\"{:x}\"", keccak256(&whole)));
    assert_eq!(get("If-None-Match", &tag).status(), 304);
    assert_eq!(get("If-None-Match", "\"another\"").status(), 200);
    let stale = bench.agent.get(url).header("Range", "bytes=1-2").header("If-Range", "\"old\"");
    assert_eq!(stale.call().unwrap().status(), 200);
    assert_eq!(bench.get("/v2/keys/0x04").status, 404);

    // Another process with the same keys names them alike.
    let ids = (key["dataId"].clone(), crs["dataId"].clone());
    let other = Bench::new(Devnet::on_ciphertexts());
    let response = &other.get("/keyurl").body["response"];
    let key = &response["fheKeyInfo"][0]["fhePublicKey"];
    assert_eq!((key["dataId"].clone(), response["crs"]["2048"]["dataId"].clone()), ids);
}

#[test]
fn a_web_page_of_any_origin_may_ask_and_sees_when_to_come_back() {
    let bench = Bench::new(Devnet::on_plaintexts());
    let request = ureq::http::Request::options(bench.url("/v2/input-proof"))
        .header("Origin", "https://dapp.example")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type,zama-sdk-name,x-api-key")
        .body(())
        .unwrap();
    let preflight = bench.agent.run(request).unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(header(&preflight, "access-control-allow-origin"), "*");
    assert_eq!(header(&preflight, "access-control-allow-headers"), "*");
    let answer = bench.agent.get(bench.url("/v2/keyurl")).header("Origin", "https://dapp.example");
    let answer = answer.call().unwrap();
    assert_eq!(header(&answer, "access-control-expose-headers"), "*");
    // A client that is busy with a proof would not notice that an idle connection was closed.
    assert_eq!(header(&answer, "connection"), "close");
}

#[test]
fn a_devnet_on_plaintexts_says_that_it_has_no_keys() {
    let bench = Bench::new(Devnet::on_plaintexts());
    let answer = bench.get("/v2/keyurl");
    assert_eq!(answer.status, 503);
    let message = answer.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("--evaluator tfhe"), "{message}");
}
