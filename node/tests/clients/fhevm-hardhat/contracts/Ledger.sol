// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {FHE, ebool, euint8, euint64, eaddress, externalEbool, externalEuint8, externalEuint64, externalEaddress} from "@fhevm/solidity/lib/FHE.sol";
import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";

/// What a user put in, what comes out of it, and who may see it.
contract Ledger is ZamaEthereumConfig {
    ebool public urgent;
    euint8 public grade;
    euint64 public amount;
    eaddress public payee;
    /// The amount, and ten more of it if it is urgent.
    euint64 public due;
    /// The contract has it to itself.
    euint64 public secret;
    /// What was shown to be the clear value of `due`.
    uint64 public settled;

    error NotPut();

    /// Takes four values of one input.
    function put(
        externalEbool isUrgent,
        externalEuint8 newGrade,
        externalEuint64 newAmount,
        externalEaddress newPayee,
        bytes calldata proof
    ) external {
        urgent = FHE.fromExternal(isUrgent, proof);
        grade = FHE.fromExternal(newGrade, proof);
        amount = FHE.fromExternal(newAmount, proof);
        payee = FHE.fromExternal(newPayee, proof);
        due = FHE.select(urgent, FHE.add(amount, 10), amount);
        secret = FHE.mul(amount, 2);
        FHE.allowThis(urgent);
        FHE.allow(urgent, msg.sender);
        FHE.allowThis(grade);
        FHE.allow(grade, msg.sender);
        FHE.allowThis(amount);
        FHE.allow(amount, msg.sender);
        FHE.allowThis(payee);
        FHE.allow(payee, msg.sender);
        FHE.allowThis(due);
        FHE.allow(due, msg.sender);
        FHE.allowThis(secret);
    }

    /// Adds to the grade, with 8 bits.
    function raise(externalEuint8 by, bytes calldata proof) external {
        grade = FHE.add(grade, FHE.fromExternal(by, proof));
        FHE.allowThis(grade);
        FHE.allow(grade, msg.sender);
    }

    /// The first grade.
    function begin(externalEuint8 first, bytes calldata proof) external {
        grade = FHE.fromExternal(first, proof);
        FHE.allowThis(grade);
        FHE.allow(grade, msg.sender);
    }

    /// Lets anybody see what is due.
    function publish() external {
        if (!FHE.isInitialized(due)) revert NotPut();
        FHE.makePubliclyDecryptable(due);
    }

    /// Lets anybody see the grade and whether it is urgent.
    function publishAll() external {
        FHE.makePubliclyDecryptable(grade);
        FHE.makePubliclyDecryptable(urgent);
        FHE.makePubliclyDecryptable(payee);
    }

    /// Takes the clear value of `due`, with the proof that it is that.
    function settle(bytes calldata clear, bytes calldata proof) external {
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = FHE.toBytes32(due);
        FHE.checkSignatures(handles, clear, proof);
        settled = abi.decode(clear, (uint64));
    }

    /// Computes with whatever handle it is given.
    function use(euint64 foreign) external {
        secret = FHE.add(foreign, 1);
    }

    /// Grants whatever handle it is given.
    function share(euint64 foreign) external {
        FHE.allow(foreign, msg.sender);
    }
}
