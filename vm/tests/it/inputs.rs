//! Encrypted inputs, through a contract: what is accepted, and every way to be refused.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolError;
use ciphervm::{
    EncryptedInput, InputService, LOCAL_COPROCESSOR_KEY,
    error::InputError,
    fhe::{CiphertextError, FheType, Handle},
    precompiles::{
        EcdsaErrors, ExecutorErrors, Gateway, GenesisParams, HostConfig, InputErrors, InputProof,
        input_digest, interface::Acl,
    },
};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};

use crate::lab::*;

fn add(a: Handle, b: Handle, proof: impl Into<Bytes>) -> Probe::addInputsCall {
    Probe::addInputsCall { a: a.0, b: b.0, proof: proof.into() }
}

fn add_input(input: &EncryptedInput) -> Probe::addInputsCall {
    add(input.handles[0], input.handles[1], input.proof.clone())
}

fn address_of(key: &VerifyingKey) -> Address {
    Address::from_raw_public_key(&key.to_encoded_point(false).as_bytes()[1..])
}

/// Whom a proof's signature seems to be by, passed by `user` to `contract`.
fn apparent_signer(proof: &InputProof, user: Address, contract: Address) -> Address {
    let extra = proof.extra_data.clone();
    let digest = input_digest(&Gateway::LOCAL, &proof.handles, user, contract, 31337, extra);
    let signature = Signature::from_slice(&proof.signatures[0][..64]).expect("a signature");
    let recovery = RecoveryId::from_byte(proof.signatures[0][64] - 27).expect("27 or 28");
    let key = VerifyingKey::recover_from_prehash(&digest[..], &signature, recovery);
    address_of(&key.expect("a key"))
}

fn stranger(proof: &InputProof, user: Address, contract: Address) -> Vec<u8> {
    InputErrors::InvalidSigner { signer: apparent_signer(proof, user, contract) }.abi_encode()
}

/// Something a caller may try, and the revert data that it gets.
struct Attempt {
    what: &'static str,
    from: Address,
    to: Address,
    call: Probe::addInputsCall,
    error: Vec<u8>,
}

fn assert_refused(lab: &mut Lab, attempts: impl IntoIterator<Item = Attempt>) {
    for Attempt { what, from, to, call, error } in attempts {
        let size = lab.size();
        let (receipt, settled) = lab.send(from, to, &call);
        let expected = ciphervm::Outcome::Revert(error.into());
        assert_eq!(receipt.outcome, expected, "{what}");
        assert!(receipt.logs.is_empty(), "{what}");
        assert_eq!((settled.recorded, settled.operations), (0, 0), "{what}");
        assert_eq!(lab.size(), size, "{what}");
        assert_eq!(lab.view(to, &Probe::sumCall {}), B256::ZERO, "{what}");
        for (handle, account) in [(call.a, to), (call.b, to), (call.a, from), (call.b, from)] {
            assert!(!lab.view(HOST.acl, &Acl::isAllowedCall { handle, account }), "{what}");
        }
    }
}

fn assert_accepted(lab: &mut Lab, from: Address, to: Address, input: &EncryptedInput, sum: u64) {
    let records = lab.size().records;
    let handle = lab.done(from, to, &add_input(input));
    assert_eq!(lab.view(to, &Probe::sumCall {}), handle);
    assert!(lab.persists(handle, from) && lab.persists(handle, to));
    assert_eq!(lab.clear(handle), Some(U256::from(sum)));
    assert_eq!(lab.size().records, records + 1);
}

#[test]
fn the_local_coprocessor_key_is_that_of_the_default_signer() {
    let key = SigningKey::from_slice(&LOCAL_COPROCESSOR_KEY[..]).expect("a secret key");
    let signers = GenesisParams::default().coprocessor_signers;
    assert_eq!(signers, [address_of(key.verifying_key())]);
}

#[test]
fn a_valid_input_decrypts_to_what_was_encrypted() {
    let (mut lab, probe) = Lab::with_probe();
    let input = lab.encrypt(probe, ALICE, &[40, 2]);
    assert_eq!(lab.clear(input.handles[0].0), Some(U256::from(40)));
    assert_accepted(&mut lab, ALICE, probe, &input, 42);
    let input = lab.encrypt(probe, ALICE, &[u64::MAX, 2]);
    assert_accepted(&mut lab, ALICE, probe, &input, 1);
}

#[test]
fn an_input_is_bound_to_its_user_and_contract() {
    let (mut lab, probe) = Lab::with_probe();
    let other = lab.deploy(creation_code("Probe"));
    let input = lab.encrypt(probe, ALICE, &[40, 2]);
    let call = add_input(&input);
    let proof = InputProof::decode(&input.proof).expect("a proof");
    let attempt = |what, from, to| {
        let error = stranger(&proof, from, to);
        Attempt { what, from, to, call: call.clone(), error }
    };
    let attempts = [attempt("another user", BOB, probe), attempt("another contract", ALICE, other)];
    assert_refused(&mut lab, attempts);
    assert_accepted(&mut lab, ALICE, probe, &input, 42);
}

#[test]
fn an_input_that_was_used_stays_its_users() {
    let (mut lab, probe) = Lab::with_probe();
    let input = lab.encrypt(probe, ALICE, &[40, 2]);
    assert_accepted(&mut lab, ALICE, probe, &input, 42);
    let size = lab.size();
    let proof = InputProof::decode(&input.proof).expect("a proof");
    let (receipt, settled) = lab.send(BOB, probe, &add_input(&input));
    let signer = apparent_signer(&proof, BOB, probe);
    assert_reverts(&receipt, &InputErrors::InvalidSigner { signer });
    assert_eq!((settled.recorded, lab.size()), (0, size));
    // The user may pass it again, for nothing in it names a transaction.
    assert_accepted(&mut lab, ALICE, probe, &input, 42);
}

#[test]
fn tampering_with_handles_is_refused() {
    let (mut lab, probe) = Lab::with_probe();
    let input = lab.encrypt(probe, ALICE, &[40, 2]);
    let [a, b] = input.handles[..] else { panic!("two handles") };
    let proof = InputProof::decode(&input.proof).expect("a proof");
    let flipped = |handle: Handle, byte: usize, bits: u8| {
        let mut handle = handle;
        handle.0[byte] ^= bits;
        handle
    };
    let attempt = |what, call, error| Attempt { what, from: ALICE, to: probe, call, error };
    let bytes = &input.proof;
    let inside = InputProof { handles: vec![flipped(a, 0, 1), b], ..proof.clone() };
    let swapped = InputProof { handles: vec![b, a], ..proof };
    let attempts = [
        attempt(
            "another hash beside the proof",
            add(flipped(a, 0, 1), b, bytes.clone()),
            InputErrors::InvalidInputHandle {}.abi_encode(),
        ),
        attempt(
            "another hash in the proof as well",
            add(inside.handles[0], b, inside.encode()),
            stranger(&inside, ALICE, probe),
        ),
        attempt(
            "another order in the proof",
            add(a, b, swapped.encode()),
            stranger(&swapped, ALICE, probe),
        ),
        attempt(
            "an index that the proof does not have",
            add(flipped(a, 21, 2), b, bytes.clone()),
            InputErrors::InvalidIndex {}.abi_encode(),
        ),
        attempt(
            "another chain",
            add(flipped(a, 29, 1), b, bytes.clone()),
            InputErrors::InvalidChainId {}.abi_encode(),
        ),
        attempt(
            "another type",
            add(flipped(a, 30, FheType::Uint64.id() ^ FheType::Uint32.id()), b, bytes.clone()),
            ExecutorErrors::InvalidType {}.abi_encode(),
        ),
    ];
    assert_refused(&mut lab, attempts);
    assert_accepted(&mut lab, ALICE, probe, &input, 42);
}

#[test]
fn tampering_with_the_signature_is_refused() {
    let (mut lab, probe) = Lab::with_probe();
    let input = lab.encrypt(probe, ALICE, &[40, 2]);
    let [a, b] = input.handles[..] else { panic!("two handles") };
    let proof = InputProof::decode(&input.proof).expect("a proof");
    let with = |signatures| InputProof { signatures, ..proof.clone() };
    let altered = |alter: fn(&mut [u8; 65])| {
        let mut signature = proof.signatures[0];
        alter(&mut signature);
        with(vec![signature])
    };
    let attempt = |what, proof: &InputProof, error| Attempt {
        what,
        from: ALICE,
        to: probe,
        call: add(a, b, proof.encode()),
        error,
    };
    let parity = altered(|signature| signature[64] = 55 - signature[64]);
    let high = altered(|signature| signature[32..64].fill(0xff));
    let attempts = [
        attempt("no signature", &with(vec![]), InputErrors::ZeroSignature {}.abi_encode()),
        attempt("the other recovery id", &parity, stranger(&parity, ALICE, probe)),
        attempt(
            "an unknown recovery id",
            &altered(|signature| signature[64] = 29),
            EcdsaErrors::ECDSAInvalidSignature {}.abi_encode(),
        ),
        attempt(
            "an s in the upper half",
            &high,
            EcdsaErrors::ECDSAInvalidSignatureS { s: B256::repeat_byte(0xff) }.abi_encode(),
        ),
    ];
    assert_refused(&mut lab, attempts);
    assert_accepted(&mut lab, ALICE, probe, &input, 42);
}

#[test]
fn truncated_proofs_are_refused() {
    let (mut lab, probe) = Lab::with_probe();
    let input = lab.encrypt(probe, ALICE, &[40, 2]);
    let [a, b] = input.handles[..] else { panic!("two handles") };
    let attempt = |what, length: usize, error| {
        let call = add(a, b, Bytes::copy_from_slice(&input.proof[..length]));
        Attempt { what, from: ALICE, to: probe, call, error }
    };
    let full = input.proof.len();
    let bare = InputProof::decode(&input.proof[..full - 1]).expect("a proof without extra data");
    let attempts = [
        attempt("no extra data", full - 1, stranger(&bare, ALICE, probe)),
        attempt(
            "a signature cut short",
            full - 2,
            InputErrors::DeserializingInputProofFail {}.abi_encode(),
        ),
        attempt("counts alone", 2, InputErrors::DeserializingInputProofFail {}.abi_encode()),
        // The Solidity library takes this for a handle that the sender has rights to.
        attempt(
            "nothing",
            0,
            Probe::SenderNotAllowedToUseHandle { handle: a.0, sender: ALICE }.abi_encode(),
        ),
    ];
    assert_refused(&mut lab, attempts);
    assert_accepted(&mut lab, ALICE, probe, &input, 42);
}

#[test]
fn a_value_of_another_type_than_the_contract_takes_is_refused() {
    let (mut lab, probe) = Lab::with_probe();
    let values = [(FheType::Uint64, U256::from(40)), (FheType::Uint32, U256::from(2))];
    let input = lab.inputs.encrypt(probe, ALICE, &values).expect("few values");
    let attempt = Attempt {
        what: "32 bits for 64",
        from: ALICE,
        to: probe,
        call: add_input(&input),
        error: ExecutorErrors::InvalidType {}.abi_encode(),
    };
    assert_refused(&mut lab, [attempt]);
    let input = lab.encrypt(probe, ALICE, &[40, 2]);
    assert_accepted(&mut lab, ALICE, probe, &input, 42);
}

#[test]
fn an_attestation_by_a_stranger_is_refused() {
    let (mut lab, probe) = Lab::with_probe();
    let (key, store) = (B256::repeat_byte(0x51), lab.settlement.store().clone());
    let impostor = InputService::new(HostConfig::default(), 31337, evaluator(), store, key)
        .expect("a secret key");
    let values = [40, 2].map(|value| (FheType::Uint64, U256::from(value)));
    let input = impostor.encrypt(probe, ALICE, &values).expect("few values");
    let key = SigningKey::from_slice(&key[..]).expect("a secret key");
    let signer = address_of(key.verifying_key());
    let attempt = Attempt {
        what: "a signer that the verifier does not know",
        from: ALICE,
        to: probe,
        call: add_input(&input),
        error: InputErrors::InvalidSigner { signer }.abi_encode(),
    };
    assert_refused(&mut lab, [attempt]);
    let input = lab.encrypt(probe, ALICE, &[40, 2]);
    assert_accepted(&mut lab, ALICE, probe, &input, 42);
}

#[test]
fn an_input_holds_at_most_2048_bits() {
    let (lab, probe) = Lab::with_probe();
    let size = lab.size();
    let values = [(FheType::Uint64, U256::ONE); 33];
    let refused = lab.inputs.encrypt(probe, ALICE, &values);
    assert!(
        matches!(
            refused,
            Err(InputError::Ciphertext(CiphertextError::TooManyBits { found: 2112, limit: 2048 }))
        ),
        "{refused:?}"
    );
    assert_eq!(lab.size(), size);
    let input = lab.inputs.encrypt(probe, ALICE, &values[1..]).expect("2048 bits");
    assert_eq!((input.handles.len(), lab.size().records), (32, size.records + 32));
}

#[test]
fn a_signing_key_that_is_none_is_refused() {
    let (lab, _) = Lab::with_probe();
    let service = |key| {
        let store = lab.settlement.store().clone();
        InputService::new(HostConfig::default(), 31337, evaluator(), store, key)
    };
    assert!(matches!(service(B256::ZERO), Err(InputError::SigningKey)));
    assert!(matches!(service(B256::repeat_byte(0xff)), Err(InputError::SigningKey)));
    assert!(service(LOCAL_COPROCESSOR_KEY).is_ok());
}
