// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, ebool, euint8, euint16, externalEbool, externalEuint8} from "@fhevm/solidity/lib/FHE.sol";

/// @title Every FHE operation once, at the cheapest width
/// @notice A smoke test of real FHE over the whole operation set. {run8} performs the operations
/// in a fixed order and {results} holds a handle for each, granted to the sender:
///
/// ```text
///  0 a + b        8 a << b       16 a >= b      24 c ? a : b          32 c ^ (a == b)
///  1 a - b        9 a >> b       17 a > b       25 euint16(a)         33 !c
///  2 a * b       10 rotl(a, b)   18 a <= b      26 euint8(25 << 4)    34 c == (a == b)
///  3 a / 7       11 rotr(a, b)   19 a < b       27 euint8(c)          35 c != (a == b)
///  4 a % 7       12 -a           20 min(a, b)   28 ebool(a)           36 random
///  5 a & b       13 ~a           21 max(a, b)   29 c ? c : (a == b)   37 random below 16
///  6 a | b       14 a == b       22 a + b + a   30 c & (a == b)       38 random bool
///  7 a ^ b       15 a != b       23 a in {b,7}  31 c | (a == b)
/// ```
///
/// Arithmetic wraps at 8 bits; shift and rotation amounts count modulo 8.
contract AllOperations is ZamaEthereumConfig {
    /// @notice The handles of the latest {run8}, in the order above.
    bytes32[] public results;

    /// @notice Performs every operation on three encrypted inputs.
    /// @param a The left operand.
    /// @param b The right operand, also the shift amount.
    /// @param c The condition.
    /// @param proof The proof that covers the three inputs.
    function run8(externalEuint8 a, externalEuint8 b, externalEbool c, bytes calldata proof) external {
        delete results;
        euint8 left = FHE.fromExternal(a, proof);
        euint8 right = FHE.fromExternal(b, proof);
        ebool condition = FHE.fromExternal(c, proof);

        _arithmetic(left, right);
        _bits(left, right);
        _comparisons(left, right);
        _collections(left, right);
        _conversions(left, right, condition);
        _booleans(condition, FHE.eq(left, right));
        _randoms();
    }

    /// @notice Returns the handles of the latest {run8} at once.
    /// @return The handles.
    function allResults() external view returns (bytes32[] memory) {
        return results;
    }

    function _arithmetic(euint8 a, euint8 b) private {
        _keep(FHE.add(a, b));
        _keep(FHE.sub(a, b));
        _keep(FHE.mul(a, b));
        // The protocol divides by clear values only.
        _keep(FHE.div(a, 7));
        _keep(FHE.rem(a, 7));
    }

    function _bits(euint8 a, euint8 b) private {
        _keep(FHE.and(a, b));
        _keep(FHE.or(a, b));
        _keep(FHE.xor(a, b));
        _keep(FHE.shl(a, b));
        _keep(FHE.shr(a, b));
        _keep(FHE.rotl(a, b));
        _keep(FHE.rotr(a, b));
        _keep(FHE.neg(a));
        _keep(FHE.not(a));
    }

    function _comparisons(euint8 a, euint8 b) private {
        _keep(FHE.eq(a, b));
        _keep(FHE.ne(a, b));
        _keep(FHE.ge(a, b));
        _keep(FHE.gt(a, b));
        _keep(FHE.le(a, b));
        _keep(FHE.lt(a, b));
        _keep(FHE.min(a, b));
        _keep(FHE.max(a, b));
    }

    function _collections(euint8 a, euint8 b) private {
        euint8[] memory terms = new euint8[](3);
        (terms[0], terms[1], terms[2]) = (a, b, a);
        _keep(FHE.sum(terms));

        euint8[] memory set = new euint8[](2);
        (set[0], set[1]) = (b, FHE.asEuint8(7));
        _keep(FHE.isIn(a, set));
    }

    function _conversions(euint8 a, euint8 b, ebool c) private {
        _keep(FHE.select(c, a, b));
        euint16 wide = FHE.asEuint16(a);
        _keep(wide);
        // Shifted first, so that the narrowing cast has bits to drop.
        _keep(FHE.asEuint8(FHE.shl(wide, 4)));
        _keep(FHE.asEuint8(c));
        _keep(FHE.asEbool(a));
    }

    function _booleans(ebool c, ebool d) private {
        _keep(FHE.select(c, c, d));
        _keep(FHE.and(c, d));
        _keep(FHE.or(c, d));
        _keep(FHE.xor(c, d));
        _keep(FHE.not(c));
        _keep(FHE.eq(c, d));
        _keep(FHE.ne(c, d));
    }

    function _randoms() private {
        _keep(FHE.randEuint8());
        _keep(FHE.randEuint8(16));
        _keep(FHE.randEbool());
    }

    function _keep(ebool value) private {
        FHE.allow(value, msg.sender);
        results.push(FHE.toBytes32(FHE.allowThis(value)));
    }

    function _keep(euint8 value) private {
        FHE.allow(value, msg.sender);
        results.push(FHE.toBytes32(FHE.allowThis(value)));
    }

    function _keep(euint16 value) private {
        FHE.allow(value, msg.sender);
        results.push(FHE.toBytes32(FHE.allowThis(value)));
    }
}
