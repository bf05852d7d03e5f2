//! What a sweep has done, and the bounds that follow.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::SweepError;

/// The format of a state. It changes, too, when a seed comes to stand for other programs.
pub const FORMAT: u32 = 2;

/// What was done, by all runs together. As JSON it is the state that a later run goes on from.
///
/// Everything that was computed and compared counts. So a program that was stopped, which begins
/// anew, counts with what was done of it, and again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sweep {
    /// [`FORMAT`]. A state that names none is of the first.
    pub format: u32,
    /// What the programs follow from.
    pub seed: u64,
    /// The engine class of the ciphertexts; zero before the first run.
    pub engine_class: B256,
    /// The program to begin next: the first that has not ended, so this many have. Programs are
    /// counted from zero.
    pub program: u64,
    /// Operations that stand behind results that were compared, those that made them included.
    pub operations: u64,
    /// Operations that took bootstraps. Those that a rewrite computes together are one.
    pub bootstrapped: u64,
    /// Results that were decrypted and compared.
    pub results: u64,
    /// By operation.
    pub by_operation: BTreeMap<String, Counts>,
    /// Results that were compared, by type.
    pub by_result: BTreeMap<String, u64>,
    /// Bootstraps.
    pub bootstraps: u64,
    /// The longest chain of dependent operations, up to the last result that was compared, whether
    /// or not its program ended.
    pub longest_chain: u64,
    /// Wrong results, in words.
    pub failures: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// How much of an operation was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counts {
    /// How often it stood behind a result that was compared.
    pub operations: u64,
    /// How often the result that was compared was its own.
    pub results: u64,
}

/// Failure rates that a sweep without a wrong result excludes with 95 % confidence: three in so
/// many, and never more than 1. A failure is an error that shows in a result: one without
/// consequence, such as of a value that is then multiplied by zero, is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Of operations that take bootstraps.
    pub per_operation: f64,
    /// Of bootstraps.
    pub per_bootstrap: f64,
}

impl Sweep {
    /// A sweep that has done nothing yet.
    pub fn new(seed: u64) -> Self {
        Self { format: FORMAT, seed, ..Self::default() }
    }

    /// Reads a state.
    ///
    /// # Errors
    /// If it is none, or of another format.
    pub fn from_json(text: &str) -> Result<Self, SweepError> {
        #[derive(Deserialize)]
        struct Format {
            #[serde(default = "first")]
            format: u32,
        }
        const fn first() -> u32 {
            1
        }
        let malformed = |error: serde_json::Error| SweepError::Malformed(error.to_string());
        let Format { format } = serde_json::from_str(text).map_err(malformed)?;
        if format != FORMAT {
            return Err(SweepError::Format(format));
        }
        serde_json::from_str(text).map_err(malformed)
    }

    /// The failure rates that these results exclude, if none is wrong.
    pub fn bounds(&self) -> Option<Bounds> {
        // Exact far beyond what can be run.
        #[expect(clippy::cast_precision_loss, reason = "a rate, not a count")]
        let rate = |count: u64| (3.0 / count as f64).min(1.0);
        let clean = self.failures.is_empty() && self.results > 0;
        clean.then(|| Bounds {
            per_operation: rate(self.bootstrapped),
            per_bootstrap: rate(self.bootstraps),
        })
    }
}
