//! A chain with probers on it, and who takes part.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, sol};
use ciphervm_fhe::{ComputeLoad, FheType, InputClient};
use ciphervm_precompiles::auxiliary_data;
use serde::Deserialize;
use serde_json::json;

use super::{
    names::Names,
    program::{Program, Ran},
};
use crate::{
    chain::{Accounts, Receipt, Relayer, Rpc, Sender},
    error::ChainError,
    prober,
};

sol! {
    function hosts() external view returns (address acl, address executor, address kmsVerifier);
    function getInputVerifierAddress() external view returns (address);
    function getHCULimitAddress() external view returns (address);
    function getPauserSetAddress() external view returns (address);
    function owner() external view returns (address);
    function eip712Domain() external view returns (
        bytes1 fields,
        string name,
        string version,
        uint256 chainId,
        address verifyingContract,
        bytes32 salt,
        uint256[] extensions
    );
}

/// Where everything is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) prober: Address,
    pub(super) acl: Address,
    pub(super) executor: Address,
    pub(super) hcu_limit: Address,
    /// The gateway's contract in the domain of decryptions.
    pub(super) decryption: Address,
}

/// A chain, and all that vectors need of it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) rpc: Rpc,
    pub(super) relayer: Relayer,
    pub(super) accounts: Accounts,
    pub(super) chain_id: u64,
    pub(super) places: Places,
    /// With the addresses of accounts and contracts, and no values.
    pub(super) names: Names,
    /// The first account owns the host contracts.
    pub(super) is_owner: bool,
    /// Where clients prove what they encrypt.
    pub(super) client: Option<InputClient>,
    /// The node encrypts by itself.
    encrypts: bool,
}

/// An encrypted input.
pub(super) struct Input {
    pub(super) handles: Vec<B256>,
    pub(super) proof: Bytes,
    /// The client's list, where there was a client.
    pub(super) list: Option<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeInput {
    handles: Vec<B256>,
    input_proof: Bytes,
}

/// JSON-RPC's code for a method that does not exist.
const NO_METHOD: i64 = -32601;
/// What each prober is given, to have some to send.
const ALLOWANCE: u64 = 1_000;

impl World {
    /// Deploys two probers and looks for everything else.
    pub(super) fn new(
        url: &str,
        relayer: &str,
        mnemonic: &str,
        patience: Duration,
    ) -> Result<Self, ChainError> {
        let rpc = Rpc::new(url);
        let relayer = Relayer::new(relayer, patience);
        let accounts = Accounts::derive(mnemonic)?;
        let chain_id = rpc.chain_id()?;
        let deployer = address_of(&accounts, "owner")?;
        let sender = Sender::new(&rpc, &accounts, chain_id);
        let deploy = || -> Result<Address, ChainError> {
            let receipt = sender.send(deployer, TxKind::Create, 0, prober::creation_code())?;
            let made = receipt.contract_address.filter(|_| receipt.success());
            let made = made.ok_or_else(|| ChainError::Answer {
                what: "the prober's deployment".to_owned(),
                reason: "it failed; is this chain one that @fhevm/solidity knows?".to_owned(),
            })?;
            sender.send(deployer, TxKind::Call(made), ALLOWANCE, Bytes::new())?;
            Ok(made)
        };
        let (prober, other) = (deploy()?, deploy()?);
        let ask = Ask { rpc: &rpc, from: deployer };
        let found = ask.of(prober, &hostsCall {})?;
        let (acl, executor, kms_verifier) = (found.acl, found.executor, found.kmsVerifier);
        let input_verifier = ask.of(executor, &getInputVerifierAddressCall {})?;
        let hcu_limit = ask.of(executor, &getHCULimitAddressCall {})?;
        let decryption = ask.of(kms_verifier, &eip712DomainCall {})?.verifyingContract;
        let is_owner = ask.of(acl, &ownerCall {})? == deployer;
        let mut names = Names::default();
        for (name, address) in [
            ("prober", prober),
            ("other", other),
            ("acl", acl),
            ("executor", executor),
            ("kmsVerifier", kms_verifier),
            ("inputVerifier", input_verifier),
            ("hcuLimit", hcu_limit),
            ("pauserSet", ask.of(acl, &getPauserSetAddressCall {})?),
        ] {
            names.addresses.insert(name.to_owned(), address);
        }
        for name in Accounts::NAMES {
            names.addresses.insert(name.to_owned(), address_of(&accounts, name)?);
        }
        let places = Places { prober, acl, executor, hcu_limit, decryption };
        let client = relayer.input_client()?;
        let encrypts = !matches!(
            rpc.call::<serde_json::Value>("cipher_encrypt", json!([[], [], prober, deployer])),
            Err(ChainError::Refused { code: NO_METHOD, .. })
        );
        Ok(Self { rpc, relayer, accounts, chain_id, places, names, is_owner, client, encrypts })
    }

    /// Sends a transaction.
    pub(super) fn send(
        &self,
        from: Address,
        to: Address,
        data: Vec<u8>,
    ) -> Result<Receipt, ChainError> {
        let sender = Sender::new(&self.rpc, &self.accounts, self.chain_id);
        sender.send(from, TxKind::Call(to), 0, data.into())
    }

    /// Has the first prober make calls, in a transaction that must succeed.
    pub(super) fn run(
        &self,
        from: Address,
        program: &Program,
    ) -> Result<(Receipt, Ran), ChainError> {
        let receipt = self.send(from, self.places.prober, program.calldata(false))?;
        let ran = Ran::of_receipt(&receipt, self.places.prober).filter(|_| receipt.success());
        let ran = ran.ok_or_else(|| ChainError::Answer {
            what: format!("transaction {}", receipt.transaction_hash),
            reason: "the prober's own calls failed, for want of gas or by its own fault".to_owned(),
        })?;
        Ok((receipt, ran))
    }

    /// Encrypts values for a user to pass to a contract, as a client if `proven`, or if the node
    /// encrypts nothing by itself.
    pub(super) fn encrypt(
        &self,
        values: &[(FheType, U256)],
        contract: Address,
        user: Address,
        proven: bool,
    ) -> Result<Input, ChainError> {
        if self.encrypts && !proven {
            let clear = |(ty, value): &(FheType, U256)| match ty {
                FheType::Bool => json!(!value.is_zero()),
                _ => json!(value.to_string()),
            };
            let clears: Vec<_> = values.iter().map(clear).collect();
            let types: Vec<_> = values.iter().map(|(ty, _)| ty.to_string()).collect();
            let params = json!([clears, types, contract, user]);
            let NodeInput { handles, input_proof } = self.rpc.call("cipher_encrypt", params)?;
            return Ok(Input { handles, proof: input_proof, list: None });
        }
        let broken = |reason: String| ChainError::Answer { what: "an input".to_owned(), reason };
        let client = self.client.as_ref().ok_or_else(|| {
            broken("the relayer serves no keys, so nothing can be encrypted".to_owned())
        })?;
        let metadata = auxiliary_data(contract, user, self.places.acl, self.chain_id);
        let list = client
            .encrypt(values, &metadata, ComputeLoad::Verify)
            .map_err(|error| broken(error.to_string()))?;
        let accepted = self.relayer.submit(self.chain_id, contract, user, &list)?;
        let (handles, proof) = accepted.map_err(broken)?;
        Ok(Input { handles, proof, list: Some(list) })
    }

    /// An account by its name.
    pub(super) fn account(&self, name: &str) -> Result<Address, ChainError> {
        address_of(&self.accounts, name)
    }
}

fn address_of(accounts: &Accounts, name: &str) -> Result<Address, ChainError> {
    accounts.address(name).ok_or_else(|| ChainError::Answer {
        what: "an account".to_owned(),
        reason: format!("nobody is called {name}"),
    })
}

/// Asks contracts.
struct Ask<'a> {
    rpc: &'a Rpc,
    from: Address,
}

impl Ask<'_> {
    fn of<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, ChainError> {
        let answer = self.rpc.eth_call(self.from, to, &call.abi_encode().into())?;
        C::abi_decode_returns(&answer).map_err(|error| ChainError::Answer {
            what: format!("{} at {to}", C::SIGNATURE),
            reason: error.to_string(),
        })
    }
}
