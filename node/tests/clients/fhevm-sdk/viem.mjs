// `@fhevm/sdk` on viem, with keys of one's own.

import assert from "node:assert/strict";
import { createFhevmClient, setFhevmRuntimeConfig } from "@fhevm/sdk/viem";
import { createPublicClient, createWalletClient, http, parseAbi } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { ACL, ACL_ABI, abi, bytecode, chain, roundTrip, runtime, url } from "./round-trip.mjs";

const MNEMONIC = "test test test test test test test test test test test junk";

// The devnet answers at once, so nothing is cached and polls come quickly.
const options = { chain: foundry, transport: http(url), cacheTime: 0, pollingInterval: 50 };
const publicClient = createPublicClient(options);
const [guest, friend] = [3, 4].map((addressIndex) => {
  const account = mnemonicToAccount(MNEMONIC, { addressIndex });
  return { address: account.address, signer: createWalletClient({ ...options, account }) };
});

const deployment = await guest.signer.deployContract({ abi, bytecode });
const { contractAddress: address } = await confirmed(deployment);

setFhevmRuntimeConfig(runtime);
await roundTrip({
  fhevm: createFhevmClient({ chain, publicClient }),
  guest,
  friend,
  lounge: {
    address,
    read: async (functionName, args) => {
      const result = await publicClient.readContract({ address, abi, functionName, args });
      // A structure of handles.
      return typeof result === "object" ? Object.values(result) : result;
    },
    send: (functionName, args) => send({ address, abi, functionName, args }),
  },
  delegate: (until) => {
    const args = [friend.address, address, BigInt(until)];
    const functionName = "delegateForUserDecryption";
    return send({ address: ACL, abi: parseAbi(ACL_ABI), functionName, args });
  },
});
process.exit();

/** Sends what a simulation has shown to work. */
async function send(call) {
  const { account } = guest.signer;
  const { request } = await publicClient.simulateContract({ account, ...call });
  return confirmed(await guest.signer.writeContract(request));
}

async function confirmed(hash) {
  const receipt = await publicClient.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  return receipt;
}
