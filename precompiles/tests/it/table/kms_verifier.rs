//! The KMS verifier, at both of its addresses.

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::{Panic, PanicKind, SolCall};
use ciphervm_fhe::Handle;
use ciphervm_precompiles::{
    ConfigErrors, EcdsaErrors, Gateway, HostErrors, KmsErrors as E, decryption_digest,
    interface::{KmsVerifier as K, ProtocolConfig as C},
};

use super::protocol_config::{context, epoch, mirror};
use super::verifiers::{domain, initializers, upgrades};
use super::*;

fn verify(proof: impl AsRef<[u8]>) -> Vec<u8> {
    K::verifyDecryptionEIP712KMSSignaturesCall {
        handlesList: vec![B256::repeat_byte(1)],
        decryptedResult: Bytes::from_static(&[42]),
        decryptionProof: Bytes::copy_from_slice(proof.as_ref()),
    }
    .abi_encode()
}

/// A proof by the keys with these seeds.
pub(super) fn proof_by(seeds: &[u8], extra_data: &[u8]) -> Vec<u8> {
    let extra = Bytes::copy_from_slice(extra_data);
    let handles = [Handle(B256::repeat_byte(1))];
    let digest = decryption_digest(&Gateway::LOCAL, &handles, Bytes::from_static(&[42]), extra);
    let signatures = seeds.iter().flat_map(|seed| sign(&signer(*seed).0, digest));
    [seeds.len() as u8].into_iter().chain(signatures).chain(extra_data.iter().copied()).collect()
}

fn v1(context: U256) -> Vec<u8> {
    [&[1], &context.to_be_bytes::<32>()[..]].concat()
}

fn v2(context: U256, epoch: U256) -> Vec<u8> {
    [&[2], &context.to_be_bytes::<32>()[..], &epoch.to_be_bytes::<32>()].concat()
}

/// Context 2 has nodes 1, 2 and 3, of which two must sign; context 3, the current one, has node 4.
fn contexts(chain: &mut Chain) {
    done(chain, owner(), HOST.protocol_config, &mirror(2, 2, &[1, 2, 3], [2; 4]));
    done(chain, owner(), HOST.protocol_config, &mirror(3, 3, &[4], [1; 4]));
}

fn cases_at(to: Address) -> Vec<Case> {
    let call = move |name, data| case(name, to, data).after(contexts);
    let sent = |name, proof: Vec<u8>| call(name, verify(proof));
    let old = || v1(context(2));
    let invalid = |id| ConfigErrors::InvalidKmsContext { kmsContextId: id };
    let from = |data: &[u8]| {
        K::getContextSignersAndThresholdFromExtraDataCall {
            extraData: Bytes::copy_from_slice(data),
        }
        .abi_encode()
    };
    let of = |id| K::getSignersForKmsContextCall { kmsContextId: id }.abi_encode();
    let addresses = |seeds: &[u8]| seeds.iter().map(|seed| signer(*seed).1).collect::<Vec<_>>();
    let spoilt = |range: std::ops::Range<usize>, byte| {
        let mut proof = proof_by(&[1, 2], &old());
        proof[range].fill(byte);
        proof
    };
    let s = B256::repeat_byte(0xff);
    let ty = "PublicDecryptVerification(bytes32[] ctHandles,bytes decryptedResult,bytes extraData)";
    let is = |account| K::isSignerCall { account }.abi_encode();
    let mut cases = vec![
        sent("verify, extra data empty", proof_by(&[4], &[])).returns(true),
        sent("verify, extra data 00", proof_by(&[4], &[0])).returns(true),
        sent("verify, extra data 00 and more", proof_by(&[4], &[0, 1, 2])).returns(true),
        sent("verify, version 1", proof_by(&[4], &v1(context(3)))).returns(true),
        sent("verify, version 1, an older context", proof_by(&[1, 3], &old())).returns(true),
        sent("verify, version 2", proof_by(&[1, 2], &v2(context(2), epoch(2)))).returns(true),
        sent("verify, version 2, any epoch", proof_by(&[1, 2], &v2(context(2), U256::MAX)))
            .returns(true),
        sent("verify, all of three", proof_by(&[1, 2, 3], &old())).returns(true),
        sent("verify, a repetition between", proof_by(&[1, 1, 3], &old())).returns(true),
        sent("verify, a stranger after enough", proof_by(&[1, 3, 9], &old())).returns(true),
        sent("verify, one signer twice", proof_by(&[1, 1], &old())).returns(false),
        sent("verify, one signer three times", proof_by(&[3, 3, 3], &old())).returns(false),
        sent("verify, the same twice", proof_by(&[4], &[]))
            .after(move |chain| done(chain, DAPP, to, &verify(proof_by(&[4], &[]))))
            .returns(true),
        sent("verify, no proof", vec![]).reverts(E::EmptyDecryptionProof {}),
        sent("verify, too short", vec![1]).reverts(E::DeserializingDecryptionProofFail {}),
        sent("verify, a byte missing", proof_by(&[4], &[])[..65].to_vec())
            .reverts(E::DeserializingDecryptionProofFail {}),
        sent("verify, too short and unknown version", vec![255, 9])
            .reverts(E::DeserializingDecryptionProofFail {}),
        sent("verify, unsigned, version 3", proof_by(&[], &[3]))
            .reverts(E::UnsupportedExtraDataVersion { version: 3 }),
        sent("verify, version 255", proof_by(&[4], &[255; 33]))
            .reverts(E::UnsupportedExtraDataVersion { version: 255 }),
        sent("verify, unsigned, version 1 alone", proof_by(&[], &[1]))
            .reverts(E::DeserializingExtraDataFail {}),
        sent("verify, version 1 too long", proof_by(&[1, 2], &[old(), vec![0]].concat()))
            .reverts(E::DeserializingExtraDataFail {}),
        sent("verify, version 1 too short", proof_by(&[1, 2], &old()[..32]))
            .reverts(E::DeserializingExtraDataFail {}),
        sent("verify, version 2 without epoch", proof_by(&[1, 2], &[&[2], &old()[1..]].concat()))
            .reverts(E::DeserializingExtraDataFail {}),
        sent("verify, unsigned, unknown context", proof_by(&[], &v1(context(9))))
            .reverts(E::KMSZeroSignature {}),
        sent("verify, unsigned", proof_by(&[], &[])).reverts(E::KMSZeroSignature {}),
        sent("verify, unknown context", proof_by(&[1, 2], &v1(context(9))))
            .reverts(invalid(context(9))),
        sent("verify, untagged context", proof_by(&[1, 2], &v1(U256::from(2))))
            .reverts(invalid(U256::from(2))),
        sent("verify, destroyed context", proof_by(&[1, 2], &old()))
            .after(|chain| {
                let destroy = C::destroyKmsContextCall { kmsContextId: context(2) };
                done(chain, owner(), HOST.protocol_config, &destroy.abi_encode());
            })
            .reverts(invalid(context(2))),
        sent("verify, one of two", proof_by(&[1], &old()))
            .reverts(E::KMSSignatureThresholdNotReached { signatures: U256::ONE }),
        sent("verify, one stranger of two", proof_by(&[9], &old()))
            .reverts(E::KMSSignatureThresholdNotReached { signatures: U256::ONE }),
        sent("verify, a stranger", proof_by(&[1, 9], &old()))
            .reverts(E::KMSInvalidSigner { signer: signer(9).1 }),
        sent("verify, a signer of another context", proof_by(&[4, 1], &old()))
            .reverts(E::KMSInvalidSigner { signer: signer(4).1 }),
        sent("verify, a signer of an older context", proof_by(&[1], &[]))
            .reverts(E::KMSInvalidSigner { signer: signer(1).1 }),
        sent("verify, threshold raised", proof_by(&[1, 2], &old()))
            .after(|chain| {
                let raise = C::updatePublicDecryptionThresholdForContextCall {
                    kmsContextId: context(2),
                    threshold: U256::from(3),
                };
                done(chain, owner(), HOST.protocol_config, &raise.abi_encode());
            })
            .reverts(E::KMSSignatureThresholdNotReached { signatures: U256::from(2) }),
        sent("verify, v of 29", spoilt(65..66, 29)).reverts(EcdsaErrors::ECDSAInvalidSignature {}),
        sent("verify, r of zero", spoilt(1..33, 0)).reverts(EcdsaErrors::ECDSAInvalidSignature {}),
        sent("verify, s too large", spoilt(33..65, 255))
            .reverts(EcdsaErrors::ECDSAInvalidSignatureS { s }),
        call("verify, malformed", verify([])[..95].to_vec()).reverts_empty(),
        call("verify, an impossible number of handles", {
            let mut data = verify([]);
            data[4 + 3 * 32] = 1;
            data
        })
        .reverts(Panic::from(PanicKind::ResourceError)),
        call("KMSVerifier.getKmsSigners", K::getKmsSignersCall {}.abi_encode())
            .returns(addresses(&[4])),
        call("KMSVerifier.getThreshold", K::getThresholdCall {}.abi_encode()).returns(U256::ONE),
        call("KMSVerifier.isSigner", is(signer(4).1)).returns(true),
        call("KMSVerifier.isSigner of an older context", is(signer(1).1)).returns(false),
        call("KMSVerifier.getCurrentKmsContextId", K::getCurrentKmsContextIdCall {}.abi_encode())
            .returns(context(3)),
        call("getSignersForKmsContext", of(context(2))).returns(addresses(&[1, 2, 3])),
        call("getSignersForKmsContext of nothing", of(context(4))).reverts(invalid(context(4))),
        call("getSignersForKmsContext without tag", of(U256::from(2)))
            .reverts(invalid(U256::from(2))),
        call("signers from nothing", from(&[])).returns_params((addresses(&[4]), U256::ONE)),
        call("signers from 00", from(&[0])).returns_params((addresses(&[4]), U256::ONE)),
        call("signers from version 1", from(&old()))
            .returns_params((addresses(&[1, 2, 3]), U256::from(2))),
        call("signers from version 2", from(&v2(context(3), epoch(9))))
            .returns_params((addresses(&[4]), U256::ONE)),
        call("signers from version 3", from(&[3]))
            .reverts(E::UnsupportedExtraDataVersion { version: 3 }),
        call("signers from half a version 1", from(&[1])).reverts(E::DeserializingExtraDataFail {}),
        call("signers from an unknown context", from(&v1(U256::MAX))).reverts(invalid(U256::MAX)),
        call("getProtocolConfigAddress", K::getProtocolConfigAddressCall {}.abi_encode())
            .returns(HOST.protocol_config),
        call("EIP712_PUBLIC_DECRYPT_TYPE", K::EIP712_PUBLIC_DECRYPT_TYPECall {}.abi_encode())
            .returns(ty.to_owned()),
        call("DECRYPTION_RESULT_TYPEHASH", K::DECRYPTION_RESULT_TYPEHASHCall {}.abi_encode())
            .returns(keccak256(ty)),
        call("KMSVerifier.eip712Domain", K::eip712DomainCall {}.abi_encode())
            .returns_params(domain("Decryption", Gateway::LOCAL.decryption)),
        call("KMSVerifier.getVersion", K::getVersionCall {}.abi_encode())
            .returns("KMSVerifier v0.3.0".to_owned()),
        call("KMSVerifier.initializeFromEmptyProxy", {
            K::initializeFromEmptyProxyCall { verifyingContractSource: USER, chainIDSource: 1 }
                .abi_encode()
        })
        .reverts(HostErrors::NotInitializingFromEmptyProxy {}),
        call("KMSVerifier.reinitializeV4", K::reinitializeV4Call {}.abi_encode())
            .reverts(HostErrors::InvalidInitialization {}),
        call("KMSVerifier, unknown", vec![1, 2, 3, 4]).reverts_empty(),
    ];
    let node = [signer(4).1];
    cases.extend(initializers(to, Gateway::LOCAL.decryption, &node, contexts));
    cases.extend(upgrades(to));
    cases
}

pub(super) fn cases() -> Vec<Case> {
    let alias = HOST.kms_verifier_alias.expect("the local addresses have one");
    [HOST.kms_verifier, alias].into_iter().flat_map(cases_at).collect()
}
