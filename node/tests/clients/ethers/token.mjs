// A confidential token in the hands of ethers: HTTP with the devnet's accounts, WebSocket with keys
// of one's own.

import assert from "node:assert/strict";
import {
  Contract,
  ContractFactory,
  HDNodeWallet,
  WebSocketProvider,
  parseEther,
  verifyMessage,
  verifyTypedData,
} from "ethers";
import { artifact, decrypt, devnet, encrypt, url } from "./devnet.mjs";

const MNEMONIC = "test test test test test test test test test test test junk";
const TRANSFER = "confidentialTransfer(address,bytes32,bytes)";

const socket = new WebSocketProvider(url.replace("http", "ws"), undefined, { cacheTimeout: -1 });
const owner = await devnet.getSigner(0);
const alice = HDNodeWallet.fromPhrase(MNEMONIC, "", "m/44'/60'/0'/0/1").connect(socket);
const bob = (await devnet.listAccounts())[2].address;
assert.equal((await socket.getNetwork()).chainId, 31337n);

const { abi, bytecode } = artifact("ConfidentialToken");
const factory = new ContractFactory(abi, bytecode, owner);
const token = await factory.deploy(owner.address, "Test", "TEST", "");
await token.waitForDeployment();
assert.equal(await token.name(), "Test");

/** What `encrypt` gives, as the last two arguments of a call of the token. */
async function amount(value, user) {
  const { handles, inputProof } = await encrypt(value, "euint64", token.target, user.address);
  return [handles[0], inputProof];
}
const balance = async (account) => decrypt(await token.confidentialBalanceOf(account));

async function transfer(value) {
  const sent = await token.connect(alice)[TRANSFER](bob, ...(await amount(value, alice)));
  const receipt = await sent.wait();
  assert.equal(receipt.status, 1);
  return receipt.hash;
}

await (await token.mint(alice.address, ...(await amount(1000, owner)))).wait();
assert.equal(await balance(alice), "1000");

// Events by subscription and by filter.
const heard = { socket: [], http: [], blocks: [] };
const overSocket = new Contract(token.target, abi, socket);
const record = (list) => (from, to, handle, { log }) => list.push(log.transactionHash);
await overSocket.on("ConfidentialTransfer", record(heard.socket));
await token.on("ConfidentialTransfer", record(heard.http));
await socket.on("block", (number) => heard.blocks.push(number));

const first = await transfer(250);
assert.equal(await balance(bob), "250");

// Back to a snapshot, which can be used once.
const snapshot = await devnet.send("evm_snapshot", []);
const before = await devnet.getBlockNumber();
const second = await transfer(100);
assert.equal(await balance(bob), "350");
assert.equal(await devnet.getBlockNumber(), before + 1);
await until(() => heard.http.length === 2 && heard.socket.length === 2 && heard.blocks.length === 2);
assert.equal(await devnet.send("evm_revert", [snapshot]), true);
assert.equal(await balance(bob), "250");
assert.equal(await balance(alice), "750");
assert.equal(await devnet.getBlockNumber(), before);
assert.equal(await devnet.getTransactionReceipt(second), null);
assert.equal(await devnet.send("evm_revert", [snapshot]), false);

assert.deepEqual(heard, { socket: [first, second], http: [first, second], blocks: [before, before + 1] });
const logs = await token.queryFilter("ConfidentialTransfer");
assert.deepEqual(logs.map((log) => log.args.to), [alice.address, bob]);

// Refusals carry the contract's error, in a call, in an estimate, and in a block.
const forbidden = ({ data }) =>
  token.interface.parseError(data).name === "OwnableUnauthorizedAccount";
const stranger = token.connect(alice);
const mint = [alice.address, ...(await amount(1, alice))];
await assert.rejects(stranger.mint.staticCall(...mint), forbidden);
await assert.rejects(stranger.mint(...mint), forbidden);
const failing = await stranger.mint(...mint, { gasLimit: 500_000 });
await assert.rejects(failing.wait(), (error) => error.receipt.status === 0);
// Those of the devnet are in words that ethers knows.
const [to, value] = [bob, parseEther("1000000")];
await assert.rejects(alice.sendTransaction({ to, value }), { code: "INSUFFICIENT_FUNDS" });
await assert.rejects(alice.sendTransaction({ to, nonce: 0 }), { code: "NONCE_EXPIRED" });

// Signatures by the devnet's accounts.
const domain = { name: "Decryption", version: "1", chainId: 31337, verifyingContract: token.target };
const types = { Request: [{ name: "publicKey", type: "bytes" }, { name: "from", type: "uint256" }] };
const request = { publicKey: "0x1234", from: 7n };
assert.equal(verifyMessage("hello", await owner.signMessage("hello")), owner.address);
const signature = await owner.signTypedData(domain, types, request);
assert.equal(verifyTypedData(domain, types, request, signature), owner.address);

// Plain Ethereum in every form of transaction that ethers knows.
for (const type of [0, 1, 2]) {
  const sent = await alice.sendTransaction({ to: bob, value: parseEther("1"), type });
  const receipt = await sent.wait();
  assert.equal(receipt.type, type);
  assert.equal(receipt.gasUsed, 21_000n);
}
const { transactions, prefetchedTransactions } = await devnet.getBlock("latest", true);
assert.deepEqual(prefetchedTransactions.map((transaction) => transaction.hash), transactions);

// Listeners would go on.
process.exit();

/** Waits until something is the case. */
async function until(condition) {
  const deadline = Date.now() + 300_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `in vain: ${JSON.stringify(heard)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
