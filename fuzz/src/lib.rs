#![doc = include_str!("../README.md")]

pub mod bundle;
pub mod bytes;
pub mod calldata;
pub mod ciphertext;
pub mod input_list;
pub mod input_proof;
pub mod journal;
pub mod keys;
pub mod lists;
pub mod node;
pub mod panics;
pub mod record;
pub mod relayer;
pub mod rpc;
pub mod rpc_calls;
pub mod sequence;

/// What became of an input. That it gets this far is the promise: nothing panicked, and every
/// invariant of its target held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was what it should be, and was taken.
    Accepted,
    /// It was refused.
    Refused,
}

impl Verdict {
    /// Accepted, if it is.
    pub const fn of(accepted: bool) -> Self {
        if accepted { Self::Accepted } else { Self::Refused }
    }
}

/// Something that bytes from outside reach.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of the corpus, of the regressions, and of the binary.
    pub name: &'static str,
    /// One run.
    pub run: fn(&[u8]) -> Verdict,
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Seed>,
    /// Pieces that inputs are made of.
    pub words: fn() -> Vec<Vec<u8>>,
    /// How many inputs the smoke test makes up: a few seconds of one core.
    pub runs: u32,
}

/// An input to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// What it is.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// It is the same on every machine, and small: it is committed to the corpus.
    pub committed: bool,
}

impl Seed {
    /// One that is accepted, and committed.
    pub fn valid(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let (name, bytes) = (name.into(), bytes.into());
        Self { name, bytes, verdict: Verdict::Accepted, committed: true }
    }

    /// One that is refused, and committed.
    pub fn refused(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { verdict: Verdict::Refused, ..Self::valid(name, bytes) }
    }

    /// The same, made anew on each machine.
    #[must_use]
    pub fn local(self) -> Self {
        Self { committed: false, ..self }
    }
}

/// Every target.
pub const TARGETS: [Target; 14] = [
    calldata::TARGET,
    input_proof::TARGET,
    input_list::TARGET,
    lists::PLAIN,
    lists::PROVEN,
    ciphertext::TARGET,
    record::TARGET,
    bundle::TARGET,
    keys::TARGET,
    journal::TARGET,
    rpc::TARGET,
    rpc_calls::TARGET,
    relayer::TARGET,
    sequence::TARGET,
];

const fn no_words() -> Vec<Vec<u8>> {
    Vec::new()
}
