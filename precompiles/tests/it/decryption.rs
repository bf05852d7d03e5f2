//! Decryption results and the signers behind them.

use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::Handle;
use ciphervm_precompiles::{
    GenesisParams, HostConfig, KmsErrors as E, decryption_digest,
    interface::{KmsVerifier, ProtocolConfig},
};
use revm::precompile::PrecompileOutput;

use crate::support::*;

pub(crate) fn chain() -> Chain {
    let params = GenesisParams {
        kms_signers: [1, 2, 3].map(|seed| signer(seed).1).into(),
        kms_threshold: 2,
        ..GenesisParams::default()
    };
    Chain::with(HostConfig::default(), &params)
}

pub(crate) fn proof_by(signers: &[u8], extra_data: &[u8]) -> Vec<u8> {
    proof_of(1, &[42], signers, extra_data)
}

fn proof_of(handles: usize, result: &[u8], signers: &[u8], extra_data: &[u8]) -> Vec<u8> {
    let handles = vec![Handle(B256::repeat_byte(1)); handles];
    let gateway = HostConfig::default().gateway;
    let bytes = Bytes::copy_from_slice;
    let digest = decryption_digest(&gateway, &handles, bytes(result), bytes(extra_data));
    let mut proof = vec![signers.len() as u8];
    proof.extend(signers.iter().flat_map(|seed| sign(&signer(*seed).0, digest)));
    proof.extend(extra_data);
    proof
}

pub(crate) fn verify(chain: &mut Chain, proof: Vec<u8>) -> PrecompileOutput {
    verify_result(chain, 1, &[42], proof)
}

fn verify_result(
    chain: &mut Chain,
    handles: usize,
    result: &[u8],
    proof: Vec<u8>,
) -> PrecompileOutput {
    let call = KmsVerifier::verifyDecryptionEIP712KMSSignaturesCall {
        handlesList: vec![B256::repeat_byte(1); handles],
        decryptedResult: Bytes::copy_from_slice(result),
        decryptionProof: proof.into(),
    };
    let main = chain.call(DAPP, HOST.kms_verifier, call.abi_encode());
    let alias = chain.call(DAPP, HOST.kms_verifier_alias.unwrap(), call.abi_encode());
    assert_eq!((&main.status, &main.bytes), (&alias.status, &alias.bytes));
    main
}

#[test]
fn results_need_enough_different_signers() {
    let mut chain = chain();
    let truth = |value: bool| U256::from(value).to_be_bytes::<32>();
    let mut answer = |proof| verify(&mut chain, proof);
    assert_eq!(answer(proof_by(&[1, 2], &[])).bytes[..], truth(true));
    assert_eq!(answer(proof_by(&[3, 1], &[0])).bytes[..], truth(true));
    assert_eq!(answer(proof_by(&[1, 1], &[])).bytes[..], truth(false));
    assert_reverts(&answer(vec![]), E::EmptyDecryptionProof {});
    assert_reverts(&answer(vec![1, 2]), E::DeserializingDecryptionProofFail {});
    let version = E::UnsupportedExtraDataVersion { version: 3 };
    assert_reverts(&answer(proof_by(&[], &[3])), version);
    assert_reverts(&answer(proof_by(&[], &[])), E::KMSZeroSignature {});
    let one = E::KMSSignatureThresholdNotReached { signatures: U256::ONE };
    assert_reverts(&answer(proof_by(&[1], &[])), one);
    let stranger = E::KMSInvalidSigner { signer: signer(9).1 };
    assert_reverts(&answer(proof_by(&[1, 9], &[])), stranger);
}

/// Six gas for each word that begins. Besides handles, result and extra data, 418 bytes are hashed.
#[test]
fn what_is_hashed_is_paid_for_by_the_word() {
    let gas = |handles: usize, result: usize, extra: usize| {
        let (result, extra) = (vec![1; result], vec![0; extra]);
        let proof = proof_of(handles, &result, &[1, 2], &extra);
        let output = verify_result(&mut chain(), handles, &result, proof);
        assert!(output.is_success(), "{output:?}");
        output.gas_used
    };
    let least = gas(1, 1, 0);
    let cases = [(1, 30, 0, 0), (1, 31, 0, 6), (1, 1, 29, 0), (1, 1, 30, 6), (3, 1, 0, 12)];
    for (handles, result, extra, more) in cases {
        assert_eq!(gas(handles, result, extra) - least, more, "{handles} {result} {extra}");
    }
}

#[test]
fn the_configuration_names_signers_and_context() {
    let mut chain = chain();
    let expected = [1, 2, 3].map(|seed| signer(seed).1);
    let view = KmsVerifier::getContextSignersAndThresholdFromExtraDataCall {
        extraData: Bytes::from_static(&[0]),
    };
    let answer = chain.view(HOST.kms_verifier, view);
    assert_eq!((answer.signers.as_slice(), answer.threshold), (&expected[..], U256::from(2)));
    let config = HOST.protocol_config;
    assert_eq!(chain.view(config, ProtocolConfig::getKmsSignersCall {}), expected);
    let current = chain.view(config, ProtocolConfig::getCurrentKmsContextAndEpochCall {});
    assert_eq!(current.contextId, (U256::from(7) << 248) + U256::ONE);
    assert_eq!(current.epochId, (U256::from(8) << 248) + U256::ONE);
    let domain = chain.view(HOST.kms_verifier, KmsVerifier::eip712DomainCall {});
    assert_eq!(domain.name, "Decryption");
    assert_eq!(domain.verifyingContract, HostConfig::default().gateway.decryption);
}

/// The verifier notes in transient storage who signed, so it does not work under `STATICCALL`; but
/// what it refuses before it notes anything, it refuses there too.
#[test]
fn results_are_not_checked_in_static_calls() {
    let mut chain = chain();
    let proof = proof_by(&[1, 2], &[]);
    assert!(verify(&mut chain, proof.clone()).is_success());
    chain.is_static = true;
    assert!(verify(&mut chain, proof).is_halt());
    assert_reverts(&verify(&mut chain, proof_by(&[], &[])), E::KMSZeroSignature {});
    let stranger = E::KMSInvalidSigner { signer: signer(9).1 };
    assert_reverts(&verify(&mut chain, proof_by(&[9, 1], &[])), stranger);
    let view =
        KmsVerifier::getContextSignersAndThresholdFromExtraDataCall { extraData: Bytes::new() };
    assert_eq!(chain.view(HOST.kms_verifier, view).threshold, U256::from(2));
}
