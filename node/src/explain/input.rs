//! The input verifier.

use alloy_sol_types::SolError;
use ciphervm_precompiles::InputErrors;

use super::Context;

/// The chain id that an input should have had.
pub(super) fn chain(data: &[u8], context: &Context<'_>) -> Option<String> {
    let wrong = *data.first_chunk()? == InputErrors::InvalidChainId::SELECTOR;
    wrong.then(|| format!("this chain is {}", context.chain_id))
}

super::errors! { InputErrors::InputErrorsErrors {
    DeserializingInputProofFail() =>
        "the input proof is shorter than the handles and signatures that it announces",
        "pass the proof as the client library returned it";
    EmptyInputProof() =>
        "the input proof has no byte",
        "pass the proof that came with the encrypted input";
    InvalidChainId() =>
        "the input was encrypted for another chain",
        "encrypt it again with this chain's id";
    InvalidIndex() =>
        "the input proof holds fewer values than the handle's index",
        "pass the handle and the proof of one and the same encryption";
    InvalidInputHandle() =>
        "the input proof holds another handle at this index",
        "pass the handle and the proof of one and the same encryption";
    InvalidHandleVersion() =>
        "a handle of the proof has a version that is not known",
        "encrypt the input with a client library for this protocol version";
    InvalidSigner(signer) =>
        "the proof is signed by somebody who is no coprocessor, or for another user or contract",
        "encrypt the input for the contract that is called and the account that calls it, with \
         this node's relayer";
    SignatureThresholdNotReached(signatures) =>
        "the proof has fewer signatures than coprocessors must sign",
        "get the proof from this chain's relayer";
    ZeroSignature() =>
        "the proof has no signature",
        "get the proof from this chain's relayer";
    SignaturesVerificationFailed() =>
        "too few different coprocessors signed the proof",
        "get the proof from this chain's relayer";
    CoprocessorSignerNull() =>
        "the zero address is proposed as a coprocessor",
        "name the coprocessors' signing addresses";
    CoprocessorAlreadySigner() =>
        "a coprocessor is proposed twice",
        "name each signing address once";
    SignersSetIsEmpty() =>
        "no coprocessor is proposed",
        "name at least one signing address";
    ThresholdIsNull() =>
        "the proposed number of signatures is zero",
        "require at least one signature";
    ThresholdIsAboveNumberOfSigners() =>
        "more signatures would be required than there are coprocessors",
        "lower the threshold, or name more coprocessors";
    NotASigner() =>
        "the account is no coprocessor",
        "name one of getCoprocessorSigners";
}}
