// SPDX-License-Identifier: MIT
// Generated from a model of examples/applications by `cargo xtask solidity`. Do not edit.
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, euint8, externalEuint8} from "@fhevm/solidity/lib/FHE.sol";

/// @title A decision tree on secret features
/// @notice Only who asks can decrypt the answer. Classes: 0 setosa, 1 versicolor, 2 virginica. Features are integers up to
/// 79; whoever gives larger ones spoils the own answer, and nothing else.
contract Iris is ZamaEthereumConfig {
    /// @notice How many features there are.
    uint256 public constant FEATURES = 4;

    mapping(address account => euint8) private _classes;

    /// @notice There are not as many numbers as features.
    error WrongLength(uint256 found);

    /// @notice Returns the class of an account's last question, which the account can decrypt.
    function classOf(address account) external view returns (euint8) {
        return _classes[account];
    }

    /// @notice Asks for the class of what the sender knows.
    /// @param features The features, encrypted by the sender.
    /// @param proof The proof that covers them.
    function classify(externalEuint8[] calldata features, bytes calldata proof) external {
        if (features.length != FEATURES) revert WrongLength(features.length);
        euint8 feature0 = FHE.fromExternal(features[0], proof);
        euint8 feature2 = FHE.fromExternal(features[2], proof);
        euint8 feature3 = FHE.fromExternal(features[3], proof);
        // Both branches of every split are computed: which one is taken is a secret.
        euint8 class = FHE.select(
            FHE.gt(feature3, 8),
            FHE.select(
                FHE.gt(feature3, 17),
                FHE.select(
                    FHE.gt(feature2, 48),
                    FHE.asEuint8(2),
                    FHE.select(
                        FHE.gt(feature0, 59),
                        FHE.asEuint8(2),
                        FHE.asEuint8(1)
                    )
                ),
                FHE.select(
                    FHE.gt(feature2, 49),
                    FHE.select(
                        FHE.gt(feature3, 15),
                        FHE.asEuint8(1),
                        FHE.asEuint8(2)
                    ),
                    FHE.select(
                        FHE.gt(feature3, 16),
                        FHE.asEuint8(2),
                        FHE.asEuint8(1)
                    )
                )
            ),
            FHE.asEuint8(0)
        );
        _classes[msg.sender] = FHE.allow(FHE.allowThis(class), msg.sender);
    }
}
