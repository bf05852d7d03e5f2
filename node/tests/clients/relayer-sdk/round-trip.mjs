// The relayer SDK as published, against a devnet: inputs with a proof, a contract that computes,
// decryption for the user, for a delegate and for everyone, and the proof of it on chain.
//
// There is one proof in all of this: in wasm it takes 16 to 19 seconds of one core, and every
// negative case makes do with it. The native client of `ciphervm-fhe` has the breadth.

import assert from "node:assert/strict";
import { createInstance } from "@zama-fhe/relayer-sdk/node";
import { AbiCoder, hexlify, id } from "ethers";
import { acl, altering, ask, config, deploy, devnet, posted } from "./devnet.mjs";

const DAY = 86_400;

const [guest, friend, stranger] = await Promise.all([1, 2, 3].map((n) => devnet.getSigner(n)));
const lounge = await deploy("Lounge", await devnet.getSigner(0));
const seconds = stopwatch();

const instance = await createInstance(config);
seconds("keys and configuration");

// Four types in one list.
const answers = { member: false, age: 42, credit: 2n ** 63n + 120n, voucher: friend.address };
const input = instance.createEncryptedInput(lounge.target, guest.address);
input.addBool(answers.member).add8(answers.age).add64(answers.credit).addAddress(answers.voucher);
const { handles, inputProof } = await input.encrypt();
seconds("encryption with proof, and its verification");

await proofsAreForOneUserAndContract();
await (await lounge.connect(guest).knock(...handles, inputProof)).wait();
seconds("computation sent");

const expected = [answers.member, BigInt(answers.age), answers.credit - 50n, answers.voucher];
const secrets = (await lounge.answersOf(guest)).toArray();
const pairs = secrets.map((handle) => ({ handle, contractAddress: lounge.target }));
const keys = instance.generateKeypair();
const validity = [Math.floor(Date.now() / 1000), 10];

assert.deepEqual(await decryptAsGuest(), expected);
seconds("user decryption, evaluation included");
await nobodyElseDecrypts();
await delegatesDecryptWhileTheyAre();
await decisionsCountOnce();
await alteredAnswersAreNoticed();

process.exit();

/** Those whose proof it is can use it; nobody else, nowhere else. */
async function proofsAreForOneUserAndContract() {
  const call = [...handles, inputProof];
  await lounge.connect(guest).knock.staticCall(...call);
  await assert.rejects(lounge.connect(stranger).knock.staticCall(...call), named("InvalidSigner(address)"));
  const other = await deploy("Lounge", stranger);
  await assert.rejects(other.connect(guest).knock.staticCall(...call), named("InvalidSigner(address)"));

  // As the SDK sent it, again: the same answer. For somebody else: rejected.
  const { contractAddress, userAddress, ciphertextWithInputVerification } = posted.get("input-proof");
  const proof = {
    chainId: BigInt(config.chainId),
    aclContractAddress: config.aclContractAddress,
    contractAddress,
    userAddress,
    ciphertextWithZKProof: `0x${ciphertextWithInputVerification}`,
    encryptionBits: input.getBits(),
  };
  const again = await instance.requestZKProofVerification(proof);
  assert.deepEqual(again.handles.map(hexlify), handles.map(hexlify));
  assert.equal(hexlify(again.inputProof), hexlify(inputProof));
  const rejected = { name: "RelayerV2ResponseInputProofRejectedError" };
  for (const change of [{ userAddress: stranger.address }, { contractAddress: other.target }]) {
    await assert.rejects(instance.requestZKProofVerification({ ...proof, ...change }), rejected);
  }
}

/** Decrypts the guest's answers for the guest. */
async function decryptAsGuest() {
  const request = instance.createEIP712(keys.publicKey, [lounge.target], ...validity);
  const signature = await sign(guest, request);
  const { publicKey, privateKey } = keys;
  const contracts = [lounge.target];
  const parameters = [pairs, privateKey, publicKey, signature, contracts, guest.address, ...validity];
  const values = await instance.userDecrypt(...parameters);
  return secrets.map((handle) => values[handle]);
}

/** The SDK refuses to ask for a stranger; so does the relayer to answer. */
async function nobodyElseDecrypts() {
  const request = instance.createEIP712(keys.publicKey, [lounge.target], ...validity);
  const signature = await sign(stranger, request);
  const { publicKey, privateKey } = keys;
  const contracts = [lounge.target];
  const parameters = [pairs, privateKey, publicKey, signature, contracts, stranger.address, ...validity];
  await assert.rejects(instance.userDecrypt(...parameters), /is not authorized to user decrypt/);

  const asGuest = posted.get("user-decrypt");
  assert.equal((await ask("user-decrypt", asGuest)).status, "succeeded");
  const asStranger = { ...asGuest, userAddress: stranger.address, signature: signature.slice(2) };
  const refused = await ask("user-decrypt", asStranger);
  assert.equal(refused.status, "failed");
  assert.equal(refused.error.label, "not_allowed_on_host_acl");
  // The stranger's signature under the guest's name.
  const forged = await ask("user-decrypt", { ...asGuest, signature: signature.slice(2) });
  assert.equal(forged.status, "failed");
  assert.match(forged.error.message, /signature/);
}

/** The SDK leaves the check of a delegation to the relayer. */
async function delegatesDecryptWhileTheyAre() {
  const delegator = guest.address;
  const request = instance.createDelegatedUserDecryptEIP712(
    keys.publicKey, [lounge.target], delegator, ...validity,
  );
  const signature = await sign(friend, request);
  const decrypt = async () => {
    const { publicKey, privateKey } = keys;
    const contracts = [lounge.target];
    const accounts = [delegator, friend.address];
    const parameters = [pairs, privateKey, publicKey, signature, contracts, ...accounts, ...validity];
    const values = await instance.delegatedUserDecrypt(...parameters);
    return secrets.map((handle) => values[handle]);
  };
  const refused = ({ name, relayerApiError }) =>
    name === "RelayerV2ResponseApiError" && relayerApiError.label === "not_allowed_on_host_acl";

  await assert.rejects(decrypt(), refused);
  const { timestamp } = await devnet.getBlock("latest");
  const grant = [friend.address, lounge.target, timestamp + DAY];
  await (await acl.connect(guest).delegateForUserDecryption(...grant)).wait();
  assert.deepEqual(await decrypt(), expected);
  seconds("delegation and delegated decryption");
  await (await acl.connect(guest).revokeDelegationForUserDecryption(...grant.slice(0, 2))).wait();
  await assert.rejects(decrypt(), refused);
}

/** The contract takes the decision as it was decrypted, once. */
async function decisionsCountOnce() {
  const decision = (await lounge.decisionOn(guest)).toArray();
  const { clearValues, abiEncodedClearValues, decryptionProof } = await instance.publicDecrypt(decision);
  assert.deepEqual(decision.map((handle) => clearValues[handle]), [true, 50n]);
  seconds("public decryption");

  const genuine = (...opened) => lounge.isGenuine(guest, ...opened);
  const open = (...opened) => lounge.open.staticCall(guest, ...opened);
  assert.equal(await genuine(abiEncodedClearValues, decryptionProof), true);
  await open(abiEncodedClearValues, decryptionProof);
  const cheaper = AbiCoder.defaultAbiCoder().encode(["bool", "uint64"], [true, 1]);
  const unknown = named("KMSInvalidSigner(address)");
  await assert.rejects(genuine(cheaper, decryptionProof), unknown);
  await assert.rejects(open(cheaper, decryptionProof), unknown);
  const flipped = flip(decryptionProof, 10);
  await assert.rejects(open(abiEncodedClearValues, flipped), fails);

  await (await lounge.open(guest, abiEncodedClearValues, decryptionProof)).wait();
  const [opened] = await lounge.queryFilter("Opened");
  assert.deepEqual(opened.args.toArray(), [guest.address, true, 50n]);
  assert.deepEqual([await lounge.isInside(guest), await lounge.takings()], [true, 50n]);
  await assert.rejects(open(abiEncodedClearValues, decryptionProof), named("AlreadyInside(address)"));

  // What is not public stays closed.
  await assert.rejects(instance.publicDecrypt(secrets), { name: "ACLPublicDecryptionError" });
  const refused = await ask("public-decrypt", { ciphertextHandles: secrets, extraData: "0x00" });
  assert.equal(refused.status, "failed");
  assert.equal(refused.error.label, "not_allowed_on_host_acl");
}

/** A bit that flips between the KMS and the SDK makes the SDK refuse the answer. */
async function alteredAnswersAreNoticed() {
  const share = (change) => (body) => {
    const result = body.result.result.map((one) => ({ ...one, ...change(one) }));
    return { ...body, result: { result } };
  };
  const payload = (at) => share((one) => ({ payload: flip(one.payload, at(one.payload.length / 2)) }));
  const changes = [
    payload(() => 20), // The key of the KMS.
    payload(() => 60), // The link to the request.
    payload((length) => length >> 1), // A ciphertext.
    share(({ signature }) => ({ signature: flip(signature, 7) })),
  ];
  for (const change of changes) {
    await assert.rejects(altering(change, decryptAsGuest), /An error occured during decryption/);
  }
  assert.deepEqual(await altering((body) => body, decryptAsGuest), expected);

  const decision = (await lounge.decisionOn(guest)).toArray();
  const lie = ({ result, ...body }) => {
    const decryptedValue = flip(result.decryptedValue, 63);
    return { ...body, result: { ...result, decryptedValue } };
  };
  const disown = /is not in the list of KMS signers/;
  await assert.rejects(altering(lie, () => instance.publicDecrypt(decision)), disown);
}

/** Signs what the SDK gives in the form that wallets take. */
function sign(signer, { domain, types, primaryType, message }) {
  return signer.signTypedData(domain, { [primaryType]: types[primaryType] }, message);
}

/** Flips the last bit of a byte in a hex string. */
function flip(hex, byte) {
  const at = (hex.startsWith("0x") ? 2 : 0) + 2 * byte + 1;
  const digit = (parseInt(hex[at], 16) ^ 1).toString(16);
  return hex.slice(0, at) + digit + hex.slice(at + 1);
}

/** Whether an error is a revert with this custom error, of whichever contract. */
function named(signature) {
  return ({ data }) => data?.startsWith(id(signature).slice(0, 10));
}

function fails({ code }) {
  return code === "CALL_EXCEPTION";
}

/** Prints what took how long since the last call. */
function stopwatch() {
  let last = performance.now();
  return (what) => {
    const now = performance.now();
    console.log(`${((now - last) / 1000).toFixed(1).padStart(6)} s  ${what}`);
    last = now;
  };
}
