// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, euint64} from "@fhevm/solidity/lib/FHE.sol";
import {VestingWalletConfidential} from
    "@openzeppelin/confidential-contracts/finance/VestingWalletConfidential.sol";
import {ERC7984} from "@openzeppelin/confidential-contracts/token/ERC7984/ERC7984.sol";
import {ERC7984ERC20Wrapper} from
    "@openzeppelin/confidential-contracts/token/ERC7984/extensions/ERC7984ERC20Wrapper.sol";
import {ERC7984Votes} from
    "@openzeppelin/confidential-contracts/token/ERC7984/extensions/ERC7984Votes.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

// OpenZeppelin's confidential contracts as published, each with the least that makes it one that
// can be deployed: what they cost is measured on these.

/// @title A plain token, of which everybody may have some
contract Coin is ERC20("Coin", "COIN") {
    /// @param to The account credited.
    /// @param amount The amount.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @title A plain token in confidential form
contract WrappedCoin is ZamaEthereumConfig, ERC7984ERC20Wrapper {
    /// @param coin The plain token.
    constructor(IERC20 coin) ERC7984("Wrapped coin", "WCOIN", "") ERC7984ERC20Wrapper(coin) {}
}

/// @title A confidential token that votes
contract VotingToken is ZamaEthereumConfig, ERC7984Votes {
    constructor() ERC7984("Votes", "VOTE", "") EIP712("Votes", "1") {}

    /// @param to The account credited.
    /// @param amount The amount, which everybody can read in the call data.
    function mint(address to, uint64 amount) external {
        _mint(to, FHE.asEuint64(amount));
    }
}

/// @title A wallet that releases confidential tokens over time
contract Vesting is ZamaEthereumConfig, VestingWalletConfidential {
    /// @param beneficiary Who gets the tokens.
    /// @param start When the first one is released.
    /// @param duration How long it takes until all are.
    constructor(address beneficiary, uint48 start, uint48 duration) initializer {
        __VestingWalletConfidential_init(beneficiary, start, duration);
    }
}
