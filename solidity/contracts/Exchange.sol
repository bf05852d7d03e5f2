// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, ebool, euint64, externalEuint64} from "@fhevm/solidity/lib/FHE.sol";

/// @title An order book of one pair, a blind auction and a ballot, as small as they can be
/// @notice What such contracts do again and again, for measuring what it costs.
contract Exchange is ZamaEthereumConfig {
    mapping(address account => euint64 balance) public coins;
    mapping(address account => euint64 balance) public shares;
    euint64 public highestBid;
    euint64 public winner;
    euint64[3] public tally;

    /// @notice Credits an account with both.
    /// @param account The account.
    /// @param amount The amount, which everybody can read in the call data.
    function deposit(address account, uint64 amount) external {
        coins[account] = FHE.add(coins[account], amount);
        shares[account] = FHE.add(shares[account], amount);
        keep(coins[account]);
        keep(shares[account]);
    }

    /// @notice Sells shares for coins at a price, as many as both sides can pay.
    /// @param buyer Who pays.
    /// @param amount How many, encrypted.
    /// @param price Coins for a share.
    /// @param proof The proof that covers the amount.
    function swap(address buyer, externalEuint64 amount, uint64 price, bytes calldata proof) external {
        euint64 wanted = FHE.fromExternal(amount, proof);
        euint64 cost = FHE.mul(wanted, price);
        ebool both = FHE.and(FHE.ge(shares[msg.sender], wanted), FHE.ge(coins[buyer], cost));
        euint64 sold = FHE.select(both, wanted, FHE.asEuint64(0));
        euint64 paid = FHE.select(both, cost, FHE.asEuint64(0));
        shares[msg.sender] = FHE.sub(shares[msg.sender], sold);
        shares[buyer] = FHE.add(shares[buyer], sold);
        coins[buyer] = FHE.sub(coins[buyer], paid);
        coins[msg.sender] = FHE.add(coins[msg.sender], paid);
        keep(shares[msg.sender]);
        keep(shares[buyer]);
        keep(coins[buyer]);
        keep(coins[msg.sender]);
    }

    /// @notice Bids in a blind auction.
    /// @param amount The bid, encrypted.
    /// @param bidder The bidder's number.
    /// @param proof The proof that covers the bid.
    function bid(externalEuint64 amount, uint64 bidder, bytes calldata proof) external {
        euint64 offered = FHE.fromExternal(amount, proof);
        ebool higher = FHE.gt(offered, highestBid);
        highestBid = FHE.select(higher, offered, highestBid);
        winner = FHE.select(higher, FHE.asEuint64(bidder), winner);
        keep(highestBid);
        keep(winner);
    }

    /// @notice Votes for one of three, or for nobody.
    /// @param choice Which one, encrypted.
    /// @param proof The proof that covers the choice.
    function vote(externalEuint64 choice, bytes calldata proof) external {
        euint64 chosen = FHE.fromExternal(choice, proof);
        for (uint64 option = 0; option < 3; option++) {
            euint64 more = FHE.add(tally[option], 1);
            tally[option] = FHE.select(FHE.eq(chosen, option), more, tally[option]);
            keep(tally[option]);
        }
    }

    function keep(euint64 value) private {
        FHE.allowThis(value);
    }
}
