// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {
    FHE,
    eaddress,
    ebool,
    euint8,
    euint64,
    externalEaddress,
    externalEbool,
    externalEuint8,
    externalEuint64
} from "@fhevm/solidity/lib/FHE.sol";

/// @title A lounge that admits guests without learning about them
/// @notice The whole way of encrypted values. A guest's answers come in encrypted, under one proof.
/// The contract decides on them. The guest can decrypt the answers, and everyone the decision,
/// which counts once somebody brings it back with the signatures under it.
///
/// Guests are {AGE} or older and vouched for by somebody else. Members come in for free, others for
/// the {FEE}.
contract Lounge is ZamaEthereumConfig {
    /// @notice What a guest keeps secret.
    struct Answers {
        ebool member;
        euint8 age;
        euint64 credit;
        eaddress voucher;
    }

    /// @notice What becomes public.
    struct Decision {
        ebool admitted;
        euint64 paid;
    }

    /// @notice The age from which guests are admitted.
    uint8 public constant AGE = 18;
    /// @notice What admission costs those who are no members.
    uint64 public constant FEE = 50;

    /// @notice Who has been admitted by a decision that was opened.
    mapping(address guest => bool) public isInside;
    /// @notice What all admitted guests paid.
    uint64 public takings;

    mapping(address guest => Answers) private _answers;
    mapping(address guest => Decision) private _decisions;

    /// @notice A decision was opened.
    /// @param guest Whose decision it is.
    /// @param admitted Whether the guest is in.
    /// @param paid What the guest paid.
    event Opened(address indexed guest, bool admitted, uint64 paid);

    /// @notice A decision that admitted the guest was opened before.
    /// @param guest The guest.
    error AlreadyInside(address guest);

    /// @notice Decides on the sender's admission.
    /// @param member Whether the sender is a member.
    /// @param age The sender's age.
    /// @param credit What the sender can pay.
    /// @param voucher Who vouches for the sender.
    /// @param proof The proof that covers the four.
    function knock(
        externalEbool member,
        externalEuint8 age,
        externalEuint64 credit,
        externalEaddress voucher,
        bytes calldata proof
    ) external {
        Answers memory answers = Answers({
            member: FHE.fromExternal(member, proof),
            age: FHE.fromExternal(age, proof),
            credit: FHE.fromExternal(credit, proof),
            voucher: FHE.fromExternal(voucher, proof)
        });

        ebool eligible = FHE.and(FHE.ge(answers.age, AGE), FHE.ne(answers.voucher, msg.sender));
        ebool covered = FHE.or(answers.member, FHE.ge(answers.credit, FEE));
        ebool admitted = FHE.and(eligible, covered);
        ebool charged = FHE.and(admitted, FHE.not(answers.member));
        euint64 paid = FHE.select(charged, FHE.asEuint64(FEE), FHE.asEuint64(0));
        // Whoever is charged has it.
        answers.credit = FHE.sub(answers.credit, paid);

        _grant(answers);
        _answers[msg.sender] = answers;
        FHE.allowThis(admitted);
        FHE.allowThis(paid);
        FHE.makePubliclyDecryptable(admitted);
        FHE.makePubliclyDecryptable(paid);
        _decisions[msg.sender] = Decision({admitted: admitted, paid: paid});
    }

    /// @notice Makes a decrypted decision count.
    /// @param guest Whose decision it is.
    /// @param cleartexts The decision in the clear: admission and payment, ABI-encoded.
    /// @param proof The signatures under it.
    function open(address guest, bytes calldata cleartexts, bytes calldata proof) external {
        if (isInside[guest]) revert AlreadyInside(guest);
        FHE.checkSignatures(_handles(guest), cleartexts, proof);
        (bool admitted, uint64 paid) = abi.decode(cleartexts, (bool, uint64));
        isInside[guest] = admitted;
        takings += paid;
        emit Opened(guest, admitted, paid);
    }

    /// @notice Whether {open} would take a decision for genuine.
    /// @param guest Whose decision it is.
    /// @param cleartexts The decision in the clear.
    /// @param proof The signatures under it.
    /// @return Whether they are signatures under it.
    function isGenuine(
        address guest,
        bytes calldata cleartexts,
        bytes calldata proof
    ) external view returns (bool) {
        return FHE.isPublicDecryptionResultValid(_handles(guest), cleartexts, proof);
    }

    /// @notice Returns what a guest answered, with the fee subtracted from the credit: handles
    /// that the guest alone can decrypt.
    /// @param guest The guest.
    /// @return The handles.
    function answersOf(address guest) external view returns (Answers memory) {
        return _answers[guest];
    }

    /// @notice Returns the decision on a guest: handles that everyone can decrypt.
    /// @param guest The guest.
    /// @return The handles.
    function decisionOn(address guest) external view returns (Decision memory) {
        return _decisions[guest];
    }

    function _grant(Answers memory answers) private {
        FHE.allowThis(answers.member);
        FHE.allowThis(answers.age);
        FHE.allowThis(answers.credit);
        FHE.allowThis(answers.voucher);
        FHE.allow(answers.member, msg.sender);
        FHE.allow(answers.age, msg.sender);
        FHE.allow(answers.credit, msg.sender);
        FHE.allow(answers.voucher, msg.sender);
    }

    /// @dev In the order in which {open} decodes.
    function _handles(address guest) private view returns (bytes32[] memory handles) {
        handles = new bytes32[](2);
        handles[0] = FHE.toBytes32(_decisions[guest].admitted);
        handles[1] = FHE.toBytes32(_decisions[guest].paid);
    }
}
