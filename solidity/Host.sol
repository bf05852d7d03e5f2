// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IACL} from "./interfaces/IACL.sol";
import {FheType, IFHEVMExecutor} from "./interfaces/IFHEVMExecutor.sol";
import {IInputVerifier} from "./interfaces/IInputVerifier.sol";
import {IKMSVerifier} from "./interfaces/IKMSVerifier.sol";

/// @notice The host contracts that a contract uses.
/// @dev Names and order are those of the FHEVM libraries: tools read them from storage.
struct CoprocessorConfig {
    /// The access control list.
    address ACLAddress;
    /// The executor of operations.
    address CoprocessorAddress;
    /// The verifier of public decryptions.
    address KMSVerifierAddress;
}

/// @title Calls of the host contracts
/// @notice What `FHE.sol` is built on: handles without their types. Contracts use `FHE.sol`.
library Host {
    /// @dev ERC-7201 slot of `confidential.storage.config`, in the storage of each contract.
    bytes32 private constant CONFIG = 0x9e7b61f58c47dc699ac88507c4f5bb9f121c03808c5676a8078fe583e4649700;
    /// @dev Slot of `CoprocessorAddress`, the second in {CONFIG}.
    bytes32 private constant EXECUTOR = 0x9e7b61f58c47dc699ac88507c4f5bb9f121c03808c5676a8078fe583e4649701;

    /// @notice Returns the host contracts of this contract.
    function config() internal pure returns (CoprocessorConfig storage hosts) {
        assembly {
            hosts.slot := CONFIG
        }
    }

    /// @notice Sets the host contracts of this contract.
    function configure(CoprocessorConfig memory hosts) internal {
        CoprocessorConfig storage stored = config();
        stored.ACLAddress = hosts.ACLAddress;
        stored.CoprocessorAddress = hosts.CoprocessorAddress;
        stored.KMSVerifierAddress = hosts.KMSVerifierAddress;
    }

    /// @notice Returns the access control list.
    function acl() internal view returns (IACL) {
        return IACL(config().ACLAddress);
    }

    /// @notice Returns the executor.
    function executor() internal view returns (IFHEVMExecutor) {
        return IFHEVMExecutor(config().CoprocessorAddress);
    }

    /// @notice Returns the verifier of public decryptions.
    function kmsVerifier() internal view returns (IKMSVerifier) {
        return IKMSVerifier(config().KMSVerifierAddress);
    }

    /// @notice Performs an operation on one handle.
    function unary(bytes4 selector, bytes32 value) internal returns (bytes32) {
        return _execute(selector, value, 0, 0, 0x24);
    }

    /// @notice Performs an operation on two handles.
    function binary(bytes4 selector, bytes32 left, bytes32 right) internal returns (bytes32) {
        return _execute(selector, left, right, 0, 0x64);
    }

    /// @notice Performs an operation on a handle and a clear value.
    function scalar(bytes4 selector, bytes32 left, uint256 right) internal returns (bytes32) {
        return _execute(selector, left, bytes32(right), bytes1(0x01), 0x64);
    }

    /// @notice Returns `ifTrue` or `ifFalse`, as `control` says.
    function select(bytes32 control, bytes32 ifTrue, bytes32 ifFalse) internal returns (bytes32) {
        return _execute(IFHEVMExecutor.fheIfThenElse.selector, control, ifTrue, ifFalse, 0x64);
    }

    /// @notice Converts a value to another type.
    function cast(bytes32 value, FheType to) internal returns (bytes32) {
        return _withType(IFHEVMExecutor.cast.selector, value, to);
    }

    /// @notice Makes a handle of a clear value.
    function encrypt(uint256 value, FheType to) internal returns (bytes32) {
        return _withType(IFHEVMExecutor.trivialEncrypt.selector, bytes32(value), to);
    }

    /// @notice Returns handles to operate on, in an array of their own.
    function initialised(bytes32[] memory handles, FheType handleType) internal returns (bytes32[] memory copy) {
        uint256 length = handles.length;
        copy = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) {
            bytes32 handle = handles[i];
            copy[i] = handle == 0 ? encrypt(0, handleType) : handle;
        }
    }

    /// @notice Returns a random value.
    function rand(FheType randType) internal returns (bytes32) {
        return unary(IFHEVMExecutor.fheRand.selector, bytes32(uint256(randType)));
    }

    /// @notice Returns a random value below `upperBound`, a power of two.
    function randBounded(uint256 upperBound, FheType randType) internal returns (bytes32) {
        return _withType(IFHEVMExecutor.fheRandBounded.selector, bytes32(upperBound), randType);
    }

    /// @notice Returns `a * b / divisor` with an exact product.
    function mulDiv(bytes32 a, bytes32 b, uint256 divisor) internal returns (bytes32) {
        return executor().fheMulDiv(a, b, bytes32(divisor), 0x01);
    }

    /// @notice Returns `a * b / divisor` with an exact product and a clear `b`.
    function mulDivScalar(bytes32 a, uint256 b, uint256 divisor) internal returns (bytes32) {
        return executor().fheMulDiv(a, bytes32(b), bytes32(divisor), 0x03);
    }

    /// @notice Grants `account` the use of a handle for good.
    function allow(bytes32 handle, address account) internal {
        acl().allow(handle, account);
    }

    /// @notice Grants `account` the use of a handle until the transaction ends.
    function allowTransient(bytes32 handle, address account) internal {
        acl().allowTransient(handle, account);
    }

    /// @notice Lets everyone decrypt a value.
    function publish(bytes32 handle) internal {
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = handle;
        acl().allowForDecryption(handles);
    }

    /// @notice Returns whether `account` may use a handle.
    function isAllowed(bytes32 handle, address account) internal view returns (bool) {
        return acl().isAllowed(handle, account);
    }

    /// @notice Returns whether everyone may decrypt a value.
    function isPublic(bytes32 handle) internal view returns (bool) {
        return acl().isAllowedForDecryption(handle);
    }

    /// @notice Ends all transient grants and forgets the proofs verified in this transaction.
    function cleanTransientStorage() internal {
        acl().cleanTransientStorage();
        IInputVerifier(executor().getInputVerifierAddress()).cleanTransientStorage();
    }

    /// @dev Calls a function of a word and a type.
    function _withType(bytes4 selector, bytes32 word, FheType handleType) private returns (bytes32) {
        return _execute(selector, word, bytes32(uint256(handleType)), 0, 0x44);
    }

    /// @dev Calls the executor: calldata are the first `length` bytes of selector and words. Its
    /// errors are passed on; an account without code returns nothing, hence fails.
    function _execute(
        bytes4 selector,
        bytes32 a,
        bytes32 b,
        bytes32 c,
        uint256 length
    ) private returns (bytes32 result) {
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, selector)
            mstore(add(start, 0x04), a)
            mstore(add(start, 0x24), b)
            mstore(add(start, 0x44), c)
            if iszero(call(gas(), sload(EXECUTOR), 0, start, length, 0x00, 0x20)) {
                returndatacopy(start, 0, returndatasize())
                revert(start, returndatasize())
            }
            if lt(returndatasize(), 0x20) {
                revert(0, 0)
            }
            result := mload(0x00)
        }
    }
}
