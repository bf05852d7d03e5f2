// What the tests begin with.

const { ethers, fhevm } = require("hardhat");

const PAYEE = "0x00000000000000000000000000000000000A11cE";

/** A ledger, and three accounts. */
async function deployed() {
  const [owner, alice, bob] = await ethers.getSigners();
  const ledger = await ethers.deployContract("Ledger", owner);
  return { ledger, owner, alice, bob };
}

/** Puts four values of one input into a ledger. */
async function put(ledger, user, { urgent = true, grade = 7, amount = 1000n } = {}) {
  const input = fhevm.createEncryptedInput(ledger.target, user.address);
  const { handles, inputProof } = await input
    .addBool(urgent)
    .add8(grade)
    .add64(amount)
    .addAddress(PAYEE)
    .encrypt();
  return ledger.connect(user).put(...handles, inputProof);
}

module.exports = { PAYEE, deployed, put };
