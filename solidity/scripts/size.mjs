// Prints the size of each contract of `contracts/` on `@fhevm/solidity` as deployed, with it and with
// our library in its place. Fails if ours makes one larger.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, ours, root } from "./solc.mjs";

const select = { "*": ["evm.deployedBytecode.object"] };
const names = readdirSync(join(root, "contracts")).filter((name) => name.endsWith(".sol"));
const texts = names.sort().map((name) => [`contracts/${name}`, readFileSync(join(root, "contracts", name), "utf8")]);
// What looks inside of the library has no counterpart in ours.
const measured = (text) => text.includes("@fhevm/solidity") && !text.includes("lib/Impl.sol");
const sources = Object.fromEntries(texts.filter(([, text]) => measured(text)));
const builds = [[], ours].map((remappings) => compile(sources, { select, remappings }).contracts);
const bytes = (contract) => contract.evm.deployedBytecode.object.length / 2;

console.log("bytes of code          @fhevm/solidity   @ciphervm/solidity");
let larger = 0;
for (const [source, contracts] of Object.entries(builds[0])) {
  for (const [name, contract] of Object.entries(contracts)) {
    const [theirs, own] = [bytes(contract), bytes(builds[1][source][name])];
    console.log(`${name.padEnd(22)} ${String(theirs).padStart(15)} ${String(own).padStart(20)}`);
    if (own > theirs) larger += 1;
  }
}
if (larger > 0) process.exitCode = 1;
