//! The KMS verifier: checks the key management system's signatures under decryption results.
//!
//! The signers stand in the protocol configuration, so every address at which this contract
//! answers gives the same answers. It writes nothing and works under `STATICCALL`.

use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use ciphervm_fhe::Handle;

use crate::{
    calldata::{self, Arguments},
    ecdsa::SIGNATURE_LENGTH,
    eip712::{Domain, decryption_digest},
    errors::KmsErrors,
    frame::{Abort, Frame, Outcome},
    interface::KmsVerifier,
    protocol_config,
    signers::Verdict,
};

/// The version string of protocol 0.13.
const VERSION: &str = "KMSVerifier v0.3.0";

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    let signers = protocol_config::signers(frame.config().addresses.protocol_config);
    match selector {
        KmsVerifier::verifyDecryptionEIP712KMSSignaturesCall::SELECTOR => {
            verify_decryption(frame, arguments).map(|verified| verified.abi_encode().into())
        }
        KmsVerifier::getKmsSignersCall::SELECTOR => {
            signers.list(frame).map(|signers| signers.abi_encode().into())
        }
        KmsVerifier::getThresholdCall::SELECTOR => {
            signers.threshold(frame).map(|threshold| threshold.abi_encode().into())
        }
        KmsVerifier::isSignerCall::SELECTOR => {
            let account = arguments.address(0)?;
            signers.contains(frame, account).map(|signs| signs.abi_encode().into())
        }
        KmsVerifier::getCurrentKmsContextIdCall::SELECTOR => {
            Ok(protocol_config::CONTEXT.abi_encode().into())
        }
        KmsVerifier::getContextSignersAndThresholdFromExtraDataCall::SELECTOR => {
            require_current_context(arguments.bytes(0)?)?;
            let (signers, threshold) = (signers.list(frame)?, signers.threshold(frame)?);
            Ok((signers, threshold).abi_encode_params().into())
        }
        KmsVerifier::getProtocolConfigAddressCall::SELECTOR => {
            Ok(frame.config().addresses.protocol_config.abi_encode().into())
        }
        KmsVerifier::eip712DomainCall::SELECTOR => {
            Ok(Domain::decryption(&frame.config().gateway).describe())
        }
        KmsVerifier::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        _ => Err(Abort::empty()),
    }
}

/// `verifyDecryptionEIP712KMSSignatures`, with the proof
/// `signature count (1) ‖ signatures (65 each) ‖ extra data`. False if enough signatures are there
/// and too few different signers made them.
fn verify_decryption(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome<bool> {
    let handles: Vec<Handle> = arguments.words(0)?.into_iter().map(Handle).collect();
    let (result, proof) = (arguments.bytes(1)?, arguments.bytes(2)?);
    let [count, rest @ ..] = proof else {
        return Err(Abort::revert(KmsErrors::EmptyDecryptionProof {}));
    };
    let Some((signatures, extra_data)) =
        rest.split_at_checked(SIGNATURE_LENGTH * usize::from(*count))
    else {
        return Err(Abort::revert(KmsErrors::DeserializingDecryptionProofFail {}));
    };
    let digest = digest(frame, &handles, result, extra_data)?;
    require_current_context(extra_data)?;
    let signers = protocol_config::signers(frame.config().addresses.protocol_config);
    match signers.verify(frame, digest, signatures.chunks_exact(SIGNATURE_LENGTH))? {
        Verdict::Accepted => Ok(true),
        Verdict::Repeated => Ok(false),
        Verdict::NoSignature => Err(Abort::revert(KmsErrors::KMSZeroSignature {})),
        Verdict::TooFew => Err(Abort::revert(KmsErrors::KMSSignatureThresholdNotReached {
            signatures: U256::from(*count),
        })),
        Verdict::Stranger(signer) => Err(Abort::revert(KmsErrors::KMSInvalidSigner { signer })),
    }
}

/// Extra data says by which context of the key management system a result was made. There is one
/// context here, which version 0 (empty, or a first byte zero) means.
fn require_current_context(extra_data: &[u8]) -> Outcome {
    match extra_data.first() {
        None | Some(0) => Ok(()),
        Some(version) => {
            Err(Abort::revert(KmsErrors::UnsupportedExtraDataVersion { version: *version }))
        }
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
