// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {KnownHosts} from "../../Config.sol";
import {CoprocessorConfig, Host} from "../../Host.sol";

/// @title The names of `@fhevm/solidity` for what is in `Config.sol`
library ZamaConfig {
    /// @notice No host contracts are known on this chain.
    error ZamaProtocolUnsupported();

    /// @notice Returns the host contracts of the current chain, whichever is known.
    function getCoprocessorConfig() internal view returns (CoprocessorConfig memory) {
        if (block.chainid == 80002) return KnownHosts.polygonAmoy();
        return getEthereumCoprocessorConfig();
    }

    /// @notice Returns the host contracts of Ethereum, Sepolia or a local chain.
    function getEthereumCoprocessorConfig() internal view returns (CoprocessorConfig memory) {
        if (block.chainid == 1) return KnownHosts.ethereum();
        if (block.chainid == 11155111) return KnownHosts.sepolia();
        return _local();
    }

    /// @notice Returns the host contracts of Polygon Amoy or a local chain.
    function getPolygonCoprocessorConfig() internal view returns (CoprocessorConfig memory) {
        if (block.chainid == 80002) return KnownHosts.polygonAmoy();
        return _local();
    }

    /// @notice Returns which deployment of the protocol the current chain has: 1 for the main
    /// one, 10001 for the test one, the largest number for a local one, 0 for none.
    function getConfidentialProtocolId() internal view returns (uint256) {
        if (block.chainid == 1) return 1;
        if (block.chainid == 11155111 || block.chainid == 80002) return 10001;
        return block.chainid == 31337 ? type(uint256).max : 0;
    }

    function _local() private view returns (CoprocessorConfig memory) {
        if (block.chainid != 31337) revert ZamaProtocolUnsupported();
        return KnownHosts.local();
    }
}

/// @title A contract that finds its host contracts on Ethereum and its test chain
abstract contract ZamaEthereumConfig {
    constructor() {
        Host.configure(ZamaConfig.getEthereumCoprocessorConfig());
    }

    /// @notice Returns which deployment of the protocol the current chain has.
    function confidentialProtocolId() public view returns (uint256) {
        return ZamaConfig.getConfidentialProtocolId();
    }
}

/// @title A contract that finds its host contracts on Polygon's test chain
abstract contract ZamaPolygonConfig {
    constructor() {
        Host.configure(ZamaConfig.getPolygonCoprocessorConfig());
    }

    /// @notice Returns which deployment of the protocol the current chain has.
    function confidentialProtocolId() public view returns (uint256) {
        return ZamaConfig.getConfidentialProtocolId();
    }
}

/// @title A contract that finds its host contracts on every chain that is known
abstract contract ZamaMultiChainConfig {
    constructor() {
        Host.configure(ZamaConfig.getCoprocessorConfig());
    }

    /// @notice Returns which deployment of the protocol the current chain has.
    function confidentialProtocolId() public view returns (uint256) {
        return ZamaConfig.getConfidentialProtocolId();
    }
}
