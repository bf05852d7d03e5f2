// Encrypted inputs: what a user hands to a contract without showing it to anybody.

import type { Address, Hex } from "viem";
import { url } from "./devnet";
import type { Steps } from "./steps";
import { me } from "./users";
import { InWords } from "./words";

/** A value of one of Solidity's types. */
export interface Clear {
  type: "uint8" | "uint64";
  value: number | bigint;
}

/** What the worker is asked. */
export interface Request {
  url: string;
  contractAddress: Address;
  userAddress: Address;
  values: Clear[];
}

/** What the worker answers: how far it is, and how it ends. */
export type Message = { stage: keyof typeof STAGES } | Encrypted | { failure: string };

/** Handles for a contract, and the proof that covers them. */
export interface Encrypted {
  handles: readonly Hex[];
  proof: Hex;
}

const STAGES = {
  load: "Loading the SDK and the network's public key",
  prove: "Encrypting and proving in your browser",
  check: "The relayer checks the proof",
};

/** As the SDK has them. */
const THREADS = crossOriginIsolated ? `on ${navigator.hardwareConcurrency} threads` : "on one thread";

const worker = new Worker(new URL("./encryption.worker.ts", import.meta.url), { type: "module" });

/** Encrypts a user's value for a contract, and has the proof checked. One call at a time. */
export function encrypt(contract: Address, value: Clear, steps: Steps): Promise<Encrypted> {
  return new Promise((resolve, reject) => {
    let last = "";
    worker.onerror = ({ message }) => reject(new InWords(`The SDK cannot be started here: ${message}`));
    worker.onmessage = ({ data }: MessageEvent<Message>) => {
      if ("failure" in data) reject(new InWords(data.failure));
      else if ("handles" in data) resolve(data);
      else if (data.stage !== last) {
        last = data.stage;
        steps.next(STAGES[data.stage]);
        if (data.stage === "prove") steps.note(THREADS);
      }
    };
    const request: Request = { url, contractAddress: contract, userAddress: me().address, values: [value] };
    worker.postMessage(request);
  });
}
