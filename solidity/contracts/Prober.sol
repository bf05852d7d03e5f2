// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {CoprocessorConfig, Impl} from "@fhevm/solidity/lib/Impl.sol";

/// @title An account on chain that does what it is told
/// @notice Conformance vectors are lists of calls. This contract makes them, in one transaction if
/// they must share its transient state, and tells what each gave. Words that a call returns can be
/// put into the calls after it, so that a list can compute with handles that it makes.
/// @dev It finds its host contracts as every contract does that inherits the library's
/// configuration, so it runs on every chain that the library knows.
contract Prober is ZamaEthereumConfig {
    /// @notice How a call is made.
    enum Kind {
        Call,
        StaticCall,
        DelegateCall
    }

    /// @notice A call.
    struct Step {
        Kind kind;
        address target;
        uint256 value;
        /// Gas that the call gets, or zero for what there is.
        uint256 gasLimit;
        bytes data;
        /// Words to put into {data} first: the offset, times 2^128, and the number of the word.
        uint256[] patches;
        /// Offsets of the words to take out of what is returned.
        uint256[] takes;
    }

    /// @notice What a list of calls gave.
    /// @param words The words that were taken, in order.
    /// @param outcomes For each call a byte, one if it succeeded, and what it returned.
    event Ran(bytes32[] words, bytes[] outcomes);

    /// @notice Carries what a list of calls gave out of the frame that is undone.
    /// @param words As in {Ran}.
    /// @param outcomes As in {Ran}.
    error Undone(bytes32[] words, bytes[] outcomes);

    /// @notice Takes ether, to have some to send.
    receive() external payable {}

    /// @notice Makes calls, whether or not those before succeed.
    /// @param steps The calls.
    /// @return words As in {Ran}.
    /// @return outcomes As in {Ran}.
    function run(Step[] calldata steps) external payable returns (bytes32[] memory words, bytes[] memory outcomes) {
        (words, outcomes) = _run(steps);
        emit Ran(words, outcomes);
    }

    /// @notice Makes calls, and undoes all of them.
    /// @param steps The calls.
    function runAndUndo(Step[] calldata steps) external payable {
        (bytes32[] memory words, bytes[] memory outcomes) = _run(steps);
        revert Undone(words, outcomes);
    }

    /// @notice The host contracts that this contract was told of when it was made.
    /// @return acl The access control list.
    /// @return executor The executor of operations.
    /// @return kmsVerifier The verifier of decryptions.
    function hosts() external view returns (address acl, address executor, address kmsVerifier) {
        CoprocessorConfig storage config = Impl.getCoprocessorConfig();
        return (config.ACLAddress, config.CoprocessorAddress, config.KMSVerifierAddress);
    }

    function _run(Step[] calldata steps) private returns (bytes32[] memory words, bytes[] memory outcomes) {
        uint256 taken;
        for (uint256 i; i < steps.length; ++i) {
            taken += steps[i].takes.length;
        }
        words = new bytes32[](taken);
        outcomes = new bytes[](steps.length);
        taken = 0;
        for (uint256 i; i < steps.length; ++i) {
            (bool success, bytes memory answer) = _call(steps[i], words);
            uint256[] calldata takes = steps[i].takes;
            for (uint256 j; j < takes.length; ++j) {
                words[taken++] = _word(answer, takes[j]);
            }
            outcomes[i] = abi.encodePacked(success, answer);
        }
    }

    function _call(Step calldata step, bytes32[] memory words) private returns (bool, bytes memory) {
        bytes memory data = step.data;
        for (uint256 j; j < step.patches.length; ++j) {
            uint256 offset = step.patches[j] >> 128;
            bytes32 word = words[uint128(step.patches[j])];
            require(offset + 32 <= data.length, "a patch is out of bounds");
            assembly ("memory-safe") {
                mstore(add(add(data, 32), offset), word)
            }
        }
        uint256 gasLimit = step.gasLimit == 0 ? gasleft() : step.gasLimit;
        if (step.kind == Kind.StaticCall) return step.target.staticcall{gas: gasLimit}(data);
        if (step.kind == Kind.DelegateCall) return step.target.delegatecall{gas: gasLimit}(data);
        return step.target.call{gas: gasLimit, value: step.value}(data);
    }

    /// @dev Zero where there is no such word: the call after it will show that.
    function _word(bytes memory data, uint256 offset) private pure returns (bytes32 word) {
        if (offset + 32 > data.length) return 0;
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), offset))
        }
    }
}
