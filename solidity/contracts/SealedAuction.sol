// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, ebool, euint8, euint64, externalEuint64} from "@fhevm/solidity/lib/FHE.sol";
import {PrivateToken} from "./PrivateToken.sol";

/// @title An auction in which only the winner's bid becomes known
/// @notice The highest bid wins and is paid, the earliest of equals. Bids are paid in when they are
/// made, out of balances that are secret, too: a bid above the bidder's balance is a bid of nothing,
/// and nobody can tell. Losers get back what they paid in.
contract SealedAuction is ZamaEthereumConfig {
    /// @notice Bidders, at most: an encrypted byte numbers them.
    uint256 public constant MAX_BIDDERS = 255;

    /// @notice What bids are paid in.
    PrivateToken public immutable token;
    /// @notice Who sells.
    address public immutable seller;
    /// @notice The last second in which bids count.
    uint256 public immutable deadline;
    /// @notice All bidders, by order.
    address[] public bidders;
    /// @notice Who won, once {isOpen}; nobody if no bid was above zero.
    address public winner;
    /// @notice What the winner pays, once {isOpen}.
    uint64 public price;
    /// @notice Whether the result is known.
    bool public isOpen;

    euint64 private _highest;
    /// @dev The number of the bidder who made the highest bid, from 1 on.
    euint8 private _leader;
    mapping(address bidder => euint64) private _bids;

    /// @notice Bidding is over.
    error TooLate();
    /// @notice Bidding, or opening, is yet to come.
    error TooEarly();
    /// @notice There is one bid from each bidder.
    error AlreadyBid(address bidder);
    /// @notice There is no room for another bidder.
    error Full();
    /// @notice There is nothing to pay out.
    error NothingPaidIn(address bidder);

    /// @param token_ What bids are paid in.
    /// @param seconds_ For how long.
    constructor(PrivateToken token_, uint256 seconds_) {
        token = token_;
        seller = msg.sender;
        deadline = block.timestamp + seconds_;
        _highest = FHE.allowThis(FHE.asEuint64(0));
        _leader = FHE.allowThis(FHE.asEuint8(0));
    }

    /// @notice Bids, once. The sender has made this contract an operator of the token.
    function bid(externalEuint64 amount, bytes calldata proof) external {
        if (block.timestamp > deadline) revert TooLate();
        if (FHE.isInitialized(_bids[msg.sender])) revert AlreadyBid(msg.sender);
        if (bidders.length == MAX_BIDDERS) revert Full();
        bidders.push(msg.sender);

        euint64 offered = FHE.fromExternal(amount, proof);
        FHE.allowTransient(offered, address(token));
        euint64 paid = token.transferFrom(msg.sender, address(this), offered);
        _bids[msg.sender] = FHE.allowThis(paid);

        ebool leads = FHE.gt(paid, _highest);
        _highest = FHE.allowThis(FHE.select(leads, paid, _highest));
        _leader = FHE.allowThis(FHE.select(leads, FHE.asEuint8(uint8(bidders.length)), _leader));
    }

    /// @notice Ends the bidding and lets everybody decrypt who won, and for how much.
    function close() external {
        if (block.timestamp <= deadline) revert TooEarly();
        FHE.makePubliclyDecryptable(_leader);
        FHE.makePubliclyDecryptable(_highest);
    }

    /// @notice Returns the handles of the winner's number and bid.
    function result() public view returns (bytes32[] memory handles) {
        handles = new bytes32[](2);
        handles[0] = FHE.toBytes32(_leader);
        handles[1] = FHE.toBytes32(_highest);
    }

    /// @notice Makes the decrypted result known here, and pays the seller.
    /// @param cleartexts The winner's number and bid, ABI-encoded.
    /// @param proof The signatures under them.
    function open(bytes calldata cleartexts, bytes calldata proof) external {
        if (isOpen) revert TooLate();
        FHE.checkSignatures(result(), cleartexts, proof);
        isOpen = true;
        uint8 number;
        (number, price) = abi.decode(cleartexts, (uint8, uint64));
        if (number == 0) return;
        winner = bidders[number - 1];
        _payOut(winner, seller);
    }

    /// @notice Pays back what a loser paid in.
    function refund(address bidder) external {
        if (!isOpen) revert TooEarly();
        _payOut(bidder, bidder);
    }

    function _payOut(address bidder, address to) private {
        euint64 paid = _bids[bidder];
        if (!FHE.isInitialized(paid)) revert NothingPaidIn(bidder);
        _bids[bidder] = euint64.wrap(0);
        FHE.allowTransient(paid, address(token));
        token.transferFrom(address(this), to, paid);
    }
}
