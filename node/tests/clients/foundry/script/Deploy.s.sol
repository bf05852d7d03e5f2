// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ConfidentialToken} from "contracts/ConfidentialToken.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// @title Deploys the confidential token
contract Deploy {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Deploys it for the sender.
    /// @return token The token.
    function run() external returns (ConfidentialToken token) {
        VM.startBroadcast();
        token = new ConfidentialToken(msg.sender, "Test", "TEST", "");
        VM.stopBroadcast();
    }
}
