//! A KMS in another process.

use std::{fmt, time::Duration};

use alloy_primitives::U256;
use ciphervm_fhe::Record;
use ciphervm_kms::{
    DecryptionService, Kms, PublicAnswer, PublicDecryption, UserAnswer, UserDecryption,
    error::{DecryptionError, Refusal, RefusalKind},
};
use serde::{Serialize, de::DeserializeOwned};
use ureq::Agent;

use super::{
    Token,
    server::{FOR_ALL, FOR_USER, Refused},
};

/// Bytes of an answer, at most.
const ANSWER_BYTES: u64 = 1 << 24;
/// What the service may take longer than its node waits for evaluation.
const SLACK: Duration = Duration::from_secs(10);

/// The client of `ciphervm kms`.
pub struct RemoteService {
    agent: Agent,
    url: String,
    token: Token,
}

impl RemoteService {
    /// A client of the service at `url`, which may take as long as `patience` to wait for
    /// evaluation.
    pub fn new(url: &str, token: Token, patience: Duration) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(patience.saturating_add(SLACK)))
            .http_status_as_error(false)
            .build()
            .into();
        Self { agent, url: url.trim_end_matches('/').to_owned(), token }
    }

    fn ask<T: DeserializeOwned>(&self, path: &str, request: &impl Serialize) -> Result<T, Refusal> {
        let failed = |reason: String| Refusal::Remote {
            kind: RefusalKind::Unreachable,
            message: format!("the KMS at {} gives no answer: {reason}", self.url),
        };
        let mut response = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("Authorization", self.token.header())
            .send_json(request)
            .map_err(|error| failed(error.to_string()))?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES);
        if status.is_success() {
            return body.read_json().map_err(|error| failed(error.to_string()));
        }
        let Refused { kind, message } =
            body.read_json().map_err(|_| failed(format!("it answers with status {status}")))?;
        Err(Refusal::Remote { kind, message })
    }
}

impl DecryptionService for RemoteService {
    fn decrypt_for_all(&self, request: &PublicDecryption) -> Result<PublicAnswer, Refusal> {
        self.ask(FOR_ALL, request)
    }

    fn decrypt_for_user(&self, request: &UserDecryption) -> Result<UserAnswer, Refusal> {
        self.ask(FOR_USER, request)
    }
}

impl fmt::Debug for RemoteService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteService").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What stands in the place of a key in a node that has none: it opens nothing for developers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keyless;

impl Kms for Keyless {
    fn decrypt(&self, _: &Record) -> Result<U256, DecryptionError> {
        Err(DecryptionError::NoKey)
    }
}
