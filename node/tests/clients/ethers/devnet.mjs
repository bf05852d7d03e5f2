// What the scripts of this folder share: the devnet's addresses, artifacts, and the methods that
// encrypt and decrypt for developers.

import { readFileSync } from "node:fs";
import { JsonRpcProvider } from "ethers";

export const url = process.env.DEVNET_URL ?? "http://127.0.0.1:8545";

/** The devnet over HTTP. It answers at once, so nothing is cached and polls come quickly. */
export const devnet = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, pollingInterval: 50 });

// What waits for ever fails.
setTimeout(() => { throw new Error("this takes too long"); }, 900_000).unref();

/** ABI and bytecode of a contract in `solidity/artifacts`. */
export function artifact(name) {
  const path = new URL(`../../../../solidity/artifacts/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Encrypts values for a call of `contract` by `user`: one handle a value, and their proof. */
export function encrypt(values, types, contract, user) {
  return devnet.send("cipher_encrypt", [values, types, contract, user]);
}

export async function decrypt(handle) {
  const { value } = await devnet.send("cipher_decrypt", [handle]);
  return value;
}
