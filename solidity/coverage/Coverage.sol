// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import "@fhevm/solidity/config/ZamaConfig.sol";
import "@fhevm/solidity/lib/FHE.sol";

/// @title What the generated contracts have in common
/// @notice Two values of each type, `left` and `right`, clear and encrypted; the words that a run
/// returns; and what is made outside: inputs and a decryption.
abstract contract Coverage is ZamaEthereumConfig {
    bytes32[] internal words;

    bool internal leftClearEbool;
    uint8 internal leftClearEuint8;
    uint16 internal leftClearEuint16;
    uint32 internal leftClearEuint32;
    uint64 internal leftClearEuint64;
    uint128 internal leftClearEuint128;
    address internal leftClearEaddress;
    uint256 internal leftClearEuint256;
    bool internal rightClearEbool;
    uint8 internal rightClearEuint8;
    uint16 internal rightClearEuint16;
    uint32 internal rightClearEuint32;
    uint64 internal rightClearEuint64;
    uint128 internal rightClearEuint128;
    address internal rightClearEaddress;
    uint256 internal rightClearEuint256;
    ebool internal leftEbool;
    euint8 internal leftEuint8;
    euint16 internal leftEuint16;
    euint32 internal leftEuint32;
    euint64 internal leftEuint64;
    euint128 internal leftEuint128;
    eaddress internal leftEaddress;
    euint256 internal leftEuint256;
    ebool internal rightEbool;
    euint8 internal rightEuint8;
    euint16 internal rightEuint16;
    euint32 internal rightEuint32;
    euint64 internal rightEuint64;
    euint128 internal rightEuint128;
    eaddress internal rightEaddress;
    euint256 internal rightEuint256;

    bytes32[8] internal inputs;
    bytes internal inputProof;
    bytes32[] internal handles;
    bytes internal cleartexts;
    bytes internal decryptionProof;

    address internal constant d1 = address(0xd1);
    address internal constant d2 = address(0xd2);
    address internal constant d3 = address(0xd3);
    address internal constant d4 = address(0xd4);
    address internal constant d5 = address(0xd5);
    address internal constant d6 = address(0xd6);
    address internal constant d7 = address(0xd7);
    address internal constant c1 = address(0xc1);
    address internal constant c2 = address(0xc2);

    /// @notice Sets the left value of each type, and lets the sender use the encrypted ones.
    /// @dev Not in one block with {setRight}, where equal values would have the same handle.
    function setLeft(uint256[8] calldata values) external {
        leftClearEbool = values[0] != 0;
        leftClearEuint8 = uint8(values[1]);
        leftClearEuint16 = uint16(values[2]);
        leftClearEuint32 = uint32(values[3]);
        leftClearEuint64 = uint64(values[4]);
        leftClearEuint128 = uint128(values[5]);
        leftClearEaddress = address(uint160(values[6]));
        leftClearEuint256 = uint256(values[7]);
        leftEbool = _share(FHE.asEbool(leftClearEbool));
        leftEuint8 = _share(FHE.asEuint8(leftClearEuint8));
        leftEuint16 = _share(FHE.asEuint16(leftClearEuint16));
        leftEuint32 = _share(FHE.asEuint32(leftClearEuint32));
        leftEuint64 = _share(FHE.asEuint64(leftClearEuint64));
        leftEuint128 = _share(FHE.asEuint128(leftClearEuint128));
        leftEaddress = _share(FHE.asEaddress(leftClearEaddress));
        leftEuint256 = _share(FHE.asEuint256(leftClearEuint256));
    }

    /// @notice Sets the right value of each type, and lets the sender use the encrypted ones.
    function setRight(uint256[8] calldata values) external {
        rightClearEbool = values[0] != 0;
        rightClearEuint8 = uint8(values[1]);
        rightClearEuint16 = uint16(values[2]);
        rightClearEuint32 = uint32(values[3]);
        rightClearEuint64 = uint64(values[4]);
        rightClearEuint128 = uint128(values[5]);
        rightClearEaddress = address(uint160(values[6]));
        rightClearEuint256 = uint256(values[7]);
        rightEbool = _share(FHE.asEbool(rightClearEbool));
        rightEuint8 = _share(FHE.asEuint8(rightClearEuint8));
        rightEuint16 = _share(FHE.asEuint16(rightClearEuint16));
        rightEuint32 = _share(FHE.asEuint32(rightClearEuint32));
        rightEuint64 = _share(FHE.asEuint64(rightClearEuint64));
        rightEuint128 = _share(FHE.asEuint128(rightClearEuint128));
        rightEaddress = _share(FHE.asEaddress(rightClearEaddress));
        rightEuint256 = _share(FHE.asEuint256(rightClearEuint256));
    }

    /// @notice Sets the encrypted inputs, one of each type.
    function provideInputs(bytes32[8] calldata inputs_, bytes calldata proof) external {
        inputs = inputs_;
        inputProof = proof;
    }

    /// @notice Sets a decryption.
    function provideDecryption(bytes32[] calldata handles_, bytes calldata result, bytes calldata proof) external {
        handles = handles_;
        cleartexts = result;
        decryptionProof = proof;
    }

    function _share(ebool value) private returns (ebool) {
        return FHE.allow(FHE.allowThis(value), msg.sender);
    }

    function _share(euint8 value) private returns (euint8) {
        return FHE.allow(FHE.allowThis(value), msg.sender);
    }

    function _share(euint16 value) private returns (euint16) {
        return FHE.allow(FHE.allowThis(value), msg.sender);
    }

    function _share(euint32 value) private returns (euint32) {
        return FHE.allow(FHE.allowThis(value), msg.sender);
    }

    function _share(euint64 value) private returns (euint64) {
        return FHE.allow(FHE.allowThis(value), msg.sender);
    }

    function _share(euint128 value) private returns (euint128) {
        return FHE.allow(FHE.allowThis(value), msg.sender);
    }

    function _share(eaddress value) private returns (eaddress) {
        return FHE.allow(FHE.allowThis(value), msg.sender);
    }

    function _share(euint256 value) private returns (euint256) {
        return FHE.allow(FHE.allowThis(value), msg.sender);
    }

    function _keep(ebool value) internal {
        words.push(FHE.toBytes32(FHE.allow(value, msg.sender)));
    }

    function _keep(euint8 value) internal {
        words.push(FHE.toBytes32(FHE.allow(value, msg.sender)));
    }

    function _keep(euint16 value) internal {
        words.push(FHE.toBytes32(FHE.allow(value, msg.sender)));
    }

    function _keep(euint32 value) internal {
        words.push(FHE.toBytes32(FHE.allow(value, msg.sender)));
    }

    function _keep(euint64 value) internal {
        words.push(FHE.toBytes32(FHE.allow(value, msg.sender)));
    }

    function _keep(euint128 value) internal {
        words.push(FHE.toBytes32(FHE.allow(value, msg.sender)));
    }

    function _keep(eaddress value) internal {
        words.push(FHE.toBytes32(FHE.allow(value, msg.sender)));
    }

    function _keep(euint256 value) internal {
        words.push(FHE.toBytes32(FHE.allow(value, msg.sender)));
    }

    function _note(bool word) internal {
        words.push(bytes32(uint256(word ? 1 : 0)));
    }

    function _note(bytes32 word) internal {
        words.push(word);
    }

    function _list(euint8 a, euint8 b) internal pure returns (euint8[] memory list) {
        list = new euint8[](3);
        (list[0], list[1], list[2]) = (a, b, a);
    }

    function _list(euint16 a, euint16 b) internal pure returns (euint16[] memory list) {
        list = new euint16[](3);
        (list[0], list[1], list[2]) = (a, b, a);
    }

    function _list(euint32 a, euint32 b) internal pure returns (euint32[] memory list) {
        list = new euint32[](3);
        (list[0], list[1], list[2]) = (a, b, a);
    }

    function _list(euint64 a, euint64 b) internal pure returns (euint64[] memory list) {
        list = new euint64[](3);
        (list[0], list[1], list[2]) = (a, b, a);
    }

    function _list(euint128 a, euint128 b) internal pure returns (euint128[] memory list) {
        list = new euint128[](3);
        (list[0], list[1], list[2]) = (a, b, a);
    }

    function _list(eaddress a, eaddress b) internal pure returns (eaddress[] memory list) {
        list = new eaddress[](3);
        (list[0], list[1], list[2]) = (a, b, a);
    }

    function _list(euint256 a, euint256 b) internal pure returns (euint256[] memory list) {
        list = new euint256[](3);
        (list[0], list[1], list[2]) = (a, b, a);
    }

    function _contexts() internal pure returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (c1, c2);
    }

    function tomorrow() internal view returns (uint64) {
        return uint64(block.timestamp + 1 days);
    }

    /// @dev Both libraries keep the hosts at the ERC-7201 slot of `confidential.storage.config`.
    function _hosts() internal pure returns (CoprocessorConfig storage hosts) {
        assembly {
            hosts.slot := 0x9e7b61f58c47dc699ac88507c4f5bb9f121c03808c5676a8078fe583e4649700
        }
    }
}
