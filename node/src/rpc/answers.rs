//! Blocks, transactions, receipts and logs as clients know them.

use alloy_consensus::{BlockBody, BlockHeader, TxEnvelope, transaction::TransactionInfo};
use alloy_primitives::U256;
use alloy_rlp::Encodable;
use alloy_rpc_types_eth::{
    Block as RpcBlock, BlockTransactions, Header as RpcHeader, Log as RpcLog,
    Transaction as RpcTransaction, TransactionReceipt,
};

use crate::{
    chain::{Block, Transaction},
    fees,
};

/// A block, with its transactions or their hashes.
pub(super) fn block(block: &Block, full: bool) -> RpcBlock {
    let count = block.transactions.len();
    let transactions = if full {
        BlockTransactions::Full((0..count).map(|index| mined_transaction(block, index)).collect())
    } else {
        BlockTransactions::Hashes(block.transactions.iter().map(|tx| *tx.hash()).collect())
    };
    RpcBlock {
        header: header(block),
        uncles: Vec::new(),
        transactions,
        withdrawals: Some(Vec::new().into()),
    }
}

/// A block's header.
pub(super) fn header(block: &Block) -> RpcHeader {
    let body = BlockBody::<TxEnvelope> {
        transactions: block.transactions.iter().map(|tx| tx.inner().clone()).collect(),
        ommers: Vec::new(),
        withdrawals: Some(Vec::new().into()),
    };
    let size = body.into_block(block.header.inner().clone()).length();
    RpcHeader::from_consensus(block.header.clone(), None, Some(U256::from(size)))
}

/// A transaction of a block.
pub(super) fn mined_transaction(block: &Block, index: usize) -> RpcTransaction {
    let info = TransactionInfo {
        hash: Some(*block.transactions[index].hash()),
        index: Some(index as u64),
        block_hash: Some(block.hash()),
        block_number: Some(block.number()),
        base_fee: block.header.base_fee_per_gas(),
        block_timestamp: Some(block.header.timestamp()),
    };
    RpcTransaction::from_transaction((*block.transactions[index]).clone(), info)
}

/// A transaction that waits.
pub(super) fn waiting_transaction(transaction: &Transaction) -> RpcTransaction {
    RpcTransaction::from_transaction(transaction.clone(), TransactionInfo::default())
}

/// The receipt of a transaction.
pub(super) fn receipt(block: &Block, index: usize) -> TransactionReceipt {
    let transaction = &block.transactions[index];
    let blob_gas_used = alloy_consensus::Transaction::blob_gas_used(&***transaction);
    let mut position = block.first_log(index);
    let inner = block.receipts[index].clone().map_logs(|inner| {
        position += 1;
        log(block, index, position - 1, inner)
    });
    TransactionReceipt {
        inner,
        transaction_hash: *transaction.hash(),
        transaction_index: Some(index as u64),
        block_hash: Some(block.hash()),
        block_number: Some(block.number()),
        gas_used: block.gas_used(index),
        effective_gas_price: block.gas_price(index),
        blob_gas_used,
        blob_gas_price: blob_gas_used.map(|_| fees::blob_base_fee(&block.header)),
        from: transaction.signer(),
        to: alloy_consensus::Transaction::to(&***transaction),
        contract_address: block.contract(index),
    }
}

/// All logs of a block.
pub(super) fn logs(block: &Block) -> impl Iterator<Item = RpcLog> {
    let indexed = block.receipts.iter().enumerate();
    let inner = indexed.flat_map(|(index, receipt)| {
        receipt.logs().iter().map(move |inner| (index, inner.clone()))
    });
    inner.enumerate().map(|(position, (index, inner))| log(block, index, position, inner))
}

fn log(block: &Block, index: usize, position: usize, inner: alloy_primitives::Log) -> RpcLog {
    RpcLog {
        inner,
        block_hash: Some(block.hash()),
        block_number: Some(block.number()),
        block_timestamp: Some(block.header.timestamp()),
        transaction_hash: Some(*block.transactions[index].hash()),
        transaction_index: Some(index as u64),
        log_index: Some(position as u64),
        removed: false,
    }
}
