// Encrypts and proves away from the page's thread, which stays free to answer its user. The SDK
// starts threads of its own below this one, where the browser lets it.

import { createFhevmEncryptClient, setFhevmRuntimeConfig } from "@fhevm/sdk/viem";
import type { Message, Request } from "./encryption";
import { protocol, reader } from "./network";
import { words } from "./words";

setFhevmRuntimeConfig({ singleThread: !crossOriginIsolated });

let fhevm: ReturnType<typeof createFhevmEncryptClient> | undefined;

addEventListener("message", async ({ data }: MessageEvent<Request>) => {
  try {
    const { url, ...input } = data;
    if (fhevm === undefined) {
      tell({ stage: "load" });
      fhevm = createFhevmEncryptClient({ chain: protocol(url), publicClient: reader(url) });
    }
    await fhevm.ready;
    await fhevm.fetchFheEncryptionKeyBytes();
    tell({ stage: "prove" });
    // The relayer's first word is that it has the proof.
    const options = { onProgress: () => tell({ stage: "check" }) };
    const { encryptedValues, inputProof } = await fhevm.encryptValues({ ...input, options });
    tell({ handles: encryptedValues, proof: inputProof });
  } catch (error) {
    tell({ failure: words(error) });
  }
});

function tell(message: Message): void {
  postMessage(message);
}
