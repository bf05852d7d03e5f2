// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, ebool, euint32, externalEbool, externalEuint16} from "@fhevm/solidity/lib/FHE.sol";

/// @title A batch of orders of which only the net is opened
/// @notice What buyers and sellers want of each other cancels out unseen. The market learns what is
/// left, as one signed number.
contract NetBatch is ZamaEthereumConfig {
    /// @notice Orders, at least: the net of fewer would tell too much about each of them.
    uint256 public constant MIN_ORDERS = 3;
    /// @notice Orders, at most: so many of sixteen bits fit a signed number of 32.
    uint256 public constant MAX_ORDERS = 32_767;

    /// @notice How many orders there are.
    uint256 public orders;
    /// @notice Whether no more orders are taken.
    bool public isClosed;
    /// @notice Whether the net is known.
    bool public isOpen;
    /// @notice What is left to buy, or to sell if below zero, once {isOpen}.
    int32 public net;

    mapping(address trader => bool) private _traded;
    /// @dev In two's complement.
    euint32 private _net;

    /// @notice The batch is closed.
    error Closed();
    /// @notice There are too few orders, or too many.
    error WrongNumber(uint256 orders);
    /// @notice There is one order from each trader.
    error AlreadyTraded(address trader);

    constructor() {
        _net = FHE.allowThis(FHE.asEuint32(0));
    }

    /// @notice Adds the sender's order.
    /// @param buys Whether to buy.
    /// @param amount How much.
    /// @param proof The proof that covers both.
    function order(externalEbool buys, externalEuint16 amount, bytes calldata proof) external {
        if (isClosed) revert Closed();
        if (orders == MAX_ORDERS) revert WrongNumber(orders);
        if (_traded[msg.sender]) revert AlreadyTraded(msg.sender);
        _traded[msg.sender] = true;
        ++orders;
        ebool side = FHE.fromExternal(buys, proof);
        euint32 size = FHE.asEuint32(FHE.fromExternal(amount, proof));
        _net = FHE.allowThis(FHE.select(side, FHE.add(_net, size), FHE.sub(_net, size)));
    }

    /// @notice Closes the batch and lets everybody decrypt the net.
    function close() external {
        if (orders < MIN_ORDERS) revert WrongNumber(orders);
        isClosed = true;
        FHE.makePubliclyDecryptable(_net);
    }

    /// @notice Returns the handle of the net so far.
    function netHandle() external view returns (euint32) {
        return _net;
    }

    /// @notice Makes the decrypted net known here.
    /// @param cleartexts The net in two's complement, ABI-encoded.
    /// @param proof The signatures under it.
    function open(bytes calldata cleartexts, bytes calldata proof) external {
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = FHE.toBytes32(_net);
        FHE.checkSignatures(handles, cleartexts, proof);
        net = int32(abi.decode(cleartexts, (uint32)));
        isOpen = true;
    }
}
