//! What a transaction must be like to be executed one day, whatever else is in the pool.

use alloy_consensus::Transaction as _;
use alloy_eips::eip4844::VERSIONED_HASH_VERSION_KZG;
use alloy_primitives::U256;
use revm::{
    context_interface::cfg::gas::calculate_initial_tx_gas,
    primitives::{eip3860::MAX_INITCODE_SIZE, hardfork::SpecId},
};

use super::{AccountFacts, BlockFacts, PoolError, Transaction};
use crate::fees::BLOBS;

/// Refuses what no later block could execute. A fee below the base fee is not refused: the base
/// fee can fall.
pub(super) fn validate(
    transaction: &Transaction,
    account: &AccountFacts,
    block: &BlockFacts,
) -> Result<(), PoolError> {
    match transaction.chain_id() {
        // Before EIP-155 a signature was for all chains.
        None => {}
        Some(chain_id) if chain_id == block.chain_id => {}
        Some(have) => return Err(PoolError::ChainId { have, want: block.chain_id }),
    }
    let (tip, max_fee) = (transaction.priority_fee_or_price(), transaction.max_fee_per_gas());
    if tip > max_fee {
        return Err(PoolError::TipAboveMaxFee { tip, max_fee });
    }
    check_payload(transaction)?;
    check_gas(transaction, block.gas_limit)?;
    check_account(transaction, account)
}

/// Creation with blobs or with authorizations is not refused here: such a transaction cannot be
/// expressed.
fn check_payload(transaction: &Transaction) -> Result<(), PoolError> {
    let length = transaction.input().len();
    if transaction.is_create() && length > MAX_INITCODE_SIZE {
        return Err(PoolError::InitcodeSize { have: length, limit: MAX_INITCODE_SIZE });
    }
    if let Some(hashes) = transaction.blob_versioned_hashes() {
        let (have, limit) = (hashes.len() as u64, BLOBS.max_blobs_per_tx);
        if have == 0 {
            return Err(PoolError::NoBlobs);
        }
        if have > limit {
            return Err(PoolError::TooManyBlobs { have, limit });
        }
        if let Some(index) = hashes.iter().position(|hash| hash[0] != VERSIONED_HASH_VERSION_KZG) {
            return Err(PoolError::BlobVersion { index });
        }
    }
    if transaction.authorization_count() == Some(0) {
        return Err(PoolError::NoAuthorizations);
    }
    Ok(())
}

fn check_gas(transaction: &Transaction, limit: u64) -> Result<(), PoolError> {
    let have = transaction.gas_limit();
    if have > limit {
        return Err(PoolError::GasLimit { have, limit });
    }
    let items = transaction.access_list().map_or(&[][..], |list| &list.0);
    let keys: usize = items.iter().map(|item| item.storage_keys.len()).sum();
    let gas = calculate_initial_tx_gas(
        SpecId::PRAGUE,
        transaction.input(),
        transaction.is_create(),
        items.len() as u64,
        keys as u64,
        transaction.authorization_count().unwrap_or_default(),
        None,
    );
    if have < gas.initial_total_gas() {
        return Err(PoolError::IntrinsicGas { have, want: gas.initial_total_gas() });
    }
    if have < gas.floor_gas() {
        return Err(PoolError::FloorGas { have, want: gas.floor_gas() });
    }
    Ok(())
}

fn check_account(transaction: &Transaction, account: &AccountFacts) -> Result<(), PoolError> {
    let nonce = transaction.nonce();
    if nonce == u64::MAX {
        return Err(PoolError::NonceMax);
    }
    if nonce < account.nonce {
        return Err(PoolError::NonceTooLow { next: account.nonce, nonce });
    }
    let (have, want) = (account.balance, cost(transaction));
    if have < want {
        let address = transaction.signer();
        return Err(PoolError::InsufficientFunds { address, have, want });
    }
    Ok(())
}

/// Refuses a transaction that does not pay enough to take the place of `old`: a tenth more, or
/// twice as much if `old` has blobs, because those are costly to pass around.
pub(super) fn check_replacement(old: &Transaction, new: &Transaction) -> Result<(), PoolError> {
    let part = if old.is_eip4844() { 1 } else { 10 };
    let raised = |fee: u128| fee.saturating_add((fee / part).max(1));
    let max_fee = raised(old.max_fee_per_gas());
    let tip = raised(old.priority_fee_or_price());
    let max_blob_fee = old.max_fee_per_blob_gas().map_or(0, raised);
    let enough = new.max_fee_per_gas() >= max_fee
        && new.priority_fee_or_price() >= tip
        && new.max_fee_per_blob_gas().unwrap_or_default() >= max_blob_fee;
    if enough {
        Ok(())
    } else {
        Err(PoolError::ReplacementUnderpriced { max_fee, tip, max_blob_fee })
    }
}

/// The most that a transaction can cost, in wei.
fn cost(transaction: &Transaction) -> U256 {
    let gas = U256::from(transaction.gas_limit()) * U256::from(transaction.max_fee_per_gas());
    let blob_gas = U256::from(transaction.blob_gas_used().unwrap_or_default())
        * U256::from(transaction.max_fee_per_blob_gas().unwrap_or_default());
    gas.saturating_add(blob_gas).saturating_add(transaction.value())
}
