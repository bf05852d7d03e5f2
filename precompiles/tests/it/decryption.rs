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

pub(crate) fn proof_by(signers: &[u8], extra_data: &'static [u8]) -> Vec<u8> {
    let handles = [Handle(B256::repeat_byte(1))];
    let gateway = HostConfig::default().gateway;
    let result = Bytes::from_static(&[42]);
    let extra = Bytes::from_static(extra_data);
    let digest = decryption_digest(&gateway, &handles, result, extra);
    let mut proof = vec![signers.len() as u8];
    proof.extend(signers.iter().flat_map(|seed| sign(&signer(*seed).0, digest)));
    proof.extend(extra_data);
    proof
}

pub(crate) fn verify(chain: &mut Chain, proof: Vec<u8>) -> PrecompileOutput {
    let call = KmsVerifier::verifyDecryptionEIP712KMSSignaturesCall {
        handlesList: vec![B256::repeat_byte(1)],
        decryptedResult: Bytes::from_static(&[42]),
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
