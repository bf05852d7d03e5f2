// Checks that a contract written for the FHE library of `@fhevm/solidity` finds every function,
// event and error of it in ours: name, parameters, results, mutability. Compiles every source of the
// package, too, whether a contract uses it or not.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { libraries, readApi, signature } from "./api.mjs";
import { compile, ours as remappings, root } from "./solc.mjs";

/** What ours leaves out, by signature, with the reason. */
const exceptions = new Map([]);

const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const all = files.flatMap((name) =>
  name.endsWith(".sol")
    ? [name]
    : readdirSync(join(root, name), { recursive: true }).map((path) => join(name, path)),
);
const imports = all.filter((path) => path.endsWith(".sol")).map((path) => `import "@ciphervm/solidity/${path}";`);
// What OpenZeppelin imports besides FHE.sol.
imports.push('import "@openzeppelin/confidential-contracts/utils/HandleAccessManager.sol";');
const source = `// SPDX-License-Identifier: MIT\npragma solidity ^0.8.24;\n${imports.join("\n")}\n`;
compile({ "All.sol": source }, { outputs: ["*"], remappings, select: { "*": ["abi"] } });
console.log(`sources: ${imports.length - 1} compile`);

const theirs = readApi(libraries.fhevm);
const ours = readApi(libraries.ciphervm);
let missing = 0;
for (const kind of ["functions", "events", "errors"]) {
  const text = (member) => `${signature(member)} ${member.mutability ?? ""} -> (${member.returns.join(",")})`;
  const found = new Set(ours[kind].map(text));
  const known = new Set(theirs[kind].map(signature));
  const absent = theirs[kind].filter((member) => !found.has(text(member)) && !exceptions.has(signature(member)));
  for (const member of absent) console.error(`missing from ours: ${text(member)}`);
  missing += absent.length;
  const added = ours[kind].filter((member) => !known.has(signature(member)));
  console.log(`${kind}: ${theirs[kind].length} in @fhevm/solidity, ${ours[kind].length} in ours`);
  if (added.length > 0) console.log(`  only in ours: ${[...new Set(added.map(({ name }) => name))].join(", ")}`);
}
console.log(`exceptions: ${exceptions.size}`);
for (const [name, reason] of exceptions) console.log(`  ${name}: ${reason}`);
if (missing > 0) process.exitCode = 1;
