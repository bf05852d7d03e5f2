// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, euint64, externalEuint64} from "@fhevm/solidity/lib/FHE.sol";

/// @title A probe of the host contracts' state rules
/// @notice Each function sets up one situation and leaves the handle it is about in a public
/// variable, where a test can read it and ask the host contracts what they remember.
/// @dev A handle is derived from the operation, its operands and the block, so the same value
/// encrypted twice in one block is one handle. Tests that compare a function with its control
/// must give them different values or different blocks.
contract Probe is ZamaEthereumConfig {
    /// @notice The value of the latest {store}.
    bytes32 public stored;
    /// @notice The value of the latest {grant}.
    bytes32 public granted;
    /// @notice The value whose grants the latest {grantInnerRevert} undid.
    bytes32 public innerHandle;
    /// @notice The value of the latest {makeTransient}.
    bytes32 public transientHandle;
    /// @notice The first of the two equal sums of the latest {addTwice}.
    bytes32 public first;
    /// @notice The second of the two equal sums of the latest {addTwice}.
    bytes32 public second;
    /// @notice The one result that the latest {deadWork} kept.
    bytes32 public live;
    /// @notice The result of the latest {addInputs}.
    bytes32 public sum;
    /// @notice The value of the latest {publish}.
    bytes32 public published;

    /// @notice Carries out of a reverted frame the handle that the frame made.
    /// @param handle The handle.
    error Rolledback(bytes32 handle);

    /// @notice Encrypts a value and keeps it for this contract alone.
    /// @param value The value in the clear.
    /// @return The handle, also in {stored}.
    function store(uint64 value) external returns (bytes32) {
        stored = FHE.toBytes32(FHE.allowThis(FHE.asEuint64(value)));
        return stored;
    }

    /// @notice Grants a value to the sender and to this contract.
    /// @dev The control of {grantThenRevert}.
    /// @param value The value in the clear.
    /// @return The handle, also in {granted}.
    function grant(uint64 value) external returns (bytes32) {
        granted = _grant(value);
        return granted;
    }

    /// @notice Does what {grant} does, then reverts with {Rolledback}.
    /// @param value The value in the clear.
    function grantThenRevert(uint64 value) external {
        revert Rolledback(_grant(value));
    }

    /// @notice Runs {grantThenRevert} in an inner frame and survives it: the transaction
    /// succeeds and the grants, made to this contract twice over, are undone.
    /// @param value The value in the clear.
    /// @return The handle, also in {innerHandle}.
    function grantInnerRevert(uint64 value) external returns (bytes32) {
        try this.grantThenRevert(value) {} catch (bytes memory reason) {
            // A host contract's own error is the test's to see, not to be read as a handle.
            bool expected = reason.length == 36 && bytes4(reason) == Rolledback.selector;
            bytes32 handle;
            assembly ("memory-safe") {
                if iszero(expected) {
                    revert(add(reason, 32), mload(reason))
                }
                // Past the length word and the selector.
                handle := mload(add(reason, 36))
            }
            innerHandle = handle;
        }
        return innerHandle;
    }

    /// @notice Makes a value and grants it to nobody: it is usable until the transaction ends.
    /// @param value The value in the clear.
    /// @return The handle, also in {transientHandle}.
    function makeTransient(uint64 value) external returns (bytes32) {
        transientHandle = FHE.toBytes32(FHE.asEuint64(value));
        return transientHandle;
    }

    /// @notice Adds one to the value of {makeTransient}; in a later transaction the host refuses.
    /// @return The handle of the sum.
    function useTransient() external returns (bytes32) {
        return _addOne(transientHandle);
    }

    /// @notice Adds one to any handle; the host refuses one that this contract may not use.
    /// @param handle The handle, which is taken to be of a `euint64`.
    /// @return The handle of the sum.
    function useForeign(bytes32 handle) external returns (bytes32) {
        return _addOne(handle);
    }

    /// @notice Adds the same two values twice.
    /// @param a The left value in the clear.
    /// @param b The right value in the clear.
    /// @return The handles of the sums, which are equal; also in {first} and {second}.
    function addTwice(uint64 a, uint64 b) external returns (bytes32, bytes32) {
        euint64 left = FHE.asEuint64(a);
        euint64 right = FHE.asEuint64(b);
        first = FHE.toBytes32(FHE.allowThis(FHE.add(left, right)));
        second = FHE.toBytes32(FHE.allowThis(FHE.add(left, right)));
        return (first, second);
    }

    /// @notice Computes three results, of which only the cheap one outlives the transaction.
    /// @param a The value in the clear.
    /// @return The handle of `a + 1`, also in {live}.
    function deadWork(uint64 a) external returns (bytes32) {
        euint64 value = FHE.asEuint64(a);
        FHE.mul(value, value);
        FHE.div(value, 7);
        live = FHE.toBytes32(FHE.allowThis(FHE.add(value, 1)));
        return live;
    }

    /// @notice Adds two encrypted inputs and grants the sum to the sender and to this contract.
    /// @param a The left input.
    /// @param b The right input.
    /// @param proof The proof that covers both inputs.
    /// @return The handle of the sum, also in {sum}.
    function addInputs(externalEuint64 a, externalEuint64 b, bytes calldata proof) external returns (bytes32) {
        euint64 result = FHE.add(FHE.fromExternal(a, proof), FHE.fromExternal(b, proof));
        FHE.allowThis(result);
        FHE.allow(result, msg.sender);
        sum = FHE.toBytes32(result);
        return sum;
    }

    /// @notice Encrypts a value and lets everyone decrypt it.
    /// @param value The value in the clear.
    /// @return The handle, also in {published}.
    function publish(uint64 value) external returns (bytes32) {
        published = FHE.toBytes32(FHE.makePubliclyDecryptable(FHE.asEuint64(value)));
        return published;
    }

    function _grant(uint64 value) private returns (bytes32) {
        euint64 encrypted = FHE.asEuint64(value);
        FHE.allowThis(encrypted);
        FHE.allow(encrypted, msg.sender);
        return FHE.toBytes32(encrypted);
    }

    function _addOne(bytes32 handle) private returns (bytes32) {
        return FHE.toBytes32(FHE.add(euint64.wrap(handle), 1));
    }
}
