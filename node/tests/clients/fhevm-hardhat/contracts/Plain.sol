// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// A contract without encrypted values.
contract Plain {
    uint256 public value = 7;
}
