// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title The configuration of the key management system
/// @notice Signers and thresholds, by context: a context is one set of signers.
interface IProtocolConfig {
    /// @notice The current context.
    function getCurrentKmsContextId() external view returns (uint256);
    /// @notice The current context and its current epoch.
    function getCurrentKmsContextAndEpoch() external view returns (uint256 contextId, uint256 epochId);
    /// @notice Whether the context exists and has not been destroyed.
    function isValidKmsContext(uint256 contextId) external view returns (bool);
    /// @notice The current signers.
    function getKmsSigners() external view returns (address[] memory);
    /// @notice Whether the account is one of them.
    function isKmsSigner(address account) external view returns (bool);
    /// @notice How many must sign a public decryption.
    function getPublicDecryptionThreshold() external view returns (uint256);
    /// @notice The name and version.
    function getVersion() external pure returns (string memory);
}
