// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title The input verifier
/// @notice Who vouches for encrypted inputs.
interface IInputVerifier {
    /// @notice Whom an input is for.
    struct ContextUserInputs {
        /// The user who made it.
        address userAddress;
        /// The contract that they pass it to.
        address contractAddress;
    }

    /// @notice Returns the handle if the proof covers it, else fails.
    function verifyInput(
        ContextUserInputs calldata context,
        bytes32 inputHandle,
        bytes calldata inputProof
    ) external returns (bytes32);
    /// @notice Forgets the proofs verified in this transaction.
    function cleanTransientStorage() external;
    /// @notice The coprocessors whose signatures count.
    function getCoprocessorSigners() external view returns (address[] memory);
    /// @notice How many of them must have signed.
    function getThreshold() external view returns (uint256);
    /// @notice Whether the account is one of them.
    function isSigner(address account) external view returns (bool);
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
    /// @notice The version byte of handles.
    function getHandleVersion() external pure returns (uint8);
    /// @notice The name and version.
    function getVersion() external pure returns (string memory);
}
