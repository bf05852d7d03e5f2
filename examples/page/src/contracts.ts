// The two contracts of the page, and their deployment.

import { getContractAddress, parseAbi, parseEther, type Hash, type Hex } from "viem";
import consensusArtifact from "../../../solidity/artifacts/FheConsensus.json";
import tokenArtifact from "../../../solidity/artifacts/ConfidentialToken.json";
import { client } from "./devnet";
import type { Steps } from "./steps";
import { deployer, owner, validators } from "./users";

/** OpenZeppelin's ERC-7984 with an owner who mints. */
export const token = {
  address: getContractAddress({ from: deployer.address, nonce: 0n }),
  abi: parseAbi([
    "constructor(address owner, string name, string symbol, string uri)",
    "function confidentialBalanceOf(address account) view returns (bytes32)",
    "function mintClear(address to, uint64 amount) returns (bytes32)",
    "function confidentialTransfer(address to, bytes32 amount, bytes inputProof) returns (bytes32)",
    "event ConfidentialTransfer(address indexed from, address indexed to, bytes32 indexed amount)",
    "error OwnableUnauthorizedAccount(address account)",
    "error ERC7984ZeroBalance(address holder)",
  ]),
} as const;

/** Agreement of validators who do not see each other's votes. */
export const consensus = {
  address: getContractAddress({ from: deployer.address, nonce: 1n }),
  abi: parseAbi([
    "struct Round { uint8 rule; uint8 phase; uint8 options; uint8 tolerance; uint64 deadline; address[] voters; uint256[] outcome; }",
    "constructor(address[] accounts)",
    "function begin(uint8 rule, uint8 options, uint8 tolerance, uint64 duration) returns (uint256 id)",
    "function vote(uint256 id, bytes32[] ballot, bytes proof)",
    "function close(uint256 id)",
    "function open(uint256 id, bytes cleartexts, bytes proof)",
    "function roundOf(uint256 id) view returns (Round)",
    "function resultOf(uint256 id) view returns (bytes32[])",
    "event Began(uint256 indexed id, uint8 rule)",
    "event Voted(uint256 indexed id, address indexed validator)",
    "error NotValidator(address account)",
    "error NoProof()",
    "error AlreadyVoted(uint256 id, address validator)",
    "error WrongPhase(uint256 id, uint8 phase)",
    "error VotingGoesOn(uint256 id)",
  ]),
} as const;

/** Whether both contracts are on this chain. */
export async function areDeployed(): Promise<boolean> {
  const codes = await Promise.all([token, consensus].map(({ address }) => client.getCode({ address })));
  return codes.every((code) => code !== undefined);
}

/** Deploys both contracts, with what the first account pays for it. */
export async function deploy(steps: Steps): Promise<void> {
  steps.next("Sending ether to the deployer");
  await confirmed(owner.wallet.sendTransaction({ to: deployer.address, value: parseEther("1") }));

  steps.next("Deploying the token");
  await confirmed(
    deployer.wallet.deployContract({
      abi: token.abi,
      bytecode: tokenArtifact.bytecode as Hex,
      args: [owner.address, "Confidential", "CONF", ""],
    }),
  );

  steps.next("Deploying the vote");
  await confirmed(
    deployer.wallet.deployContract({
      abi: consensus.abi,
      bytecode: consensusArtifact.bytecode as Hex,
      args: [validators.map(({ address }) => address)],
    }),
  );
}

/** Waits for a transaction's block. */
export async function confirmed(sent: Promise<Hash>) {
  const receipt = await client.waitForTransactionReceipt({ hash: await sent });
  if (receipt.status !== "success") throw new Error(`the transaction ${receipt.transactionHash} reverted`);
  return receipt;
}
