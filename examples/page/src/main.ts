// The page: who its user is, which chain it shows, and the parts on it.

import { isAddressEqual } from "viem";
import { areDeployed, deploy } from "./contracts";
import { accounts, status, url, type Status } from "./devnet";
import { fill, find } from "./dom";
import { afterActions, Panel } from "./panel";
import { hideToken, refreshToken, startToken } from "./token";
import { become, me, users } from "./users";
import { hideVote, refreshVote, startVote } from "./vote";
import { words } from "./words";

/** How often the page looks at the chain, in milliseconds. */
const INTERVAL = 1_000;

const account = find<HTMLSelectElement>("account");
const deployment = new Panel(find("deployment"));
let head: number | undefined;

fill(account, users.map(({ name }) => name));
account.addEventListener("change", () => {
  become(users[Number(account.value)]!);
  hideToken();
  hideVote();
  greet();
});
find("deploy").addEventListener("click", () =>
  deployment.act(async (steps) => {
    await deploy(steps);
    return "Both are there.";
  }),
);
afterActions(refresh);
startToken();
startVote();
greet();
await look();

function greet(): void {
  find("address").textContent = me().address;
}

/** Looks at the chain again and again, and shows what is new. */
async function look(): Promise<void> {
  try {
    const now = await status();
    const trouble = await troubleWith(now);
    say(trouble);
    describe(now);
    if (trouble === undefined && now.head !== head) {
      await refresh();
      head = now.head;
    }
  } catch (error) {
    head = undefined;
    say(`${words(error)} It should be at ${url}. \`ciphervm devnet\` starts one.`);
  }
  setTimeout(look, INTERVAL);
}

/** Why the page cannot work with a devnet, if it cannot. */
async function troubleWith({ evaluator }: Status): Promise<string | undefined> {
  if (evaluator === "reference") {
    const reason = "This devnet computes on plaintexts, so there are no keys to encrypt with.";
    return `${reason} Start it without --evaluator reference.`;
  }
  if (head !== undefined) return undefined;
  const known = (await accounts()).some((address) => isAddressEqual(address, me().address));
  return known ? undefined : "This devnet has other accounts. Start it without --mnemonic.";
}

function say(trouble: string | undefined): void {
  const line = find("trouble");
  line.hidden = trouble === undefined;
  if (line.textContent !== (trouble ?? "")) line.textContent = trouble ?? "";
}

function describe({ head, settled, operations, bootstraps }: Status): void {
  const computed = settled < head ? "computing" : "everything is computed";
  const [all, hard] = [operations, bootstraps].map((number) => number.toLocaleString("en-GB"));
  find("chain").textContent =
    `Chain 31337 at ${url}, block ${head}: ${computed}. ${all} operations, ${hard} bootstraps so far.`;
}

/** Shows the contracts as they are on chain now. */
async function refresh(): Promise<void> {
  const deployed = await areDeployed();
  find("deployment").hidden = deployed;
  find("contracts").hidden = !deployed;
  if (deployed) await Promise.all([refreshToken(), refreshVote()]);
}
