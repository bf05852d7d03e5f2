// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ConfigByAddress} from "@ciphervm/solidity/Config.sol";
import {CoprocessorConfig, FHE, euint32, externalEuint32} from "@ciphervm/solidity/FHE.sol";

/// @title A running total on any chain
/// @notice Our library from its own imports, in a contract that is told its host contracts.
contract Tally is ConfigByAddress {
    /// @notice The total. This contract and whoever added last may use it.
    euint32 public total;

    /// @param hosts The host contracts.
    constructor(CoprocessorConfig memory hosts) ConfigByAddress(hosts) {}

    /// @notice Adds an encrypted amount.
    /// @param amount The amount, encrypted by the sender for this contract.
    /// @param proof The proof that covers it.
    function add(externalEuint32 amount, bytes calldata proof) external {
        total = FHE.allowThis(FHE.add(total, FHE.fromExternal(amount, proof)));
        FHE.allow(total, msg.sender);
    }
}
