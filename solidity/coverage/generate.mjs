// Contracts that call every function of an FHE library, made from the library's syntax tree, and a
// description of what each call must give. One file per library: `coverage-<library>.json`.
//
// Each contract is a `Coverage` (Coverage.sol) with numbered functions `run0()`, `run1()`,
// and so on. A run returns words: the handle of a result, or a clear answer. For each word the
// description names the function that it comes from and the check that it must pass:
//
//   value      the handle decrypts to `operation` on `operands`, as a `type`
//   random     the handle decrypts to something below `bound`, or to any `type` if that is null
//   clear      the word is `word`
//   granted    the handle decrypts to the operand, and `account` may use it for good; or not
//   public     the handle may be decrypted by everyone; or not
//
// An operand is a side, `left` or `right`, of the two lists of clear values that the test chooses,
// at a type, clear or encrypted. `needs` says what a contract must be given before it runs.
//
//   node coverage/generate.mjs <library>   prints the contracts

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { libraries, readApi, signature } from "../scripts/api.mjs";
import { compile, ours, version } from "../scripts/solc.mjs";

/** Calls in one contract: as many as fit into the size limit of deployed code. */
const CALLS = { fhevm: 200, ciphervm: 250 };
const SIZE_LIMIT = 24576;
/** Words that one transaction may return, and HCU that it may cost: below the limits of a chain. */
const WORDS = 60;
const HCU = 15_000_000;

const encrypted = ["ebool", "euint8", "euint16", "euint32", "euint64", "euint128", "eaddress", "euint256"];
const clear = ["bool", "uint8", "uint16", "uint32", "uint64", "uint128", "address", "uint256"];
const title = (type) => type[0].toUpperCase() + type.slice(1);

/** Whether a type is of encrypted values or a list of them. */
const isValue = (type) => encrypted.includes(type.replace("[]", ""));

/** The sides that parameters take their values from: the first `left`, others `right`. */
const side = (index) => (index === 0 ? "left" : "right");
const operand = (side, type) => {
  const index = clear.indexOf(type);
  return { side, type: index < 0 ? type : encrypted[index], clear: index >= 0 };
};
/** How the contract names an operand. */
const variable = ({ side, type, clear }) => side + (clear ? "Clear" : "") + title(type);

const keep = (expression) => `_keep(${expression});`;
const note = (expression) => `_note(${expression});`;
const word = (value) => ({ check: "clear", word: Number(value) });
/** A value that the contract has not been granted: made on the spot. */
const fresh = (type) => {
  const value = { ebool: "true", eaddress: "address(77)" }[type] ?? "77";
  return `FHE.as${title(type)}(${value})`;
};

/** Accounts of which each stands for one function, so that none sees another's grants. */
const STRANGER = "address(0xdead)";
const ALLOWED = "address(0xa110)";
const TRANSIENT = "address(0x7a45)";

/** Statements and checks of a call that has no special form: operands in, a value out. */
function operation({ name, parameters }, sides = side) {
  const operands = parameters.map((type, index) => operand(sides(index), type));
  const call = `FHE.${name}(${operands.map(variable).join(", ")})`;
  return (result) => ({
    statements: [keep(call)],
    checks: [{ check: "value", operation: name, operands, type: result }],
  });
}

/** The functions of a form of their own. Each gives statements and the checks of their words. */
const special = {
  select: ([, type]) => ({
    statements: [keep(`FHE.select(leftEbool, left${title(type)}, right${title(type)})`)],
    checks: [
      {
        check: "value",
        operation: "select",
        operands: [operand("left", "ebool"), operand("left", type), operand("right", type)],
        type,
      },
    ],
  }),
  sum: ([list]) => {
    const type = list.replace("[]", "");
    const operands = ["left", "right", "left"].map((side) => operand(side, type));
    const call = `FHE.sum(_list(left${title(type)}, right${title(type)}))`;
    return { statements: [keep(call)], checks: [{ check: "value", operation: "sum", operands, type }] };
  },
  isIn: ([type]) => {
    const operands = ["left", "right", "right", "right"].map((side) => operand(side, type));
    const call = `FHE.isIn(left${title(type)}, _list(right${title(type)}, right${title(type)}))`;
    const check = { check: "value", operation: "isIn", operands, type: "ebool" };
    return { statements: [keep(call)], checks: [check] };
  },
  fromExternal: ([external]) => {
    const type = external.replace("externalE", "e");
    const value = { check: "value", operation: "input", operands: [operand("left", type)], type };
    const own = `${external}.wrap(FHE.toBytes32(left${title(type)}))`;
    return {
      needs: "inputs",
      statements: [
        keep(`FHE.fromExternal(${external}.wrap(inputs[${encrypted.indexOf(type)}]), inputProof)`),
        // Without a proof: a handle that the sender may use, and none at all.
        keep(`FHE.fromExternal(${own}, "")`),
        keep(`FHE.fromExternal(${external}.wrap(0), "")`),
      ],
      checks: [value, value, { ...value, operation: "zero" }],
    };
  },
  isInitialized: ([type]) => ({
    statements: [note(`FHE.isInitialized(left${title(type)})`), note(`FHE.isInitialized(${type}.wrap(0))`)],
    checks: [word(true), word(false)],
  }),
  toBytes32: ([type]) => ({
    statements: [note(`FHE.toBytes32(left${title(type)})`)],
    checks: [{ check: "value", operation: "input", operands: [operand("left", type)], type }],
  }),
  allow: ([type]) => ({
    statements: [
      note(`FHE.isAllowed(left${title(type)}, ${ALLOWED})`),
      note(`FHE.toBytes32(FHE.allow(left${title(type)}, ${ALLOWED}))`),
    ],
    checks: [word(false), { check: "granted", account: "0xa110", granted: true }],
  }),
  allowThis: ([type]) => ({
    statements: [note(`FHE.toBytes32(FHE.allowThis(${fresh(type)}))`)],
    checks: [{ check: "granted", account: "contract", granted: true }],
  }),
  allowTransient: ([type]) => ({
    statements: [
      note(`FHE.isAllowed(left${title(type)}, ${TRANSIENT})`),
      note(`FHE.toBytes32(FHE.allowTransient(left${title(type)}, ${TRANSIENT}))`),
      note(`FHE.isAllowed(left${title(type)}, ${TRANSIENT})`),
    ],
    checks: [word(false), { check: "granted", account: "0x7a45", granted: false }, word(true)],
  }),
  isAllowed: ([type]) => ({
    statements: [
      note(`FHE.isAllowed(left${title(type)}, msg.sender)`),
      note(`FHE.isAllowed(left${title(type)}, ${STRANGER})`),
    ],
    checks: [word(true), word(false)],
  }),
  isSenderAllowed: ([type]) => ({
    statements: [
      note(`FHE.isSenderAllowed(left${title(type)})`),
      note(`FHE.isSenderAllowed(${type}.wrap(bytes32(uint256(1))))`),
    ],
    checks: [word(true), word(false)],
  }),
  makePubliclyDecryptable: ([type]) => ({
    statements: [
      note(`FHE.toBytes32(left${title(type)})`),
      note(`FHE.toBytes32(FHE.makePubliclyDecryptable(right${title(type)}))`),
    ],
    checks: [
      { check: "public", public: false },
      { check: "public", public: true },
    ],
  }),
  isPubliclyDecryptable: ([type]) => ({
    statements: [
      note(`FHE.isPubliclyDecryptable(left${title(type)})`),
      `FHE.makePubliclyDecryptable(right${title(type)});`,
      note(`FHE.isPubliclyDecryptable(right${title(type)})`),
    ],
    checks: [word(false), word(true)],
  }),
  setCoprocessor: () => ({
    statements: [
      "FHE.setCoprocessor(CoprocessorConfig(address(1), address(2), address(3)));",
      note("_hosts().ACLAddress == address(1) && _hosts().KMSVerifierAddress == address(3)"),
      "FHE.setCoprocessor(ZamaConfig.getEthereumCoprocessorConfig());",
      note("FHE.isAllowed(leftEbool, address(this))"),
    ],
    checks: [word(true), word(true)],
  }),
  // Last in its run, for it takes the run's own results away.
  cleanTransientStorage: () => ({
    last: true,
    statements: [
      "{ euint8 value = FHE.asEuint8(78);",
      note("FHE.isAllowed(value, address(this))"),
      "FHE.cleanTransientStorage();",
      note("FHE.isAllowed(value, address(this))"),
      "}",
    ],
    checks: [word(true), word(false)],
  }),
  isAccountDenied: () => ({ statements: [note("FHE.isAccountDenied(msg.sender)")], checks: [word(false)] }),
  isUserDecryptable: () => {
    const handle = "FHE.toBytes32(leftEuint8)";
    const call = (user, context) => note(`FHE.isUserDecryptable(${handle}, ${user}, ${context})`);
    return {
      statements: [
        call("msg.sender", "address(this)"),
        call(STRANGER, "address(this)"),
        call("msg.sender", "msg.sender"),
      ],
      checks: [word(true), word(false), word(false)],
    };
  },
  isDelegatedForUserDecryption: () => {
    const [delegate, context] = ["address(0xd0)", "address(0xc0)"];
    const handle = "FHE.toBytes32(leftEuint8)";
    const asked = `FHE.isDelegatedForUserDecryption(address(this), ${delegate}, ${context}, ${handle})`;
    return {
      statements: [
        `FHE.allow(leftEuint8, ${context});`,
        note(asked),
        `FHE.delegateUserDecryption(${delegate}, ${context}, tomorrow());`,
        note(asked),
      ],
      checks: [word(false), word(true)],
    };
  },
  delegateUserDecryption: () =>
    delegation("d1", "c1", "FHE.delegateUserDecryption(d1, c1, tomorrow())", "tomorrow()"),
  delegateUserDecryptionWithoutExpiration: () =>
    delegation("d2", "c1", "FHE.delegateUserDecryptionWithoutExpiration(d2, c1)", "type(uint64).max"),
  delegateUserDecryptions: () =>
    delegation("d3", "c2", "FHE.delegateUserDecryptions(d3, _contexts(), tomorrow())", "tomorrow()"),
  delegateUserDecryptionsWithoutExpiration: () =>
    delegation("d4", "c2", "FHE.delegateUserDecryptionsWithoutExpiration(d4, _contexts())", "type(uint64).max"),
  getDelegatedUserDecryptionExpirationDate: () =>
    delegation("d5", "c1", "FHE.delegateUserDecryption(d5, c1, tomorrow() + 1)", "tomorrow() + 1"),
  // A delegation changes once a block: made in one run, ended in the next.
  revokeUserDecryptionDelegation: () => revocation("d6", "c1", "FHE.revokeUserDecryptionDelegation(d6, c1)"),
  revokeUserDecryptionDelegations: () =>
    revocation("d7", "c2", "FHE.revokeUserDecryptionDelegations(d7, _contexts())"),
  checkSignatures: () => ({
    needs: "decryption",
    statements: ["FHE.checkSignatures(handles, cleartexts, decryptionProof);", note("true")],
    checks: [{ check: "verified" }],
  }),
  isPublicDecryptionResultValid: () => ({
    needs: "decryption",
    statements: [note("FHE.isPublicDecryptionResultValid(handles, cleartexts, decryptionProof)")],
    checks: [word(true)],
  }),
};

function ends(delegate, context) {
  return `FHE.getDelegatedUserDecryptionExpirationDate(address(this), ${delegate}, ${context})`;
}

function delegation(delegate, context, call, end) {
  return {
    statements: [note(`${ends(delegate, context)} == 0`), `${call};`, note(`${ends(delegate, context)} == ${end}`)],
    checks: [word(true), word(true)],
  };
}

function revocation(delegate, context, call) {
  const several = context === "c2" ? "s" : "";
  const contexts = several ? "_contexts()" : context;
  return {
    before: [`FHE.delegateUserDecryption${several}WithoutExpiration(${delegate}, ${contexts});`],
    statements: [note(`${ends(delegate, context)} != 0`), `${call};`, note(`${ends(delegate, context)} == 0`)],
    checks: [word(true), word(true)],
  };
}

/** Returns statements and checks of one function's call. */
function plan(member, prices) {
  const { name, parameters, returns } = member;
  const hcu = prices.get(signature(member)) ?? 0;
  if (special[name]) return { member, hcu, ...special[name](parameters) };
  if (name.startsWith("rand")) {
    const [type] = returns;
    const bound = parameters.length > 0 ? 16 : null;
    const checks = [{ check: "random", type, bound }];
    return { member, hcu, statements: [keep(`FHE.${name}(${bound ?? ""})`)], checks };
  }
  if (returns.length !== 1 || !encrypted.includes(returns[0])) {
    throw new Error(`no call is known for ${signature(member)}`);
  }
  return { member, hcu, ...operation(member)(returns[0]) };
}

/** Divides calls into runs that fit into a transaction. */
function runs(calls) {
  const result = [];
  let hcu = Infinity;
  let words = 0;
  for (const call of calls) {
    if (hcu + call.hcu > HCU || words + call.checks.length > WORDS) {
      result.push([]);
      [hcu, words] = [0, 0];
    }
    result.at(-1).push(call);
    hcu += call.hcu;
    words += call.checks.length;
  }
  return result;
}

/** Divides a library's functions into contracts, each a list of runs. */
function divide(library) {
  const priced = readApi(libraries.ciphervm).functions;
  const price = ({ documentation }) =>
    Number(documentation.match(/Costs ([\d,]+) HCU/)?.[1].replaceAll(",", "") ?? 0);
  const prices = new Map(priced.map((member) => [signature(member), price(member)]));
  const calls = readApi(libraries[library]).functions.map((member) => plan(member, prices));

  const groups = ["inputs", "decryption"].map((needs) => ({
    needs,
    runs: runs(calls.filter((call) => call.needs === needs)),
  }));
  const takesNoValue = ({ member }) => ![...member.parameters, ...member.returns].some(isValue);
  const free = calls.filter((call) => !call.needs);
  const untyped = free.filter(takesNoValue).sort((a, b) => Number(a.last ?? 0) - Number(b.last ?? 0));
  const before = untyped.flatMap((call) => call.before ?? []);
  const first = { member: null, hcu: 0, statements: before, checks: [] };
  groups.push({ needs: null, runs: [[first], ...runs(untyped)] });
  const rest = free.filter((call) => !takesNoValue(call));
  for (let start = 0; start < rest.length; start += CALLS[library]) {
    groups.push({ needs: null, runs: runs(rest.slice(start, start + CALLS[library])) });
  }
  return { groups, functions: calls.length };
}

/** Returns a contract's source. */
function render(name, { runs }) {
  const functions = runs.map((calls, index) => {
    const lines = ["delete words;", ...calls.flatMap(({ statements }) => statements), "return words;"];
    const body = lines.map((line) => `        ${line}\n`).join("");
    return `\n    function run${index}() external returns (bytes32[] memory) {\n${body}    }\n`;
  });
  const license = "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.24;\n";
  return `${license}\nimport "./Coverage.sol";\n\ncontract ${name} is Coverage {${functions.join("")}}\n`;
}

/** Returns the sources by name, and the description without bytecode. */
function generate(library) {
  const { groups, functions } = divide(library);
  const sources = { "Coverage.sol": readFileSync(join(import.meta.dirname, "Coverage.sol"), "utf8") };
  const contracts = groups.map((group, index) => {
    const name = `Coverage${index}`;
    sources[`${name}.sol`] = render(name, group);
    const describe = ({ member, checks }) => checks.map((check) => ({ function: signature(member), ...check }));
    return { name, needs: group.needs, runs: group.runs.map((calls) => calls.flatMap(describe)) };
  });
  return { sources, description: { library, functions, compiler: version, contracts } };
}

/** Returns the text of each library's file by its name. */
export function* renderCoverage() {
  for (const library of Object.keys(libraries)) {
    const { sources, description } = generate(library);
    const select = { "*": ["evm.bytecode.object", "evm.deployedBytecode.object"] };
    const remappings = library === "ciphervm" ? ours : [];
    const output = compile(sources, { select, remappings }).contracts;
    for (const contract of description.contracts) {
      const { bytecode, deployedBytecode } = output[`${contract.name}.sol`][contract.name].evm;
      const size = deployedBytecode.object.length / 2;
      if (size > SIZE_LIMIT) throw new Error(`${library} ${contract.name} has ${size} bytes: lower CALLS`);
      contract.bytecode = `0x${bytecode.object}`;
    }
    yield [`coverage-${library}.json`, `${compact(description)}\n`];
  }
}

/** JSON with one line per check. */
function compact(description) {
  return JSON.stringify(description, null, 1).replace(/\{\s+"function"[^]*?\n {5}\}/g, (check) =>
    JSON.stringify(JSON.parse(check)),
  );
}

if (process.argv[1] === import.meta.filename) {
  console.log(Object.values(generate(process.argv[2] ?? "ciphervm").sources).join("\n"));
}
