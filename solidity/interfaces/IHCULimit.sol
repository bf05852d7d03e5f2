// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title The meter of homomorphic work
/// @notice How much of it, in HCU, a transaction and a block may ask for.
interface IHCULimit {
    /// @notice The most that one transaction may use.
    function getMaxHCUPerTx() external view returns (uint48);
    /// @notice The most along any chain of operations that need each other's results.
    function getMaxHCUDepthPerTx() external view returns (uint48);
    /// @notice The most that all contracts together may use in a block.
    function getGlobalHCUCapPerBlock() external view returns (uint48);
    /// @notice Whether the contract is exempt from the limit per block.
    function isBlockHCUWhitelisted(address account) external view returns (bool);
    /// @notice What the block that used the meter last has used.
    function getBlockMeter() external view returns (uint48 blockNumber, uint48 usedHCU);
    /// @notice The executor.
    function getFHEVMExecutorAddress() external view returns (address);
    /// @notice The name and version.
    function getVersion() external pure returns (string memory);
}
