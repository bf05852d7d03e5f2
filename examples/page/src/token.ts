// The token: balances, transfers, minting.

import { isAddressEqual, zeroAddress, zeroHash, type Address, type Hex } from "viem";
import { token } from "./contracts";
import { client } from "./devnet";
import { fill, find } from "./dom";
import { encrypt } from "./encryption";
import { execute, Panel } from "./panel";
import { Secrets } from "./secrets";
import { me, nameOf, users } from "./users";
import { InWords } from "./words";

/** How many transfers are shown. */
const LATEST = 4;

const LARGEST = 2n ** 64n - 1n;

const section = find("token");
const panel = new Panel(section);
const recipient = find<HTMLSelectElement>("recipient");
const amount = find<HTMLInputElement>("amount");

const balances = new Secrets(find("balances"), token.address, panel);
const moved = new Secrets(find("moved"), token.address, panel);

/** Prepares the token's part of the page. */
export function startToken(): void {
  fill(recipient, users.map(({ name }) => name));
  recipient.value = "1";
  find<HTMLFormElement>("payment").addEventListener("submit", (event) => {
    event.preventDefault();
    const minting = (event.submitter as HTMLButtonElement | null)?.value === "mint";
    const to = users[Number(recipient.value)]!;
    const value = BigInt(amount.value);
    void panel.act(async (steps) => {
      if (value > LARGEST) throw new InWords(`The largest amount is ${LARGEST}.`);
      if (minting) {
        const args = [to.address, value] as const;
        const call = { ...token, functionName: "mintClear", args } as const;
        await execute(steps, () => me().wallet.writeContract(call));
        return `${value} minted to ${to.name}, for all to see. What ${to.name} has now is not.`;
      }
      const { handles, proof } = await encrypt(token.address, { type: "uint64", value }, steps);
      const args = [to.address, handles[0]!, proof] as const;
      const call = { ...token, functionName: "confidentialTransfer", args } as const;
      await execute(steps, () => me().wallet.writeContract(call));
      return `Sent to ${to.name}. If ${me().name} had less, nothing moved, and nobody else can tell.`;
    });
  });
}

/** Hides what the last user was told. */
export function hideToken(): void {
  panel.clear();
  balances.forget();
  moved.forget();
}

/** Shows the token as it is on chain now. */
export async function refreshToken(): Promise<void> {
  const [handles, transfers] = await Promise.all([
    Promise.all(users.map(({ address }) => balanceOf(address))),
    client.getContractEvents({ ...token, eventName: "ConfidentialTransfer", fromBlock: 0n }),
  ]);
  const holders = users
    .map(({ name, address }, index) => ({
      key: address,
      label: name,
      subject: `${name}'s balance`,
      handle: handles[index]!,
    }))
    .filter(({ handle }) => handle !== zeroHash);
  balances.show(holders);
  section.classList.toggle("empty", holders.length === 0);
  moved.show(
    transfers
      .slice(-LATEST)
      .reverse()
      .map(({ args: { from, to, amount }, transactionHash, logIndex }) => {
        const [sender, receiver] = [nameOf(from!), nameOf(to!)];
        const line = isAddressEqual(from!, zeroAddress)
          ? { label: `Minted to ${receiver}`, subject: `what ${receiver} was given` }
          : { label: `${sender} → ${receiver}`, subject: `what ${sender} sent to ${receiver}` };
        return { key: `${transactionHash} ${logIndex}`, handle: amount!, ...line };
      }),
  );
}

function balanceOf(account: Address): Promise<Hex> {
  return client.readContract({ ...token, functionName: "confidentialBalanceOf", args: [account] });
}
