// Decryptions for everybody, which a contract can check, and for delegates.

const { expect } = require("chai");
const { FhevmType } = require("@fhevm/hardhat-plugin");
const { ethers, fhevm } = require("hardhat");
const { PAYEE, deployed, put } = require("./stage");

const ACL = [
  "function delegateForUserDecryption(address delegate, address contractAddress, uint64 expirationDate)",
  "function revokeDelegationForUserDecryption(address delegate, address contractAddress)",
];

describe("a public decryption", () => {
  let ledger, alice;

  beforeEach(async () => {
    ({ ledger, alice } = await deployed());
    await put(ledger, alice);
  });

  it("is refused until the contract allows it", async () => {
    const due = await ledger.due();
    const shown = () => fhevm.publicDecryptEuint(FhevmType.euint64, due);
    await expect(shown()).to.be.rejectedWith("is not allowed for public decryption");
    await ledger.publish();
    expect(await shown()).to.equal(1010n);
  });

  it("is proven to the contract, and not with another value or another proof", async () => {
    await ledger.publish();
    const due = await ledger.due();
    const { clearValues, abiEncodedClearValues, decryptionProof } =
      await fhevm.publicDecrypt([due]);
    expect(clearValues[due]).to.equal(1010n);

    const invalid = fhevm.revertedWithCustomErrorArgs("KMSVerifier", "KMSInvalidSigner");
    const refused = ledger.settle.staticCall(ethers.toBeHex(1011, 32), decryptionProof);
    await expect(refused).to.be.revertedWithCustomError(...invalid);
    const bytes = ethers.getBytes(decryptionProof);
    bytes[10] ^= 1;
    await expect(ledger.settle.staticCall(abiEncodedClearValues, bytes)).to.be.reverted;
    expect(await ledger.settled()).to.equal(0n);
    await ledger.settle(abiEncodedClearValues, decryptionProof);
    expect(await ledger.settled()).to.equal(1010n);
  });

  it("covers several values of several types", async () => {
    await ledger.publishAll();
    const handles = [await ledger.payee(), await ledger.urgent(), await ledger.grade()];
    const { clearValues } = await fhevm.publicDecrypt(handles);
    expect(handles.map((handle) => clearValues[handle])).to.deep.equal([PAYEE, true, 7n]);
    expect(await fhevm.publicDecryptEbool(handles[1])).to.equal(true);
    expect(await fhevm.publicDecryptEaddress(handles[0])).to.equal(PAYEE);
  });
});

describe("a user's decryption", () => {
  /** Several handles in one request, signed by `user`, who sends it as `from`. */
  async function decrypt(handles, ledger, user, from = user) {
    const { publicKey, privateKey } = fhevm.generateKeypair();
    const [start, days, contracts] = [Math.floor(Date.now() / 1000), 10, [ledger.target]];
    const { domain, types, message } = fhevm.createEIP712(publicKey, contracts, start, days);
    const { UserDecryptRequestVerification } = types;
    const signature = await user.signTypedData(domain, { UserDecryptRequestVerification }, message);
    const pairs = handles.map((handle) => ({ handle, contractAddress: ledger.target }));
    return fhevm.userDecrypt(
      pairs, privateKey, publicKey, signature, contracts, from.address, start, days,
    );
  }

  it("covers several values", async () => {
    const { ledger, alice } = await deployed();
    await put(ledger, alice);
    const handles = [await ledger.due(), await ledger.grade(), await ledger.urgent()];
    const clear = await decrypt(handles, ledger, alice);
    expect(handles.map((handle) => clear[handle])).to.deep.equal([1010n, 7n, true]);
  });

  it("needs the user's own signature", async () => {
    const { ledger, alice, bob } = await deployed();
    await put(ledger, alice);
    const handles = [await ledger.grade()];
    await expect(decrypt(handles, ledger, bob, alice)).to.be.rejectedWith("Invalid EIP-712 signature");
    expect((await decrypt(handles, ledger, alice))[handles[0]]).to.equal(7n);
  });
});

describe("a delegated decryption", () => {
  async function decrypt(handle, ledger, delegator, delegate) {
    const { publicKey, privateKey } = fhevm.generateKeypair();
    const [start, days, contracts] = [Math.floor(Date.now() / 1000), 10, [ledger.target]];
    const { domain, types, message } = fhevm.createDelegatedUserDecryptEIP712(
      publicKey, contracts, delegator.address, start, days,
    );
    const { DelegatedUserDecryptRequestVerification } = types;
    const signature = await delegate.signTypedData(
      domain, { DelegatedUserDecryptRequestVerification }, message,
    );
    const clear = await fhevm.delegatedUserDecrypt(
      [{ handle, contractAddress: ledger.target }],
      privateKey, publicKey, signature, contracts, delegator.address, delegate.address, start, days,
    );
    return clear[handle];
  }

  it("lasts as long as the delegation", async () => {
    const { ledger, alice, bob } = await deployed();
    await put(ledger, alice);
    const amount = await ledger.amount();
    const { ACLAddress } = await fhevm.getRelayerMetadata();
    const acl = new ethers.Contract(ACLAddress, ACL, alice);
    const shown = () => decrypt(amount, ledger, alice, bob);
    await expect(shown()).to.be.rejected;
    const { timestamp } = await ethers.provider.getBlock("latest");
    await acl.delegateForUserDecryption(bob, ledger, timestamp + 7 * 86_400);
    expect(await shown()).to.equal(1000n);
    await acl.revokeDelegationForUserDecryption(bob, ledger);
    await expect(shown()).to.be.rejected;
  });
});
