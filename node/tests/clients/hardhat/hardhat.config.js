require("@nomicfoundation/hardhat-chai-matchers");
require("@nomicfoundation/hardhat-ethers");

/** @type import("hardhat/config").HardhatUserConfig */
module.exports = {
  solidity: "0.8.28",
  defaultNetwork: "devnet",
  networks: {
    devnet: { url: process.env.DEVNET_URL ?? "http://127.0.0.1:8545" },
  },
};
