//! The format of `GeneralStateTests`.
//!
//! revm has these types, too, under its feature `test-types`. That feature turns on others in
//! crates that the cryptography depends on, and would have it compiled twice.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use revm::{
    context::{
        BlockEnv, CfgEnv, TransactionType, TxEnv,
        either::Either,
        transaction::{
            AccessList, AccessListItem, Authorization, RecoveredAuthority, RecoveredAuthorization,
            SignedAuthorization,
        },
    },
    database::CacheState,
    primitives::hardfork::SpecId,
    state::{AccountInfo, Bytecode},
};
use serde::Deserialize;

use crate::address_of;

/// One test: a state and a transaction, with variants.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Unit {
    env: Env,
    pre: BTreeMap<Address, Account>,
    /// Expectations, by fork.
    pub(crate) post: BTreeMap<String, Vec<Expected>>,
    transaction: Transaction,
}

/// What a variant of the transaction should do.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Expected {
    /// Why it is not valid, in words of the test's authors.
    pub(crate) expect_exception: Option<String>,
    pub(crate) hash: B256,
    pub(crate) logs: B256,
    pub(crate) indexes: Indexes,
}

/// Which variant.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Indexes {
    data: usize,
    gas: usize,
    value: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Env {
    current_coinbase: Address,
    #[serde(default)]
    current_difficulty: U256,
    current_gas_limit: U256,
    current_number: U256,
    current_timestamp: U256,
    current_base_fee: Option<U256>,
    current_random: Option<B256>,
    current_excess_blob_gas: Option<U256>,
}

#[derive(Clone, Debug, Deserialize)]
struct Account {
    balance: U256,
    code: Bytes,
    nonce: U256,
    storage: BTreeMap<U256, U256>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    data: Vec<Bytes>,
    gas_limit: Vec<U256>,
    value: Vec<U256>,
    nonce: U256,
    sender: Option<Address>,
    secret_key: Option<B256>,
    /// Empty for a creation.
    #[serde(default)]
    to: String,
    gas_price: Option<U256>,
    max_fee_per_gas: Option<U256>,
    max_priority_fee_per_gas: Option<U256>,
    #[serde(default)]
    access_lists: Vec<Option<Vec<Access>>>,
    #[serde(default)]
    blob_versioned_hashes: Vec<B256>,
    max_fee_per_blob_gas: Option<U256>,
    authorization_list: Option<Vec<SetCode>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Access {
    address: Address,
    storage_keys: Vec<B256>,
}

/// An authorization (EIP-7702), whose signer the file names.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetCode {
    chain_id: U256,
    address: Address,
    nonce: U256,
    signer: Option<Address>,
}

/// The tests of a file.
pub(crate) fn read(text: &str) -> Result<BTreeMap<String, Unit>, serde_json::Error> {
    serde_json::from_str(text)
}

/// The rules of a fork, by its name in the tests. Nothing for those that change during a test.
pub(crate) fn spec(fork: &str) -> Option<SpecId> {
    Some(match fork {
        "Frontier" => SpecId::FRONTIER,
        "Homestead" => SpecId::HOMESTEAD,
        "EIP150" | "TangerineWhistle" => SpecId::TANGERINE,
        "EIP158" | "SpuriousDragon" => SpecId::SPURIOUS_DRAGON,
        "Byzantium" => SpecId::BYZANTIUM,
        "ConstantinopleFix" | "Petersburg" => SpecId::PETERSBURG,
        "Istanbul" => SpecId::ISTANBUL,
        "Berlin" => SpecId::BERLIN,
        "London" => SpecId::LONDON,
        "Merge" | "Paris" => SpecId::MERGE,
        "Shanghai" => SpecId::SHANGHAI,
        "Cancun" => SpecId::CANCUN,
        "Prague" => SpecId::PRAGUE,
        "Osaka" => SpecId::OSAKA,
        _ => return None,
    })
}

impl Unit {
    /// The state before the transaction.
    pub(crate) fn state(&self) -> CacheState {
        let mut state = CacheState::new();
        for (address, account) in &self.pre {
            let code = Bytecode::new_raw_checked(account.code.clone())
                .unwrap_or_else(|_| Bytecode::new_legacy(account.code.clone()));
            let info = AccountInfo {
                balance: account.balance,
                nonce: account.nonce.saturating_to(),
                ..AccountInfo::from_bytecode(code)
            };
            let storage = account.storage.iter().map(|(slot, value)| (*slot, *value)).collect();
            state.insert_account_with_storage(*address, info, storage);
        }
        state
    }

    pub(crate) fn cfg(&self, spec: SpecId) -> CfgEnv {
        // EIP-7691: Prague raised the limit from Cancun's. EIP-7594 limits each transaction.
        let blobs = if spec.is_enabled_in(SpecId::PRAGUE) && spec != SpecId::OSAKA { 9 } else { 6 };
        CfgEnv::new_with_spec(spec).with_chain_id(1).with_max_blobs_per_tx(blobs)
    }

    pub(crate) fn block(&self, cfg: &CfgEnv) -> BlockEnv {
        let env = &self.env;
        let merged = cfg.spec.is_enabled_in(SpecId::MERGE);
        let mut block = BlockEnv {
            number: env.current_number,
            beneficiary: env.current_coinbase,
            timestamp: env.current_timestamp,
            gas_limit: env.current_gas_limit.saturating_to(),
            basefee: env.current_base_fee.unwrap_or_default().saturating_to(),
            difficulty: env.current_difficulty,
            prevrandao: merged.then(|| env.current_random.unwrap_or_default()),
            ..BlockEnv::default()
        };
        if let Some(excess) = env.current_excess_blob_gas {
            block.set_blob_excess_gas_and_price(
                excess.saturating_to(),
                cfg.blob_base_fee_update_fraction(),
            );
        }
        block
    }

    /// A variant of the transaction. Nothing if it cannot even be written down.
    pub(crate) fn tx(&self, case: &Expected) -> Option<TxEnv> {
        let (tx, indexes) = (&self.transaction, case.indexes);
        let to = match &*tx.to {
            "" => None,
            address => Some(address.parse().ok()?),
        };
        let access_list = tx.access_lists.get(indexes.data).cloned().flatten();
        Some(TxEnv {
            tx_type: tx.kind(access_list.is_some(), to.is_some())? as u8,
            caller: tx.sender.or_else(|| address_of(&tx.secret_key?))?,
            gas_limit: tx.gas_limit[indexes.gas].saturating_to(),
            gas_price: tx.gas_price.or(tx.max_fee_per_gas).unwrap_or_default().saturating_to(),
            gas_priority_fee: tx.max_priority_fee_per_gas.map(|fee| fee.saturating_to()),
            kind: to.map_or(TxKind::Create, TxKind::Call),
            value: tx.value[indexes.value],
            data: tx.data[indexes.data].clone(),
            nonce: tx.nonce.try_into().ok()?,
            chain_id: Some(1),
            access_list: access_list.map(accesses).unwrap_or_default(),
            blob_hashes: tx.blob_versioned_hashes.clone(),
            max_fee_per_blob_gas: tx.max_fee_per_blob_gas.unwrap_or_default().saturating_to(),
            authorization_list: tx.authorization_list.iter().flatten().map(authorization).collect(),
        })
    }
}

impl Transaction {
    /// Its type follows from the fields that it has.
    fn kind(&self, has_access_list: bool, has_callee: bool) -> Option<TransactionType> {
        if self.authorization_list.is_some() {
            has_callee.then_some(TransactionType::Eip7702)
        } else if self.max_fee_per_blob_gas.is_some() {
            has_callee.then_some(TransactionType::Eip4844)
        } else if self.max_fee_per_gas.is_some() {
            Some(TransactionType::Eip1559)
        } else if has_access_list {
            Some(TransactionType::Eip2930)
        } else {
            Some(TransactionType::Legacy)
        }
    }
}

fn accesses(list: Vec<Access>) -> AccessList {
    let item = |access: Access| AccessListItem {
        address: access.address,
        storage_keys: access.storage_keys,
    };
    AccessList(list.into_iter().map(item).collect())
}

fn authorization(entry: &SetCode) -> Either<SignedAuthorization, RecoveredAuthorization> {
    let authorization = Authorization {
        chain_id: entry.chain_id,
        address: entry.address,
        nonce: entry.nonce.saturating_to(),
    };
    let authority = entry.signer.map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
    Either::Right(RecoveredAuthorization::new_unchecked(authorization, authority))
}
