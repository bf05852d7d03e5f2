// The accounts of a devnet, with their keys and names to tell them apart by.

import { createWalletClient, isAddressEqual, toHex, type Address } from "viem";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { url } from "./devnet";
import { chain, transport } from "./network";

/** Known to everybody: for development chains only. */
const MNEMONIC = "test test test test test test test test test test test junk";

const branch = mnemonicToAccount(MNEMONIC, { path: "m/44'/60'/0'/0" }).getHdKey();

/** Somebody who signs. */
export type User = ReturnType<typeof user>;

const NAMES = ["Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy"];

/** The ten accounts that a devnet gives ether to. */
export const users = NAMES.map(user);

/** The token's owner. */
export const owner = users[0]!;

/** Who votes. */
export const validators = users.slice(1, 4);

/** Who deploys the contracts, and nothing else: so their addresses are the same on every devnet. */
export const deployer = user("The deployer", 1_000);

let current = owner;

/** Whoever uses the page now. */
export function me(): User {
  return current;
}

/** Has somebody else use the page. */
export function become(user: User): void {
  current = user;
}

/** The name of an account, or a short form of its address. */
export function nameOf(address: Address): string {
  const known = users.find((user) => isAddressEqual(user.address, address));
  return known?.name ?? `${address.slice(0, 6)}…${address.slice(-4)}`;
}

/** Names as a sentence has them: `Bob, Carol and Dave`. */
export function list(names: string[]): string {
  return new Intl.ListFormat("en-GB").format(names);
}

function user(name: string, index: number) {
  const account = privateKeyToAccount(toHex(branch.deriveChild(index).privateKey!));
  const wallet = createWalletClient({ account, chain, transport: transport(url), pollingInterval: 100 });
  return { name, address: account.address, wallet };
}
