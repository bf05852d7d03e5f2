// `@fhevm/sdk` on ethers.

import { createFhevmClient, setFhevmRuntimeConfig } from "@fhevm/sdk/ethers";
import { Contract, ContractFactory, JsonRpcProvider } from "ethers";
import { ACL, ACL_ABI, abi, bytecode, chain, roundTrip, runtime, url } from "./round-trip.mjs";

// The devnet answers at once, so nothing is cached and polls come quickly.
const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, pollingInterval: 50 });
const [owner, guest, friend] = await Promise.all([0, 1, 2].map((n) => provider.getSigner(n)));
const deployed = await new ContractFactory(abi, bytecode, owner).deploy();
const lounge = (await deployed.waitForDeployment()).connect(guest);
const acl = new Contract(ACL, ACL_ABI, guest);

setFhevmRuntimeConfig(runtime);
await roundTrip({
  fhevm: createFhevmClient({ chain, provider }),
  guest: { address: guest.address, signer: guest },
  friend: { address: friend.address, signer: friend },
  lounge: {
    address: lounge.target,
    read: async (name, args) => {
      const result = await lounge[name](...args);
      // A structure of handles.
      return Array.isArray(result) ? result.toArray() : result;
    },
    send: async (name, args) => (await lounge[name](...args)).wait(),
  },
  delegate: async (until) => {
    const sent = await acl.delegateForUserDecryption(friend.address, lounge.target, until);
    await sent.wait();
  },
});
process.exit();
