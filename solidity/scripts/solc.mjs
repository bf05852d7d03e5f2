// The Solidity compiler, with the settings of every build here.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import solc from "solc";

export const root = join(import.meta.dirname, "..");

export const settings = {
  // The first fork with transient storage, on which the host contracts rely.
  evmVersion: "cancun",
  optimizer: { enabled: true, runs: 200 },
  // By default the bytecode ends with a hash of the metadata, hence of every comment and path of
  // every source. Without it the bytecode depends on the code, the compiler and these settings
  // alone, so anyone can reproduce it.
  metadata: { bytecodeHash: "none" },
};

/** The compiler's version. The suffix names how it was itself built, which changes nothing. */
export const version = solc.version().replace(".Emscripten.clang", "");

/** This package by its own name. */
const OWN = "@ciphervm/solidity/";

/** Makes what imports `@fhevm/solidity` use our library. */
export const ours = [`@fhevm/solidity/=${OWN}fhevm/`];

/**
 * Compiles sources (text by name) and returns solc's output for those files, or for all if
 * `outputs` names files of dependencies. Diagnostics go to stderr.
 */
export function compile(sources, { remappings = [], outputs = Object.keys(sources), select }) {
  const outputSelection = Object.fromEntries(outputs.map((name) => [name, select]));
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(
      Object.entries(sources).map(([name, content]) => [name, { content }]),
    ),
    settings: { ...settings, ...(remappings.length > 0 && { remappings }), outputSelection },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readDependency }));
  const diagnostics = output.errors ?? [];
  for (const { severity, sourceLocation, formattedMessage } of diagnostics) {
    // A warning inside a dependency is not ours to fix.
    const file = sourceLocation?.file;
    const own = !file || file in sources || file.startsWith(OWN);
    if (own || severity === "error") console.error(formattedMessage);
  }
  if (diagnostics.some(({ severity }) => severity === "error")) process.exit(1);
  return output;
}

/** Answers solc's request for an import: this package by its own name, or a dependency. */
function readDependency(path) {
  const own = path.startsWith(OWN);
  const file = own ? join(root, path.slice(OWN.length)) : join(root, "node_modules", path);
  try {
    return { contents: readFileSync(file, "utf8") };
  } catch (error) {
    return { error: error.message };
  }
}
