//! How nodes activate an epoch.

#![expect(non_snake_case, reason = "variables have the names that their fields have in the ABI")]

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolStruct, eip712_domain, sol};
use ciphervm_precompiles::{
    ConfigErrors as E, EcdsaErrors,
    interface::{self, EpochCrsResult, EpochKeyResult, ProtocolConfig as C},
};

use super::{
    protocol_config::*,
    protocol_config_lifecycle::{created, define_epoch, destroy},
    *,
};

sol! {
    struct KeyDigest {
        uint8 keyType;
        bytes digest;
    }

    struct KeygenVerification {
        uint256 prepKeygenId;
        uint256 keyId;
        KeyDigest[] keyDigests;
        bytes extraData;
    }

    struct CrsgenVerification {
        uint256 crsId;
        uint256 maxBitLength;
        bytes crsDigest;
        bytes extraData;
    }
}

/// What node `seed` attests of an epoch, with `material` in its digests.
struct Attestation {
    keys: Vec<EpochKeyResult>,
    crs: Vec<EpochCrsResult>,
}

fn extra_data(context_id: u64, epoch_id: u64) -> Bytes {
    let parts =
        [&[2][..], &context(context_id).to_be_bytes::<32>(), &epoch(epoch_id).to_be_bytes::<32>()];
    parts.concat().into()
}

fn signed(seed: u8, message: &impl SolStruct) -> Bytes {
    let domain = eip712_domain! {
        name: "ProtocolConfig",
        version: "1",
        chain_id: 31337,
        verifying_contract: PC,
    };
    sign(&signer(seed).0, message.eip712_signing_hash(&domain)).to_vec().into()
}

fn attested(seed: u8, context_id: u64, epoch_id: u64, material: u8) -> Attestation {
    let digests = [(1u8, vec![material; 32]), (3, vec![7; 5])];
    let extra = extra_data(context_id, epoch_id);
    let (prep, key) = (U256::from(3) << 248, U256::from(4) << 248);
    let message = KeygenVerification {
        prepKeygenId: prep,
        keyId: key,
        keyDigests: digests
            .iter()
            .map(|(keyType, digest)| KeyDigest { keyType: *keyType, digest: digest.clone().into() })
            .collect(),
        extraData: extra.clone(),
    };
    let keys = vec![EpochKeyResult {
        prepKeygenId: prep,
        keyId: key,
        keyDigests: digests
            .iter()
            .map(|(keyType, digest)| interface::KeyDigest {
                keyType: *keyType,
                digest: digest.clone().into(),
            })
            .collect(),
        signature: signed(seed, &message),
    }];
    let (id, bits, digest) = (U256::from(5) << 248, U256::from(2048), Bytes::from(vec![9; 40]));
    let message = CrsgenVerification {
        crsId: id,
        maxBitLength: bits,
        crsDigest: digest.clone(),
        extraData: extra,
    };
    let signature = signed(seed, &message);
    let crs = vec![EpochCrsResult { crsId: id, maxBitLength: bits, crsDigest: digest, signature }];
    Attestation { keys, crs }
}

/// What all signers of an epoch must agree on.
fn data_hash(material: u8) -> B256 {
    let ty = keccak256("KeyDigest(uint8 keyType,bytes digest)");
    let digest = |key_type: u64, digest: &[u8]| {
        keccak256((ty, U256::from(key_type), keccak256(digest)).abi_encode())
    };
    let digests = keccak256([digest(1, &[material; 32]), digest(3, &[7; 5])].concat());
    let key = keccak256((U256::from(3) << 248, U256::from(4) << 248, digests).abi_encode());
    let crs = (U256::from(5) << 248, U256::from(2048), Bytes::from(vec![9; 40]));
    let crs = keccak256(crs.abi_encode_params());
    keccak256((vec![key], vec![crs]).abi_encode_params())
}

fn confirm(epoch_id: u64, word: Attestation) -> Vec<u8> {
    C::confirmEpochActivationCall { epochId: epoch(epoch_id), keys: word.keys, crsList: word.crs }
        .abi_encode()
}

/// Node `seed` attests epoch 3 of context 3.
fn attest(seed: u8) -> Vec<u8> {
    confirm(3, attested(seed, 3, 3, 1))
}

pub(super) fn cases() -> Vec<Case> {
    let call = |name, seed: u8, data: Vec<u8>| {
        case(name, PC, data).by(sender(seed)).after(three).after(created)
    };
    let resharing = |name, seed: u8, data: Vec<u8>| {
        case(name, PC, data).by(sender(seed)).after(three).after(owner_does(define_epoch()))
    };
    let voted = |case: Case, seed: u8, material, votes: u64| {
        let hash = data_hash(material);
        case.returns_nothing()
            .emits(C::EpochActivationConfirmation {
                epochId: epoch(3),
                signer: signer(seed).1,
                dataHash: hash,
            })
            .stores(entry(epoch_word(3, 2), signer(seed).1.into_word()), 1)
            .stores(entry(epoch_word(3, 3), hash), votes)
    };
    let active = |case: Case, context_id, word: Attestation, seeds: &[u8]| {
        case.emits(C::ActivateEpoch {
            kmsContextId: context(context_id),
            epochId: epoch(3),
            keys: word.keys,
            crsList: word.crs,
            kmsNodeStorageUrls: seeds.iter().map(|seed| url(*seed)).collect(),
        })
        .stores(word_of_current_epoch(), epoch(3))
        .stores(epoch_word(3, 0), 2)
    };
    let no_epoch = |id| E::InvalidKmsEpoch { epochId: epoch(id) };
    let changed = |change: &dyn Fn(&mut Attestation)| {
        let mut word = attested(3, 3, 3, 1);
        change(&mut word);
        confirm(3, word)
    };
    let stranger =
        E::EpochActivationSignerDoesNotMatchTxSender { signer: signer(9).1, txSender: sender(3) };
    let high = B256::repeat_byte(0xff);
    let current = C::getCurrentKmsContextAndEpochCall {}.abi_encode();
    vec![
        voted(call("confirmEpochActivation", 3, attest(3)), 3, 1, 1),
        active(
            voted(
                call("attest as the last", 4, attest(4)).after_call(sender(3), attest(3)),
                4,
                1,
                2,
            ),
            3,
            attested(4, 3, 3, 1),
            &[3, 4],
        )
        .stores(word(1), context(3))
        .stores(context_word(3, 6), ACTIVE),
        voted(
            call("attest something else", 4, confirm(3, attested(4, 3, 3, 2)))
                .after_call(sender(3), attest(3)),
            4,
            2,
            1,
        ),
        active(
            voted(
                resharing(
                    "attest an epoch of the current context",
                    3,
                    confirm(3, attested(3, 2, 3, 1)),
                )
                .after_call(sender(1), confirm(3, attested(1, 2, 3, 1)))
                .after_call(sender(2), confirm(3, attested(2, 2, 3, 1))),
                3,
                1,
                3,
            ),
            2,
            attested(3, 2, 3, 1),
            &[1, 2, 3],
        ),
        call("the new context is current after it", 4, current)
            .after_call(sender(3), attest(3))
            .after_call(sender(4), attest(4))
            .returns_params((context(3), epoch(3))),
        call("attest after it is active", 4, attest(4))
            .after_call(sender(3), attest(3))
            .after_call(sender(4), attest(4))
            .reverts(no_epoch(3)),
        call("attest no epoch, by a stranger", 9, confirm(9, attested(9, 3, 9, 1)))
            .reverts(no_epoch(9)),
        call("attest by a node of the context before", 1, attest(1))
            .reverts(E::EpochActivationUnauthorized { caller: sender(1), epochId: epoch(3) }),
        call(
            "attest nothing, by a stranger",
            9,
            confirm(3, Attestation { keys: vec![], crs: vec![] }),
        )
        .reverts(E::EpochActivationUnauthorized { caller: sender(9), epochId: epoch(3) }),
        call("attest after the context was destroyed", 3, attest(3))
            .after(owner_does(destroy(3)))
            .reverts(no_epoch(3)),
        call("attest before the epoch opens", 3, attest(3))
            .after(owner_does(destroy(3)))
            .after(|chain| {
                done(chain, owner(), PC, &super::protocol_config_lifecycle::define(&[3], [1; 4]))
            })
            .reverts(no_epoch(3)),
        call("attest no key", 3, changed(&|word| word.keys.clear()))
            .reverts(E::EmptyEpochActivationAttestation { epochId: epoch(3) }),
        call("attest no reference string", 3, changed(&|word| word.crs.clear()))
            .reverts(E::EmptyEpochActivationAttestation { epochId: epoch(3) }),
        call(
            "attest a key signed by another",
            3,
            changed(&|word| {
                word.keys = attested(9, 3, 3, 1).keys;
            }),
        )
        .reverts(E::EpochActivationSignerDoesNotMatchTxSender {
            signer: signer(9).1,
            txSender: sender(3),
        }),
        call(
            "attest a reference string signed by another",
            3,
            changed(&|word| {
                word.crs = attested(9, 3, 3, 1).crs;
            }),
        )
        .reverts(stranger),
        call(
            "attest with a short signature",
            3,
            changed(&|word| {
                word.keys[0].signature = Bytes::from(vec![1; 64]);
            }),
        )
        .reverts(EcdsaErrors::ECDSAInvalidSignatureLength { length: U256::from(64) }),
        call("attest without signature", 3, changed(&|word| word.crs[0].signature = Bytes::new()))
            .reverts(EcdsaErrors::ECDSAInvalidSignatureLength { length: U256::ZERO }),
        call(
            "attest with a high s",
            3,
            changed(&|word| {
                word.keys[0].signature = Bytes::from(vec![0xff; 65]);
            }),
        )
        .reverts(EcdsaErrors::ECDSAInvalidSignatureS { s: high }),
        call(
            "attest with v of 0",
            3,
            changed(&|word| {
                let mut signature = word.keys[0].signature.to_vec();
                signature[64] = 0;
                word.keys[0].signature = signature.into();
            }),
        )
        .reverts(EcdsaErrors::ECDSAInvalidSignature {}),
        call(
            "attest an unknown type of key",
            3,
            changed(&|word| word.keys[0].keyDigests[0].keyType = 4),
        )
        .reverts_empty(),
        call("attest twice", 3, attest(3))
            .after_call(sender(3), attest(3))
            .reverts(E::EpochActivationAlreadyConfirmed { signer: signer(3).1, epochId: epoch(3) }),
        call("attest something else the second time", 3, confirm(3, attested(3, 3, 3, 2)))
            .after_call(sender(3), attest(3))
            .reverts(E::EpochActivationAlreadyConfirmed { signer: signer(3).1, epochId: epoch(3) }),
        call("attest, malformed", 3, attest(3)[..99].to_vec()).reverts_empty(),
    ]
}

fn word_of_current_epoch() -> Word {
    word(3)
}
