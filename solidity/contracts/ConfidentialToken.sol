// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, euint64, externalEuint64} from "@fhevm/solidity/lib/FHE.sol";
import {ERC7984} from "@openzeppelin/confidential-contracts/token/ERC7984/ERC7984.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title A confidential token whose owner mints
/// @notice OpenZeppelin's ERC7984 exactly as published, plus the least that gives it a supply:
/// what runs here runs for every token built on that package.
contract ConfidentialToken is ZamaEthereumConfig, ERC7984, Ownable {
    /// @param owner_ The account that may mint.
    /// @param name_ The name of the token.
    /// @param symbol_ The symbol of the token.
    /// @param uri_ The URI of the token's metadata.
    constructor(
        address owner_,
        string memory name_,
        string memory symbol_,
        string memory uri_
    ) ERC7984(name_, symbol_, uri_) Ownable(owner_) {}

    /// @notice Mints an amount that only the owner knows.
    /// @param to The account credited.
    /// @param amount The amount, encrypted by the owner for this contract.
    /// @param inputProof The proof that covers `amount`.
    /// @return minted The amount credited: zero if the supply would overflow.
    function mint(
        address to,
        externalEuint64 amount,
        bytes calldata inputProof
    ) external onlyOwner returns (euint64 minted) {
        minted = _mint(to, FHE.fromExternal(amount, inputProof));
    }

    /// @notice Mints an amount that everyone can read in the call data.
    /// @param to The account credited.
    /// @param amount The amount in the clear.
    /// @return minted The amount credited: zero if the supply would overflow.
    function mintClear(address to, uint64 amount) external onlyOwner returns (euint64 minted) {
        minted = _mint(to, FHE.asEuint64(amount));
    }
}
