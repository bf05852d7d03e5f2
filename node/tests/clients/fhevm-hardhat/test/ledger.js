// A contract on encrypted values, by the plugin's own interface: inputs, computing, what a user may
// see and what not.

const { expect } = require("chai");
const { FhevmType } = require("@fhevm/hardhat-plugin");
const { ethers, fhevm } = require("hardhat");
const { PAYEE, deployed, put } = require("./stage");

describe("a ledger", () => {
  let ledger, alice, bob;

  beforeEach(async () => {
    ({ ledger, alice, bob } = await deployed());
  });

  it("takes values of four types from one input and gives them back to their user", async () => {
    await put(ledger, alice);
    expect(await fhevm.userDecryptEbool(await ledger.urgent(), ledger, alice)).to.equal(true);
    const euint = async (type, handle) =>
      fhevm.userDecryptEuint(type, await handle, ledger, alice);
    expect(await euint(FhevmType.euint8, ledger.grade())).to.equal(7n);
    expect(await euint(FhevmType.euint64, ledger.amount())).to.equal(1000n);
    expect(await fhevm.userDecryptEaddress(await ledger.payee(), ledger, alice)).to.equal(PAYEE);
  });

  it("computes on them", async () => {
    const due = async () =>
      fhevm.userDecryptEuint(FhevmType.euint64, await ledger.due(), ledger, alice);
    await put(ledger, alice, { urgent: true });
    expect(await due()).to.equal(1010n);
    await put(ledger, alice, { urgent: false });
    expect(await due()).to.equal(1000n);
  });

  it("holds the largest values of every type", async () => {
    const input = fhevm.createEncryptedInput(ledger.target, alice.address);
    const largest = (bits) => (1n << BigInt(bits)) - 1n;
    input.addBool(false).add8(largest(8)).add16(largest(16)).add32(largest(32)).add64(largest(64));
    input.add128(largest(128)).addAddress(ethers.toBeHex(largest(160))).add256(largest(256));
    const handles = (await input.encrypt()).handles.map(ethers.hexlify);
    expect(handles.map(fhevm.typeof)).to.deep.equal(
      ["ebool", "euint8", "euint16", "euint32", "euint64", "euint128", "eaddress", "euint256"],
    );
    expect(await fhevm.debugger.decryptEbool(handles[0])).to.equal(false);
    for (const [index, bits] of [[1, 8], [2, 16], [3, 32], [4, 64], [5, 128], [7, 256]]) {
      const type = FhevmType[`euint${bits}`];
      expect(await fhevm.debugger.decryptEuint(type, handles[index])).to.equal(largest(bits));
    }
    const address = await fhevm.debugger.decryptEaddress(handles[6]);
    expect(BigInt(address)).to.equal(largest(160));
  });

  it("shows a value to its user and to nobody else", async () => {
    await put(ledger, alice);
    const amount = await ledger.amount();
    const shown = (user) => fhevm.userDecryptEuint(FhevmType.euint64, amount, ledger, user);
    await expect(shown(bob)).to.be.rejectedWith(`User ${bob.address} is not authorized`);
    expect(await shown(alice)).to.equal(1000n);
  });

  it("keeps for itself what it granted to no user", async () => {
    await put(ledger, alice);
    const secret = await ledger.secret();
    const shown = fhevm.userDecryptEuint(FhevmType.euint64, secret, ledger, alice);
    await expect(shown).to.be.rejectedWith(`User ${alice.address} is not authorized`);
    expect(await fhevm.debugger.decryptEuint(FhevmType.euint64, secret)).to.equal(2000n);
  });

  it("refuses an input of another user or for another contract", async () => {
    const other = await ethers.deployContract("Ledger");
    const encrypt = (contract, user) =>
      fhevm.encryptUint(FhevmType.euint8, 5, contract.target, user.address);
    const { begin } = ledger.connect(alice);
    const invalid = fhevm.revertedWithCustomErrorArgs("InputVerifier", "InvalidSigner");
    for (const input of [await encrypt(ledger, bob), await encrypt(other, alice)]) {
      const refused = begin.staticCall(input.externalEuint, input.inputProof);
      await expect(refused).to.be.revertedWithCustomError(...invalid);
    }
    const { externalEuint, inputProof } = await encrypt(ledger, alice);
    await begin(externalEuint, inputProof);
    const grade = await ledger.grade();
    expect(await fhevm.userDecryptEuint(FhevmType.euint8, grade, ledger, alice)).to.equal(5n);
  });
});
