//! The input verifier.

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::{Panic, PanicKind, SolCall};
use ciphervm_fhe::{FheType, Handle};
use ciphervm_precompiles::{
    EcdsaErrors, Gateway, HostErrors, InputErrors as E, InputProof, interface::InputVerifier as I,
};

use super::verifiers::{domain, initializers, upgrades};
use super::*;
use crate::inputs::{handles, proof_by};

const IV: Address = HOST.input_verifier;

/// The default coprocessor.
fn first() -> Address {
    ciphervm_precompiles::GenesisParams::default().coprocessor_signers[0]
}

fn signers(seeds: &[u8]) -> Vec<Address> {
    seeds.iter().map(|seed| signer(*seed).1).collect()
}

fn define(signers: Vec<Address>, threshold: u64) -> Vec<u8> {
    I::defineNewContextCall { newSignersSet: signers, newThreshold: U256::from(threshold) }
        .abi_encode()
}

fn set(threshold: u64) -> Vec<u8> {
    I::setThresholdCall { threshold: U256::from(threshold) }.abi_encode()
}

/// Three coprocessors, two of which must sign.
pub(super) fn three(chain: &mut Chain) {
    done(chain, owner(), IV, &define(signers(&[1, 2, 3]), 2));
}

fn word(index: u64) -> Word {
    field(IV, "InputVerifier", index)
}

fn element(index: u64) -> Word {
    (IV, U256::from_be_bytes(keccak256(word(1).1.to_be_bytes::<32>()).0) + U256::from(index))
}

fn member(account: Address) -> Word {
    entry(word(2), account.into_word())
}

fn set_event(signers: Vec<Address>, threshold: u64) -> I::NewContextSet {
    I::NewContextSet { newSignersSet: signers, newThreshold: U256::from(threshold) }
}

/// Who administers the signers, and how.
fn administration() -> Vec<Case> {
    let call = |name, data| case(name, IV, data).by(owner());
    let stranger = HostErrors::NotHostOwner { sender: USER };
    vec![
        call("defineNewContext", define(signers(&[1, 2]), 2))
            .returns_nothing()
            .emits(set_event(signers(&[1, 2]), 2))
            .stores(word(0), 2)
            .stores(word(1), 2)
            .stores(member(first()), 0)
            .stores(element(0), signer(1).1)
            .stores(element(1), signer(2).1)
            .stores(member(signer(1).1), 1)
            .stores(member(signer(2).1), 1),
        call("defineNewContext with fewer signers", define(signers(&[3]), 1))
            .after(three)
            .returns_nothing()
            .emits(set_event(signers(&[3]), 1))
            .stores(word(0), 1)
            .stores(word(1), 1)
            .stores(member(signer(1).1), 0)
            .stores(member(signer(2).1), 0)
            .stores(element(0), signer(3).1)
            .stores(element(1), 0)
            .stores(element(2), 0),
        call("defineNewContext with the same signers", define(vec![first()], 1))
            .returns_nothing()
            .emits(set_event(vec![first()], 1)),
        call("defineNewContext by a stranger", define(signers(&[1]), 1)).by(USER).reverts(stranger),
        call("defineNewContext of nothing, by a stranger", define(vec![], 0))
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("defineNewContext without signers", define(vec![], 0))
            .reverts(E::SignersSetIsEmpty {}),
        call("defineNewContext with nobody", define(vec![Address::ZERO], 0))
            .reverts(E::CoprocessorSignerNull {}),
        call("defineNewContext, nobody before a repetition", {
            define([vec![Address::ZERO], signers(&[1, 1])].concat(), 1)
        })
        .reverts(E::CoprocessorSignerNull {}),
        call("defineNewContext, a repetition before nobody", {
            define([signers(&[1, 1]), vec![Address::ZERO]].concat(), 1)
        })
        .reverts(E::CoprocessorAlreadySigner {}),
        call("defineNewContext with a repetition and no threshold", define(signers(&[1, 1]), 0))
            .reverts(E::CoprocessorAlreadySigner {}),
        call("defineNewContext without threshold", define(signers(&[1]), 0))
            .reverts(E::ThresholdIsNull {}),
        call("defineNewContext with a threshold out of reach", define(signers(&[1]), 2))
            .reverts(E::ThresholdIsAboveNumberOfSigners {}),
        call("defineNewContext with a dirty address", {
            let mut data = define(signers(&[1]), 1);
            data[4 + 3 * 32] = 1;
            data
        })
        .reverts_empty(),
        call("defineNewContext, malformed by a stranger", define(signers(&[1]), 1)[..90].to_vec())
            .by(USER)
            .reverts_empty(),
        // The list's length is the threshold, so that a head is enough for both.
        call("defineNewContext, a list that is the threshold", {
            let mut data = define(vec![], 0)[..68].to_vec();
            data[4 + 31] = 32;
            data
        })
        .reverts(E::SignersSetIsEmpty {}),
        // Part of a head is looked at before the length in it, which no memory has room for.
        call("defineNewContext, part of a head", {
            let mut data = define(vec![], 0)[..67].to_vec();
            data[4 + 31] = 31;
            data[4 + 32..].fill(0xff);
            data
        })
        .reverts_empty(),
        call("defineNewContext of an impossible length", {
            let mut data = define(signers(&[1]), 1);
            data[4 + 2 * 32] = 1;
            data
        })
        .reverts(Panic::from(PanicKind::ResourceError)),
        call("setThreshold", set(3))
            .after(three)
            .returns_nothing()
            .emits(set_event(signers(&[1, 2, 3]), 3))
            .stores(word(0), 3),
        call("setThreshold to what it is", set(1))
            .returns_nothing()
            .emits(set_event(vec![first()], 1)),
        call("setThreshold to nothing", set(0)).reverts(E::ThresholdIsNull {}),
        call("setThreshold out of reach", set(2)).reverts(E::ThresholdIsAboveNumberOfSigners {}),
        call("setThreshold to nothing, by a stranger", set(0))
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
        call("setThreshold, malformed", set(1)[..35].to_vec()).by(USER).reverts_empty(),
        call("InputVerifier.initializeFromEmptyProxy", {
            I::initializeFromEmptyProxyCall {
                verifyingContractSource: USER,
                chainIDSource: 1,
                initialSigners: signers(&[1]),
                initialThreshold: U256::ONE,
            }
            .abi_encode()
        })
        .reverts(HostErrors::NotInitializingFromEmptyProxy {}),
        call("InputVerifier.reinitializeV2", {
            I::reinitializeV2Call { newSignersSet: signers(&[1]), threshold: U256::ONE }
                .abi_encode()
        })
        .reverts(HostErrors::InvalidInitialization {}),
        call("InputVerifier.reinitializeV2, malformed", I::reinitializeV2Call::SELECTOR.to_vec())
            .reverts_empty(),
    ]
}

fn verify_as(handle: Handle, proof: impl AsRef<[u8]>, user: Address) -> Vec<u8> {
    I::verifyInputCall {
        context: I::ContextUserInputs { userAddress: user, contractAddress: DAPP },
        inputHandle: handle.0,
        inputProof: Bytes::copy_from_slice(proof.as_ref()),
    }
    .abi_encode()
}

fn verify(handle: Handle, proof: impl AsRef<[u8]>) -> Vec<u8> {
    verify_as(handle, proof, USER)
}

fn with(index: usize, byte: u8) -> Handle {
    let mut handle = handles()[0];
    handle.0[index] = byte;
    handle
}

fn cache_key(proof: &[u8]) -> B256 {
    keccak256([DAPP.as_slice(), USER.as_slice(), proof].concat())
}

/// Proofs, with two of three signatures needed.
fn proofs() -> Vec<Case> {
    let call = |name, data| case(name, IV, data).after(three);
    let sent = |name, proof: InputProof| call(name, verify(handles()[0], proof.encode()));
    let accepted = |case: Case, handle: Handle, proof: Bytes| {
        let key = cache_key(&proof);
        case.returns(handle.0)
            .transient((IV, U256::ZERO), 1)
            .transient((IV, U256::ONE), key)
            .transient((IV, key.into()), 1)
    };
    let good = proof_by(&[1, 2]);
    let bytes = good.encode();
    let [one, two] = [handles()[0], handles()[1]];
    let signed = |change: &dyn Fn(&mut InputProof)| {
        let mut proof = proof_by(&[1, 2]);
        change(&mut proof);
        proof
    };
    let high_s = B256::repeat_byte(0xff);
    // One more than half of the group order.
    let low_s =
        alloy_primitives::b256!("7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A1");
    let cached = |case: Case, proof: Bytes| case.after_call(DAPP, verify(handles()[0], proof));
    vec![
        accepted(sent("verifyInput", good.clone()), one, bytes.clone()),
        accepted(sent("verifyInput by the others", proof_by(&[3, 1])), one, {
            proof_by(&[3, 1]).encode()
        }),
        accepted(sent("verifyInput by all", proof_by(&[1, 2, 3])), one, {
            proof_by(&[1, 2, 3]).encode()
        }),
        accepted(sent("verifyInput, a repetition between", proof_by(&[1, 1, 2])), one, {
            proof_by(&[1, 1, 2]).encode()
        }),
        accepted(sent("verifyInput, a stranger after enough", proof_by(&[1, 2, 9])), one, {
            proof_by(&[1, 2, 9]).encode()
        }),
        accepted(call("verifyInput of the second", verify(two, &bytes)), two, bytes.clone()),
        accepted(sent("verifyInput by anybody", good).by(OTHER), one, bytes.clone()),
        cached(call("verifyInput again", verify(one, &bytes)), bytes.clone()).returns(one.0),
        cached(call("verifyInput of another in the list", verify(two, &bytes)), bytes.clone())
            .returns(two.0),
        cached(call("verifyInput again, wrong index", verify(with(21, 2), &bytes)), bytes.clone())
            .reverts(E::InvalidIndex {}),
        cached(call("verifyInput again, wrong handle", verify(with(0, 0), &bytes)), bytes.clone())
            .reverts(E::InvalidInputHandle {}),
        cached(call("verifyInput again, elsewhere", verify(with(29, 0), &bytes)), bytes.clone())
            .reverts(E::InvalidChainId {}),
        cached(
            call("verifyInput again after the signers changed", verify(one, &bytes)),
            bytes.clone(),
        )
        .after(|chain| done(chain, owner(), IV, &define(signers(&[4]), 1)))
        .returns(one.0),
        call("verifyInput after the signers changed", verify(one, &bytes))
            .after(|chain| done(chain, owner(), IV, &define(signers(&[2, 4]), 1)))
            .reverts(E::InvalidSigner { signer: signer(1).1 }),
        cached(call("verifyInput after clearing", verify(one, proof_by(&[1]).encode())), {
            bytes.clone()
        })
        .after(|chain| done(chain, USER, IV, &I::cleanTransientStorageCall {}.abi_encode()))
        .reverts(E::SignatureThresholdNotReached { signatures: U256::ONE }),
        cached(
            call("cleanTransientStorage of proofs", I::cleanTransientStorageCall {}.abi_encode()),
            bytes.clone(),
        )
        .returns_nothing()
        .transient((IV, U256::ZERO), 0)
        .transient((IV, U256::ONE), 0)
        .transient((IV, cache_key(&bytes).into()), 0),
        call("verifyInput elsewhere, without proof", verify(with(29, 0), []))
            .reverts(E::InvalidChainId {}),
        call("verifyInput with a far chain", verify(with(22, 1), &bytes))
            .reverts(E::InvalidChainId {}),
        call("verifyInput without proof", verify(one, [])).reverts(E::EmptyInputProof {}),
        call("verifyInput with half the counts", verify(one, &bytes[..1]))
            .reverts(Panic::from(PanicKind::ArrayOutOfBounds)),
        call("verifyInput of a third, too short", verify(with(21, 2), &bytes[..2]))
            .reverts(E::InvalidIndex {}),
        call("verifyInput of an empty list", verify(one, [0, 0])).reverts(E::InvalidIndex {}),
        call(
            "verifyInput of a computed handle",
            verify(with(21, 255), [&[255], &bytes[1..]].concat()),
        )
        .reverts(E::InvalidIndex {}),
        call("verifyInput, too short", verify(one, &bytes[..bytes.len() - 2]))
            .reverts(E::DeserializingInputProofFail {}),
        call("verifyInput, counts only", verify(one, &bytes[..2]))
            .reverts(E::DeserializingInputProofFail {}),
        sent("verifyInput of another version, unsigned", {
            let mut proof = proof_by(&[]);
            proof.handles[1].0[31] = 1;
            proof
        })
        .reverts(E::InvalidHandleVersion {}),
        sent("verifyInput, unsigned", proof_by(&[])).reverts(E::ZeroSignature {}),
        sent("verifyInput, one signature", proof_by(&[1]))
            .reverts(E::SignatureThresholdNotReached { signatures: U256::ONE }),
        sent("verifyInput, one signature of a stranger", proof_by(&[9]))
            .reverts(E::SignatureThresholdNotReached { signatures: U256::ONE }),
        sent("verifyInput, a stranger", proof_by(&[1, 9]))
            .reverts(E::InvalidSigner { signer: signer(9).1 }),
        sent("verifyInput, one signer twice", proof_by(&[1, 1]))
            .reverts(E::SignaturesVerificationFailed {}),
        sent("verifyInput, one signer three times", proof_by(&[2, 2, 2]))
            .reverts(E::SignaturesVerificationFailed {}),
        sent("verifyInput, v of 29", signed(&|proof| proof.signatures[0][64] = 29))
            .reverts(EcdsaErrors::ECDSAInvalidSignature {}),
        sent("verifyInput, v of 0", signed(&|proof| proof.signatures[0][64] = 0))
            .reverts(EcdsaErrors::ECDSAInvalidSignature {}),
        sent("verifyInput, r of zero", signed(&|proof| proof.signatures[1][..32].fill(0)))
            .reverts(EcdsaErrors::ECDSAInvalidSignature {}),
        sent("verifyInput, r too large", signed(&|proof| proof.signatures[1][..32].fill(255)))
            .reverts(EcdsaErrors::ECDSAInvalidSignature {}),
        sent("verifyInput, s of zero", signed(&|proof| proof.signatures[1][32..64].fill(0)))
            .reverts(EcdsaErrors::ECDSAInvalidSignature {}),
        sent("verifyInput, s too large", signed(&|proof| proof.signatures[0][32..64].fill(255)))
            .reverts(EcdsaErrors::ECDSAInvalidSignatureS { s: high_s }),
        sent("verifyInput, s just above half", {
            signed(&|proof| proof.signatures[0][32..64].copy_from_slice(low_s.as_slice()))
        })
        .reverts(EcdsaErrors::ECDSAInvalidSignatureS { s: low_s }),
        call("verifyInput of a handle not in the proof", verify(with(0, 0), &bytes))
            .reverts(E::InvalidInputHandle {}),
        call("verifyInput of another type", verify(with(30, FheType::Uint8.id()), &bytes))
            .reverts(E::InvalidInputHandle {}),
        call("verifyInput with a dirty user", {
            let mut data = verify(one, &bytes);
            data[4] = 1;
            data
        })
        .reverts_empty(),
        call("verifyInput of an impossible length", {
            let mut data = verify(one, &bytes);
            data[4 + 4 * 32] = 1;
            data
        })
        .reverts(Panic::from(PanicKind::ResourceError)),
        call("verifyInput, malformed", verify(one, &bytes)[..131].to_vec()).reverts_empty(),
    ]
}

fn views() -> Vec<Case> {
    let call = |name, data| case(name, IV, data).after(three);
    let gateway = Gateway::LOCAL;
    let ty = "CiphertextVerification(bytes32[] ctHandles,address userAddress,\
              address contractAddress,uint256 contractChainId,bytes extraData)";
    let is = |account| I::isSignerCall { account }.abi_encode();
    vec![
        call("getCoprocessorSigners", I::getCoprocessorSignersCall {}.abi_encode())
            .returns(signers(&[1, 2, 3])),
        call("InputVerifier.getThreshold", I::getThresholdCall {}.abi_encode())
            .returns(U256::from(2)),
        call("InputVerifier.isSigner", is(signer(1).1)).returns(true),
        call("InputVerifier.isSigner of a stranger", is(signer(9).1)).returns(false),
        call("InputVerifier.isSigner of one before", is(first())).returns(false),
        call("InputVerifier.isSigner, dirty", {
            let mut data = is(signer(1).1);
            data[4] = 1;
            data
        })
        .reverts_empty(),
        call("EIP712_INPUT_VERIFICATION_TYPE", {
            I::EIP712_INPUT_VERIFICATION_TYPECall {}.abi_encode()
        })
        .returns(ty.to_owned()),
        call("EIP712_INPUT_VERIFICATION_TYPEHASH", {
            I::EIP712_INPUT_VERIFICATION_TYPEHASHCall {}.abi_encode()
        })
        .returns(keccak256(ty)),
        call("InputVerifier.eip712Domain", I::eip712DomainCall {}.abi_encode())
            .returns_params(domain("InputVerification", gateway.input_verification)),
        call("InputVerifier.getHandleVersion", I::getHandleVersionCall {}.abi_encode())
            .returns(U256::ZERO),
        call("InputVerifier.getVersion", I::getVersionCall {}.abi_encode())
            .returns("InputVerifier v0.2.0".to_owned()),
        call("InputVerifier, unknown", vec![1, 2, 3, 4]).reverts_empty(),
        call("InputVerifier, no selector", vec![0x0d, 0x8e, 0x6e]).reverts_empty(),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let initializers = initializers(IV, Gateway::LOCAL.input_verification, &[first()], |_| ());
    [administration(), proofs(), views(), initializers, upgrades(IV)]
        .into_iter()
        .flatten()
        .collect()
}
