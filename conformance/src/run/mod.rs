//! Runs vectors against a chain, whoever made it, by JSON-RPC and its relayer's API alone.

mod graph;
mod names;
pub(crate) mod operations;
mod program;
mod sequences;
mod world;

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, keccak256};
use serde::Serialize;

use crate::{
    error::{ChainError, FormatError},
    files,
    report::{Case, Chain, Report},
    sequence::Sequence,
    vector::Vector,
};
use operations::Operations;
use world::World;

/// Mnemonic whose first four accounts every development chain funds.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Where vectors are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The chain's JSON-RPC.
    pub rpc: String,
    /// Its relayer, where that is elsewhere.
    pub relayer: Option<String>,
    /// Whose first four accounts have ether.
    pub mnemonic: String,
    /// How long a result may take to be computed.
    pub patience: Duration,
}

/// Which vectors are run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Parts of ids, of which one must occur; none takes all.
    pub filters: Vec<String>,
    /// Which of those.
    pub draw: Draw,
}

/// Which vectors are drawn of those that one could run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Draw {
    /// All.
    #[default]
    All,
    /// So many, whichever they are.
    Sample {
        /// How many.
        count: usize,
        /// What they follow from.
        seed: u64,
    },
    /// One of each operation, form of operands and error, and one sequence of each case.
    Each {
        /// What they follow from.
        seed: u64,
    },
}

/// What came of a vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What must.
    Passed,
    /// Something else.
    Failed(String),
    /// Nothing: the chain does not offer what it needs.
    Skipped(String),
}

/// Vectors that were chosen.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// By what.
    pub choice: Choice,
    /// Of operations.
    pub vectors: Vec<Vector>,
    /// Sequences.
    pub sequences: Vec<Sequence>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Vectors that are done.
    pub done: u64,
    /// All of them.
    pub total: u64,
    /// What is being done.
    pub doing: Doing,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Operands are encrypted.
    Encrypting,
    /// Operations are run.
    Operations,
    /// Sequences are run.
    Sequences,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encrypting => "encrypting operands",
            Self::Operations => "operations",
            Self::Sequences => "sequences",
        })
    }
}

impl Choice {
    /// The vectors of this program that the choice takes.
    ///
    /// # Errors
    /// If the files are not what this program reads.
    pub fn take(&self) -> Result<Chosen, FormatError> {
        let wanted = |id: &str| {
            self.filters.is_empty() || self.filters.iter().any(|filter| id.contains(filter))
        };
        let mut chosen = Chosen { choice: self.clone(), ..Chosen::default() };
        for file in files::operations()? {
            chosen.vectors.extend(file.vectors()?.into_iter().filter(|vector| wanted(&vector.id)));
        }
        for file in files::sequences()? {
            chosen.sequences.extend(file.sequences.into_iter().filter(|one| wanted(&one.id)));
        }
        match self.draw {
            Draw::All => {}
            Draw::Sample { count, seed } => chosen.sample(count, seed),
            Draw::Each { seed } => chosen.each(seed),
        }
        Ok(chosen)
    }
}

impl Chosen {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.vectors.len() + self.sequences.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps `count`, drawn by `seed`.
    fn sample(&mut self, count: usize, seed: u64) {
        let ids = self.vectors.iter().map(|vector| &vector.id);
        let ids = ids.chain(self.sequences.iter().map(|one| &one.id));
        let mut ranks: Vec<B256> = ids.map(|id| rank(id, seed)).collect();
        if ranks.len() <= count {
            return;
        }
        ranks.sort_unstable();
        let end = ranks[count];
        self.vectors.retain(|vector| rank(&vector.id, seed) < end);
        self.sequences.retain(|sequence| rank(&sequence.id, seed) < end);
    }

    /// Keeps one of each kind, drawn by `seed`. The last part of a vector's id is its number among
    /// those of its kind, and the first two of a sequence's are its subject and case.
    fn each(&mut self, seed: u64) {
        let form = |id: &str| id.rsplit_once('/').map_or(id, |(form, _)| form).to_owned();
        let case = |id: &str| id.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        let mut first: BTreeMap<String, B256> = BTreeMap::new();
        let mut note = |kind: String, id: &str| {
            let least = first.entry(kind).or_insert(B256::repeat_byte(0xff));
            *least = rank(id, seed).min(*least);
        };
        self.vectors.iter().for_each(|vector| note(form(&vector.id), &vector.id));
        self.sequences.iter().for_each(|sequence| note(case(&sequence.id), &sequence.id));
        self.vectors.retain(|Vector { id, .. }| first[&form(id)] == rank(id, seed));
        self.sequences.retain(|Sequence { id, .. }| first[&case(id)] == rank(id, seed));
    }
}

/// The place of a vector in an order that follows from the seed.
fn rank(id: &str, seed: u64) -> B256 {
    keccak256([&seed.to_be_bytes(), id.as_bytes()].concat())
}

/// Runs what was chosen. `observe` is told how far it is. What the chain answers wrongly is in the
/// report, and also that it answered no more before the end.
///
/// # Errors
/// If nothing can be run.
pub fn run(
    options: &Options,
    chosen: &Chosen,
    observe: &mut dyn FnMut(Progress),
) -> Result<Report, ChainError> {
    let start = Instant::now();
    let relayer = options.relayer.as_deref().unwrap_or(&options.rpc);
    let world = World::new(&options.rpc, relayer, &options.mnemonic, options.patience)?;
    let chain = Chain {
        rpc: options.rpc.clone(),
        chain_id: world.chain_id,
        client: world.rpc.call("web3_clientVersion", serde_json::json!([])).unwrap_or_default(),
        evaluator: evaluator(&world),
    };
    let mut report = Report::new(chain, chosen.choice.clone());
    let ended = run_all(&world, chosen, &mut report, observe);
    report.broken_off = ended.err().map(|error| error.to_string());
    report.seconds = start.elapsed().as_secs_f64();
    Ok(report)
}

fn run_all(
    world: &World,
    chosen: &Chosen,
    report: &mut Report,
    observe: &mut dyn FnMut(Progress),
) -> Result<(), ChainError> {
    let total = chosen.len() as u64;
    let mut done = 0;
    observe(Progress { done, total, doing: Doing::Encrypting });
    let operations = Operations::prepare(world, &chosen.vectors)?;
    operations.run(&chosen.vectors, &mut |vector, verdict| {
        let (subject, ty) = vector.row();
        report.add(Case { id: vector.id.clone(), subject, ty, verdict });
        done += 1;
        observe(Progress { done, total, doing: Doing::Operations });
    })?;
    for sequence in &chosen.sequences {
        let verdict = sequences::run(world, sequence)?;
        let subject = sequence.id.split('/').next().unwrap_or_default().to_owned();
        let (id, ty) = (sequence.id.clone(), "sequence".to_owned());
        report.add(Case { id, subject, ty, verdict });
        done += 1;
        observe(Progress { done, total, doing: Doing::Sequences });
    }
    Ok(())
}

/// What a node of ours computes on.
fn evaluator(world: &World) -> Option<String> {
    let status: serde_json::Value = world.rpc.call("cipher_status", serde_json::json!([])).ok()?;
    status["evaluator"].as_str().map(str::to_owned)
}
