// What the library FHE offers, read from the compiler's syntax tree: of `@fhevm/solidity` and ours.

import { compile } from "./solc.mjs";

/** The two libraries by name, with the path of their source. */
export const libraries = {
  fhevm: "@fhevm/solidity/lib/FHE.sol",
  ciphervm: "@ciphervm/solidity/FHE.sol",
};

/**
 * Returns the members of a library that a contract can name: functions as
 * `{ name, parameters, returns, mutability, documentation }`, events and errors likewise.
 */
export function readApi(path) {
  const source = `// SPDX-License-Identifier: MIT\npragma solidity ^0.8.24;\nimport "${path}";\n`;
  const output = compile({ "Import.sol": source }, { outputs: [path], select: { "": ["ast"] } });
  const isLibrary = ({ nodeType, name }) => nodeType === "ContractDefinition" && name === "FHE";
  const library = output.sources[path].ast.nodes.find(isLibrary);
  const members = (type) => library.nodes.filter(({ nodeType }) => nodeType === type).map(describe);
  return {
    functions: members("FunctionDefinition").filter(({ visibility }) => visibility === "internal"),
    events: members("EventDefinition"),
    errors: members("ErrorDefinition"),
  };
}

/** `name(types)`. */
export function signature({ name, parameters }) {
  return `${name}(${parameters.join(",")})`;
}

function describe({ name, parameters, returnParameters, stateMutability, visibility, documentation }) {
  return {
    name,
    parameters: types(parameters),
    returns: types(returnParameters),
    mutability: stateMutability,
    visibility,
    documentation: documentation?.text ?? "",
  };
}

/** The types of parameters, without where they are kept. */
function types(list) {
  const name = ({ typeDescriptions: { typeString } }) =>
    typeString.replace(/^struct /, "").replace(/ memory$/, "");
  return (list?.parameters ?? []).map(name);
}
