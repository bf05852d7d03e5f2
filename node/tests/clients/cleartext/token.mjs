// Zama's SDK in its cleartext mode, which is made for test stacks on clear values: it encrypts
// nothing, signs with the published keys, and reads values from the executor. Here they are
// encrypted all the same, once a transaction brings them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { RelayerCleartext, hardhatCleartextConfig } from "@zama-fhe/sdk/cleartext";
import { Contract, ContractFactory, JsonRpcProvider, hexlify, toBeHex } from "ethers";

const url = process.env.DEVNET_URL ?? "http://127.0.0.1:8545";
const devnet = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, pollingInterval: 50 });
const relayer = new RelayerCleartext({ ...hardhatCleartextConfig, network: url });

// What waits for ever fails.
setTimeout(() => { throw new Error("this takes too long"); }, 900_000).unref();

/** Deploys a contract of `solidity/artifacts`. */
async function deploy(name, signer, ...parameters) {
  const path = new URL(`../../../../solidity/artifacts/${name}.json`, import.meta.url);
  const { abi, bytecode } = JSON.parse(readFileSync(path, "utf8"));
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(...parameters);
  return contract.waitForDeployment();
}

const [owner, alice] = [await devnet.getSigner(0), await devnet.getSigner(1)];
const token = await deploy("ConfidentialToken", owner, owner.address, "Test", "TEST", "");

/** The last two arguments of a call of the token by `user`. */
async function amount(value, user) {
  const { handles, inputProof } = await relayer.encrypt({
    values: [{ type: "euint64", value }],
    contractAddress: token.target,
    userAddress: user.address,
  });
  return [handles[0], inputProof];
}

/** The balance of `account`, for `user`. */
async function balance(account, user = account) {
  const handle = await token.confidentialBalanceOf(account.address);
  const clear = await relayer.userDecrypt({
    handles: [handle],
    contractAddress: token.target,
    signedContractAddresses: [token.target],
    signerAddress: user.address,
  });
  return clear[handle];
}

const mint = async (to, value) =>
  (await token.mint(to.address, ...(await amount(value, owner)))).wait();

await mint(alice, 1000n);
assert.equal(await balance(alice), 1000n);
await mint(alice, 7n);
assert.equal(await balance(alice), 1007n);
await assert.rejects(balance(alice, owner), /not authorized/);

// An input is for one user, here too.
await assert.rejects(token.connect(alice).mint(alice.address, ...(await amount(1n, owner))));

// What is public comes with a proof that contracts accept.
const probe = await deploy("Probe", owner);
await (await probe.store(6)).wait();
await assert.rejects(relayer.publicDecrypt([await probe.stored()]), /not allowed/);
await (await probe.publish(44)).wait();
const handle = await probe.published();
const { clearValues, abiEncodedClearValues, decryptionProof } = await relayer.publicDecrypt([handle]);
assert.equal(clearValues[handle], 44n);
const verifier = new Contract(
  hardhatCleartextConfig.kmsContractAddress,
  ["function verifyDecryptionEIP712KMSSignatures(bytes32[], bytes, bytes) returns (bool)"],
  devnet,
);
const verify = verifier.verifyDecryptionEIP712KMSSignatures.staticCall;
assert.equal(await verify([handle], abiEncodedClearValues, decryptionProof), true);
await assert.rejects(verify([handle], toBeHex(45, 32), decryptionProof));

// The view by hand: that of no handle is zero.
const executor = new Contract(
  hardhatCleartextConfig.executorAddress,
  ["function plaintexts(bytes32) view returns (uint256)"],
  devnet,
);
assert.equal(await executor.plaintexts(handle), 44n);
assert.equal(await executor.plaintexts(hexlify(new Uint8Array(32))), 0n);

process.exit();
