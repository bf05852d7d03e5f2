// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title The verifier of public decryptions
/// @notice Who vouches for decrypted values.
interface IKMSVerifier {
    /// @notice Whether enough signers vouch that the handles decrypt to the result; fails on a
    /// proof that is malformed or has a stranger's signature.
    function verifyDecryptionEIP712KMSSignatures(
        bytes32[] calldata handlesList,
        bytes calldata decryptedResult,
        bytes calldata decryptionProof
    ) external returns (bool);
    /// @notice The signers that a proof with this extra data needs, and how many of them.
    function getContextSignersAndThresholdFromExtraData(
        bytes calldata extraData
    ) external view returns (address[] memory signers, uint256 threshold);
    /// @notice The current signers.
    function getKmsSigners() external view returns (address[] memory);
    /// @notice How many of them must have signed.
    function getThreshold() external view returns (uint256);
    /// @notice Whether the account is one of them.
    function isSigner(address account) external view returns (bool);
    /// @notice The current set of signers.
    function getCurrentKmsContextId() external view returns (uint256);
    /// @notice The contract that names signers and thresholds.
    function getProtocolConfigAddress() external view returns (address);
    /// @notice The EIP-712 domain of their signatures (ERC-5267).
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
    /// @notice The name and version.
    function getVersion() external pure returns (string memory);
}
