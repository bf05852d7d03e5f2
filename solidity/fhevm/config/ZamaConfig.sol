// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ConfigByChain, KnownHosts} from "../../Config.sol";
import {CoprocessorConfig} from "../../Host.sol";

/// @title The names of `@fhevm/solidity` for what is in `Config.sol`
library ZamaConfig {
    /// @notice Returns the host contracts of the current chain.
    function getEthereumCoprocessorConfig() internal view returns (CoprocessorConfig memory) {
        return KnownHosts.current();
    }

    /// @notice Returns which deployment of the protocol the current chain has: 1 for the main
    /// one, 10001 for the test one, the largest number for a local one, 0 for none.
    function getConfidentialProtocolId() internal view returns (uint256) {
        if (block.chainid == 1) return 1;
        if (block.chainid == 11155111) return 10001;
        return block.chainid == 31337 ? type(uint256).max : 0;
    }
}

/// @title A contract that finds its host contracts by the chain it is deployed on
abstract contract ZamaEthereumConfig is ConfigByChain {
    /// @notice Returns which deployment of the protocol the current chain has.
    function confidentialProtocolId() public view returns (uint256) {
        return ZamaConfig.getConfidentialProtocolId();
    }
}
