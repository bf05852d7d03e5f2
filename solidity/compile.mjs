// Compiles the contracts of `contracts/` into the committed artifacts of `artifacts/`.
//
//   node compile.mjs           writes the artifacts
//   node compile.mjs --check   fails if the committed artifacts are not what the sources give

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import solc from "solc";

const CONTRACTS = "contracts";
const root = import.meta.dirname;
const artifactsDir = join(root, "artifacts");

const settings = {
  // The first fork with transient storage, on which the host contracts rely.
  evmVersion: "cancun",
  optimizer: { enabled: true, runs: 200 },
  // By default the bytecode ends with a hash of the metadata, hence of every comment and path of
  // every source. Without it the bytecode depends on the code, the compiler and these settings
  // alone, so anyone can reproduce it.
  metadata: { bytecodeHash: "none" },
};

/** Compiles every source of `contracts/` and returns solc's output; diagnostics go to stderr. */
function compile() {
  const names = readdirSync(join(root, CONTRACTS)).filter((name) => name.endsWith(".sol"));
  const sources = Object.fromEntries(
    names.sort().map((name) => {
      const content = readFileSync(join(root, CONTRACTS, name), "utf8");
      return [`${CONTRACTS}/${name}`, { content }];
    }),
  );
  const wanted = { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] };
  const outputSelection = Object.fromEntries(Object.keys(sources).map((name) => [name, wanted]));
  const input = { language: "Solidity", sources, settings: { ...settings, outputSelection } };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readDependency }));

  const diagnostics = output.errors ?? [];
  for (const { severity, sourceLocation, formattedMessage } of diagnostics) {
    // A warning inside a dependency is not ours to fix.
    const ours = !sourceLocation || sourceLocation.file in sources;
    if (ours || severity === "error") console.error(formattedMessage);
  }
  if (diagnostics.some(({ severity }) => severity === "error")) process.exit(1);
  return output.contracts;
}

/** Answers solc's request for an import that is not one of our own sources. */
function readDependency(path) {
  try {
    return { contents: readFileSync(join(root, "node_modules", path), "utf8") };
  } catch (error) {
    return { error: error.message };
  }
}

/** Returns the text of each artifact by its file name, one per contract that can be deployed. */
function renderArtifacts() {
  // The suffix names how the compiler itself was built, which has no effect on what it emits.
  const version = solc.version().replace(".Emscripten.clang", "");
  const artifacts = new Map();
  for (const [sourceName, contracts] of Object.entries(compile())) {
    for (const [contractName, { abi, evm }] of Object.entries(contracts)) {
      if (evm.bytecode.object === "") continue;
      const artifact = {
        contractName,
        sourceName,
        compiler: { version, settings },
        abi,
        bytecode: `0x${evm.bytecode.object}`,
        deployedBytecode: `0x${evm.deployedBytecode.object}`,
      };
      artifacts.set(`${contractName}.json`, `${JSON.stringify(artifact, null, 2)}\n`);
    }
  }
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
