//! Recovery of signers.

use ciphervm_precompiles::EcdsaErrors;

super::errors! { EcdsaErrors::EcdsaErrorsErrors {
    ECDSAInvalidSignature() =>
        "no key made this signature",
        "pass the proof as the relayer returned it";
    ECDSAInvalidSignatureLength(length) =>
        "the signature is not 65 bytes long",
        "pass r, s and v, and no compact form";
    ECDSAInvalidSignatureS(s) =>
        "the signature's s is in the upper half of the group order",
        "sign with a library that gives the lower s (EIP-2)";
}}
