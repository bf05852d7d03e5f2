// A confidential token in the hands of Foundry: compiled and deployed by forge, used with cast.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { arch, platform } from "node:process";

const url = process.env.DEVNET_URL ?? "http://127.0.0.1:8545";
// The first accounts of the development mnemonic.
const owner = {
  address: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
  key: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
};
const alice = {
  address: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  key: "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
};
const bob = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

const require = createRequire(import.meta.url);
const TRANSFER = "confidentialTransfer(address,bytes32,bytes)";
const MINT = "mint(address,bytes32,bytes)";

/** Runs one of Foundry's programs and returns what it printed. */
function run(program, command, ...args) {
  // Not the wrappers in `.bin`, which succeed whatever happens.
  const build = `${platform}-${arch === "x64" ? "amd64" : arch}`;
  const file = require.resolve(`@foundry-rs/${program}-${build}/bin/${program}`);
  const options = { encoding: "utf8", timeout: 900_000, stdio: ["ignore", "pipe", "pipe"] };
  return execFileSync(file, [command, "--rpc-url", url, ...args], options).trim();
}
const cast = (...args) => run("cast", ...args);
const rpc = (method, ...params) => JSON.parse(cast("rpc", method, ...params.map(String)));
const call = (...args) => cast("call", token, ...args);

function send({ key }, ...args) {
  const receipt = JSON.parse(cast("send", "--json", "--private-key", key, ...args));
  assert.equal(receipt.status, "0x1");
  return receipt;
}

/** A handle and its proof, as calls of the token take them. */
function encrypt(value, user) {
  const { handles, inputProof } = rpc("cipher_encrypt", value, "euint64", token, user.address);
  return [handles[0], inputProof];
}
const transfer = (value) => send(alice, token, TRANSFER, bob, ...encrypt(value, alice));
const balance = (account) =>
  Number(rpc("cipher_decrypt", call("confidentialBalanceOf(address)(bytes32)", account)).value);

// A script. It runs in forge's own machine, too, which has no host contracts: it may deploy, but
// not compute. The second simulation would tell it nothing more.
const signed = ["--private-key", owner.key, "--broadcast", "--json"];
const script = run("forge", "script", "script/Deploy.s.sol", "--skip-simulation", ...signed);
const [{ returns }] = script.split("\n").filter((line) => line.startsWith("{")).map(JSON.parse);
const scripted = returns.token.value;
assert.equal(cast("call", scripted, "owner()(address)"), owner.address);

const contract = "../../../../solidity/contracts/ConfidentialToken.sol:ConfidentialToken";
const constructor = ["--constructor-args", owner.address, "Test", "TEST", ""];
const created = JSON.parse(run("forge", "create", contract, ...signed, ...constructor));
const token = created.deployedTo;
assert.equal(call("name()(string)"), '"Test"');

send(owner, token, MINT, alice.address, ...encrypt(1000, owner));
assert.equal(balance(alice.address), 1000);

// Refusals carry the contract's error.
const refused = (error) => error.stderr.includes("OwnableUnauthorizedAccount");
const mint = [token, MINT, bob, ...encrypt(1, alice)];
assert.throws(() => cast("call", "--from", alice.address, ...mint), refused);
assert.throws(() => cast("estimate", "--from", alice.address, ...mint), refused);
assert.throws(() => send(alice, ...mint), refused);

const { blockNumber, transactionHash } = transfer(250);
assert.equal(balance(bob), 250);
const snapshot = rpc("evm_snapshot");
transfer(100);
assert.equal(balance(bob), 350);
assert.equal(rpc("evm_revert", snapshot), true);
assert.equal(balance(bob), 250);
assert.equal(Number(cast("block-number")), Number(blockNumber));

// What else cast asks.
const event = "ConfidentialTransfer(address indexed,address indexed,bytes32 indexed)";
const logs = JSON.parse(cast("logs", "--json", "--address", token, "--from-block", "0", event));
assert.deepEqual(logs.map((log) => log.transactionHash).slice(1), [transactionHash]);
assert.equal(JSON.parse(cast("receipt", "--json", transactionHash)).status, "0x1");
assert.equal(JSON.parse(cast("tx", "--json", transactionHash)).to, token.toLowerCase());
assert.deepEqual(JSON.parse(cast("block", "--json", "latest")).transactions, [transactionHash]);
assert.equal(cast("chain-id"), "31337");
assert.equal(cast("nonce", alice.address), "1");
assert.equal(cast("balance", "--ether", bob), "10000.000000000000000000");
assert.ok(BigInt(cast("gas-price")) > 0n);

// An account of the devnet signs.
const unlocked = ["send", "--json", "--unlocked", "--from", bob, "--value", "1ether", alice.address];
assert.equal(JSON.parse(cast(...unlocked)).status, "0x1");
