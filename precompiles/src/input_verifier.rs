//! The input verifier: admits handles that coprocessors attest.
//!
//! A proof covers the handles of a whole list. Once checked, it is remembered for the rest of the
//! transaction, so that further handles of the list cost no signatures.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{PanicKind, SolCall, SolStruct, SolValue};
use ciphervm_fhe::{HANDLE_VERSION, Handle, MAX_INPUT_INDEX};

use crate::{
    calldata::{self, Arguments},
    ecdsa::SIGNATURE_LENGTH,
    eip712::{CiphertextVerification, Domain},
    errors::InputErrors,
    frame::{Abort, Frame, Outcome},
    input_proof::{InputProof, input_digest},
    interface::InputVerifier,
    layout,
    signers::{SignerSet, Verdict},
    transient,
    upgrade::{self, Initial},
};

/// The version string of protocol 0.13.
const VERSION: &str = "InputVerifier v0.2.0";

/// The coprocessors, in the contract's storage.
pub(crate) fn coprocessors(input_verifier: Address) -> SignerSet {
    SignerSet::new(layout::namespace(input_verifier, "InputVerifier"))
}

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    let address = frame.config().addresses.input_verifier;
    let signers = coprocessors(address);
    match selector {
        InputVerifier::verifyInputCall::SELECTOR => {
            let (user, contract) = (arguments.address(0)?, arguments.address(1)?);
            let (handle, proof) = (Handle(arguments.word(2)?), arguments.memory_bytes(3)?);
            verify(frame, user, contract, handle, proof).map(|handle| handle.0.abi_encode().into())
        }
        InputVerifier::defineNewContextCall::SELECTOR => {
            define_context(frame, arguments).map(|()| Bytes::new())
        }
        InputVerifier::setThresholdCall::SELECTOR => {
            let threshold = arguments.uint(0)?;
            upgrade::require_host_owner(frame)?;
            set_threshold(frame, signers, threshold)?;
            let signers = signers.list(frame)?;
            announce(frame, signers, threshold).map(|()| Bytes::new())
        }
        InputVerifier::cleanTransientStorageCall::SELECTOR => {
            transient::clear(frame, address).map(|()| Bytes::new())
        }
        InputVerifier::getCoprocessorSignersCall::SELECTOR => {
            signers.list(frame).map(|signers| signers.abi_encode().into())
        }
        InputVerifier::getThresholdCall::SELECTOR => {
            signers.threshold(frame).map(|threshold| threshold.abi_encode().into())
        }
        InputVerifier::isSignerCall::SELECTOR => {
            let account = arguments.address(0)?;
            signers.contains(frame, account).map(|signs| signs.abi_encode().into())
        }
        InputVerifier::EIP712_INPUT_VERIFICATION_TYPECall::SELECTOR => {
            Ok(CiphertextVerification::eip712_encode_type().abi_encode().into())
        }
        InputVerifier::EIP712_INPUT_VERIFICATION_TYPEHASHCall::SELECTOR => {
            Ok(keccak256(&*CiphertextVerification::eip712_encode_type()).abi_encode().into())
        }
        InputVerifier::eip712DomainCall::SELECTOR => {
            Ok(Domain::input_verification(&frame.config().gateway).describe())
        }
        InputVerifier::getHandleVersionCall::SELECTOR => {
            Ok(U256::from(HANDLE_VERSION).abi_encode().into())
        }
        InputVerifier::initializeFromEmptyProxyCall::SELECTOR => {
            let initial = Initial::read(arguments)?;
            upgrade::require_empty_proxy(frame)?;
            let domain = Domain::input_verification(&frame.config().gateway);
            initial.apply(frame, &domain, signers)
        }
        InputVerifier::reinitializeV2Call::SELECTOR => {
            arguments.with_head(2)?.memory_addresses(0)?;
            upgrade::refuse_reinitialization()
        }
        InputVerifier::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        _ => upgrade::call(frame, selector, arguments, upgrade::require_host_owner),
    }
}

/// `defineNewContext`: other signers, with another threshold, in place of those before.
fn define_context(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let arguments = arguments.with_head(2)?;
    let (proposed, threshold) = (arguments.memory_addresses(0)?, arguments.uint(1)?);
    upgrade::require_host_owner(frame)?;
    if proposed.is_empty() {
        return Err(Abort::revert(InputErrors::SignersSetIsEmpty {}));
    }
    let signers = coprocessors(frame.config().addresses.input_verifier);
    signers.clear(frame)?;
    for signer in &proposed {
        if signer.is_zero() {
            return Err(Abort::revert(InputErrors::CoprocessorSignerNull {}));
        }
        if signers.contains(frame, *signer)? {
            return Err(Abort::revert(InputErrors::CoprocessorAlreadySigner {}));
        }
        signers.push(frame, *signer)?;
    }
    set_threshold(frame, signers, threshold)?;
    announce(frame, proposed, threshold)
}

fn set_threshold(frame: &mut Frame<'_>, signers: SignerSet, threshold: U256) -> Outcome {
    if threshold.is_zero() {
        return Err(Abort::revert(InputErrors::ThresholdIsNull {}));
    }
    if threshold > U256::from(signers.len(frame)?) {
        return Err(Abort::revert(InputErrors::ThresholdIsAboveNumberOfSigners {}));
    }
    signers.set_threshold(frame, threshold)
}

fn announce(frame: &mut Frame<'_>, signers: Vec<Address>, threshold: U256) -> Outcome {
    let event = InputVerifier::NewContextSet { newSignersSet: signers, newThreshold: threshold };
    frame.emit(frame.config().addresses.input_verifier, &event)
}

/// Checks that `proof` attests `handle` as an input of `user` to `contract`.
pub(crate) fn verify(
    frame: &mut Frame<'_>,
    user: Address,
    contract: Address,
    handle: Handle,
    proof: &[u8],
) -> Outcome<Handle> {
    if handle.chain_id() != frame.chain_id() {
        return Err(Abort::revert(InputErrors::InvalidChainId {}));
    }
    let verifier = frame.config().addresses.input_verifier;
    let key = frame.keccak(&[contract.as_slice(), user.as_slice(), proof].concat())?;
    let known = transient::contains(frame, verifier, key)?;
    let Some(handles) = proof.first().copied() else {
        return Err(Abort::revert(InputErrors::EmptyInputProof {}));
    };
    if proof.len() < InputProof::COUNTS {
        // Solidity's bounds check on the second count.
        return Err(Abort::panic(PanicKind::ArrayOutOfBounds));
    }
    let index = match handle.input_index() {
        Some(index) if index < handles => usize::from(index.min(MAX_INPUT_INDEX)),
        _ => return Err(Abort::revert(InputErrors::InvalidIndex {})),
    };
    let proof = InputProof::decode(proof)
        .map_err(|_| Abort::revert(InputErrors::DeserializingInputProofFail {}))?;
    if !known {
        attest(frame, user, contract, &proof)?;
        transient::insert(frame, verifier, key)?;
    }
    if proof.handles[index] != handle {
        return Err(Abort::revert(InputErrors::InvalidInputHandle {}));
    }
    Ok(handle)
}

/// Checks the versions and signatures of a proof.
fn attest(frame: &mut Frame<'_>, user: Address, contract: Address, proof: &InputProof) -> Outcome {
    if proof.handles.iter().any(|handle| handle.version() != HANDLE_VERSION) {
        return Err(Abort::revert(InputErrors::InvalidHandleVersion {}));
    }
    let digest = digest(frame, user, contract, proof)?;
    let verifier = frame.config().addresses.input_verifier;
    let signers = coprocessors(verifier);
    let signatures = proof.signatures.iter().map(<[u8; SIGNATURE_LENGTH]>::as_slice);
    let count = U256::from(signatures.len());
    Err(match signers.verify(frame, verifier, digest, signatures)? {
        Verdict::Accepted => return Ok(()),
        Verdict::NoSignature => Abort::revert(InputErrors::ZeroSignature {}),
        Verdict::TooFew => {
            Abort::revert(InputErrors::SignatureThresholdNotReached { signatures: count })
        }
        Verdict::Stranger(signer) => Abort::revert(InputErrors::InvalidSigner { signer }),
        Verdict::Repeated => Abort::revert(InputErrors::SignaturesVerificationFailed {}),
    })
}

fn digest(
    frame: &mut Frame<'_>,
    user: Address,
    contract: Address,
    proof: &InputProof,
) -> Outcome<B256> {
    let extra_data = proof.extra_data.clone();
    frame.charge_typed_data(32 * proof.handles.len() + extra_data.len())?;
    let gateway = &frame.config().gateway;
    let chain_id = frame.chain_id();
    Ok(input_digest(gateway, &proof.handles, user, contract, chain_id, extra_data))
}
