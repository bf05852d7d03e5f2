//! Encrypted inputs: a proof that is accepted, and every way to be refused.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{Panic, PanicKind, SolCall, SolError};
use ciphervm_fhe::{FheType, Handle, Op};
use ciphervm_precompiles::{
    EcdsaErrors, ExecutorErrors, GenesisParams, HostConfig, InputErrors as E, InputProof,
    blob_hash, input_digest, input_handle, interface::InputVerifier,
};
use revm::precompile::PrecompileOutput;

use crate::support::*;

const CHAIN_ID: u64 = 31337;

/// Three coprocessors, two of which must sign.
pub(crate) fn chain() -> Chain {
    let params = GenesisParams {
        coprocessor_signers: [1, 2, 3].map(|seed| signer(seed).1).into(),
        coprocessor_threshold: 2,
        ..GenesisParams::default()
    };
    Chain::with(HostConfig::default(), &params)
}

pub(crate) fn handles() -> Vec<Handle> {
    let blob = blob_hash(b"a list");
    [(0, FheType::Uint64), (1, FheType::Bool)]
        .map(|(index, ty)| input_handle(blob, index, HOST.acl, CHAIN_ID, ty))
        .into()
}

pub(crate) fn proof_by(signers: &[u8]) -> InputProof {
    proof_with(Bytes::from_static(&[0]), signers)
}

fn proof_with(extra_data: Bytes, signers: &[u8]) -> InputProof {
    let gateway = HostConfig::default().gateway;
    let digest = input_digest(&gateway, &handles(), USER, DAPP, CHAIN_ID, extra_data.clone());
    let signatures = signers.iter().map(|seed| sign(&signer(*seed).0, digest)).collect();
    InputProof { handles: handles(), signatures, extra_data }
}

pub(crate) fn admit(chain: &mut Chain, handle: Handle, proof: &[u8]) -> PrecompileOutput {
    admit_for(chain, DAPP, USER, handle, proof)
}

fn admit_for(
    chain: &mut Chain,
    contract: Address,
    user: Address,
    handle: Handle,
    proof: &[u8],
) -> PrecompileOutput {
    let ty = U256::from(handle.type_id());
    let proof = Bytes::copy_from_slice(proof);
    chain.op_as(contract, Op::VerifyInput, (handle.0, user, proof, ty))
}

#[test]
fn attested_handles_are_granted_to_the_contract_that_asks() {
    let mut chain = chain();
    let proof = proof_by(&[1, 3]).encode();
    for input in handles() {
        assert!(!chain.is_allowed(input.0, DAPP));
        assert_eq!(handle(&admit(&mut chain, input, &proof)), input.0);
        assert!(chain.is_allowed(input.0, DAPP));
        assert!(!chain.is_allowed(input.0, USER));
    }
}

#[test]
fn a_proof_is_checked_once_per_transaction_for_each_contract_and_user() {
    let mut chain = chain();
    let proof = proof_by(&[1, 2]).encode();
    let input = handles()[0];
    let first = admit(&mut chain, input, &proof).gas_used;
    let second = admit(&mut chain, input, &proof).gas_used;
    assert!(first > second + 6_000, "{first} {second}");
    // For anybody else the signatures say nothing.
    assert!(admit_for(&mut chain, DAPP, DAPP, input, &proof).is_revert());
    assert!(admit_for(&mut chain, USER, USER, input, &proof).is_revert());
    let clean = InputVerifier::cleanTransientStorageCall {}.abi_encode();
    assert!(chain.call(USER, HOST.input_verifier, clean).is_success());
    assert!(admit(&mut chain, input, &proof).gas_used > second + 6_000);
}

/// Six gas for each word that begins: of the key that remembers the proof, which is 236 bytes
/// besides the extra data, and of the message, which is 482. The log has the proof, in whole words,
/// at 8 gas a byte: another one from 29 bytes on.
#[test]
fn what_is_hashed_is_paid_for_by_the_word() {
    let gas = |extra: usize| {
        let proof = proof_with(vec![0; extra].into(), &[1, 2]).encode();
        let output = admit(&mut chain(), handles()[0], &proof);
        assert!(output.is_success(), "{output:?}");
        output.gas_used
    };
    let least = gas(1);
    for (extra, more) in [(20, 0), (21, 6), (29, 262), (31, 268), (53, 274)] {
        assert_eq!(gas(extra) - least, more, "{extra}");
    }
}

#[test]
fn malformed_proofs_are_refused_in_order() {
    let mut chain = chain();
    let input = handles()[0];
    let proof = proof_by(&[1, 2]).encode();
    let mut elsewhere = input;
    elsewhere.0[29] ^= 1;
    assert_reverts(&admit(&mut chain, elsewhere, &[]), E::InvalidChainId {});
    assert_reverts(&admit(&mut chain, input, &[]), E::EmptyInputProof {});
    let panic = Panic::from(PanicKind::ArrayOutOfBounds);
    assert_reverts(&admit(&mut chain, input, &proof[..1]), panic);
    let mut third = input;
    third.0[21] = 2;
    assert_reverts(&admit(&mut chain, third, &proof[..2]), E::InvalidIndex {});
    third.0[21] = 255;
    let mut many = proof.to_vec();
    many[0] = 255;
    assert_reverts(&admit(&mut chain, third, &many), E::InvalidIndex {});
    let short = &proof[..proof.len() - 2];
    assert_reverts(&admit(&mut chain, input, short), E::DeserializingInputProofFail {});
    let mut versioned = proof_by(&[]);
    versioned.handles[1].0[31] = 1;
    assert_reverts(&admit(&mut chain, input, &versioned.encode()), E::InvalidHandleVersion {});
    let mut swapped = handles()[1];
    swapped.0[21] = 0;
    assert_reverts(&admit(&mut chain, swapped, &proof), E::InvalidInputHandle {});
    assert!(admit(&mut chain, input, &proof).is_success());
}

#[test]
fn signatures_must_be_enough_different_and_by_coprocessors() {
    let mut chain = chain();
    let input = handles()[0];
    let mut admit = |proof: InputProof| admit(&mut chain, input, &proof.encode());
    assert_reverts(&admit(proof_by(&[])), E::ZeroSignature {});
    let one = E::SignatureThresholdNotReached { signatures: U256::ONE };
    assert_reverts(&admit(proof_by(&[1])), one);
    let stranger = E::InvalidSigner { signer: signer(9).1 };
    assert_reverts(&admit(proof_by(&[1, 9])), stranger);
    assert_reverts(&admit(proof_by(&[1, 1])), E::SignaturesVerificationFailed {});
    // Once two agree, further signatures are not looked at.
    assert!(admit(proof_by(&[1, 2, 9])).is_success());

    let mut proof = proof_by(&[2, 3]);
    proof.signatures[0][64] = 29;
    assert_reverts(&admit(proof), EcdsaErrors::ECDSAInvalidSignature {});
    let mut proof = proof_by(&[2, 3]);
    proof.signatures[0][32..64].fill(0xff);
    let s = B256::repeat_byte(0xff);
    assert_reverts(&admit(proof), EcdsaErrors::ECDSAInvalidSignatureS { s });
    // Half of the group's order is the largest `s`. Nobody's signature, but a signature.
    let half = hex!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    let mut proof = proof_by(&[2, 3]);
    proof.signatures[0][32..64].copy_from_slice(&half);
    let output = admit(proof.clone());
    assert!(output.is_revert());
    assert_ne!(output.bytes[..4], EcdsaErrors::ECDSAInvalidSignatureS::SELECTOR);
    proof.signatures[0][63] += 1;
    let s = B256::from_slice(&proof.signatures[0][32..64]);
    assert_reverts(&admit(proof), EcdsaErrors::ECDSAInvalidSignatureS { s });
    let mut proof = proof_by(&[2, 3]);
    proof.signatures[0][..32].fill(0);
    assert_reverts(&admit(proof), EcdsaErrors::ECDSAInvalidSignature {});
}

#[test]
fn the_announced_type_must_be_the_handles() {
    let mut chain = chain();
    let proof = proof_by(&[1, 2]).encode();
    let input = handles()[0];
    let arguments = (input.0, USER, proof, U256::from(FheType::Uint8.id()));
    assert_reverts(&chain.op(Op::VerifyInput, arguments), ExecutorErrors::InvalidType {});
}

#[test]
fn the_verifier_answers_on_its_own_address() {
    let mut chain = chain();
    let input = handles()[0];
    let call = InputVerifier::verifyInputCall {
        context: InputVerifier::ContextUserInputs { userAddress: USER, contractAddress: DAPP },
        inputHandle: input.0,
        inputProof: proof_by(&[1, 2]).encode(),
    };
    assert_eq!(chain.view(HOST.input_verifier, call), input.0);
    let address = HOST.input_verifier;
    let signers = chain.view(address, InputVerifier::getCoprocessorSignersCall {});
    assert_eq!(signers, [1, 2, 3].map(|seed| signer(seed).1));
    assert_eq!(chain.view(address, InputVerifier::getThresholdCall {}), U256::from(2));
    assert!(chain.view(address, InputVerifier::isSignerCall { account: signer(1).1 }));
    assert!(!chain.view(address, InputVerifier::isSignerCall { account: USER }));
    let domain = chain.view(address, InputVerifier::eip712DomainCall {});
    assert_eq!((domain.name.as_str(), domain.version.as_str()), ("InputVerification", "1"));
    assert_eq!(domain.chainId, U256::from(10901));
}

/// A new proof is remembered, which `STATICCALL` forbids; one that is remembered is only looked up.
#[test]
fn only_remembered_proofs_are_checked_in_static_calls() {
    let mut chain = chain();
    let input = handles()[0];
    let call = InputVerifier::verifyInputCall {
        context: InputVerifier::ContextUserInputs { userAddress: USER, contractAddress: DAPP },
        inputHandle: input.0,
        inputProof: proof_by(&[1, 2]).encode(),
    }
    .abi_encode();
    chain.is_static = true;
    assert!(chain.call(DAPP, HOST.input_verifier, &call).is_halt());
    chain.is_static = false;
    assert!(chain.call(DAPP, HOST.input_verifier, &call).is_success());
    chain.is_static = true;
    assert!(chain.call(DAPP, HOST.input_verifier, &call).is_success());
}

/// Lists for which the relayer SDK computed the handles: see `source` in the file.
#[derive(serde::Deserialize)]
struct Vectors {
    lists: Vec<List>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    raw: String,
    acl: Address,
    chain_id: String,
    types: Vec<u8>,
    handles: Vec<Handle>,
}

#[test]
fn input_handles_are_those_that_the_relayer_sdk_computes() {
    let vectors: Vectors =
        serde_json::from_str(include_str!("vectors/input-handles.json")).unwrap();
    let mut checked = 0;
    for List { raw, acl, chain_id, types, handles } in vectors.lists {
        let blob = blob_hash(&hex::decode(raw).unwrap());
        let chain_id = chain_id.parse().unwrap();
        for ((ty, handle), index) in types.into_iter().zip(handles).zip(0..) {
            let ty = FheType::from_id(ty).unwrap();
            assert_eq!(input_handle(blob, index, acl, chain_id, ty), handle);
            checked += 1;
        }
    }
    assert!(checked > 1_000, "{checked}");
}
