//! The KMS verifier, whose errors the Solidity library has too.

use ciphervm_precompiles::KmsErrors;

super::errors! { KmsErrors::KmsErrorsErrors {
    KMSInvalidSigner(signer) =>
        "the decryption proof is signed by somebody who is no KMS node, or for other handles or \
         values",
        "pass handles in the order of the decryption request, and values and proof as they came \
         from this chain's relayer";
    DeserializingDecryptionProofFail() =>
        "the decryption proof is shorter than the signatures that it announces",
        "pass the proof as the relayer returned it";
    EmptyDecryptionProof() =>
        "the decryption proof has no byte",
        "pass the proof that came with the decrypted values";
    KMSSignatureThresholdNotReached(signatures) =>
        "the decryption proof has fewer signatures than KMS nodes must sign",
        "ask this chain's relayer for the decryption again";
    KMSZeroSignature() =>
        "the decryption proof has no signature",
        "ask this chain's relayer for the decryption again";
    DeserializingExtraDataFail() =>
        "the extra data of the decryption proof has another length than its version says",
        "pass the proof as the relayer returned it";
    UnsupportedExtraDataVersion(version) =>
        "the extra data of the decryption proof has a version that is not known",
        "use a relayer for this protocol version";
}}
