// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, euint8, euint16, externalEuint8} from "@fhevm/solidity/lib/FHE.sol";

/// @title Filters on a grey picture that only its owner sees
/// @notice A picture comes in row by row and is filtered row by row, which keeps every transaction
/// within the limits of homomorphic work.
contract ImageFilter is ZamaEthereumConfig {
    /// @notice What becomes of a pixel.
    enum Filter {
        /// 255 minus the pixel.
        Invert,
        /// 255 from {THRESHOLD} on, else 0.
        Threshold,
        /// The mean of the pixel and its eight neighbours, rounded down. Over the edge the nearest
        /// pixel is taken.
        Blur
    }

    /// @notice Pixels of a side, at most.
    uint256 public constant MAX_SIDE = 16;
    /// @notice The darkest grey that {Filter.Threshold} takes for white.
    uint8 public constant THRESHOLD = 128;

    /// @notice Whose picture it is.
    address public immutable owner;
    /// @notice Pixels in a row.
    uint256 public immutable width;
    /// @notice Rows.
    uint256 public immutable height;

    euint8[][] private _source;
    mapping(Filter filter => mapping(uint256 y => euint8[])) private _filtered;

    /// @notice The caller is not the owner.
    error NotOwner(address caller);
    /// @notice The picture is too large, or empty.
    error BadSize(uint256 width, uint256 height);
    /// @notice There is no such row, or it has another length.
    error BadRow(uint256 y, uint256 length);

    /// @param width_ Pixels in a row.
    /// @param height_ Rows.
    constructor(uint256 width_, uint256 height_) {
        bool fits = width_ > 0 && width_ <= MAX_SIDE && height_ > 0 && height_ <= MAX_SIDE;
        if (!fits) revert BadSize(width_, height_);
        (owner, width, height) = (msg.sender, width_, height_);
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    /// @notice Adds the next row of the picture.
    function load(externalEuint8[] calldata row, bytes calldata proof) external onlyOwner {
        if (_source.length == height || row.length != width) revert BadRow(_source.length, row.length);
        euint8[] storage pixels = _source.push();
        for (uint256 x = 0; x < width; ++x) pixels.push(FHE.allowThis(FHE.fromExternal(row[x], proof)));
    }

    /// @notice Filters a row. The owner can decrypt the result.
    function filterRow(Filter filter, uint256 y) external onlyOwner {
        if (_source.length != height || y >= height) revert BadRow(y, width);
        euint8[] storage pixels = _filtered[filter][y];
        if (pixels.length != 0) return;
        euint8[] memory result = filter == Filter.Blur ? _blur(y) : _map(filter, _source[y]);
        for (uint256 x = 0; x < width; ++x) pixels.push(FHE.allow(FHE.allowThis(result[x]), owner));
    }

    /// @notice Returns a row of a filtered picture.
    function rowOf(Filter filter, uint256 y) external view returns (euint8[] memory) {
        return _filtered[filter][y];
    }

    function _map(Filter filter, euint8[] memory row) private returns (euint8[] memory) {
        for (uint256 x = 0; x < row.length; ++x) {
            row[x] = filter == Filter.Invert
                ? FHE.not(row[x])
                : FHE.select(FHE.ge(row[x], THRESHOLD), FHE.asEuint8(255), FHE.asEuint8(0));
        }
        return row;
    }

    /// @dev Sums of three pixels on top of each other are shared by three pixels of the result.
    function _blur(uint256 y) private returns (euint8[] memory row) {
        euint16[] memory columns = new euint16[](width);
        for (uint256 x = 0; x < width; ++x) {
            columns[x] = _sum(
                FHE.asEuint16(_source[y == 0 ? 0 : y - 1][x]),
                FHE.asEuint16(_source[y][x]),
                FHE.asEuint16(_source[y + 1 == height ? y : y + 1][x])
            );
        }
        row = new euint8[](width);
        for (uint256 x = 0; x < width; ++x) {
            euint16 left = columns[x == 0 ? 0 : x - 1];
            euint16 right = columns[x + 1 == width ? x : x + 1];
            row[x] = FHE.asEuint8(FHE.div(_sum(left, columns[x], right), 9));
        }
    }

    function _sum(euint16 a, euint16 b, euint16 c) private returns (euint16) {
        euint16[] memory values = new euint16[](3);
        (values[0], values[1], values[2]) = (a, b, c);
        return FHE.sum(values);
    }
}
