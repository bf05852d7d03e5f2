// What the scripts of this folder share: the devnet, its addresses, and the wire between the SDK
// and the relayer.

import { readFileSync } from "node:fs";
import { Contract, ContractFactory, JsonRpcProvider } from "ethers";

export const url = process.env.DEVNET_URL ?? "http://127.0.0.1:8545";

/** The relayer's API, with the prefix that this SDK leaves to its user. */
export const relayerUrl = `${url}/v2`;

/** The devnet over HTTP. It answers at once, so nothing is cached and polls come quickly. */
export const devnet = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, pollingInterval: 50 });

// What waits for ever fails.
setTimeout(() => { throw new Error("this takes too long"); }, 900_000).unref();

/** The SDK's configuration: the same on every devnet. */
export const config = {
  network: url,
  relayerUrl,
  chainId: 31337,
  gatewayChainId: 10901,
  aclContractAddress: "0x50157CFfD6bBFA2DECe204a89ec419c23ef5755D",
  kmsContractAddress: "0x901F8942346f7AB3a01F6D7613119Bca447Bb030",
  inputVerifierContractAddress: "0x36772142b74871f255CbD7A3e89B401d3e45825f",
  verifyingContractAddressDecryption: "0x5ffdaAB0373E62E2ea2944776209aEf29E631A64",
  verifyingContractAddressInputVerification: "0x812b06e1CDCE800494b79fFE4f925A504a9A9810",
};

export const acl = new Contract(
  config.aclContractAddress,
  [
    "function delegateForUserDecryption(address delegate, address contractAddress, uint64 expirationDate)",
    "function revokeDelegationForUserDecryption(address delegate, address contractAddress)",
  ],
  devnet,
);

/** Deploys a contract of `solidity/artifacts` for an account. */
export async function deploy(name, signer, ...args) {
  const path = new URL(`../../../../solidity/artifacts/${name}.json`, import.meta.url);
  const { abi, bytecode } = JSON.parse(readFileSync(path, "utf8"));
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(...args);
  return contract.waitForDeployment();
}

/** What the SDK posted to the relayer last, by the last part of the path. */
export const posted = new Map();

let alter = (body) => body;

/** Runs `action` while every finished job's body goes through `change` on its way to the SDK. */
export async function altering(change, action) {
  alter = change;
  try {
    return await action();
  } finally {
    alter = (body) => body;
  }
}

const { fetch } = globalThis;
globalThis.fetch = async (resource, options) => {
  const response = await fetch(resource, options);
  if (options?.method === "POST" && `${resource}`.startsWith(relayerUrl)) {
    posted.set(`${resource}`.split("/").at(-1), JSON.parse(options.body));
  }
  // 200 with a request id is a job's end.
  if (response.status !== 200 || !response.headers.get("content-type")?.includes("json")) return response;
  const body = await response.json();
  const { status, headers } = response;
  return new Response(JSON.stringify(body.requestId ? alter(body) : body), { status, headers });
};

/** Posts a request past the SDK, which would refuse to, and returns how its job ends. */
export async function ask(path, body) {
  const headers = { "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(body) };
  let response = await fetch(`${relayerUrl}/${path}`, request);
  let answer = await response.json();
  const job = answer.result?.jobId;
  while (response.status === 202) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    response = await fetch(`${relayerUrl}/${path}/${job}`);
    answer = await response.json();
  }
  return { status: response.status, ...answer };
}
