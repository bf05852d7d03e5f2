//! From a request to a transaction: what is missing is filled in, and the devnet signs for its
//! accounts.

use alloy_consensus::{
    EthereumTxEnvelope, SignableTransaction, TxEip4844, TxEip4844Variant, TxEnvelope,
    TypedTransaction,
    transaction::{Recovered, SignerRecoverable},
};
use alloy_eips::{BlockId, Decodable2718, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;

use super::{
    Rpc,
    error::{Answer, failed, invalid},
};
use crate::{chain::Transaction, devnet::DevnetError, fees};

impl Rpc {
    /// Sends a signed transaction (EIP-2718).
    pub(super) fn send_raw(&self, bytes: &[u8]) -> Answer<B256> {
        // A blob transaction may come with its blobs, which are no part of it in a block.
        type WithBlobs = EthereumTxEnvelope<TxEip4844Variant<BlobTransactionSidecarVariant>>;
        let envelope = WithBlobs::decode_2718_exact(bytes)
            .map_err(|error| invalid(format!("the transaction cannot be decoded: {error}")))?;
        let transaction = envelope
            .try_into_recovered()
            .map_err(|_| invalid("the transaction's signature is not valid"))?;
        let transaction = transaction.map(TxEnvelope::from);
        Ok(self.devnet.submit(transaction)?)
    }

    /// Sends for an account of the devnet, or one that is impersonated.
    pub(super) fn send(&self, request: TransactionRequest) -> Answer<B256> {
        // Before anything is made of its balance.
        if let Some(sender) = request.from.filter(|sender| !self.devnet.is_impersonated(sender)) {
            self.signer(&sender)?;
        }
        let request = self.fill(request)?;
        let transaction = self.signed(request)?;
        Ok(self.devnet.submit(transaction)?)
    }

    /// Fills in what a request leaves open: sender, nonce, fees, gas, chain id.
    pub(super) fn fill(&self, mut request: TransactionRequest) -> Answer<TransactionRequest> {
        let sender = match request.from {
            Some(sender) => sender,
            None => *self.devnet.accounts().addresses().first().ok_or_else(|| {
                invalid("the request names no sender, and the devnet has no accounts")
            })?,
        };
        request.from = Some(sender);
        request.to.get_or_insert(TxKind::Create);
        request.input = request
            .input
            .try_into_unique_input()
            .map_err(invalid)?
            .map_or_else(Default::default, |data: Bytes| data.into());
        let (chain_id, nonce, base_fee) = self.devnet.pool(|pool, chain| {
            let nonce = pool.next_nonce(&sender, chain.state().nonce(&sender));
            (chain.chain_id(), nonce, fees::next_base_fee(&chain.head().header))
        });
        request.chain_id.get_or_insert(chain_id);
        request.nonce.get_or_insert(nonce);
        if request.gas_price.is_none() {
            let tip = *request.max_priority_fee_per_gas.get_or_insert_with(|| {
                let most = request.max_fee_per_gas.unwrap_or(u128::MAX);
                fees::SUGGESTED_TIP.min(most)
            });
            // Enough for six full blocks in a row.
            let enough = (2 * u128::from(base_fee)).saturating_add(tip);
            request.max_fee_per_gas.get_or_insert(enough);
        }
        if request.blob_versioned_hashes.is_some() && request.max_fee_per_blob_gas.is_none() {
            let price = self.devnet.chain(|chain| fees::next_blob_base_fee(&chain.head().header));
            request.max_fee_per_blob_gas = Some(price.saturating_mul(2));
        }
        if request.gas.is_none() {
            let view = self.view(Some(BlockId::pending()))?;
            let prepared = self.prepare(&view, request.clone(), EvmOverrides::default())?;
            request.gas = Some(self.estimate(&view, prepared)?);
        }
        Ok(request)
    }

    /// Signs a complete request, or makes a transaction without a key for an account that is
    /// impersonated.
    pub(super) fn signed(&self, request: TransactionRequest) -> Answer<Transaction> {
        let (sender, transaction) = complete(request)?;
        let signature = if self.devnet.is_impersonated(&sender) {
            in_place_of_signature(sender)
        } else {
            let hash = transaction.signature_hash();
            self.signer(&sender)?.sign_hash_sync(&hash).map_err(failed)?
        };
        let envelope: TxEnvelope = transaction.into_signed(signature).into();
        Ok(Recovered::new_unchecked(envelope, sender))
    }

    /// The key of an account of the devnet.
    pub(super) fn signer(&self, account: &Address) -> Answer<&PrivateKeySigner> {
        let signer = self.devnet.accounts().signer(account);
        Ok(signer.ok_or(DevnetError::NoSigner(*account))?)
    }

    /// A complete request as a transaction that nobody signed.
    pub(super) fn unsigned(&self, request: TransactionRequest) -> Answer<Transaction> {
        let (sender, transaction) = complete(request)?;
        let envelope: TxEnvelope = transaction.into_signed(in_place_of_signature(sender)).into();
        Ok(Recovered::new_unchecked(envelope, sender))
    }
}

fn complete(request: TransactionRequest) -> Answer<(Address, TypedTransaction)> {
    let sender = request.from.unwrap_or_default();
    let transaction = request
        .build_consensus_tx()
        .map_err(|error| invalid(format!("the transaction is not complete: {}", error.error)))?;
    // Blobs are no part of a transaction in a block.
    let transaction = match transaction {
        TypedTransaction::Eip4844(variant) => {
            TypedTransaction::Eip4844(TxEip4844::from(variant).into())
        }
        other => other,
    };
    Ok((sender, transaction))
}

/// Tells transactions of impersonated accounts apart by their sender. It recovers to nobody.
fn in_place_of_signature(sender: Address) -> Signature {
    Signature::new(U256::from_be_slice(sender.as_slice()), U256::ONE, false)
}
