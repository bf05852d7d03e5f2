// Compiles the contracts of `contracts/`, and the generated ones that call every function of the
// FHE libraries, into the committed artifacts of `artifacts/`.
//
//   node compile.mjs           writes the artifacts
//   node compile.mjs --check   fails if the committed artifacts are not what the sources give

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderCoverage } from "./coverage/generate.mjs";
import { compile, ours, root, settings, version } from "./scripts/solc.mjs";

const CONTRACTS = "contracts";
const artifactsDir = join(root, "artifacts");
const select = { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] };

/** The source that is compiled a second time, with our library in the place of Zama's. */
const TOKEN = `${CONTRACTS}/ConfidentialToken.sol`;

/** Returns the text of each artifact by its file name, one per contract that can be deployed. */
function renderArtifacts() {
  const names = readdirSync(join(root, CONTRACTS)).filter((name) => name.endsWith(".sol"));
  const sources = Object.fromEntries(
    names.sort().map((name) => {
      const content = readFileSync(join(root, CONTRACTS, name), "utf8");
      return [`${CONTRACTS}/${name}`, content];
    }),
  );
  const artifacts = new Map();
  const add = (contracts, suffix, remappings) => {
    for (const [sourceName, found] of Object.entries(contracts)) {
      for (const [contractName, { abi, evm }] of Object.entries(found)) {
        if (evm.bytecode.object === "") continue;
        const artifact = {
          contractName,
          sourceName,
          compiler: { version, settings: { ...settings, ...remappings } },
          abi,
          bytecode: `0x${evm.bytecode.object}`,
          deployedBytecode: `0x${evm.deployedBytecode.object}`,
        };
        artifacts.set(`${contractName}${suffix}.json`, `${JSON.stringify(artifact, null, 2)}\n`);
      }
    }
  };
  add(compile(sources, { select }).contracts, "");
  const token = { [TOKEN]: sources[TOKEN] };
  add(compile(token, { select, remappings: ours }).contracts, "Own", { remappings: ours });
  for (const [name, text] of renderCoverage()) artifacts.set(name, text);
  return artifacts;
}

function write(artifacts) {
  // Removed first, so that no artifact outlives its contract.
  rmSync(artifactsDir, { recursive: true, force: true });
  mkdirSync(artifactsDir);
  for (const [name, text] of artifacts) writeFileSync(join(artifactsDir, name), text);
}

/** Returns one line per artifact that is not what the sources give. */
function findDifferences(artifacts) {
  const committed = new Set(existsSync(artifactsDir) ? readdirSync(artifactsDir) : []);
  const differences = [];
  for (const [name, text] of artifacts) {
    if (!committed.delete(name)) differences.push(`artifacts/${name} is missing`);
    else if (readFileSync(join(artifactsDir, name), "utf8") !== text)
      differences.push(`artifacts/${name} differs from its source`);
  }
  for (const name of committed) differences.push(`artifacts/${name} has no contract`);
  return differences;
}

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const artifacts = renderArtifacts();
if (values.check) {
  const differences = findDifferences(artifacts);
  for (const difference of differences) console.error(difference);
  if (differences.length > 0) {
    console.error("run `npm run build` and commit the artifacts");
    process.exitCode = 1;
  }
} else {
  write(artifacts);
}
