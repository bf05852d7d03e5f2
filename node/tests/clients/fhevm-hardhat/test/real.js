// The same on real ciphertexts, with 8 bits.

const { expect } = require("chai");
const { FhevmType } = require("@fhevm/hardhat-plugin");
const { ethers, fhevm } = require("hardhat");
const { deployed } = require("./stage");

describe("a ledger on real ciphertexts", () => {
  it("takes inputs, adds, and shows the sum to its user", async () => {
    const { evaluator } = await ethers.provider.send("cipher_status", []);
    expect(evaluator).to.equal("tfhe");
    const { ledger, alice, bob } = await deployed();
    const encrypt = async (value) => {
      const { target } = ledger;
      const input = await fhevm.encryptUint(FhevmType.euint8, value, target, alice.address);
      return [input.externalEuint, input.inputProof];
    };
    await ledger.connect(alice).begin(...(await encrypt(200)));
    await ledger.connect(alice).raise(...(await encrypt(77)));
    const grade = await ledger.grade();
    const shown = (user) => fhevm.userDecryptEuint(FhevmType.euint8, grade, ledger, user);
    await expect(shown(bob)).to.be.rejectedWith("is not authorized");
    expect(await shown(alice)).to.equal(21n);
  });
});
