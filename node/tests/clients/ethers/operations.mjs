// Every operation of FHEVM on 8 bits, sent and decrypted with ethers: made for real ciphertexts.

import assert from "node:assert/strict";
import { ContractFactory } from "ethers";
import { artifact, decrypt, devnet, encrypt } from "./devnet.mjs";

const [a, b, c] = [0xb5, 0x0b, true];

const owner = await devnet.getSigner(0);
const { abi, bytecode } = artifact("AllOperations");
const contract = await new ContractFactory(abi, bytecode, owner).deploy();
await contract.waitForDeployment();

const types = ["euint8", "euint8", "ebool"];
const input = await encrypt([a, b, c], types, contract.target, owner.address);
await (await contract.run8(...input.handles, input.inputProof)).wait();

const results = [];
for (const handle of await contract.allResults()) results.push(await decrypt(handle));

// In the order of `AllOperations.sol`. The last three are random.
const shift = b % 8;
const equal = a === b;
const expected = [
  a + b, a - b, a * b, Math.floor(a / 7), a % 7,
  a & b, a | b, a ^ b,
  a << shift, a >> shift, (a << shift) | (a >> (8 - shift)), (a >> shift) | (a << (8 - shift)),
  -a, ~a,
  equal, !equal, a >= b, a > b, a <= b, a < b,
  Math.min(a, b), Math.max(a, b),
  a + b + a, a === b || a === 7,
  c ? a : b, a, a << 4, Number(c), a !== 0,
  c ? c : equal, c && equal, c || equal, c !== equal, !c, c === equal, c !== equal,
].map((value) => (typeof value === "boolean" ? value : String(value & 0xff)));
assert.deepEqual(results.slice(0, expected.length), expected);

const [random, below16, bit] = results.slice(expected.length);
assert.ok(Number(random) < 256 && Number(below16) < 16 && typeof bit === "boolean");

devnet.destroy();
