// Errors in words: what happened, and what to do.

import { BaseError, ContractFunctionRevertedError, HttpRequestError, type Address } from "viem";

/** An error whose message is for the user. */
export class InWords extends Error {}

/** Who signs, by address: the worker has no names. */
type Name = (address: Address) => string;

const PHASES = ["voting", "counted", "opened", "void"];

const REVERTS: Record<string, (name: Name, ...args: never[]) => string> = {
  OwnableUnauthorizedAccount: (name, account: Address) =>
    `${name(account)} may not mint. Only the owner, Alice, may.`,
  ERC7984ZeroBalance: (name, holder: Address) => `${name(holder)} never had any of this token.`,
  NotValidator: (name, account: Address) =>
    `${name(account)} is no validator. Bob, Carol and Dave are: choose one of them at the top.`,
  AlreadyVoted: (name, _round: bigint, account: Address) =>
    `${name(account)} has voted in this round, and once is all.`,
  VotingGoesOn: () =>
    "The round cannot be closed yet: it waits for all three validators, or for an hour to pass.",
  WrongPhase: (_name, _round: bigint, phase: number) =>
    `It is too late for this: the round is ${PHASES[phase]}.`,
};

/** What an error means. */
export function words(error: unknown, name: Name = String): string {
  if (error instanceof InWords) return error.message;
  if (error instanceof BaseError) {
    const revert = revertOf(error);
    const known = REVERTS[revert?.data?.errorName ?? ""];
    if (known !== undefined) return known(name, ...((revert?.data?.args ?? []) as never[]));
    if (error.walk((cause) => cause instanceof HttpRequestError)) return "The devnet does not answer.";
    // The devnet's own words, where it has some.
    return sentence(error.details || error.shortMessage);
  }
  const refusal = (error as { relayerApiError?: { message: string } }).relayerApiError;
  if (refusal !== undefined) return sentence(`The relayer refuses: ${refusal.message}`);
  return sentence(error instanceof Error ? error.message : String(error));
}

/** The name of the custom error that a contract reverted with. */
export function revertName(error: unknown): string | undefined {
  return error instanceof BaseError ? revertOf(error)?.data?.errorName : undefined;
}

function revertOf(error: BaseError): ContractFunctionRevertedError | undefined {
  const cause = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  return cause instanceof ContractFunctionRevertedError ? cause : undefined;
}

function sentence(text: string): string {
  const line = text.trim().split("\n")[0] ?? "";
  return `${line.charAt(0).toUpperCase()}${line.slice(1).replace(/\.?$/, ".")}`;
}
