// The devnet that the page talks to.

import { createClient, getAddress, rpcSchema, type Address, type Hash, type Hex } from "viem";
import { reader, transport } from "./network";

/** Where a devnet is, if none serves this page and the address names none. */
const DEFAULT = "http://127.0.0.1:8545";

/** How long to wait for ciphertexts, in seconds. */
const PATIENCE = 100;

/** How far evaluation is. */
export interface Status {
  evaluator: "tfhe" | "reference";
  head: number;
  settled: number;
  operations: number;
  bootstraps: number;
}

interface Trace {
  /** Missing of transactions that computed nothing. */
  evaluation?: { live: number; bootstraps: number };
}

type Schema = [
  { Method: "cipher_status"; Parameters: []; ReturnType: Status },
  { Method: "cipher_settle"; Parameters: [seconds: number]; ReturnType: Status },
  { Method: "cipher_trace"; Parameters: [transaction: Hash]; ReturnType: Trace },
  { Method: "cipher_handle"; Parameters: [handle: Hex]; ReturnType: { allowed: Address[] } },
  { Method: "eth_accounts"; Parameters: []; ReturnType: Address[] },
];

const named = new URLSearchParams(location.search).get("devnet");

/** The devnet's address. */
export const url = named ?? ((await servesThisPage()) ? location.origin : DEFAULT);

/** Reads the chain. */
export const client = reader(url);

/** Asks what only a development chain answers. */
const node = createClient({ transport: transport(url), rpcSchema: rpcSchema<Schema>() });

/** How far evaluation is. */
export function status(): Promise<Status> {
  return node.request({ method: "cipher_status", params: [] });
}

/** Waits until all that was recorded is computed. */
export function settle(): Promise<Status> {
  return node.request({ method: "cipher_settle", params: [PATIENCE] });
}

/** What a transaction's evaluation took, if it computed anything. */
export async function evaluation(transaction: Hash): Promise<Trace["evaluation"]> {
  return (await node.request({ method: "cipher_trace", params: [transaction] })).evaluation;
}

/** Whom the chain grants what is behind a handle. */
export async function readers(handle: Hex): Promise<Address[]> {
  const { allowed } = await node.request({ method: "cipher_handle", params: [handle] });
  return allowed.map((address) => getAddress(address));
}

/** The accounts that have ether. */
export function accounts(): Promise<Address[]> {
  return node.request({ method: "eth_accounts", params: [] });
}

/** Whether this page comes from `ciphervm devnet --ui`. Vite answers with a page. */
async function servesThisPage(): Promise<boolean> {
  try {
    const { name } = await (await fetch("/version")).json();
    return name === "ciphervm";
  } catch {
    return false;
  }
}
