// A confidential token in the hands of Hardhat, with its network helpers and matchers.

const { expect } = require("chai");
const { ethers } = require("hardhat");
const helpers = require("@nomicfoundation/hardhat-network-helpers");
const { abi, bytecode } = require("../../../../../solidity/artifacts/ConfidentialToken.json");

const { provider } = ethers;
const TRANSFER = "confidentialTransfer(address,bytes32,bytes)";

/** A handle and its proof, as calls of the token take them. */
async function encrypt(token, user, value) {
  const params = [value, "euint64", token.target, user.address];
  const { handles, inputProof } = await provider.send("cipher_encrypt", params);
  return [handles[0], inputProof];
}

async function balance(token, account) {
  const handle = await token.confidentialBalanceOf(account);
  const { value } = await provider.send("cipher_decrypt", [handle]);
  return Number(value);
}

async function transfer(token, from, to, value) {
  return token.connect(from)[TRANSFER](to, ...(await encrypt(token, from, value)));
}

/** The token, of which Alice has 1,000. */
async function deployed() {
  const [owner, alice, bob] = await ethers.getSigners();
  const factory = new ethers.ContractFactory(abi, bytecode, owner);
  const token = await factory.deploy(owner, "Test", "TEST", "");
  await token.mint(alice, ...(await encrypt(token, owner, 1000)));
  return { token, owner, alice, bob };
}

describe("a confidential token", () => {
  it("moves encrypted amounts", async () => {
    const { token, alice, bob } = await helpers.loadFixture(deployed);
    await expect(transfer(token, alice, bob, 250)).to.emit(token, "ConfidentialTransfer");
    expect(await balance(token, alice)).to.equal(750);
    expect(await balance(token, bob)).to.equal(250);
  });

  it("begins anew with each fixture", async () => {
    const { token, alice, bob } = await helpers.loadFixture(deployed);
    expect(await balance(token, alice)).to.equal(1000);
    expect(await token.confidentialBalanceOf(bob)).to.equal(ethers.ZeroHash);
  });

  it("goes back to a snapshot", async () => {
    const { token, alice, bob } = await helpers.loadFixture(deployed);
    await transfer(token, alice, bob, 250);
    const snapshot = await helpers.takeSnapshot();
    await transfer(token, alice, bob, 100);
    expect(await balance(token, bob)).to.equal(350);
    await snapshot.restore();
    expect(await balance(token, bob)).to.equal(250);
  });

  it("refuses with its own errors", async () => {
    const { token, alice } = await helpers.loadFixture(deployed);
    const input = await encrypt(token, alice, 1);
    const stranger = token.connect(alice);
    const refused = (call) =>
      expect(call)
        .to.be.revertedWithCustomError(token, "OwnableUnauthorizedAccount")
        .withArgs(alice);
    await refused(stranger.mint(alice, ...input));
    await refused(stranger.mint.staticCall(alice, ...input));
  });

  it("obeys an owner who is impersonated", async () => {
    const { token, owner, bob } = await helpers.loadFixture(deployed);
    const address = "0x00000000000000000000000000000000000a11ce";
    await token.connect(owner).transferOwnership(address);
    await helpers.impersonateAccount(address);
    await helpers.setBalance(address, ethers.parseEther("1"));
    const heir = await ethers.getSigner(address);
    await token.connect(heir).mint(bob, ...(await encrypt(token, heir, 7)));
    expect(await balance(token, bob)).to.equal(7);
    await helpers.stopImpersonatingAccount(address);
  });
});

describe("plain Ethereum", () => {
  it("moves ether", async () => {
    const [owner, alice] = await ethers.getSigners();
    await expect(owner.sendTransaction({ to: alice, value: 5 }))
      .to.changeEtherBalances([owner, alice], [-5, 5]);
  });
});

describe("the network helpers", () => {
  it("make blocks", async () => {
    const before = await helpers.time.latestBlock();
    await helpers.mine(3, { interval: 60 });
    expect(await helpers.time.latestBlock()).to.equal(before + 3);
    await helpers.mineUpTo(before + 10);
    expect(await helpers.time.latestBlock()).to.equal(before + 10);
  });

  it("move time", async () => {
    const before = await helpers.time.latest();
    await helpers.time.increase(3600);
    expect(await helpers.time.latest()).to.be.at.least(before + 3600);
    await helpers.time.increaseTo(before + 10_000);
    expect(await helpers.time.latest()).to.equal(before + 10_000);
    await helpers.time.setNextBlockTimestamp(before + 20_000);
    await helpers.mine();
    expect(await helpers.time.latest()).to.equal(before + 20_000);
  });

  it("set state", async () => {
    const address = "0x0000000000000000000000000000000000c0de00";
    // Returns what is in slot 0.
    await helpers.setCode(address, "0x60005460005260206000f3");
    await helpers.setStorageAt(address, 0, 7);
    expect(BigInt(await provider.call({ to: address }))).to.equal(7n);
    expect(BigInt(await helpers.getStorageAt(address, 0))).to.equal(7n);
    await helpers.setNonce(address, 9);
    expect(await provider.getTransactionCount(address)).to.equal(9);
  });

  it("set what the next block has", async () => {
    const miner = "0x00000000000000000000000000000000000c0ffe";
    const mixHash = ethers.zeroPadValue("0x1234", 32);
    await helpers.setNextBlockBaseFeePerGas(12_345);
    await helpers.setPrevRandao(mixHash);
    await helpers.setCoinbase(miner);
    await helpers.setBlockGasLimit(20_000_000);
    await helpers.mine();
    const block = await provider.send("eth_getBlockByNumber", ["latest", false]);
    const [baseFeePerGas, gasLimit] = ["0x3039", "0x1312d00"];
    expect(block).to.include({ baseFeePerGas, gasLimit, miner, mixHash });
  });

  it("drop transactions", async () => {
    const [owner, alice] = await ethers.getSigners();
    await provider.send("evm_setAutomine", [false]);
    const { hash } = await owner.sendTransaction({ to: alice, value: 1 });
    await helpers.dropTransaction(hash);
    await helpers.mine();
    expect(await provider.getTransaction(hash)).to.equal(null);
    await provider.send("evm_setAutomine", [true]);
  });

  it("start over", async () => {
    await helpers.mine();
    await helpers.reset();
    expect(await helpers.time.latestBlock()).to.equal(0);
  });
});
