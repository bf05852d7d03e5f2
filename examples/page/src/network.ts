// What the page and its worker both need to know of the devnet.

import { defineFhevmChain } from "@fhevm/sdk/chains";
import { createPublicClient, http } from "viem";
import { foundry } from "viem/chains";

/** Chain 31337. */
export const chain = foundry;

/** Evaluation may take longer than a request does elsewhere, and several reads go as one request. */
export const transport = (url: string) => http(url, { timeout: 120_000, retryCount: 1, batch: true });

/** A client that reads. A devnet answers at once, so nothing is cached and polls come quickly. */
export function reader(url: string) {
  return createPublicClient({ chain, transport: transport(url), cacheTime: 0, pollingInterval: 100 });
}

/** The protocol's contracts, which have the same addresses on every devnet. */
export function protocol(url: string) {
  return defineFhevmChain({
    id: chain.id,
    fhevm: {
      relayerUrl: url,
      contracts: {
        acl: { address: "0x50157CFfD6bBFA2DECe204a89ec419c23ef5755D" },
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
}
