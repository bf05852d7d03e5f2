// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, euint64, externalEuint64} from "@fhevm/solidity/lib/FHE.sol";

/// @title A token whose balances and amounts are secret
/// @notice Who sends to whom is public, how much is not. The issuer mints in the clear, so the
/// supply is public and no balance can overflow.
contract PrivateToken is ZamaEthereumConfig {
    /// @notice Who mints.
    address public immutable issuer;
    /// @notice The sum of all balances.
    uint64 public totalSupply;
    /// @notice Whether an account may move what a holder has.
    mapping(address holder => mapping(address operator => bool)) public isOperator;

    mapping(address account => euint64) private _balances;

    /// @notice Something moved, or nothing: only the two accounts can tell.
    event Transfer(address indexed from, address indexed to);

    /// @notice The caller may not do this.
    error Unauthorized(address caller);

    constructor() {
        issuer = msg.sender;
    }

    /// @notice Returns a balance, which its account can decrypt.
    function balanceOf(address account) external view returns (euint64) {
        return _balances[account];
    }

    /// @notice Creates an amount that everybody can see.
    function mint(address to, uint64 amount) external {
        if (msg.sender != issuer) revert Unauthorized(msg.sender);
        totalSupply += amount;
        _set(to, FHE.add(_balances[to], amount));
        emit Transfer(address(0), to);
    }

    /// @notice Lets an operator, such as a contract, move what the sender has, or no longer.
    function setOperator(address operator, bool approved) external {
        isOperator[msg.sender][operator] = approved;
    }

    /// @notice Sends an amount that the sender encrypted for this contract.
    /// @return moved The amount, or zero if the sender has less.
    function transfer(address to, externalEuint64 amount, bytes calldata proof) external returns (euint64 moved) {
        moved = _move(msg.sender, to, FHE.fromExternal(amount, proof));
    }

    /// @notice Sends an amount that the caller may use, in the name of a holder.
    /// @return moved The amount, or zero if the holder has less. The caller may use it, too.
    function transferFrom(address from, address to, euint64 amount) external returns (euint64 moved) {
        if (from != msg.sender && !isOperator[from][msg.sender]) revert Unauthorized(msg.sender);
        if (!FHE.isAllowed(amount, msg.sender)) revert Unauthorized(msg.sender);
        moved = _move(from, to, amount);
        FHE.allowTransient(moved, msg.sender);
    }

    /// @dev There is no branching on a secret: what is not covered moves zero.
    function _move(address from, address to, euint64 amount) private returns (euint64 moved) {
        euint64 balance = _balances[from];
        moved = FHE.select(FHE.ge(balance, amount), amount, FHE.asEuint64(0));
        _set(from, FHE.sub(balance, moved));
        _set(to, FHE.add(_balances[to], moved));
        FHE.allowThis(moved);
        FHE.allow(moved, from);
        FHE.allow(moved, to);
        emit Transfer(from, to);
    }

    function _set(address account, euint64 balance) private {
        FHE.allowThis(balance);
        FHE.allow(balance, account);
        _balances[account] = balance;
    }
}
