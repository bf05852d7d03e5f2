// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, ebool, euint8, euint16, externalEuint8} from "@fhevm/solidity/lib/FHE.sol";

/// @title A score from a patient's secret data and a hospital's secret model
/// @notice The model gives points for each marker that is above a threshold. The hospital never
/// sees the data, the patient never sees the model, and the score is for the patient alone.
///
/// Scores tell something about a model: whoever may ask often enough finds its thresholds. So the
/// hospital decides how often somebody asks.
contract Diagnosis is ZamaEthereumConfig {
    /// @notice Whose model it is.
    address public immutable hospital;
    /// @notice How many scores a patient can still ask for.
    mapping(address patient => uint256) public visits;

    euint8[] private _thresholds;
    euint8[] private _points;
    mapping(address patient => euint16) private _scores;

    /// @notice The caller is not the hospital.
    error NotHospital(address caller);
    /// @notice The patient has no visit left.
    error NoVisit(address patient);
    /// @notice There are not as many numbers as markers.
    error WrongLength(uint256 found, uint256 expected);
    /// @notice The model is there already.
    error ModelIsSet();

    constructor() {
        hospital = msg.sender;
    }

    modifier onlyHospital() {
        if (msg.sender != hospital) revert NotHospital(msg.sender);
        _;
    }

    /// @notice Sets the model, once.
    /// @param thresholds A threshold for each marker, encrypted by the hospital.
    /// @param points The points for a marker above it.
    /// @param proof The proof that covers both.
    function setModel(
        externalEuint8[] calldata thresholds,
        externalEuint8[] calldata points,
        bytes calldata proof
    ) external onlyHospital {
        if (_thresholds.length != 0) revert ModelIsSet();
        if (points.length != thresholds.length) revert WrongLength(points.length, thresholds.length);
        for (uint256 i = 0; i < thresholds.length; ++i) {
            _thresholds.push(FHE.allowThis(FHE.fromExternal(thresholds[i], proof)));
            _points.push(FHE.allowThis(FHE.fromExternal(points[i], proof)));
        }
    }

    /// @notice Lets a patient ask for so many scores more.
    function admit(address patient, uint256 times) external onlyHospital {
        visits[patient] += times;
    }

    /// @notice Computes the sender's score.
    /// @param markers A value for each marker, encrypted by the sender.
    /// @param proof The proof that covers them.
    function diagnose(externalEuint8[] calldata markers, bytes calldata proof) external {
        uint256 length = _thresholds.length;
        if (markers.length != length) revert WrongLength(markers.length, length);
        if (visits[msg.sender] == 0) revert NoVisit(msg.sender);
        --visits[msg.sender];
        euint16[] memory points = new euint16[](length);
        for (uint256 i = 0; i < length; ++i) {
            ebool above = FHE.gt(FHE.fromExternal(markers[i], proof), _thresholds[i]);
            points[i] = FHE.asEuint16(FHE.select(above, _points[i], FHE.asEuint8(0)));
        }
        euint16 score = FHE.sum(points);
        FHE.allowThis(score);
        FHE.allow(score, msg.sender);
        _scores[msg.sender] = score;
    }

    /// @notice Returns a patient's last score, which the patient alone can decrypt.
    function scoreOf(address patient) external view returns (euint16) {
        return _scores[patient];
    }
}
