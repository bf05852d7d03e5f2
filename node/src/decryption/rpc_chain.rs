//! A chain in another process, asked by JSON-RPC.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy_primitives::{Address, B256, Bytes, U64};
use ciphervm_fhe::{FheType, Handle, Record};
use ciphervm_kms::{Chain, ChainState, error::ChainError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use ureq::Agent;

use crate::devnet::now;

/// Bytes of an answer, at most: a ciphertext of 256 bits has 2 MB, and twice that in hexadecimal.
const ANSWER_BYTES: u64 = 1 << 24;
/// A call reverted.
const REVERTED: i64 = 3;
/// There is no such thing.
const NOT_FOUND: i64 = -32001;

/// A chain behind a JSON-RPC address.
pub struct RpcChain {
    agent: Agent,
    url: String,
    ids: AtomicU64,
}

/// The chain as of one block.
struct State<'a> {
    chain: &'a RpcChain,
    block: B256,
    timestamp: u64,
}

#[derive(Deserialize)]
struct Block {
    hash: B256,
    timestamp: U64,
}

/// A stored ciphertext, as it travels.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ciphertext {
    /// The id of its type.
    pub(crate) type_id: u8,
    pub(crate) engine_class: B256,
    pub(crate) digest: B256,
    pub(crate) bytes: Bytes,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    result: Value,
    error: Option<ErrorObject>,
}

#[derive(Deserialize)]
struct ErrorObject {
    code: i64,
    message: String,
}

impl RpcChain {
    /// The chain at `url`, which may take as long as `patience` to answer.
    pub fn new(url: &str, patience: Duration) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(patience))
            .http_status_as_error(false)
            .build()
            .into();
        Self { agent, url: url.to_owned(), ids: AtomicU64::new(1) }
    }

    /// The result of a call, or its error.
    fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &Value,
    ) -> Result<Result<T, ErrorObject>, ChainError> {
        let failed = |reason: String| {
            ChainError::Unreachable(format!("{method} at {} gives no answer: {reason}", self.url))
        };
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let mut response =
            self.agent.post(&self.url).send_json(request).map_err(|e| failed(e.to_string()))?;
        let body = response.body_mut().with_config().limit(ANSWER_BYTES);
        let response: Response = body.read_json().map_err(|error| failed(error.to_string()))?;
        match response.error {
            Some(error) => Ok(Err(error)),
            None => serde_json::from_value(response.result)
                .map(Ok)
                .map_err(|error| failed(error.to_string())),
        }
    }
}

impl Chain for RpcChain {
    fn state(&self) -> Result<Box<dyn ChainState + '_>, ChainError> {
        let block: Block = self
            .ask("eth_getBlockByNumber", &json!(["latest", false]))?
            .map_err(|error| ChainError::Unreachable(error.message))?;
        let timestamp = block.timestamp.to();
        Ok(Box::new(State { chain: self, block: block.hash, timestamp }))
    }
}

impl ChainState for State<'_> {
    fn call(&self, to: Address, data: Bytes) -> Result<Option<Bytes>, ChainError> {
        let params = json!([{ "to": to, "data": data }, { "blockHash": self.block }]);
        match self.chain.ask("eth_call", &params)? {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code == REVERTED => Ok(None),
            // A contract of a user's own may do worse than revert.
            Err(error) if error.message.starts_with("out of gas") => Ok(None),
            Err(error) if error.message.starts_with("execution halted") => Ok(None),
            Err(error) => Err(ChainError::Unreachable(error.message)),
        }
    }

    fn time(&self) -> u64 {
        self.timestamp.max(now())
    }

    fn ciphertext(&self, handle: &Handle) -> Result<Arc<Record>, ChainError> {
        let ciphertext: Ciphertext = match self.chain.ask("cipher_ciphertext", &json!([handle]))? {
            Ok(ciphertext) => ciphertext,
            Err(error) if error.code == NOT_FOUND => {
                return Err(ChainError::NoCiphertext(error.message));
            }
            Err(error) => {
                return Err(ChainError::NotReady { handle: *handle, reason: error.message });
            }
        };
        let broken = |what: &str| {
            ChainError::Unreachable(format!("the ciphertext of {handle} came with {what}"))
        };
        let ty = FheType::from_id(ciphertext.type_id).filter(|ty| handle.fhe_type() == Some(*ty));
        let ty = ty.ok_or_else(|| broken("another type"))?;
        let record = Record::new(ty, ciphertext.engine_class, ciphertext.bytes.to_vec());
        if record.digest != ciphertext.digest {
            return Err(broken("a digest that does not fit it"));
        }
        Ok(Arc::new(record))
    }
}

impl fmt::Debug for RpcChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcChain").field("url", &self.url).finish_non_exhaustive()
    }
}
