//! The Solidity library and its configuration, besides what they share with the KMS verifier.

use alloy_sol_types::sol;

sol! {
    /// Errors that contracts give by including the library.
    interface LibraryErrors {
        error SenderNotAllowedToUseHandle(bytes32 handle, address sender);
        error InvalidKMSSignatures();
        error ZamaProtocolUnsupported();
        error UnknownChain(uint256 chainId);
    }
}

super::errors! { LibraryErrors::LibraryErrorsErrors {
    SenderNotAllowedToUseHandle(handle, sender) about handle =>
        "the sender passes a handle without a proof and may not use it",
        "pass the input with its proof, or have the contract that holds the handle call FHE.allow \
         for the sender";
    InvalidKMSSignatures() =>
        "too few different KMS nodes signed the decryption proof",
        "pass handles, values and proof of one and the same decryption by this chain's relayer";
    ZamaProtocolUnsupported() =>
        "the contract's configuration has no host contracts for this chain's id",
        "run the chain with id 31337, or set the addresses with FHE.setCoprocessor";
    UnknownChain(chainId) =>
        "the contract's configuration has no host contracts for this chain's id",
        "run the chain with id 31337, or set the addresses with FHE.setCoprocessor";
}}
