//! The KMS verifier: checks the key management system's signatures under decryption results.
//!
//! The signers stand in the protocol configuration, so every address at which this contract
//! answers gives the same answers.

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolStruct, SolValue};
use ciphervm_fhe::Handle;

use crate::{
    calldata::{self, Arguments},
    ecdsa::SIGNATURE_LENGTH,
    eip712::{Domain, PublicDecryptVerification, decryption_digest},
    errors::KmsErrors,
    frame::{Abort, Frame, Outcome},
    interface::{InputVerifier, KmsVerifier},
    protocol_config::Context,
    signers::Verdict,
    upgrade::{self, Initial},
};

/// The version string of protocol 0.13.
const VERSION: &str = "KMSVerifier v0.3.0";

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    match selector {
        KmsVerifier::verifyDecryptionEIP712KMSSignaturesCall::SELECTOR => {
            verify_decryption(frame, arguments).map(|verified| verified.abi_encode().into())
        }
        KmsVerifier::getKmsSignersCall::SELECTOR => {
            let signers = Context::current(frame)?.signers();
            signers.list(frame).map(|signers| signers.abi_encode().into())
        }
        KmsVerifier::getSignersForKmsContextCall::SELECTOR => {
            let signers = Context::active(frame, arguments.uint(0)?)?.signers();
            signers.list(frame).map(|signers| signers.abi_encode().into())
        }
        KmsVerifier::getThresholdCall::SELECTOR => {
            let signers = Context::current(frame)?.signers();
            signers.threshold(frame).map(|threshold| threshold.abi_encode().into())
        }
        KmsVerifier::isSignerCall::SELECTOR => {
            let account = arguments.address(0)?;
            let signers = Context::current(frame)?.signers();
            signers.contains(frame, account).map(|signs| signs.abi_encode().into())
        }
        KmsVerifier::getCurrentKmsContextIdCall::SELECTOR => {
            Context::current_id(frame).map(|id| id.abi_encode().into())
        }
        KmsVerifier::getContextSignersAndThresholdFromExtraDataCall::SELECTOR => {
            let id = named_context(frame, arguments.bytes(0)?)?;
            let signers = Context::active(frame, id)?.signers();
            let (signers, threshold) = (signers.list(frame)?, signers.threshold(frame)?);
            Ok((signers, threshold).abi_encode_params().into())
        }
        KmsVerifier::getProtocolConfigAddressCall::SELECTOR => {
            Ok(frame.config().addresses.protocol_config.abi_encode().into())
        }
        KmsVerifier::EIP712_PUBLIC_DECRYPT_TYPECall::SELECTOR => {
            Ok(PublicDecryptVerification::eip712_encode_type().abi_encode().into())
        }
        KmsVerifier::DECRYPTION_RESULT_TYPEHASHCall::SELECTOR => {
            Ok(keccak256(&*PublicDecryptVerification::eip712_encode_type()).abi_encode().into())
        }
        KmsVerifier::eip712DomainCall::SELECTOR => {
            Ok(Domain::decryption(&frame.config().gateway).describe())
        }
        KmsVerifier::initializeFromEmptyProxyCall::SELECTOR => {
            arguments.address(0)?;
            arguments.uint64(1)?;
            upgrade::refuse_initialization()
        }
        // That of protocol 0.12 and before, which had signers here: the FHEVM plugin for Hardhat
        // calls it. Both verifiers had the same arguments.
        InputVerifier::initializeFromEmptyProxyCall::SELECTOR => {
            let initial = Initial::read(arguments)?;
            upgrade::require_empty_proxy(frame)?;
            let signers = Context::current(frame)?.signers();
            initial.apply(frame, &Domain::decryption(&frame.config().gateway), signers)
        }
        KmsVerifier::reinitializeV4Call::SELECTOR => upgrade::refuse_reinitialization(),
        KmsVerifier::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        _ => upgrade::call(frame, selector, arguments, upgrade::require_host_owner),
    }
}

/// `verifyDecryptionEIP712KMSSignatures`, with the proof
/// `signature count (1) ‖ signatures (65 each) ‖ extra data`. False if enough signatures are there
/// and too few different signers made them.
fn verify_decryption(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome<bool> {
    let arguments = arguments.with_head(3)?;
    let handles: Vec<Handle> = arguments.memory_words(0)?.into_iter().map(Handle).collect();
    let (result, proof) = (arguments.memory_bytes(1)?, arguments.memory_bytes(2)?);
    let [count, rest @ ..] = proof else {
        return Err(Abort::revert(KmsErrors::EmptyDecryptionProof {}));
    };
    let Some((signatures, extra_data)) =
        rest.split_at_checked(SIGNATURE_LENGTH * usize::from(*count))
    else {
        return Err(Abort::revert(KmsErrors::DeserializingDecryptionProofFail {}));
    };
    let digest = digest(frame, &handles, result, extra_data)?;
    let context = named_context(frame, extra_data)?;
    if *count == 0 {
        return Err(Abort::revert(KmsErrors::KMSZeroSignature {}));
    }
    let signers = Context::active(frame, context)?.signers();
    let verifier = frame.config().addresses.kms_verifier;
    let signatures = signatures.chunks_exact(SIGNATURE_LENGTH);
    match signers.verify(frame, verifier, digest, signatures)? {
        Verdict::Accepted => Ok(true),
        Verdict::Repeated => Ok(false),
        Verdict::NoSignature => Err(Abort::revert(KmsErrors::KMSZeroSignature {})),
        Verdict::TooFew => Err(Abort::revert(KmsErrors::KMSSignatureThresholdNotReached {
            signatures: U256::from(*count),
        })),
        Verdict::Stranger(signer) => Err(Abort::revert(KmsErrors::KMSInvalidSigner { signer })),
    }
}

/// Which context of the key management system made a result, as its extra data says:
///
/// | version | extra data | context |
/// |---|---|---|
/// | 0 | nothing, or anything after a zero | the current one |
/// | 1 | `01 ‖ context (32)` | that one |
/// | 2 | `02 ‖ context (32) ‖ epoch (32)` | that one; the epoch is signed and not looked at |
///
/// The context need not exist.
fn named_context(frame: &mut Frame<'_>, extra_data: &[u8]) -> Outcome<U256> {
    let (version, rest) = match extra_data {
        [] | [0, ..] => return Context::current_id(frame),
        [version, rest @ ..] => (*version, rest),
    };
    let words = match version {
        1 => 1,
        2 => 2,
        _ => return Err(Abort::revert(KmsErrors::UnsupportedExtraDataVersion { version })),
    };
    match rest.split_first_chunk() {
        Some((context, _)) if rest.len() == 32 * words => Ok(U256::from_be_bytes::<32>(*context)),
        _ => Err(Abort::revert(KmsErrors::DeserializingExtraDataFail {})),
    }
}

fn digest(
    frame: &mut Frame<'_>,
    handles: &[Handle],
    result: &[u8],
    extra_data: &[u8],
) -> Outcome<B256> {
    frame.charge_typed_data(32 * handles.len() + result.len() + extra_data.len())?;
    let gateway = &frame.config().gateway;
    let bytes = Bytes::copy_from_slice;
    Ok(decryption_digest(gateway, handles, bytes(result), bytes(extra_data)))
}
