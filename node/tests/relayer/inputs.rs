//! Inputs with proofs: what is accepted, and every way to be refused, after which nothing is stored.

use alloy_primitives::{Address, U256, hex};
use ciphervm_fhe::{ComputeLoad, FheType, Handle};
use ciphervm_precompiles::{HostAddresses, auxiliary_data, blob_hash, input_handle};
use serde_json::{Value, json};

use crate::{Bench, CHAIN, devnet::Devnet, encrypt, knock_call, proof, submission, values};

const PATH: &str = "/v2/input-proof";

fn assert_rejected(bench: &Bench, what: &str, body: &Value, reason: &str) {
    let before = bench.stored();
    let result = bench.result(PATH, body);
    assert_eq!((&result["accepted"], &result["extraData"]), (&json!(false), &json!("0x00")));
    let found = result["reason"].as_str().unwrap();
    assert!(found.contains(reason), "{what}: {found}");
    assert_eq!(bench.stored(), before, "{what}");
}

#[test]
fn a_proven_list_is_accepted_named_as_the_client_names_it_and_computed_on() {
    let bench = Bench::new(Devnet::on_ciphertexts());
    let (lounge, guest) = (bench.deploy_lounge(), bench.account(1));
    let list = encrypt(&bench.client(), lounge, guest, &values(guest));
    let body = submission(lounge, guest, &list);
    let result = bench.result(PATH, &body);
    assert_eq!((&result["accepted"], &result["extraData"]), (&json!(true), &json!("0x00")));
    let (handles, input_proof) = proof(&result);
    let (blob, acl) = (blob_hash(&list), HostAddresses::LOCAL.acl);
    for (index, (handle, (ty, _))) in (0..).zip(handles.iter().zip(values(guest))) {
        assert_eq!(Handle(*handle), input_handle(blob, index, acl, CHAIN, ty));
    }
    assert_eq!(bench.stored(), 4);

    // Once more, without the prefix: the same answer, and nothing is computed again.
    let again = bench.result("/input-proof", &body);
    assert_eq!((again, bench.stored()), (result, 4));

    // The proof is good for this call, and for no other contract or user.
    let call = knock_call(&handles, input_proof);
    let (other, stranger) = (bench.deploy_lounge(), bench.account(2));
    assert!(bench.refusal(guest, other, &call).contains("InvalidSigner"));
    assert!(bench.refusal(stranger, lounge, &call).contains("InvalidSigner"));
    bench.execute(guest, lounge, &call);
    let answers = bench.read(lounge, &crate::answersOfCall { guest });
    let clear: Vec<String> = [answers.member, answers.age, answers.credit, answers.voucher]
        .map(|handle| bench.decrypted(handle))
        .into();
    let voucher = Address::from_slice(&values(guest)[3].1.to_be_bytes::<32>()[12..]);
    assert_eq!(clear[..3], ["false", "42", "70"]);
    assert_eq!(clear[3].to_lowercase(), voucher.to_string().to_lowercase());
}

#[test]
fn a_proof_is_bound_to_contract_user_acl_and_chain() {
    let bench = Bench::new(Devnet::on_ciphertexts());
    let client = bench.client();
    let [contract, user, acl, other] = [1, 2, 3, 4].map(Address::repeat_byte);
    let local = HostAddresses::LOCAL.acl;
    let list = |contract, user, acl, chain| {
        let metadata = auxiliary_data(contract, user, acl, chain);
        client.encrypt(&[(FheType::Bool, U256::ONE)], &metadata, ComputeLoad::Verify).unwrap()
    };
    let right = list(contract, user, local, CHAIN);
    let invalid = "the zero-knowledge proof is not valid";
    for (what, body) in [
        ("another contract", submission(other, user, &right)),
        ("another user", submission(contract, other, &right)),
        ("another ACL", submission(contract, user, &list(contract, user, acl, CHAIN))),
        ("another chain", submission(contract, user, &list(contract, user, local, 1))),
    ] {
        assert_rejected(&bench, what, &body, invalid);
    }
    let result = bench.result(PATH, &submission(contract, user, &right));
    assert_eq!((&result["accepted"], bench.stored()), (&json!(true), 1));
}

#[test]
fn lists_that_are_damaged_or_break_the_rules_are_refused() {
    let bench = Bench::new(Devnet::on_ciphertexts());
    let client = bench.client();
    let [contract, user] = [1, 2].map(Address::repeat_byte);
    let metadata = auxiliary_data(contract, user, HostAddresses::LOCAL.acl, CHAIN);
    let values = [(FheType::Uint8, U256::from(7)), (FheType::Bool, U256::ONE)];
    let list = client.encrypt(&values, &metadata, ComputeLoad::Verify).unwrap();
    let refuse = |what: &str, list: &[u8]| {
        assert_rejected(&bench, what, &submission(contract, user, list), "");
    };

    refuse("nothing", &[]);
    refuse("noise", &[0xa5; 1000]);
    refuse("a part", &list[..list.len() - 1]);
    refuse("a half", &list[..list.len() / 2]);
    // In the header, the types, the ciphertexts, and the proof.
    let mut places: Vec<usize> = (0..list.len()).step_by(list.len() / 24).collect();
    places.extend([16, 40, 60, list.len() - 200, list.len() - 1]);
    for place in places {
        let mut flipped = list.clone();
        flipped[place] ^= 1;
        refuse(&format!("a bit flipped at {place} of {}", list.len()), &flipped);
    }
    // Lengths that no memory could hold.
    for place in (40..list.len() - 8).step_by(list.len() / 16) {
        let mut huge = list.clone();
        huge[place..place + 8].fill(0xff);
        refuse(&format!("a huge number at {place}"), &huge);
    }
    // What verifies quickly, which the protocol forbids.
    let quick = client.encrypt(&values, &metadata, ComputeLoad::Proof).unwrap();
    refuse("the compute load of the prover", &quick);
    // More than a client may send at all is no list.
    let long = json!({
        "contractChainId": CHAIN,
        "contractAddress": contract,
        "userAddress": user,
        "ciphertextWithInputVerification": hex::encode(vec![0; (1 << 20) + 1]),
        "extraData": "0x00",
    });
    let answer = bench.post(PATH, &long);
    assert_eq!((answer.status, &answer.body["error"]["label"]), (400, &json!("validation_failed")));

    let result = bench.result(PATH, &submission(contract, user, &list));
    assert_eq!((&result["accepted"], bench.stored()), (&json!(true), 2));
    // What it was refused for, the client does not even make.
    let many = vec![(FheType::Uint64, U256::ONE); 33];
    assert!(client.encrypt(&many, &metadata, ComputeLoad::Verify).is_err());
}
