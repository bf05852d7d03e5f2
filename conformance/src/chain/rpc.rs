//! JSON-RPC over HTTP.

use std::{cell::Cell, time::Duration};

use alloy_primitives::{Address, B256, Bytes, U64};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::Agent;

use crate::error::ChainError;

/// Bytes of an answer, at most.
const MAX_ANSWER: u64 = 64 << 20;

/// A client of one endpoint.
#[derive(Debug)]
pub(crate) struct Rpc {
    url: String,
    agent: Agent,
    requests: Cell<u64>,
}

impl Rpc {
    /// A client of the endpoint at `url`. Nothing is asked yet.
    pub(crate) fn new(url: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(600)))
            .build()
            .into();
        Self { url: url.to_owned(), agent, requests: Cell::new(0) }
    }

    /// Asks.
    ///
    /// # Errors
    /// If there is no answer, or it is an error or of another type.
    pub(crate) fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Result<T, ChainError> {
        let transport = |reason: String| ChainError::Transport {
            url: self.url.clone(),
            what: method.to_owned(),
            reason,
        };
        let id = self.requests.replace(self.requests.get() + 1);
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let mut response = self
            .agent
            .post(&self.url)
            .send_json(request)
            .map_err(|error| transport(error.to_string()))?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER);
        let mut answer: Value = body.read_json().map_err(|error| transport(error.to_string()))?;
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            return Err(ChainError::Refused {
                method: method.to_owned(),
                code: error["code"].as_i64().unwrap_or_default(),
                message: error["message"].as_str().unwrap_or_default().to_owned(),
                data: revert_data(error),
            });
        }
        serde_json::from_value(answer["result"].take()).map_err(|error| ChainError::Answer {
            what: format!("the answer to {method}"),
            reason: error.to_string(),
        })
    }

    /// Executes a call as a transaction of the next block would, without one.
    ///
    /// # Errors
    /// [`ChainError::Refused`] with the data of a revert.
    pub(crate) fn eth_call(
        &self,
        from: Address,
        to: Address,
        data: &Bytes,
    ) -> Result<Bytes, ChainError> {
        let request = json!({ "from": from, "to": to, "data": data, "gas": GAS });
        self.call("eth_call", json!([request, "pending"]))
    }

    /// The chain's id.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) fn chain_id(&self) -> Result<u64, ChainError> {
        self.call::<U64>("eth_chainId", json!([])).map(|id| id.to())
    }

    /// Timestamp of the last block.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) fn now(&self) -> Result<u64, ChainError> {
        let block: Block = self.call("eth_getBlockByNumber", json!(["latest", false]))?;
        Ok(block.timestamp.to())
    }

    /// Parent hash and timestamp of a block.
    ///
    /// # Errors
    /// If there is no such block.
    pub(crate) fn block(&self, number: u64) -> Result<(B256, u64), ChainError> {
        let number = format!("{number:#x}");
        let block: Block = self.call("eth_getBlockByNumber", json!([number, false]))?;
        Ok((block.parent_hash, block.timestamp.to()))
    }
}

/// Gas of a transaction: under what a transaction may have since Osaka.
pub(super) const GAS: &str = "0xf42400";

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    parent_hash: B256,
    timestamp: U64,
}

/// Where clients put the bytes of a revert.
fn revert_data(error: &Value) -> Option<Bytes> {
    let data = &error["data"];
    let text = data.as_str().or_else(|| data["data"].as_str()).or_else(|| data["result"].as_str());
    text.and_then(|text| text.parse().ok())
}
