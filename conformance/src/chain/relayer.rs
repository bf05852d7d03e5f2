//! The relayer's HTTP API, version 2.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, hex};
use ciphervm_fhe::InputClient;
use serde_json::{Value, json};
use ureq::Agent;

use crate::error::ChainError;

/// Bytes of a download, at most: a reference string of 2,048 bits has 5 MB.
const MAX_DOWNLOAD: u64 = 64 << 20;

/// A client of a relayer.
#[derive(Debug)]
pub(crate) struct Relayer {
    url: String,
    agent: Agent,
    patience: Duration,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answered {
    /// Its result.
    Result(Value),
    /// A refusal: its label and what it says.
    Refused(String, String),
}

impl Relayer {
    /// A client of the relayer at `url`, without `/v2`, that waits so long for a result.
    pub(crate) fn new(url: &str, patience: Duration) -> Self {
        let url = url.trim_end_matches('/').trim_end_matches("/v2").to_owned();
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { url, agent, patience }
    }

    fn transport(&self, what: &str, reason: impl ToString) -> ChainError {
        let (url, what) = (self.url.clone(), what.to_owned());
        ChainError::Transport { url, what, reason: reason.to_string() }
    }

    fn get(&self, path: &str) -> Result<(u16, Value), ChainError> {
        let failed = |error: ureq::Error| self.transport(path, error);
        let mut response = self.agent.get(format!("{}{path}", self.url)).call().map_err(failed)?;
        let status = response.status().as_u16();
        Ok((status, response.body_mut().read_json().map_err(failed)?))
    }

    fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), ChainError> {
        let failed = |error: ureq::Error| self.transport(path, error);
        let request = self.agent.post(format!("{}{path}", self.url));
        let mut response = request.send_json(body).map_err(failed)?;
        let status = response.status().as_u16();
        Ok((status, response.body_mut().read_json().map_err(failed)?))
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, ChainError> {
        let failed = |error: ureq::Error| self.transport(url, error);
        let mut response = self.agent.get(url).call().map_err(failed)?;
        response.body_mut().with_config().limit(MAX_DOWNLOAD).read_to_vec().map_err(failed)
    }

    /// Posts a request, and asks for its result until there is one. What is not ready yet is asked
    /// for again.
    ///
    /// # Errors
    /// If the relayer does not answer, or not in time.
    pub(crate) fn request(&self, path: &str, body: &Value) -> Result<Answered, ChainError> {
        let start = Instant::now();
        let late = || ChainError::Patience(format!("{path} at {}", self.url));
        loop {
            let (status, answer) = self.post(path, body)?;
            let (status, answer) = match (status, answer["result"]["jobId"].as_str()) {
                (202, Some(job)) => loop {
                    let (status, answer) = self.get(&format!("{path}/{job}"))?;
                    if status != 202 {
                        break (status, answer);
                    }
                    if start.elapsed() > self.patience {
                        return Err(late());
                    }
                    sleep(Duration::from_millis(20));
                },
                _ => (status, answer),
            };
            if status == 200 && answer["status"] == "succeeded" {
                return Ok(Answered::Result(answer["result"].clone()));
            }
            let text = |field: &str| answer["error"][field].as_str().unwrap_or_default().to_owned();
            let (label, message) = (text("label"), text("message"));
            // Computation lags behind blocks.
            let waits = matches!(
                label.as_str(),
                "readiness_check_timed_out" | "rate_limited" | "protocol_overload"
            );
            if !waits {
                return Ok(Answered::Refused(label, message));
            }
            if start.elapsed() > self.patience {
                return Err(late());
            }
            sleep(Duration::from_millis(500));
        }
    }

    /// What is needed to encrypt inputs, or nothing where there are no keys.
    ///
    /// # Errors
    /// If the relayer does not answer, or its keys cannot be read.
    pub(crate) fn input_client(&self) -> Result<Option<InputClient>, ChainError> {
        let (status, answer) = self.get("/v2/keyurl")?;
        if status != 200 {
            return Ok(None);
        }
        let response = &answer["response"];
        let url = |entry: &Value| entry["urls"][0].as_str().map(str::to_owned);
        let (Some(key), Some(crs)) =
            (url(&response["fheKeyInfo"][0]["fhePublicKey"]), url(&response["crs"]["2048"]))
        else {
            return Ok(None);
        };
        let client = InputClient::read(&self.download(&key)?, &self.download(&crs)?);
        client.map(Some).map_err(|error| ChainError::Answer {
            what: "the public key of inputs".to_owned(),
            reason: error.to_string(),
        })
    }

    /// Hands in a client's list: the handles and the proof that a contract takes, or the reason of
    /// a refusal.
    ///
    /// # Errors
    /// If the relayer does not answer.
    pub(crate) fn submit(
        &self,
        chain_id: u64,
        contract: Address,
        user: Address,
        list: &[u8],
    ) -> Result<Result<(Vec<B256>, Bytes), String>, ChainError> {
        let body = json!({
            "contractChainId": format!("{chain_id:#x}"),
            "contractAddress": contract,
            "userAddress": user,
            "ciphertextWithInputVerification": hex::encode(list),
            "extraData": "0x00",
        });
        let result = match self.request("/v2/input-proof", &body)? {
            Answered::Refused(label, message) => return Ok(Err(format!("{label}: {message}"))),
            Answered::Result(result) => result,
        };
        if result["accepted"] != true {
            return Ok(Err(result["reason"].as_str().unwrap_or("not accepted").to_owned()));
        }
        let broken = |error: serde_json::Error| ChainError::Answer {
            what: "an input's attestation".to_owned(),
            reason: error.to_string(),
        };
        let handles: Vec<B256> =
            serde_json::from_value(result["handles"].clone()).map_err(broken)?;
        let signatures: Vec<Bytes> =
            serde_json::from_value(result["signatures"].clone()).map_err(broken)?;
        let count = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
        let mut proof = vec![count(handles.len()), count(signatures.len())];
        proof.extend(handles.iter().flatten());
        proof.extend(signatures.iter().flatten());
        // The extra data that clients send.
        proof.push(0);
        Ok(Ok((handles, proof.into())))
    }
}
