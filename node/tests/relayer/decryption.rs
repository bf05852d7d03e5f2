//! Decryptions: for the user, for a delegate, and for everybody, each with those who get none.

use alloy_primitives::{B256, Bytes, U256, hex};
use alloy_sol_types::sol;
use serde_json::json;

use crate::{
    Bench, answersOfCall, decisionOnCall,
    devnet::Devnet,
    isInsideCall, openCall,
    user::{User, body},
};

sol! {
    function delegateForUserDecryption(
        address delegate, address contractAddress, uint64 expirationDate
    ) external;
    function revokeDelegationForUserDecryption(address delegate, address contractAddress) external;
}

const DAY: u64 = 24 * 60 * 60;

fn now(bench: &Bench) -> u64 {
    let block = bench.call("eth_getBlockByNumber", json!(["latest", false]));
    let timestamp: U256 = serde_json::from_value(block["timestamp"].clone()).unwrap();
    timestamp.to()
}

/// Whether a label and a status are those of a refusal by the chain.
fn not_allowed((status, label, _): &(u16, String, String)) -> bool {
    (*status, label.as_str()) == (400, "not_allowed_on_host_acl")
}

#[test]
fn values_are_opened_for_those_whom_the_chain_allows_them() {
    let bench = Bench::new(Devnet::on_ciphertexts());
    let (lounge, guest) = bench.knocked();
    let answers = bench.read(lounge, &answersOfCall { guest });
    let handles = [answers.member, answers.age, answers.credit];
    let (user, now) = (User::new(), now(&bench));

    let path = "/v2/user-decrypt";
    let request = user.request(guest, lounge, &handles, now);
    let result = bench.result(path, &body(&request));
    assert_eq!(result["result"][0]["extraData"], "0x00");
    let expected = [0, 42, 70].map(U256::from);
    assert_eq!(user.open(&request, &result), expected);
    // Nobody else has the key, and nobody else gets an answer.
    let stranger = bench.account(2);
    let others = user.request(stranger, lounge, &handles, now);
    assert!(not_allowed(&bench.failure(path, &body(&others))));
    let mut forged = request.clone();
    forged.user = stranger;
    let (status, label, message) = bench.failure(path, &body(&forged));
    assert_eq!((status, label.as_str()), (400, "request_error"));
    assert!(message.contains("the signature is not"), "{message}");
    // Not before its time, and not after.
    for (start, reason) in [(now + 10 * DAY, "valid from"), (now - 2 * DAY, "request has expired")]
    {
        let request = user.request(guest, lounge, &handles, start);
        let (_, _, message) = bench.failure(path, &body(&request));
        assert!(message.contains(reason), "{message}");
    }
    assert_eq!(bench.result(path, &body(&request))["result"].as_array().unwrap().len(), 1);

    // A delegate, while there is a delegation.
    let path = "/v2/delegated-user-decrypt";
    let delegate = bench.account(3);
    let request = user.delegated([guest, delegate, lounge], &handles, now);
    assert!(not_allowed(&bench.failure(path, &body(&request))));
    let acl = ciphervm_precompiles::HostAddresses::LOCAL.acl;
    let grant = delegateForUserDecryptionCall {
        delegate,
        contractAddress: lounge,
        expirationDate: now + 2 * DAY,
    };
    bench.execute(guest, acl, &grant);
    assert_eq!(user.open(&request, &bench.result(path, &body(&request))), expected);
    let revoke = revokeDelegationForUserDecryptionCall { delegate, contractAddress: lounge };
    bench.execute(guest, acl, &revoke);
    assert!(not_allowed(&bench.failure(path, &body(&request))));
}

#[test]
fn what_everybody_may_know_is_opened_and_the_chain_checks_the_signature() {
    let bench = Bench::new(Devnet::on_ciphertexts());
    let (lounge, guest) = bench.knocked();
    let decision = bench.read(lounge, &decisionOnCall { guest });
    let answers = bench.read(lounge, &answersOfCall { guest });
    let path = "/v2/public-decrypt";
    let request = |handles: &[B256], extra_data: &str| json!({ "ciphertextHandles": handles, "extraData": extra_data });
    let handles = [decision.admitted, decision.paid];
    // The guest's age is nobody's business.
    assert!(not_allowed(&bench.failure(path, &request(&[decision.paid, answers.age], "0x00"))));

    let context = format!("0x01{}", "00".repeat(32));
    let (status, label, _) = bench.failure(path, &request(&handles, &context));
    assert_eq!((status, label.as_str()), (400, "request_error"), "there is no context 0");

    let result = bench.result(path, &request(&handles, "0x00"));
    let cleartexts = hex::decode(result["decryptedValue"].as_str().unwrap()).unwrap();
    assert_eq!(cleartexts, [U256::ONE.to_be_bytes::<32>(), U256::from(50).to_be_bytes()].concat());
    assert_eq!(result["extraData"], "0x00");
    let signature = hex::decode(result["signatures"][0].as_str().unwrap()).unwrap();
    let proof: Bytes = [&[1], &signature[..]].concat().into();
    let open = openCall { guest, cleartexts: cleartexts.into(), proof };

    // Another value, another signature, another context: the contract takes none of them.
    let mut cheaper = open.clone();
    cheaper.cleartexts = [&open.cleartexts[..63], &[1]].concat().into();
    assert!(bench.refusal(guest, lounge, &cheaper).contains("KMSInvalidSigner"));
    let mut flipped = open.clone();
    flipped.proof =
        [&[1], &signature[..10], &[signature[10] ^ 1], &signature[11..]].concat().into();
    bench.refusal(guest, lounge, &flipped);
    let mut extended = open.clone();
    extended.proof = [&open.proof[..], &[0]].concat().into();
    assert!(bench.refusal(guest, lounge, &extended).contains("KMSInvalidSigner"));
    bench.execute(guest, lounge, &open);
    assert!(bench.read(lounge, &isInsideCall { guest }));
}
