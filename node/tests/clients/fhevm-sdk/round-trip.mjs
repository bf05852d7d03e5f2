// The round trip with `@fhevm/sdk` as published, whichever library it sends its calls with.
//
// There is one proof in it: in wasm it takes 16 to 19 seconds of one core.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { defineFhevmChain } from "@fhevm/sdk/chains";

export const url = process.env.DEVNET_URL ?? "http://127.0.0.1:8545";
export const ACL = "0x50157CFfD6bBFA2DECe204a89ec419c23ef5755D";
export const ACL_ABI = [
  "function delegateForUserDecryption(address delegate, address contractAddress, uint64 expirationDate)",
];

/** The same on every devnet. The SDK adds the relayer's prefix. */
export const chain = defineFhevmChain({
  id: 31337,
  fhevm: {
    relayerUrl: url,
    contracts: {
      acl: { address: ACL },
      inputVerifier: { address: "0x36772142b74871f255CbD7A3e89B401d3e45825f" },
      kmsVerifier: { address: "0x901F8942346f7AB3a01F6D7613119Bca447Bb030" },
    },
    gateway: {
      id: 10901,
      contracts: {
        decryption: { address: "0x5ffdaAB0373E62E2ea2944776209aEf29E631A64" },
        inputVerification: { address: "0x812b06e1CDCE800494b79fFE4f925A504a9A9810" },
      },
    },
  },
});

/** Workers would want Node 22, and more cores than one. */
export const runtime = { singleThread: true };

const artifact = new URL("../../../../solidity/artifacts/Lounge.json", import.meta.url);
export const { abi, bytecode } = JSON.parse(readFileSync(artifact, "utf8"));

// What waits for ever fails.
setTimeout(() => { throw new Error("this takes too long"); }, 900_000).unref();

/**
 * Sends a guest into the lounge and has all that is encrypted decrypted.
 *
 * `guest` and `friend` are `{ address, signer }`, and `lounge` has an `address`, reads with `read`
 * and sends for the guest with `send`. `delegate` has the guest let the friend decrypt, until some
 * time.
 */
export async function roundTrip({ fhevm, guest, friend, lounge, delegate }) {
  const contractAddress = lounge.address;
  const { encryptedValues, inputProof } = await fhevm.encryptValues({
    contractAddress,
    userAddress: guest.address,
    values: [
      { type: "bool", value: true },
      { type: "uint8", value: 255 },
      { type: "uint64", value: 2n ** 64n - 1n },
      { type: "address", value: friend.address },
    ],
  });
  await lounge.send("knock", [...encryptedValues, inputProof]);

  // A member pays nothing.
  const expected = [
    { type: "bool", value: true },
    { type: "uint8", value: 255 },
    { type: "uint64", value: 2n ** 64n - 1n },
    { type: "address", value: friend.address },
  ];
  const secrets = await lounge.read("answersOf", [guest.address]);
  const transportKeyPair = await fhevm.generateTransportKeyPair();
  const permit = ({ address, signer }, delegatorAddress) =>
    fhevm.signDecryptionPermit({
      contractAddresses: [contractAddress],
      startTimestamp: Math.floor(Date.now() / 1000),
      durationDays: 1,
      signerAddress: address,
      signer,
      transportKeyPair,
      delegatorAddress,
    });
  const decrypt = async (signedPermit) => {
    const encryptedValues = secrets;
    const parameters = { encryptedValues, contractAddress, transportKeyPair, signedPermit };
    return plain(await fhevm.decryptValues(parameters));
  };

  assert.deepEqual(await decrypt(await permit(guest)), expected);
  await assert.rejects(decrypt(await permit(friend)), /is not authorized to decrypt/);
  const delegated = await permit(friend, guest.address);
  await assert.rejects(decrypt(delegated), /is not delegated by/);
  await delegate(Math.floor(Date.now() / 1000) + 86_400);
  assert.deepEqual(await decrypt(delegated), expected);

  const decision = await lounge.read("decisionOn", [guest.address]);
  const { clearValues, checkSignaturesArgs } = await fhevm.readPublicValuesWithSignatures({
    encryptedValues: decision,
  });
  assert.deepEqual(plain(clearValues), [{ type: "bool", value: true }, { type: "uint64", value: 0n }]);
  const { abiEncodedCleartexts, decryptionProof } = checkSignaturesArgs;
  const genuine = (clear) => lounge.read("isGenuine", [guest.address, clear, decryptionProof]);
  assert.equal(await genuine(abiEncodedCleartexts), true);
  const tampered = abiEncodedCleartexts.replace(/0$/, "1");
  assert.notEqual(tampered, abiEncodedCleartexts);
  await assert.rejects(genuine(tampered), /KMSInvalidSigner/);
  await assert.rejects(lounge.send("open", [guest.address, tampered, decryptionProof]));
  assert.equal(await lounge.read("isInside", [guest.address]), false);
  await lounge.send("open", [guest.address, abiEncodedCleartexts, decryptionProof]);
  assert.equal(await lounge.read("isInside", [guest.address]), true);

  await assert.rejects(fhevm.readPublicValues({ encryptedValues: secrets }), /not allowed for public decryption/);
}

/** The SDK's values are of a class of its own. */
function plain(values) {
  return values.map(({ type, value }) => ({ type, value }));
}
