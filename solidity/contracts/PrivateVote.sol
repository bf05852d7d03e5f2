// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, ebool, euint16, externalEbool} from "@fhevm/solidity/lib/FHE.sol";

/// @title A vote in which nobody learns how anybody voted
/// @notice Yes or no, once for each voter. The count is secret until the vote is over.
contract PrivateVote is ZamaEthereumConfig {
    /// @notice The last second in which votes count.
    uint256 public immutable deadline;
    /// @notice Who may vote, and did not yet.
    mapping(address account => bool) public mayVote;
    /// @notice How many voted.
    uint16 public votes;
    /// @notice How many said yes, once {isOpen}.
    uint16 public yes;
    /// @notice Whether the result is known.
    bool public isOpen;

    euint16 private _yes;

    /// @notice The account has no vote, or has cast it.
    error NoVote(address account);
    /// @notice It is too late.
    error VotingIsOver();
    /// @notice It is too early.
    error VotingGoesOn();

    /// @param voters Who may vote.
    /// @param seconds_ For how long.
    constructor(address[] memory voters, uint256 seconds_) {
        deadline = block.timestamp + seconds_;
        for (uint256 i = 0; i < voters.length; ++i) mayVote[voters[i]] = true;
        _yes = FHE.allowThis(FHE.asEuint16(0));
    }

    /// @notice Casts the sender's vote.
    function vote(externalEbool choice, bytes calldata proof) external {
        if (block.timestamp > deadline) revert VotingIsOver();
        if (!mayVote[msg.sender]) revert NoVote(msg.sender);
        mayVote[msg.sender] = false;
        ++votes;
        euint16 one = FHE.asEuint16(FHE.fromExternal(choice, proof));
        _yes = FHE.allowThis(FHE.add(_yes, one));
    }

    /// @notice Ends the vote: lets everybody decrypt the count, and nothing else.
    function close() external {
        if (block.timestamp <= deadline) revert VotingGoesOn();
        FHE.makePubliclyDecryptable(_yes);
    }

    /// @notice Returns the handle of the count.
    function count() external view returns (euint16) {
        return _yes;
    }

    /// @notice Makes the decrypted count known here.
    /// @param cleartexts The count, ABI-encoded.
    /// @param proof The signatures under it.
    function open(bytes calldata cleartexts, bytes calldata proof) external {
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = FHE.toBytes32(_yes);
        FHE.checkSignatures(handles, cleartexts, proof);
        yes = abi.decode(cleartexts, (uint16));
        isOpen = true;
    }
}
