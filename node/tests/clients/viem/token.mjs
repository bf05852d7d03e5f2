// A confidential token in the hands of viem: public, wallet and test clients, over HTTP and
// WebSocket.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  ContractFunctionRevertedError,
  InsufficientFundsError,
  createPublicClient,
  createTestClient,
  createWalletClient,
  http,
  parseAbi,
  parseEther,
  publicActions,
  verifyMessage,
  verifyTypedData,
  walletActions,
  webSocket,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { foundry as chain } from "viem/chains";

const MNEMONIC = "test test test test test test test test test test test junk";
const url = process.env.DEVNET_URL ?? "http://127.0.0.1:8545";
const artifact = new URL("../../../../solidity/artifacts/ConfidentialToken.json", import.meta.url);
const { abi, bytecode } = JSON.parse(readFileSync(artifact, "utf8"));
// The function has an overload without a proof, for handles that one already has.
const transferAbi = parseAbi([
  "function confidentialTransfer(address to, bytes32 amount, bytes inputProof) returns (bytes32)",
]);

// What waits for ever fails.
setTimeout(() => { throw new Error("this takes too long"); }, 900_000).unref();

// The devnet answers at once, so nothing is cached and polls come quickly.
const options = { chain, transport: http(url), cacheTime: 0, pollingInterval: 50 };
const client = createPublicClient(options);
const socket = createPublicClient({ ...options, transport: webSocket(url.replace("http", "ws")) });

// The devnet signs for the owner, Alice signs herself.
const [owner, , bob] = await createWalletClient(options).getAddresses();
const ownerWallet = createWalletClient({ ...options, account: owner });
const alice = mnemonicToAccount(MNEMONIC, { addressIndex: 1 });
const aliceWallet = createWalletClient({ ...options, account: alice });
assert.equal(await client.getChainId(), chain.id);

const args = [owner, "Test", "TEST", ""];
const deployment = await ownerWallet.deployContract({ abi, bytecode, args });
const token = (await confirmed(deployment)).contractAddress;
assert.equal(await client.readContract({ address: token, abi, functionName: "name" }), "Test");

await mint(ownerWallet, 1000);
assert.equal(await balance(alice.address), 1000n);
const refusal = await mint(aliceWallet, 1).catch((error) => error);
const reverted = refusal.walk((error) => error instanceof ContractFunctionRevertedError);
assert.equal(reverted.data.errorName, "OwnableUnauthorizedAccount");

await subscriptions();
// The test client knows the methods under two names.
for (const mode of ["anvil", "hardhat"]) {
  const test = createTestClient({ ...options, mode }).extend(publicActions).extend(walletActions);
  await snapshots(test);
  await impersonation(test);
  await blocks(test);
  await state(test);
}
await signatures();
(await socket.transport.getRpcClient()).close();

async function confirmed(hash) {
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  return receipt;
}

/** A handle and its proof, as calls of the token take them. */
async function encrypt(value, user) {
  const params = [value, "euint64", token, user];
  const { handles, inputProof } = await client.request({ method: "cipher_encrypt", params });
  return [handles[0], inputProof];
}

async function balance(account) {
  const call = { address: token, abi, functionName: "confidentialBalanceOf", args: [account] };
  const handle = await client.readContract(call);
  const { value } = await client.request({ method: "cipher_decrypt", params: [handle] });
  return BigInt(value);
}

async function mint({ account, writeContract }, value) {
  const args = [alice.address, ...(await encrypt(value, account.address))];
  const call = { account, address: token, abi, functionName: "mint", args };
  const { request } = await client.simulateContract(call);
  return confirmed(await writeContract(request));
}

/** From Alice to Bob. */
async function transfer(value) {
  const args = [bob, ...(await encrypt(value, alice.address))];
  const call = { address: token, abi: transferAbi, functionName: "confidentialTransfer", args };
  return confirmed(await aliceWallet.writeContract(call));
}

async function subscriptions() {
  const heard = { blocks: [], pushed: [], polled: [] };
  const onError = (error) => assert.fail(error);
  const record = (list) => (logs) => list.push(...logs.map((log) => log.transactionHash));
  const event = { address: token, abi, eventName: "ConfidentialTransfer", onError };
  const stops = [
    socket.watchBlocks({ onBlock: ({ number }) => heard.blocks.push(number), onError }),
    socket.watchContractEvent({ ...event, onLogs: record(heard.pushed) }),
    client.watchContractEvent({ ...event, onLogs: record(heard.polled) }),
  ];
  // viem does not say when they have begun.
  while (heard.blocks.length === 0 || heard.pushed.length === 0 || heard.polled.length === 0) {
    await transfer(0);
    await pause();
  }
  const transfers = [await transfer(10), await transfer(20)];
  const hashes = transfers.map(({ transactionHash }) => transactionHash);
  const numbers = transfers.map(({ blockNumber }) => blockNumber);
  await until(() => heard.blocks.at(-1) >= numbers[1]);
  await until(() => heard.pushed.includes(hashes[1]) && heard.polled.includes(hashes[1]));
  assert.deepEqual(heard.blocks.slice(-2), numbers);
  assert.deepEqual(heard.pushed.slice(-2), hashes);
  assert.deepEqual(heard.polled.slice(-2), hashes);
  for (const stop of stops) stop();
}

async function snapshots(test) {
  const old = await balance(bob);
  await transfer(250);
  const number = await client.getBlockNumber();
  const id = await test.snapshot();
  await transfer(100);
  assert.equal(await balance(bob), old + 350n);
  await test.revert({ id });
  assert.equal(await balance(bob), old + 250n);
  assert.equal(await client.getBlockNumber(), number);
}

/** An account without a key. */
async function impersonation(test) {
  const account = "0x00000000000000000000000000000000000a11ce";
  const [to, value] = [bob, parseEther("1")];
  const noKey = /no key for 0x0{35}a11ce/i;
  await assert.rejects(test.sendTransaction({ account, to, value }), noKey);
  await test.setBalance({ address: account, value: parseEther("3") });
  await test.impersonateAccount({ address: account });
  const { from } = await confirmed(await test.sendTransaction({ account, to, value }));
  assert.equal(from, account);
  const rich = test.sendTransaction({ account, to, value: parseEther("3") });
  await assert.rejects(rich, ({ cause }) => cause instanceof InsufficientFundsError);
  await test.stopImpersonatingAccount({ address: account });
  await assert.rejects(test.sendTransaction({ account, to, value }), noKey);
}

async function blocks(test) {
  const { number, timestamp } = await client.getBlock();
  await test.increaseTime({ seconds: 3600 });
  await test.mine({ blocks: 2 });
  const later = await client.getBlock();
  assert.equal(later.number, number + 2n);
  assert.ok(later.timestamp >= timestamp + 3600n);
  await test.setNextBlockTimestamp({ timestamp: later.timestamp + 1000n });
  await test.setAutomine(false);
  const hash = await aliceWallet.sendTransaction({ to: bob, value: 1n });
  assert.equal((await client.getTransaction({ hash })).blockNumber, null);
  await test.mine({ blocks: 1 });
  assert.equal((await client.getTransactionReceipt({ hash })).blockNumber, number + 3n);
  assert.equal((await client.getBlock()).timestamp, later.timestamp + 1000n);
  await test.setAutomine(true);
}

async function state(test) {
  const address = "0x0000000000000000000000000000000000c0de00";
  // Returns what is in slot 0.
  await test.setCode({ address, bytecode: "0x60005460005260206000f3" });
  await test.setStorageAt({ address, index: 0, value: `0x${"07".padStart(64, "0")}` });
  assert.equal(BigInt((await client.call({ to: address })).data), 7n);
  await test.setNonce({ address, nonce: 9 });
  assert.equal(await client.getTransactionCount({ address }), 9);
}

/** By an account of the devnet. */
async function signatures() {
  const message = "hello";
  const signature = await ownerWallet.signMessage({ message });
  assert.ok(await verifyMessage({ address: owner, message, signature }));
  const typed = {
    domain: { name: "Decryption", version: "1", chainId: chain.id, verifyingContract: token },
    types: { Request: [{ name: "publicKey", type: "bytes" }, { name: "from", type: "uint256" }] },
    primaryType: "Request",
    message: { publicKey: "0x1234", from: 7n },
  };
  const answer = await ownerWallet.signTypedData(typed);
  assert.ok(await verifyTypedData({ ...typed, address: owner, signature: answer }));
}

async function until(condition) {
  const deadline = Date.now() + 300_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `waited in vain for ${condition}`);
    await pause();
  }
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
