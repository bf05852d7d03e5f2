// Checks that a contract written for `@fhevm/solidity` finds everything in ours: each path, and behind
// it every function, event and error, with name, parameters, results and mutability. Compiles every
// source of the package, too, whether a contract uses it or not.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { libraries, readApi, readContracts, readEnum, signature } from "./api.mjs";
import { compile, ours as remappings, root } from "./solc.mjs";

/**
 * What ours leaves out, by the name that it is missed by, with the reason. Not compared are the
 * functions of `Impl`, which their FHE is built on as ours is on Host: contracts use FHE.
 */
const exceptions = new Map([
  ["lib/cryptography/FhevmECDSA.sol", "a copy of OpenZeppelin's ECDSA under another name: use that"],
]);

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

let missing = 0;
const excepted = new Set();

/** Counts a member that is theirs and not ours, and has no reason to be. */
function require(found, name) {
  if (found) return;
  if (exceptions.has(name)) return void excepted.add(name);
  console.error(`missing from ours: ${name}`);
  missing += 1;
}

/** Compares the members of a library or contract. */
function compareMembers(theirs, ours, title) {
  const text = (member) => `${signature(member)} ${member.mutability ?? ""} -> (${member.returns.join(",")})`;
  for (const kind of ["functions", "events", "errors"]) {
    const found = new Set(ours[kind].map(text));
    const known = new Set(theirs[kind].map(signature));
    for (const member of theirs[kind]) require(found.has(text(member)), `${title}: ${text(member)}`);
    const added = ours[kind].filter((member) => !known.has(signature(member)));
    console.log(`${title} ${kind}: ${theirs[kind].length} in @fhevm/solidity, ${ours[kind].length} in ours`);
    if (added.length > 0) console.log(`  only in ours: ${[...new Set(added.map(({ name }) => name))].join(", ")}`);
  }
}

compareMembers(readApi(libraries.fhevm), readApi(libraries.ciphervm), "FHE");

// The same paths, with the same contracts and numbers of types behind them.
const [THEIRS, OURS] = ["@fhevm/solidity/", "@ciphervm/solidity/fhevm/"];
const sources = readdirSync(join(root, "node_modules", THEIRS), { recursive: true });
for (const path of sources.filter((path) => path.endsWith(".sol"))) {
  require(existsSync(join(root, "fhevm", path)), path);
}
const CONFIG = "config/ZamaConfig.sol";
const contracts = readContracts(OURS + CONFIG);
for (const [name, theirs] of readContracts(THEIRS + CONFIG)) {
  require(contracts.has(name), name);
  if (contracts.has(name)) compareMembers(theirs, contracts.get(name), name);
}
const types = readEnum("@ciphervm/solidity/interfaces/IFHEVMExecutor.sol");
readEnum(`${THEIRS}lib/FheType.sol`).forEach((name, number) => require(types[number] === name, `FheType.${name} = ${number}`));
console.log(`types: ${types.length}`);

console.log(`exceptions: ${exceptions.size}`);
for (const [name, reason] of exceptions) {
  console.log(`  ${name}: ${reason}`);
  if (!excepted.has(name)) console.error(`no longer missing, so no exception: ${name}`);
}
if (missing > 0 || excepted.size < exceptions.size) process.exitCode = 1;
