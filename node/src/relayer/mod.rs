//! The relayer's HTTP API, version 2, as FHEVM's JavaScript clients speak it: where the keys are,
//! inputs with proofs, and decryptions.
//!
//! A request is checked at once and becomes a job: the answer is `202` with the job's id, and the
//! client asks for the job until it is done. Every path is there with the prefix `/v2` and without
//! one, for some clients add it and others take the address as it is.
//!
//! `GET /openapi.json` describes it all.

mod api;
mod decrypt;
mod download;
mod error;
mod fields;
mod inputs;
mod jobs;
mod keys;

pub use jobs::Limits;
pub use keys::PublicMaterial;

use std::{fmt, sync::Arc};

use axum::Router;
use ciphervm_kms::DecryptionService;

use crate::devnet::Devnet;
use jobs::Jobs;

/// The OpenAPI document.
pub const OPENAPI: &str = include_str!("openapi.json");

/// What the API works on.
#[derive(Clone)]
pub(crate) struct Relayer {
    devnet: Arc<Devnet>,
    service: Arc<dyn DecryptionService>,
    /// Nothing if there are no keys, because operations are computed on plaintexts.
    keys: Option<Arc<PublicMaterial>>,
    jobs: Arc<Jobs>,
}

/// The routes. They have to be served on a Tokio runtime, on which the jobs run.
pub fn router(
    devnet: Arc<Devnet>,
    service: Arc<dyn DecryptionService>,
    keys: Option<PublicMaterial>,
    limits: Limits,
) -> Router {
    let keys = keys.map(Arc::new);
    api::router(Relayer { devnet, service, keys, jobs: Arc::new(Jobs::new(limits)) })
}

impl fmt::Debug for Relayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relayer").field("service", &self.service).finish_non_exhaustive()
    }
}
