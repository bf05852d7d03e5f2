// What a library offers, read from the compiler's syntax tree: `@fhevm/solidity` and ours.

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
  const isLibrary = ({ nodeType, name }) => nodeType === "ContractDefinition" && name === "FHE";
  return membersOf(readNodes(path).find(isLibrary));
}

/** Returns the contracts and libraries of a source by name, each as {@link readApi} returns one. */
export function readContracts(path) {
  const contracts = readNodes(path).filter(({ nodeType }) => nodeType === "ContractDefinition");
  return new Map(contracts.map((contract) => [contract.name, membersOf(contract)]));
}

/** Returns the members of a source's only enum, in order. */
export function readEnum(path) {
  const { members } = readNodes(path).find(({ nodeType }) => nodeType === "EnumDefinition");
  return members.map(({ name }) => name);
}

function readNodes(path) {
  const source = `// SPDX-License-Identifier: MIT\npragma solidity ^0.8.24;\nimport "${path}";\n`;
  const output = compile({ "Import.sol": source }, { outputs: [path], select: { "": ["ast"] } });
  return output.sources[path].ast.nodes;
}

function membersOf({ nodes }) {
  const members = (type) => nodes.filter(({ nodeType }) => nodeType === type).map(describe);
  const functions = members("FunctionDefinition");
  return {
    // Constructors have no name, and nobody calls what is private.
    functions: functions.filter(({ name, visibility }) => name && visibility !== "private"),
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
