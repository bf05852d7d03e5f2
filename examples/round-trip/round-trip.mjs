// From a value in a client to a decision on chain, encrypted all the way.
//
//   node round-trip.mjs [URL]
//
// URL is where a devnet is: http://127.0.0.1:8545, unless DEVNET_URL or the argument says otherwise.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createInstance } from "@zama-fhe/relayer-sdk/node";
import { ContractFactory, JsonRpcProvider } from "ethers";

const url = process.argv[2] ?? process.env.DEVNET_URL ?? "http://127.0.0.1:8545";
let last = performance.now();

// The devnet answers at once, so nothing is cached and polls come quickly.
const devnet = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, pollingInterval: 50 });
const [owner, guest, friend] = await Promise.all([0, 1, 2].map((n) => devnet.getSigner(n)));

// 1. A contract. It was compiled with `@fhevm/solidity` as published.
const artifact = new URL("../../solidity/artifacts/Lounge.json", import.meta.url);
const { abi, bytecode } = JSON.parse(readFileSync(artifact, "utf8"));
const lounge = await new ContractFactory(abi, bytecode, owner).deploy();
await lounge.waitForDeployment();
done(`the lounge is at ${lounge.target}`);

// 2. The SDK. These addresses are the same on every devnet.
const fhevm = await createInstance({
  network: url,
  relayerUrl: `${url}/v2`,
  chainId: 31337,
  gatewayChainId: 10901,
  aclContractAddress: "0x50157CFfD6bBFA2DECe204a89ec419c23ef5755D",
  kmsContractAddress: "0x901F8942346f7AB3a01F6D7613119Bca447Bb030",
  inputVerifierContractAddress: "0x36772142b74871f255CbD7A3e89B401d3e45825f",
  verifyingContractAddressDecryption: "0x5ffdaAB0373E62E2ea2944776209aEf29E631A64",
  verifyingContractAddressInputVerification: "0x812b06e1CDCE800494b79fFE4f925A504a9A9810",
});
done("the public key and the parameters of proofs are here");

// 3. The guest encrypts: not a member, 42 years old, with 1000 to spend, and the friend vouches.
//    The relayer checks the proof, and signs that it did.
const input = fhevm.createEncryptedInput(lounge.target, guest.address);
input.addBool(false).add8(42).add64(1000).addAddress(friend.address);
const { handles, inputProof } = await input.encrypt();
done("four answers are encrypted, with a proof that the relayer accepts");

// 4. The contract computes on ciphertexts. The transaction returns before they are computed.
await (await lounge.connect(guest).knock(...handles, inputProof)).wait();
done("the lounge has decided, and nobody knows how");

// 5. The guest, who may, decrypts. The values travel encrypted to a key made for it.
const answers = (await lounge.answersOf(guest)).toArray();
const { publicKey, privateKey } = fhevm.generateKeypair();
const contracts = [lounge.target];
const validity = [Math.floor(Date.now() / 1000), 1]; // From now, for a day.
const { domain, types, message } = fhevm.createEIP712(publicKey, contracts, ...validity);
const { UserDecryptRequestVerification } = types;
const signature = await guest.signTypedData(domain, { UserDecryptRequestVerification }, message);
const pairs = answers.map((handle) => ({ handle, contractAddress: lounge.target }));
const clear = await fhevm.userDecrypt(
  pairs, privateKey, publicKey, signature, contracts, guest.address, ...validity,
);
const [member, age, credit, voucher] = answers.map((handle) => clear[handle]);
assert.deepEqual([member, age, credit, voucher], [false, 42n, 950n, friend.address]);
done(`the guest reads: member ${member}, age ${age}, credit ${credit}, vouched for by ${voucher}`);

// 6. The decision is public. Anyone decrypts it and gets the proof for the contract with it.
const decision = (await lounge.decisionOn(guest)).toArray();
const { clearValues, abiEncodedClearValues, decryptionProof } = await fhevm.publicDecrypt(decision);
const [admitted, paid] = decision.map((handle) => clearValues[handle]);
assert.deepEqual([admitted, paid], [true, 50n]);
done(`everyone reads: admitted ${admitted}, paid ${paid}`);

// 7. Back on chain it counts, if it is what was decrypted.
const forged = abiEncodedClearValues.replace(/32$/, "01");
await assert.rejects(lounge.open(guest, forged, decryptionProof), { code: "CALL_EXCEPTION" });
await (await lounge.open(guest, abiEncodedClearValues, decryptionProof)).wait();
assert.equal(await lounge.isInside(guest), true);
done("a forged decision is refused, the genuine one lets the guest in");

devnet.destroy();

/** Says what was done, and in how many seconds. */
function done(what) {
  const now = performance.now();
  console.log(`${((now - last) / 1000).toFixed(1).padStart(6)} s  ${what}`);
  last = now;
}
