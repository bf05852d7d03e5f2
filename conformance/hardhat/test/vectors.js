// Runs every contract of the sources' folder on the chain that Hardhat is connected to.

const assert = require("node:assert/strict");
const path = require("node:path");
const { artifacts, config, ethers, fhevm } = require("hardhat");

/** Vectors of a transaction. */
const BATCH = 4n;

describe("conformance vectors", () => {
  let names;

  before(async () => {
    const folder = `${path.relative(config.paths.root, config.paths.sources)}/`;
    const all = await artifacts.getAllFullyQualifiedNames();
    names = all.filter((name) => name.startsWith(folder));
    assert.notEqual(names.length, 0, `there are no contracts in ${folder}`);
  });

  it("give what they must", async () => {
    let vectors = 0n;
    const wrong = [];
    for (const name of names) {
      const contract = await ethers.deployContract(name);
      const count = await contract.COUNT();
      vectors += count;
      for (let from = 0n; from < count; from += BATCH) {
        const to = from + BATCH < count ? from + BATCH : count;
        for (const fault of await faults(contract, from, to)) {
          wrong.push(`${name.split(":")[1]} ${fault}`);
          console.log(wrong.at(-1));
        }
      }
    }
    console.log(`${vectors} vectors of ${names.length} contracts, ${wrong.length} wrong`);
    assert.deepEqual(wrong, []);
  });
});

/** Runs a range of vectors, has the results decrypted, and lets the contract compare them. */
async function faults(contract, from, to) {
  try {
    await (await contract.run(from, to)).wait();
    const handles = [];
    for (let index = from; index < to; index += 1n) handles.push(await contract.results(index));
    const { abiEncodedClearValues, decryptionProof } = await fhevm.publicDecrypt(handles);
    const answer = await contract.check(from, to, abiEncodedClearValues, decryptionProof);
    const { logs } = await answer.wait();
    return logs
      .map((log) => contract.interface.parseLog(log))
      .filter((event) => event?.name === "Different")
      .map(({ args: { index, expected, found } }) => `${index}: ${found}, not ${expected}`);
  } catch (error) {
    return [`${from} to ${to - 1n}: ${error.message.split("\n")[0]}`];
  }
}
