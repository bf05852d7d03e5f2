// The plugin's helpers around a node that has its own FHEVM.

const { expect } = require("chai");
const { FhevmType } = require("@fhevm/hardhat-plugin");
const helpers = require("@nomicfoundation/hardhat-network-helpers");
const { ethers, fhevm, network } = require("hardhat");
const { deployed, put } = require("./stage");

describe("the plugin", () => {
  it("leaves encrypted values to the node", async () => {
    // What the plugin's own engine answers has its version. The node answers with its own.
    const metadata = await fhevm.getRelayerMetadata();
    expect(metadata).to.deep.equal(await network.provider.send("fhevm_relayer_metadata"));
    expect(metadata.chainId).to.equal(31337);
    expect(metadata.gatewayChainId).to.equal(10901);
    expect(metadata.version).to.not.equal(require("@fhevm/mock-utils/package.json").version);
    expect(fhevm.isMock).to.equal(true);
  });

  it("sees that a contract is set up for encrypted values, and that another is not", async () => {
    const { ledger } = await deployed();
    await fhevm.assertCoprocessorInitialized(ledger, "Ledger");
    const plain = await ethers.deployContract("Plain");
    const assertion = fhevm.assertCoprocessorInitialized(plain, "Plain");
    await expect(assertion).to.be.rejectedWith("is not initialized for FHE operations");
  });

  it("reads operations and their price from a receipt", async () => {
    const { ledger, alice } = await deployed();
    const receipt = await (await put(ledger, alice)).wait();
    const events = fhevm.parseCoprocessorEvents(receipt.logs).map(({ eventName }) => eventName);
    expect(events).to.include.members(["VerifyInput", "FheAdd", "FheIfThenElse", "FheMul"]);
    const { globalHCU } = fhevm.computeTransactionHCU(receipt);
    expect(globalHCU).to.be.above(500_000);
  });

  it("decodes a revert of a host contract", async () => {
    const { ledger, alice } = await deployed();
    const [stranger, other] = [await ethers.deployContract("Ledger"), ledger];
    await put(ledger, alice);
    const amount = await ledger.amount();
    const args = fhevm.revertedWithCustomErrorArgs("FHEVMExecutor", "ACLNotAllowed");
    // On this network Hardhat sends without an estimate, and the node puts what reverts into a
    // block, as a public chain does.
    await expect(stranger.use.staticCall(amount)).to.be.revertedWithCustomError(...args);
    await expect(stranger.use.estimateGas(amount))
      .to.be.rejectedWith("does not have the required FHE access");
    const sent = await stranger.use(amount);
    await expect(sent.wait()).to.be.rejectedWith("transaction execution reverted");
    const acl = fhevm.revertedWithCustomErrorArgs("ACL", "SenderNotAllowed");
    await expect(stranger.share.staticCall(amount)).to.be.revertedWithCustomError(...acl);
    await other.use(amount);
  });

  it("has the node sign results for tests of contracts", async () => {
    const { ledger, alice } = await deployed();
    await put(ledger, alice);
    const due = await ledger.due();
    const [signature] = await fhevm.debugger.createDecryptionSignatures([due], [1010n]);
    const proof = ethers.concat(["0x01", signature, "0x00"]);
    await ledger.settle(ethers.toBeHex(1010, 32), proof);
    expect(await ledger.settled()).to.equal(1010n);
  });

  it("goes back to a snapshot with the encrypted values of then", async () => {
    const { ledger, alice } = await deployed();
    await put(ledger, alice, { amount: 1n });
    const snapshot = await helpers.takeSnapshot();
    await put(ledger, alice, { amount: 2n });
    const amount = async () =>
      fhevm.userDecryptEuint(FhevmType.euint64, await ledger.amount(), ledger, alice);
    expect(await amount()).to.equal(2n);
    await snapshot.restore();
    expect(await amount()).to.equal(1n);
  });
});
