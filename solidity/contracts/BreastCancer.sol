// SPDX-License-Identifier: MIT
// Generated from a model of examples/applications by `cargo xtask solidity`. Do not edit.
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, ebool, euint16, externalEuint8} from "@fhevm/solidity/lib/FHE.sol";

/// @title A logistic regression on secret features
/// @notice Only who asks can decrypt the answer. Classes: 0 malignant, 1 benign. Features are integers up to
/// 31; whoever gives larger ones spoils the own answer, and nothing else.
contract BreastCancer is ZamaEthereumConfig {
    /// @notice How many features there are.
    uint256 public constant FEATURES = 30;

    mapping(address account => ebool) private _classes;

    /// @notice There are not as many numbers as features.
    error WrongLength(uint256 found);

    /// @notice Returns the class of an account's last question, which the account can decrypt.
    function classOf(address account) external view returns (ebool) {
        return _classes[account];
    }

    /// @notice Asks for the class of what the sender knows.
    /// @param features The features, encrypted by the sender.
    /// @param proof The proof that covers them.
    function classify(externalEuint8[] calldata features, bytes calldata proof) external {
        if (features.length != FEATURES) revert WrongLength(features.length);
        // Neither side is above 2^16. What has a negative weight is on the other side.
        euint16[] memory plus = new euint16[](6);
        plus[0] = _product(features[9], 21, proof); // mean fractal dimension
        plus[1] = _product(features[14], 1, proof); // smoothness error
        plus[2] = _product(features[15], 9, proof); // compactness error
        plus[3] = _product(features[16], 4, proof); // concavity error
        plus[4] = _product(features[18], 7, proof); // symmetry error
        plus[5] = _product(features[19], 10, proof); // fractal dimension error
        euint16[] memory minus = new euint16[](24);
        minus[0] = _product(features[0], 45, proof); // mean radius
        minus[1] = _product(features[1], 34, proof); // mean texture
        minus[2] = _product(features[2], 44, proof); // mean perimeter
        minus[3] = _product(features[3], 37, proof); // mean area
        minus[4] = _product(features[4], 12, proof); // mean smoothness
        minus[5] = _product(features[5], 10, proof); // mean compactness
        minus[6] = _product(features[6], 39, proof); // mean concavity
        minus[7] = _product(features[7], 51, proof); // mean concave points
        minus[8] = _product(features[8], 8, proof); // mean symmetry
        minus[9] = _product(features[10], 22, proof); // radius error
        minus[10] = _product(features[11], 3, proof); // texture error
        minus[11] = _product(features[12], 17, proof); // perimeter error
        minus[12] = _product(features[13], 15, proof); // area error
        minus[13] = _product(features[17], 8, proof); // concave points error
        minus[14] = _product(features[20], 55, proof); // worst radius
        minus[15] = _product(features[21], 52, proof); // worst texture
        minus[16] = _product(features[22], 50, proof); // worst perimeter
        minus[17] = _product(features[23], 38, proof); // worst area
        minus[18] = _product(features[24], 31, proof); // worst smoothness
        minus[19] = _product(features[25], 21, proof); // worst compactness
        minus[20] = _product(features[26], 29, proof); // worst concavity
        minus[21] = _product(features[27], 63, proof); // worst concave points
        minus[22] = _product(features[28], 24, proof); // worst symmetry
        minus[23] = _product(features[29], 11, proof); // worst fractal dimension
        ebool class = FHE.gt(FHE.add(FHE.sum(plus), 6330), FHE.sum(minus));
        _classes[msg.sender] = FHE.allow(FHE.allowThis(class), msg.sender);
    }

    function _product(externalEuint8 feature, uint16 weight, bytes calldata proof) private returns (euint16) {
        return FHE.mul(FHE.asEuint16(FHE.fromExternal(feature, proof)), weight);
    }
}
