// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {CoprocessorConfig, Host} from "./Host.sol";

/// @title Where the host contracts are
library KnownHosts {
    /// @notice No host contracts are known on this chain: inherit {ConfigByAddress} instead.
    error UnknownChain(uint256 chainId);

    /// @notice Returns the host contracts of the current chain: a local development chain
    /// (31337), Ethereum (1), Sepolia (11155111) or Polygon Amoy (80002).
    function current() internal view returns (CoprocessorConfig memory) {
        if (block.chainid == 31337) return local();
        if (block.chainid == 1) return ethereum();
        if (block.chainid == 11155111) return sepolia();
        if (block.chainid == 80002) return polygonAmoy();
        revert UnknownChain(block.chainid);
    }

    /// @notice Returns those of a local development chain.
    function local() internal pure returns (CoprocessorConfig memory) {
        return CoprocessorConfig({
            ACLAddress: 0x50157CFfD6bBFA2DECe204a89ec419c23ef5755D,
            CoprocessorAddress: 0xe3a9105a3a932253A70F126eb1E3b589C643dD24,
            KMSVerifierAddress: 0x901F8942346f7AB3a01F6D7613119Bca447Bb030
        });
    }

    /// @notice Returns those of Ethereum.
    function ethereum() internal pure returns (CoprocessorConfig memory) {
        return CoprocessorConfig({
            ACLAddress: 0xcA2E8f1F656CD25C01F05d0b243Ab1ecd4a8ffb6,
            CoprocessorAddress: 0xD82385dADa1ae3E969447f20A3164F6213100e75,
            KMSVerifierAddress: 0x77627828a55156b04Ac0DC0eb30467f1a552BB03
        });
    }

    /// @notice Returns those of Sepolia.
    function sepolia() internal pure returns (CoprocessorConfig memory) {
        return CoprocessorConfig({
            ACLAddress: 0xf0Ffdc93b7E186bC2f8CB3dAA75D86d1930A433D,
            CoprocessorAddress: 0x92C920834Ec8941d2C77D188936E1f7A6f49c127,
            KMSVerifierAddress: 0xbE0E383937d564D7FF0BC3b46c51f0bF8d5C311A
        });
    }

    /// @notice Returns those of Polygon Amoy.
    function polygonAmoy() internal pure returns (CoprocessorConfig memory) {
        return CoprocessorConfig({
            ACLAddress: 0xD99Cb9Fc3c42c87f2A4A12e8Fd60318d6bDdf985,
            CoprocessorAddress: 0x89420269f61e4db00545cd99da0aEcA7fF0912f9,
            KMSVerifierAddress: 0xCD1D89E311bce4C8DEa9a0857a0c9A4E153D4041
        });
    }
}

/// @title A contract that finds its host contracts by the chain it is deployed on
abstract contract ConfigByChain {
    constructor() {
        Host.configure(KnownHosts.current());
    }
}

/// @title A contract that is told its host contracts, on any chain
abstract contract ConfigByAddress {
    /// @param hosts The host contracts.
    constructor(CoprocessorConfig memory hosts) {
        Host.configure(hosts);
    }
}
