// What a user may know, and what everybody may.

import { canDecryptValue } from "@fhevm/sdk/actions/decrypt";
import { createFhevmDecryptClient, setFhevmRuntimeConfig } from "@fhevm/sdk/viem";
import type { Address, Hex } from "viem";
import { consensus, token } from "./contracts";
import { client, readers, url } from "./devnet";
import { protocol } from "./network";
import type { Steps } from "./steps";
import { list, nameOf, type User } from "./users";
import { InWords } from "./words";

/** How long a signed request is good for. */
const DAYS = 1;

const CONTRACTS: Record<Address, string> = {
  [token.address]: "the token",
  [consensus.address]: "the vote",
};

setFhevmRuntimeConfig({});
const fhevm = createFhevmDecryptClient({ chain: protocol(url), publicClient: client });
const permits = new Map<Address, ReturnType<typeof sign>>();

/** The value behind a handle of a contract, for a user whom the chain grants it. */
export async function decrypt(user: User, contractAddress: Address, handle: Hex, steps: Steps) {
  let permit = permits.get(user.address);
  if (permit === undefined) {
    steps.next(`${user.name} signs a request (EIP-712)`);
    permit = sign(user);
    permits.set(user.address, permit);
  }
  const request = { encryptedValue: handle, contractAddress, ...(await permit) };
  steps.next("The chain is asked who may know the value");
  const { allowed } = await canDecryptValue(fhevm, request);
  if (!allowed) throw new InWords(await refusal(user, handle));
  steps.next("The KMS encrypts it to your key");
  return (await fhevm.decryptValue(request)).value;
}

async function refusal(user: User, handle: Hex): Promise<string> {
  const names = (await readers(handle)).map((address) => CONTRACTS[address] ?? nameOf(address));
  const granted = names.length === 0 ? "nobody" : list(names);
  return `Refused: ${user.name} may not know this. The chain grants it to ${granted}.`;
}

/** What everybody may know, with the signatures that a contract checks. */
export async function open(handles: readonly Hex[]) {
  const { checkSignaturesArgs } = await fhevm.readPublicValuesWithSignatures({ encryptedValues: handles });
  return checkSignaturesArgs;
}

/** A key that values are encrypted to, and the user's signature under it. */
async function sign({ address, wallet }: User) {
  const transportKeyPair = await fhevm.generateTransportKeyPair();
  const signedPermit = await fhevm.signDecryptionPermit({
    contractAddresses: [token.address, consensus.address],
    startTimestamp: Math.floor(Date.now() / 1000),
    durationDays: DAYS,
    signerAddress: address,
    signer: wallet,
    transportKeyPair,
  });
  return { transportKeyPair, signedPermit };
}
