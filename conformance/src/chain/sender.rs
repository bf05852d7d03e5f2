//! Accounts that sign transactions.

use std::{
    collections::BTreeMap,
    thread::sleep,
    time::{Duration, Instant},
};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U64, U128, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use serde::Deserialize;
use serde_json::json;

use super::Rpc;
use crate::error::ChainError;

const PATIENCE: Duration = Duration::from_secs(120);
/// Gas of every transaction.
const GAS_LIMIT: u64 = 16_000_000;

/// Who takes part, by the names that vectors use.
#[derive(Debug)]
pub(crate) struct Accounts {
    signers: BTreeMap<&'static str, PrivateKeySigner>,
}

impl Accounts {
    /// The names, by the number in the mnemonic.
    pub(crate) const NAMES: [&'static str; 4] = ["owner", "alice", "bob", "carol"];

    /// The first accounts of a BIP-39 mnemonic.
    ///
    /// # Errors
    /// If the mnemonic is none.
    pub(crate) fn derive(mnemonic: &str) -> Result<Self, ChainError> {
        let wrong = |error: alloy_signer_local::LocalSignerError| ChainError::Answer {
            what: "the mnemonic".to_owned(),
            reason: error.to_string(),
        };
        let mut signers = BTreeMap::new();
        for (index, name) in (0..).zip(Self::NAMES) {
            let builder = MnemonicBuilder::<English>::default().phrase(mnemonic);
            let signer = builder.index(index).and_then(|b| b.build()).map_err(wrong)?;
            signers.insert(name, signer);
        }
        Ok(Self { signers })
    }

    /// The key of an account.
    pub(crate) fn signer(&self, account: Address) -> Option<&PrivateKeySigner> {
        self.signers.values().find(|signer| signer.address() == account)
    }

    /// The address of a name.
    pub(crate) fn address(&self, name: &str) -> Option<Address> {
        self.signers.get(name).map(PrivateKeySigner::address)
    }
}

/// Sends transactions, each after the receipt of the one before.
#[derive(Debug)]
pub(crate) struct Sender<'a> {
    rpc: &'a Rpc,
    accounts: &'a Accounts,
    chain_id: u64,
}

/// What is needed of a receipt.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    status: U64,
    block_number: U64,
    /// The transaction.
    pub(crate) transaction_hash: B256,
    /// The contract that it made.
    pub(crate) contract_address: Option<Address>,
    /// Its logs.
    pub(crate) logs: Vec<Log>,
}

/// A log.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Log {
    /// Of which contract.
    pub(crate) address: Address,
    /// Its topics.
    pub(crate) topics: Vec<B256>,
    /// Its data.
    pub(crate) data: Bytes,
}

impl Receipt {
    /// Whether the transaction succeeded.
    pub(crate) fn success(&self) -> bool {
        self.status == U64::from(1)
    }

    /// Its block.
    pub(crate) fn block_number(&self) -> u64 {
        self.block_number.to()
    }
}

impl<'a> Sender<'a> {
    /// A sender for the chain behind `rpc`.
    pub(crate) fn new(rpc: &'a Rpc, accounts: &'a Accounts, chain_id: u64) -> Self {
        Self { rpc, accounts, chain_id }
    }

    /// Sends a transaction and waits for its receipt.
    ///
    /// # Errors
    /// If it is refused, or not in a block in time. One that reverts is no error.
    pub(crate) fn send(
        &self,
        from: Address,
        to: TxKind,
        value: u64,
        data: Bytes,
    ) -> Result<Receipt, ChainError> {
        let broken = |what: &str, reason: String| ChainError::Answer { what: what.into(), reason };
        let signer = self
            .accounts
            .signer(from)
            .ok_or_else(|| broken("a sender", format!("there is no key of {from}")))?;
        let nonce: U64 = self.rpc.call("eth_getTransactionCount", json!([from, "pending"]))?;
        let price: U128 = self.rpc.call("eth_gasPrice", json!([]))?;
        let fee = price.to::<u128>().saturating_mul(2);
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: nonce.to(),
            gas_limit: GAS_LIMIT,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: fee.min(1_000_000_000),
            to,
            value: U256::from(value),
            input: data,
            ..Default::default()
        };
        let signature = signer
            .sign_hash_sync(&transaction.signature_hash())
            .map_err(|error| broken("a signature", error.to_string()))?;
        let envelope: TxEnvelope = transaction.into_signed(signature).into();
        let raw = Bytes::from(envelope.encoded_2718());
        let hash: B256 = self.rpc.call("eth_sendRawTransaction", json!([raw]))?;
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            let receipt: Option<Receipt> =
                self.rpc.call("eth_getTransactionReceipt", json!([hash]))?;
            if let Some(receipt) = receipt {
                return Ok(receipt);
            }
            if start.elapsed() > PATIENCE {
                return Err(ChainError::Patience(format!("transaction {hash}")));
            }
            sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }
}
