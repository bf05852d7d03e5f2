//! `eth_*`: the chain, and transactions.

use alloy_consensus::{BlockHeader, Transaction as _};
use alloy_dyn_abi::TypedData;
use alloy_eips::{BlockId, BlockNumberOrTag, eip2718::Encodable2718};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{
    AccessListResult, AccountInfo, Block, BlockOverrides, EIP1186AccountProofResponse, FeeHistory,
    Filter, FilterChanges, Index, Log, Transaction, TransactionReceipt, TransactionRequest,
    TxGasAndReward,
    state::{EvmOverrides, StateOverride},
};
use alloy_serde::JsonStorageKey;
use alloy_signer::SignerSync;
use jsonrpsee::proc_macros::rpc;
use serde::{Deserialize, Serialize};

use super::{
    Rpc, answers,
    error::{Answer, failed, invalid},
    fhevm::visible_code,
    filters::Kind,
    proof,
};
use crate::fees;

/// Blocks that `eth_feeHistory` answers for at most, as with geth.
const MAX_FEE_HISTORY: u64 = 1_024;

/// A transaction that is signed and not sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Signed {
    raw: Bytes,
    tx: Transaction,
}

#[rpc(server, namespace = "eth")]
pub(super) trait Eth {
    #[method(name = "chainId")]
    fn chain_id(&self) -> Answer<U64>;
    #[method(name = "blockNumber", blocking)]
    fn block_number(&self) -> Answer<U64>;
    #[method(name = "accounts")]
    fn accounts(&self) -> Answer<Vec<Address>>;
    #[method(name = "coinbase", blocking)]
    fn coinbase(&self) -> Answer<Address>;
    #[method(name = "syncing")]
    fn syncing(&self) -> Answer<bool>;
    #[method(name = "mining")]
    fn mining(&self) -> Answer<bool>;
    #[method(name = "hashrate")]
    fn hashrate(&self) -> Answer<U64>;
    #[method(name = "protocolVersion")]
    fn protocol_version(&self) -> Answer<U64>;
    #[method(name = "gasPrice", blocking)]
    fn gas_price(&self) -> Answer<U256>;
    #[method(name = "maxPriorityFeePerGas")]
    fn max_priority_fee_per_gas(&self) -> Answer<U256>;
    #[method(name = "blobBaseFee", blocking)]
    fn blob_base_fee(&self) -> Answer<U256>;
    #[method(name = "feeHistory", blocking)]
    fn fee_history(
        &self,
        count: Index,
        newest: BlockNumberOrTag,
        percentiles: Option<Vec<f64>>,
    ) -> Answer<FeeHistory>;

    #[method(name = "getBalance", blocking)]
    fn balance(&self, address: Address, block: Option<BlockId>) -> Answer<U256>;
    #[method(name = "getCode", blocking)]
    fn code(&self, address: Address, block: Option<BlockId>) -> Answer<Bytes>;
    #[method(name = "getStorageAt", blocking)]
    fn storage_at(
        &self,
        address: Address,
        slot: JsonStorageKey,
        block: Option<BlockId>,
    ) -> Answer<B256>;
    #[method(name = "getTransactionCount", blocking)]
    fn transaction_count(&self, address: Address, block: Option<BlockId>) -> Answer<U64>;
    #[method(name = "getAccountInfo", blocking)]
    fn account_info(&self, address: Address, block: Option<BlockId>) -> Answer<AccountInfo>;
    #[method(name = "getProof", blocking)]
    fn proof(
        &self,
        address: Address,
        slots: Vec<JsonStorageKey>,
        block: Option<BlockId>,
    ) -> Answer<EIP1186AccountProofResponse>;

    #[method(name = "call", blocking)]
    fn call(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        state: Option<StateOverride>,
        overrides: Option<Box<BlockOverrides>>,
    ) -> Answer<Bytes>;
    #[method(name = "estimateGas", blocking)]
    fn estimate_gas(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        state: Option<StateOverride>,
        overrides: Option<Box<BlockOverrides>>,
    ) -> Answer<U64>;
    #[method(name = "createAccessList", blocking)]
    fn create_access_list(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        state: Option<StateOverride>,
    ) -> Answer<AccessListResult>;

    #[method(name = "sendTransaction", blocking)]
    fn send_transaction(&self, request: TransactionRequest) -> Answer<B256>;
    #[method(name = "sendRawTransaction", blocking)]
    fn send_raw_transaction(&self, transaction: Bytes) -> Answer<B256>;
    #[method(name = "fillTransaction", blocking)]
    fn fill_transaction(&self, request: TransactionRequest) -> Answer<Signed>;
    #[method(name = "signTransaction", blocking)]
    fn sign_transaction(&self, request: TransactionRequest) -> Answer<Bytes>;
    #[method(name = "sign")]
    fn sign(&self, address: Address, message: Bytes) -> Answer<Bytes>;

    #[method(name = "signTypedData_v4", aliases = ["eth_signTypedData"])]
    fn sign_typed_data(&self, address: Address, data: TypedData) -> Answer<Bytes>;
    #[method(name = "getBlockByNumber", blocking)]
    fn block_by_number(
        &self,
        number: BlockNumberOrTag,
        full: Option<bool>,
    ) -> Answer<Option<Block>>;
    #[method(name = "getBlockByHash", blocking)]
    fn block_by_hash(&self, hash: B256, full: Option<bool>) -> Answer<Option<Block>>;
    #[method(name = "getBlockTransactionCountByNumber", blocking)]
    fn transaction_count_by_number(&self, number: BlockNumberOrTag) -> Answer<Option<U64>>;
    #[method(name = "getBlockTransactionCountByHash", blocking)]
    fn transaction_count_by_hash(&self, hash: B256) -> Answer<Option<U64>>;
    #[method(name = "getUncleCountByBlockNumber", blocking)]
    fn uncle_count_by_number(&self, number: BlockNumberOrTag) -> Answer<Option<U64>>;
    #[method(name = "getUncleCountByBlockHash", blocking)]
    fn uncle_count_by_hash(&self, hash: B256) -> Answer<Option<U64>>;
    #[method(name = "getTransactionByHash", blocking)]
    fn transaction_by_hash(&self, hash: B256) -> Answer<Option<Transaction>>;
    #[method(name = "getTransactionByBlockNumberAndIndex", blocking)]
    fn transaction_by_number(
        &self,
        number: BlockNumberOrTag,
        index: Index,
    ) -> Answer<Option<Transaction>>;
    #[method(name = "getTransactionByBlockHashAndIndex", blocking)]
    fn transaction_by_block(&self, hash: B256, index: Index) -> Answer<Option<Transaction>>;
    #[method(name = "getRawTransactionByHash", blocking)]
    fn raw_transaction(&self, hash: B256) -> Answer<Option<Bytes>>;
    #[method(name = "getTransactionReceipt", blocking)]
    fn receipt(&self, hash: B256) -> Answer<Option<TransactionReceipt>>;
    #[method(name = "getBlockReceipts", blocking)]
    fn block_receipts(&self, block: BlockId) -> Answer<Option<Vec<TransactionReceipt>>>;

    #[method(name = "getLogs", blocking)]
    fn logs_of(&self, filter: Filter) -> Answer<Vec<Log>>;
    #[method(name = "newFilter", blocking)]
    fn new_filter(&self, filter: Filter) -> Answer<U256>;
    #[method(name = "newBlockFilter", blocking)]
    fn new_block_filter(&self) -> Answer<U256>;
    #[method(name = "newPendingTransactionFilter", blocking)]
    fn new_pending_filter(&self) -> Answer<U256>;
    #[method(name = "getFilterChanges", blocking)]
    fn filter_changes(&self, id: U256) -> Answer<FilterChanges<Transaction>>;
    #[method(name = "getFilterLogs", blocking)]
    fn logs_of_filter(&self, id: U256) -> Answer<Vec<Log>>;
    #[method(name = "uninstallFilter", blocking)]
    fn uninstall_filter(&self, id: U256) -> Answer<bool>;
}

fn overrides(state: Option<StateOverride>, block: Option<Box<BlockOverrides>>) -> EvmOverrides {
    EvmOverrides { state, block }
}

impl EthServer for Rpc {
    fn chain_id(&self) -> Answer<U64> {
        Ok(U64::from(self.devnet.chain(|chain| chain.chain_id())))
    }

    fn block_number(&self) -> Answer<U64> {
        Ok(U64::from(self.devnet.chain(|chain| chain.head().number())))
    }

    fn accounts(&self) -> Answer<Vec<Address>> {
        Ok(self.devnet.accounts().addresses().to_vec())
    }

    fn coinbase(&self) -> Answer<Address> {
        Ok(self.devnet.beneficiary())
    }

    fn syncing(&self) -> Answer<bool> {
        Ok(false)
    }

    fn mining(&self) -> Answer<bool> {
        Ok(true)
    }

    fn hashrate(&self) -> Answer<U64> {
        Ok(U64::ZERO)
    }

    /// Of the network protocol before it had versions of its own.
    fn protocol_version(&self) -> Answer<U64> {
        Ok(U64::from(65))
    }

    fn gas_price(&self) -> Answer<U256> {
        let base_fee = self.devnet.chain(|chain| fees::next_base_fee(&chain.head().header));
        Ok(U256::from(u128::from(base_fee) + fees::SUGGESTED_TIP))
    }

    fn max_priority_fee_per_gas(&self) -> Answer<U256> {
        Ok(U256::from(fees::SUGGESTED_TIP))
    }

    fn blob_base_fee(&self) -> Answer<U256> {
        let price = self.devnet.chain(|chain| fees::next_blob_base_fee(&chain.head().header));
        Ok(U256::from(price))
    }

    fn fee_history(
        &self,
        count: Index,
        newest: BlockNumberOrTag,
        percentiles: Option<Vec<f64>>,
    ) -> Answer<FeeHistory> {
        let newest = self.view(Some(newest.into()))?.block.number();
        let count = u64::try_from(usize::from(count)).unwrap_or(u64::MAX).min(MAX_FEE_HISTORY);
        let oldest = (newest + 1).saturating_sub(count);
        let blocks: Vec<_> = self.devnet.chain(|chain| {
            let blocks = (oldest..=newest).filter_map(|number| chain.block(number));
            blocks.map(|(block, _)| block.clone()).collect()
        });
        let spent = blocks.iter().map(|block| {
            let base_fee = block.header.base_fee_per_gas().unwrap_or_default();
            let transactions = block.transactions.iter().enumerate();
            let row = transactions.map(|(index, transaction)| TxGasAndReward {
                gas_used: block.gas_used(index),
                reward: effective_tip(transaction, base_fee),
            });
            (block.header.inner(), row.collect())
        });
        fees::history(spent.collect(), &percentiles.unwrap_or_default()).map_err(invalid)
    }

    fn balance(&self, address: Address, block: Option<BlockId>) -> Answer<U256> {
        Ok(self.view(block)?.state.balance(&address))
    }

    fn code(&self, address: Address, block: Option<BlockId>) -> Answer<Bytes> {
        let state = self.view(block)?.state;
        Ok(visible_code(&self.devnet.host().addresses, &state, address))
    }

    fn storage_at(
        &self,
        address: Address,
        slot: JsonStorageKey,
        block: Option<BlockId>,
    ) -> Answer<B256> {
        Ok(self.view(block)?.state.storage(&address, slot.as_b256().into()).into())
    }

    fn transaction_count(&self, address: Address, block: Option<BlockId>) -> Answer<U64> {
        if block.is_some_and(|block| block.is_pending()) {
            let nonce = self
                .devnet
                .pool(|pool, chain| pool.next_nonce(&address, chain.state().nonce(&address)));
            return Ok(U64::from(nonce));
        }
        Ok(U64::from(self.view(block)?.state.nonce(&address)))
    }

    fn account_info(&self, address: Address, block: Option<BlockId>) -> Answer<AccountInfo> {
        let state = self.view(block)?.state;
        Ok(AccountInfo {
            balance: state.balance(&address),
            nonce: state.nonce(&address),
            code: visible_code(&self.devnet.host().addresses, &state, address),
        })
    }

    fn proof(
        &self,
        address: Address,
        slots: Vec<JsonStorageKey>,
        block: Option<BlockId>,
    ) -> Answer<EIP1186AccountProofResponse> {
        Ok(proof::prove(&self.view(block)?.state, address, slots))
    }

    fn call(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        state: Option<StateOverride>,
        block_overrides: Option<Box<BlockOverrides>>,
    ) -> Answer<Bytes> {
        if let Some(value) = self.plaintext(&request)? {
            return Ok(value);
        }
        let view = self.view(block)?;
        let prepared = self.prepare(&view, request, overrides(state, block_overrides))?;
        Self::call(self, &view, prepared)
    }

    fn estimate_gas(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        state: Option<StateOverride>,
        block_overrides: Option<Box<BlockOverrides>>,
    ) -> Answer<U64> {
        let view = self.view(Some(block.unwrap_or_else(BlockId::pending)))?;
        let prepared = self.prepare(&view, request, overrides(state, block_overrides))?;
        self.estimate(&view, prepared).map(U64::from)
    }

    fn create_access_list(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        state: Option<StateOverride>,
    ) -> Answer<AccessListResult> {
        let view = self.view(block)?;
        let prepared = self.prepare(&view, request, overrides(state, None))?;
        self.access_list(&view, prepared)
    }

    fn send_transaction(&self, request: TransactionRequest) -> Answer<B256> {
        self.send(request)
    }

    fn send_raw_transaction(&self, transaction: Bytes) -> Answer<B256> {
        self.send_raw(&transaction)
    }

    fn fill_transaction(&self, request: TransactionRequest) -> Answer<Signed> {
        let transaction = self.unsigned(self.fill(request)?)?;
        let raw = transaction.inner().encoded_2718().into();
        Ok(Signed { raw, tx: answers::waiting_transaction(&transaction) })
    }

    fn sign_transaction(&self, request: TransactionRequest) -> Answer<Bytes> {
        let transaction = self.signed(self.fill(request)?)?;
        Ok(transaction.inner().encoded_2718().into())
    }

    fn sign(&self, address: Address, message: Bytes) -> Answer<Bytes> {
        let signature = self.signer(&address)?.sign_message_sync(&message).map_err(failed)?;
        Ok(signature.as_bytes().into())
    }

    fn sign_typed_data(&self, address: Address, data: TypedData) -> Answer<Bytes> {
        let signature = self.signer(&address)?.sign_dynamic_typed_data_sync(&data);
        Ok(signature.map_err(invalid)?.as_bytes().into())
    }

    fn block_by_number(
        &self,
        number: BlockNumberOrTag,
        full: Option<bool>,
    ) -> Answer<Option<Block>> {
        let full = full.unwrap_or_default();
        Ok(self.block(number.into())?.map(|block| answers::block(&block, full)))
    }

    fn block_by_hash(&self, hash: B256, full: Option<bool>) -> Answer<Option<Block>> {
        let full = full.unwrap_or_default();
        Ok(self.block(hash.into())?.map(|block| answers::block(&block, full)))
    }

    fn transaction_count_by_number(&self, number: BlockNumberOrTag) -> Answer<Option<U64>> {
        let block = self.block(number.into())?;
        Ok(block.map(|block| U64::from(block.transactions.len())))
    }

    fn transaction_count_by_hash(&self, hash: B256) -> Answer<Option<U64>> {
        Ok(self.block(hash.into())?.map(|block| U64::from(block.transactions.len())))
    }

    fn uncle_count_by_number(&self, number: BlockNumberOrTag) -> Answer<Option<U64>> {
        Ok(self.block(number.into())?.map(|_| U64::ZERO))
    }

    fn uncle_count_by_hash(&self, hash: B256) -> Answer<Option<U64>> {
        Ok(self.block(hash.into())?.map(|_| U64::ZERO))
    }

    fn transaction_by_hash(&self, hash: B256) -> Answer<Option<Transaction>> {
        if let Some((block, index)) = self.mined(&hash) {
            return Ok(Some(answers::mined_transaction(&block, index)));
        }
        let waiting = self.devnet.pool(|pool, _| pool.get(&hash).cloned());
        Ok(waiting.map(|transaction| answers::waiting_transaction(&transaction)))
    }

    fn transaction_by_number(
        &self,
        number: BlockNumberOrTag,
        index: Index,
    ) -> Answer<Option<Transaction>> {
        let index = usize::from(index);
        let block = self.block(number.into())?;
        let block = block.filter(|block| index < block.transactions.len());
        Ok(block.map(|block| answers::mined_transaction(&block, index)))
    }

    fn transaction_by_block(&self, hash: B256, index: Index) -> Answer<Option<Transaction>> {
        let index = usize::from(index);
        let block = self.block(hash.into())?;
        let block = block.filter(|block| index < block.transactions.len());
        Ok(block.map(|block| answers::mined_transaction(&block, index)))
    }

    fn raw_transaction(&self, hash: B256) -> Answer<Option<Bytes>> {
        let mined = self.mined(&hash).map(|(block, index)| block.transactions[index].clone());
        let transaction = mined.or_else(|| self.devnet.pool(|pool, _| pool.get(&hash).cloned()));
        Ok(transaction.map(|transaction| transaction.inner().encoded_2718().into()))
    }

    fn receipt(&self, hash: B256) -> Answer<Option<TransactionReceipt>> {
        Ok(self.mined(&hash).map(|(block, index)| answers::receipt(&block, index)))
    }

    fn block_receipts(&self, block: BlockId) -> Answer<Option<Vec<TransactionReceipt>>> {
        let receipts = |block: &crate::chain::Block| {
            (0..block.receipts.len()).map(|index| answers::receipt(block, index)).collect()
        };
        Ok(self.block(block)?.map(|block| receipts(&block)))
    }

    fn logs_of(&self, filter: Filter) -> Answer<Vec<Log>> {
        self.logs(&filter)
    }

    fn new_filter(&self, filter: Filter) -> Answer<U256> {
        self.install(Kind::Logs(Box::new(filter)))
    }

    fn new_block_filter(&self) -> Answer<U256> {
        self.install(Kind::Blocks)
    }

    fn new_pending_filter(&self) -> Answer<U256> {
        self.install(Kind::Pending)
    }

    fn filter_changes(&self, id: U256) -> Answer<FilterChanges<Transaction>> {
        self.changes(id)
    }

    fn logs_of_filter(&self, id: U256) -> Answer<Vec<Log>> {
        self.filter_logs(id)
    }

    fn uninstall_filter(&self, id: U256) -> Answer<bool> {
        Ok(self.uninstall(id))
    }
}

fn effective_tip(transaction: &crate::chain::Transaction, base_fee: u64) -> u128 {
    transaction.effective_tip_per_gas(base_fee).unwrap_or_default()
}
