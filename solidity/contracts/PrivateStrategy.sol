// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, ebool, euint16, euint32, externalEuint16, externalEuint32} from "@fhevm/solidity/lib/FHE.sol";

/// @title A standing order whose terms nobody sees
/// @notice At each price that the oracle names, an order buys its size if the price is at or below
/// its trigger and the budget covers it. Everybody sees that orders were looked at, and nobody but
/// the owner whether one was executed.
contract PrivateStrategy is ZamaEthereumConfig {
    /// @notice A standing order, encrypted. The owner can decrypt all of it.
    struct Order {
        euint16 trigger;
        euint16 size;
        euint32 budget;
        euint32 position;
    }

    /// @notice Who names prices.
    address public immutable oracle;

    mapping(address owner => Order) private _orders;

    /// @notice A price was named for an order.
    event Priced(address indexed owner, uint16 price);

    /// @notice The caller is not the oracle.
    error NotOracle(address caller);
    /// @notice The account has no order.
    error NoOrder(address owner);

    /// @param oracle_ Who names prices.
    constructor(address oracle_) {
        oracle = oracle_;
    }

    /// @notice Places the sender's order, in the place of an earlier one.
    /// @param trigger The highest price to buy at.
    /// @param size Units to buy each time.
    /// @param budget What to spend at most.
    /// @param proof The proof that covers the three.
    function place(
        externalEuint16 trigger,
        externalEuint16 size,
        externalEuint32 budget,
        bytes calldata proof
    ) external {
        Order storage order = _orders[msg.sender];
        order.trigger = FHE.fromExternal(trigger, proof);
        order.size = FHE.fromExternal(size, proof);
        FHE.allow(FHE.allowThis(order.trigger), msg.sender);
        FHE.allow(FHE.allowThis(order.size), msg.sender);
        _settle(order, msg.sender, FHE.fromExternal(budget, proof), FHE.asEuint32(0));
    }

    /// @notice Executes an order at a price, if its terms say so.
    function execute(address owner, uint16 price) external {
        if (msg.sender != oracle) revert NotOracle(msg.sender);
        Order storage order = _orders[owner];
        if (!FHE.isInitialized(order.trigger)) revert NoOrder(owner);
        euint32 size = FHE.asEuint32(order.size);
        // Both factors are below 2^16, so the product is exact.
        euint32 cost = FHE.mul(size, price);
        ebool buys = FHE.and(FHE.ge(order.trigger, price), FHE.le(cost, order.budget));
        euint32 zero = FHE.asEuint32(0);
        euint32 spent = FHE.select(buys, cost, zero);
        euint32 bought = FHE.select(buys, size, zero);
        _settle(order, owner, FHE.sub(order.budget, spent), FHE.add(order.position, bought));
        emit Priced(owner, price);
    }

    /// @notice Returns an order, which its owner can decrypt.
    function orderOf(address owner) external view returns (Order memory) {
        return _orders[owner];
    }

    function _settle(Order storage order, address owner, euint32 budget, euint32 position) private {
        order.budget = FHE.allow(FHE.allowThis(budget), owner);
        order.position = FHE.allow(FHE.allowThis(position), owner);
    }
}
