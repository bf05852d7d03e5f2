const { subtask } = require("hardhat/config");
const {
  TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD,
  TASK_COMPILE_SOLIDITY_MERGE_COMPILATION_JOBS,
} = require("hardhat/builtin-tasks/task-names");
require("@nomicfoundation/hardhat-ethers");
require("@fhevm/hardhat-plugin");

// The compiler of the package, so that none is downloaded.
subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async ({ solcVersion }) => ({
  compilerPath: require.resolve("solc/soljson.js"),
  isSolcJs: true,
  version: solcVersion,
  longVersion: require("solc").version(),
}));

/** Contracts compiled at once: hundreds need more memory than WebAssembly has. */
const GROUP = 16;

subtask(TASK_COMPILE_SOLIDITY_MERGE_COMPILATION_JOBS, async ({ compilationJobs }, _, merge) => {
  const merged = [];
  for (let first = 0; first < compilationJobs.length; first += GROUP) {
    const group = compilationJobs.slice(first, first + GROUP);
    merged.push(...(await merge({ compilationJobs: group })));
  }
  return merged;
});

/** @type import("hardhat/config").HardhatUserConfig */
module.exports = {
  solidity: {
    version: "0.8.28",
    settings: { evmVersion: "cancun", optimizer: { enabled: true, runs: 200 } },
  },
  paths: { sources: process.env.CONTRACTS ?? "contracts" },
  networks: {
    localhost: { url: process.env.DEVNET_URL ?? "http://127.0.0.1:8545" },
  },
  mocha: { timeout: 3_600_000 },
};
