// The vote: rounds, ballots, results.

import { decodeFunctionData, zeroHash, type Address, type Hex } from "viem";
import { consensus } from "./contracts";
import { open } from "./decryption";
import { client } from "./devnet";
import { element, find } from "./dom";
import { encrypt } from "./encryption";
import { execute, Panel } from "./panel";
import { Secrets } from "./secrets";
import { me, validators } from "./users";
import { revertName } from "./words";

/** What there is to choose. The contract counts from 1. */
const CHOICES = ["A", "B", "C"];

/** The rule of the contract by which most votes win. */
const MAJORITY = 0;

/** Marks are for votes on numbers. */
const NO_MARKS = 255;

/** How long a round takes ballots, in seconds. */
const DURATION = 3_600n;

/** How far a round is, as the contract numbers it. */
const [VOTING, COUNTED, OPENED] = [0, 1, 2];

const panel = new Panel(find("vote"));
const ballots = new Secrets(find("ballots"), consensus.address, panel);

/** The latest round. */
let round: bigint | undefined;

/** Prepares the vote's part of the page. */
export function startVote(): void {
  const form = find<HTMLFormElement>("ballot");
  form.querySelector(".choices")!.append(
    ...CHOICES.map((name, index) =>
      element(
        "label",
        {},
        element("input", {
          type: "radio",
          name: "choice",
          value: `${index + 1}`,
          defaultChecked: index === 0,
        }),
        name,
      ),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void cast(Number(new FormData(form).get("choice")));
  });
  find("begin").addEventListener("click", () => void begin());
  find("close").addEventListener("click", () => void close());
  find("open").addEventListener("click", () => void openResult());
}

/** Hides what the last user was told. */
export function hideVote(): void {
  panel.clear();
  ballots.forget();
}

/** Shows the latest round as it is on chain now. */
export async function refreshVote(): Promise<void> {
  const began = await client.getContractEvents({ ...consensus, eventName: "Began", fromBlock: 0n });
  const id = (round = began.at(-1)?.args.id);
  find("round").hidden = id === undefined;
  find("begin").hidden = id !== undefined;
  find("ballot").hidden = true;
  find("open").hidden = true;
  if (id === undefined) return;

  const [{ phase, voters, outcome }, results, cast] = await Promise.all([
    client.readContract({ ...consensus, functionName: "roundOf", args: [id] }),
    client.readContract({ ...consensus, functionName: "resultOf", args: [id] }),
    ballotsOf(id),
  ]);
  const winner = outcome[0] === undefined ? undefined : (CHOICES[Number(outcome[0]) - 1] ?? "nobody");
  find("begin").hidden = phase !== OPENED;
  find("ballot").hidden = phase !== VOTING;
  find("open").hidden = phase !== COUNTED;
  find("round-name").textContent = `Round ${id + 1n}.`;
  find("phase").textContent =
    phase === VOTING
      ? `${voters.length} of ${validators.length} have voted.`
      : phase === COUNTED
        ? "Counted. Everybody may decrypt the winner, and nothing else."
        : "Opened. The contract checked the KMS's signature.";
  find("outcome").hidden = winner === undefined;
  find("outcome").replaceChildren(element("strong", {}, winner ?? ""), " wins");
  ballots.show([
    ...validators.map(({ name, address }) => ({
      key: `${id} ${address}`,
      label: name,
      subject: `${name}'s ballot`,
      handle: cast.get(address),
    })),
    ...results.map((handle) => ({
      key: `${id} result`,
      label: "Winner",
      subject: "the winner",
      handle,
      value: winner ?? "open to all",
    })),
  ]);
}

/** The handle that each validator voted with, from the call data. */
async function ballotsOf(id: bigint): Promise<Map<Address, Hex>> {
  const votes = await client.getContractEvents({ ...consensus, eventName: "Voted", args: { id }, fromBlock: 0n });
  const entries = votes.map(async ({ transactionHash, args }) => {
    const { input } = await client.getTransaction({ hash: transactionHash });
    const call = decodeFunctionData({ ...consensus, data: input });
    const handle = call.functionName === "vote" ? call.args[1][0] : undefined;
    return [args.validator!, handle ?? zeroHash] as const;
  });
  return new Map(await Promise.all(entries));
}

function begin(): Promise<void> {
  return panel.act(async (steps) => {
    const args = [MAJORITY, CHOICES.length, NO_MARKS, DURATION] as const;
    await execute(steps, () => me().wallet.writeContract({ ...consensus, functionName: "begin", args }));
    return "A round began. It takes one ballot of each validator.";
  });
}

function cast(choice: number): Promise<void> {
  return panel.act(async (steps) => {
    const id = round!;
    await rehearse(id);
    const { handles, proof } = await encrypt(consensus.address, { type: "uint8", value: choice }, steps);
    const args = [id, handles, proof] as const;
    await execute(steps, () => me().wallet.writeContract({ ...consensus, functionName: "vote", args }));
    return `${me().name} has voted. Nobody can decrypt the ballot, ${me().name} included.`;
  });
}

/** Asks the contract for its objections before a proof is made: that there is none is its last. */
async function rehearse(id: bigint): Promise<void> {
  try {
    await client.simulateContract({
      ...consensus,
      account: me().address,
      functionName: "vote",
      args: [id, [zeroHash], "0x"],
    });
  } catch (error) {
    if (revertName(error) !== "NoProof") throw error;
  }
}

function close(): Promise<void> {
  return panel.act(async (steps) => {
    const call = { ...consensus, functionName: "close", args: [round!] } as const;
    await execute(steps, () => me().wallet.writeContract(call));
    return "The ballots are counted, and still encrypted.";
  });
}

function openResult(): Promise<void> {
  return panel.act(async (steps) => {
    const id = round!;
    steps.next("The KMS decrypts the result and signs it");
    const results = await client.readContract({ ...consensus, functionName: "resultOf", args: [id] });
    const { abiEncodedCleartexts, decryptionProof } = await open(results);
    const args = [id, abiEncodedCleartexts, decryptionProof] as const;
    await execute(steps, () => me().wallet.writeContract({ ...consensus, functionName: "open", args }));
    return "The contract has the result, and knows that it is genuine.";
  });
}
