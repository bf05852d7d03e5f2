//! A sweep for wrong results: random programs on ciphertexts, each result decrypted and compared
//! with what the operation means on plaintexts.
//!
//! Every eighth program is one chain of a thousand operations, each on the result of the one
//! before. The programs follow from a seed, so a sweep can be repeated, and one that was
//! interrupted goes on where it was.

mod program;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy_primitives::U256;
use ciphervm_fhe::{
    CiphertextStore, Evaluator, FheType, Graph, Handle, MemoryStore, Node, Op, Operand, Record,
    reference,
};
use serde::{Deserialize, Serialize};

use program::{Dice, Held, Planned, TYPES, plan};

/// Operations of a chain.
pub const CHAIN: u64 = 1_000;
/// Operations of the other programs.
const SHORT: u64 = 64;
/// One of so many programs is a chain, the first among them.
const CHAIN_EVERY: u64 = 8;
/// Operations that are evaluated and checked at a time.
const PIECE: u64 = 16;
/// Inputs of each type that a program begins with.
const INPUTS: usize = 2;
/// The chain in the handles' names. Nothing looks at it.
const CHAIN_ID: u64 = 31_337;

/// How a ciphertext is opened.
pub type Open<'a> = dyn Fn(&Record) -> Result<U256, String> + 'a;

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What the programs follow from.
    pub seed: u64,
    /// When to end, in operations of all runs together.
    pub operations: u64,
    /// When to end, in time of this run.
    pub time: Option<Duration>,
}

/// What was done, by all runs together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sweep {
    /// What the programs follow from.
    pub seed: u64,
    /// The engine class of the ciphertexts.
    pub engine_class: alloy_primitives::B256,
    /// The program to begin next.
    pub program: u64,
    /// Operations whose results were compared.
    pub operations: u64,
    /// By operation.
    pub by_operation: BTreeMap<String, u64>,
    /// By the type of the result.
    pub by_result: BTreeMap<String, u64>,
    /// Bootstraps.
    pub bootstraps: u64,
    /// The longest chain of dependent operations that was finished.
    pub longest_chain: u64,
    /// Wrong results, in words.
    pub failures: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// A sweep cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// It was begun otherwise.
    #[error("this sweep was begun with {0}: name another file for a new one")]
    Other(String),
    /// Something does not work at all.
    #[error("program {program}: {reason}")]
    Broken {
        /// Which.
        program: u64,
        /// Why.
        reason: String,
    },
}

impl Sweep {
    /// A sweep that has done nothing yet.
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// The failure rate that these results exclude with 95 % confidence: three in so many, if
    /// there was no failure.
    pub fn bound(&self) -> Option<f64> {
        let clean = self.failures.is_empty() && self.operations > 0;
        // Exact far beyond what can be run.
        #[expect(clippy::cast_precision_loss, reason = "a rate, not a count")]
        clean.then(|| 3.0 / self.operations as f64)
    }

    /// Goes on until enough was done. `observe` is told after each piece; what it gets can be
    /// written down after a program only, which the second argument says.
    ///
    /// # Errors
    /// If the sweep was begun with another seed or engine, or the evaluator fails.
    pub fn run(
        &mut self,
        evaluator: &dyn Evaluator,
        open: &Open<'_>,
        settings: &Settings,
        observe: &mut dyn FnMut(&Self, bool),
    ) -> Result<(), SweepError> {
        if self.seed != settings.seed {
            return Err(SweepError::Other(format!("seed {}", self.seed)));
        }
        if self.engine_class.is_zero() {
            self.engine_class = evaluator.class();
        } else if self.engine_class != evaluator.class() {
            return Err(SweepError::Other(format!("engine {}", self.engine_class)));
        }
        let start = Instant::now();
        let before = self.seconds;
        let done = |sweep: &Self| {
            sweep.operations >= settings.operations
                || settings.time.is_some_and(|time| start.elapsed() >= time)
        };
        while !done(self) {
            let broken = |reason: String| SweepError::Broken { program: self.program, reason };
            let mut run = Run::begin(self, evaluator, open).map_err(broken)?;
            while run.done < run.length && !done(self) {
                let left = settings.operations - self.operations;
                let piece = PIECE.min(run.length - run.done).min(left);
                let program = self.program;
                run.piece(piece, self).map_err(|reason| SweepError::Broken { program, reason })?;
                self.seconds = before + start.elapsed().as_secs_f64();
                observe(self, false);
            }
            if run.chain {
                self.longest_chain = self.longest_chain.max(run.done);
            }
            self.program += 1;
            observe(self, true);
        }
        Ok(())
    }
}

/// A program that is being run.
struct Run<'a> {
    evaluator: &'a dyn Evaluator,
    open: &'a Open<'a>,
    dice: Dice,
    store: MemoryStore,
    held: Vec<Held>,
    /// What is encrypted, as it was decrypted.
    values: BTreeMap<Handle, U256>,
    /// Each operation is on the result of the one before.
    chain: bool,
    last: Option<Held>,
    done: u64,
    length: u64,
}

impl<'a> Run<'a> {
    /// Encrypts the inputs of the sweep's next program.
    fn begin(
        sweep: &Sweep,
        evaluator: &'a dyn Evaluator,
        open: &'a Open<'a>,
    ) -> Result<Self, String> {
        let chain = sweep.program.is_multiple_of(CHAIN_EVERY);
        let mut run = Self {
            evaluator,
            open,
            dice: Dice::new(sweep.seed, sweep.program),
            store: MemoryStore::new(),
            held: Vec::new(),
            values: BTreeMap::new(),
            chain,
            last: None,
            done: 0,
            length: if chain { CHAIN } else { SHORT },
        };
        for _ in 0..INPUTS {
            let values: Vec<(FheType, U256)> =
                TYPES.iter().map(|(ty, _)| (*ty, run.dice.value(*ty))).collect();
            let list = evaluator.encrypt_inputs(&values).map_err(|error| error.to_string())?;
            let records = evaluator.expand_inputs(&list).map_err(|error| error.to_string())?;
            for ((ty, value), record) in values.into_iter().zip(records) {
                let handle = Handle::input(run.dice.word(), 0, CHAIN_ID, ty);
                run.store.insert(vec![(handle, record)]).map_err(|error| error.to_string())?;
                run.held.push(Held { handle, ty });
                run.values.insert(handle, value);
            }
        }
        if chain {
            run.last = run.held.iter().find(|held| held.ty == FheType::Uint8).copied();
        }
        Ok(run)
    }

    /// Evaluates so many operations and checks their results.
    fn piece(&mut self, count: u64, sweep: &mut Sweep) -> Result<(), String> {
        let mut graph = Graph::default();
        let mut made = Vec::new();
        for _ in 0..count {
            let planned = plan(&mut self.dice, &self.held, self.last);
            let ty = planned.result;
            let handle = Handle::computed(self.dice.word(), CHAIN_ID, ty);
            let node = Node::new(planned.op, planned.operands.clone(), handle)
                .map_err(|error| error.to_string())?;
            graph.insert(handle, node);
            let held = Held { handle, ty };
            self.held.push(held);
            if self.chain {
                self.last = Some(held);
            }
            made.push((handle, planned));
        }
        let roots = made.iter().map(|(handle, _)| *handle);
        let live = graph
            .live(roots, |handle| {
                self.store.contains(handle).map_err(ciphervm_fhe::EvaluationError::from)
            })
            .map_err(|error| error.to_string())?;
        let evaluation =
            self.evaluator.evaluate(&live, &self.store).map_err(|error| error.to_string())?;
        sweep.bootstraps += evaluation.bootstraps;
        for (handle, planned) in &made {
            let record = self.store.get(handle).map_err(|error| error.to_string())?;
            let record = record.ok_or_else(|| format!("{handle} was not stored"))?;
            // A ciphertext that cannot be opened is a wrong result, too.
            let found = (self.open)(&record);
            if let Err(difference) = self.check(planned, &found) {
                sweep.failures.push(format!(
                    "program {}, operation {}, {}: {difference}",
                    sweep.program, self.done, planned.op
                ));
            }
            self.values.insert(*handle, found.unwrap_or_default());
            self.done += 1;
            sweep.operations += 1;
            *sweep.by_operation.entry(planned.op.name().to_owned()).or_default() += 1;
            *sweep.by_result.entry(planned.result.to_string()).or_default() += 1;
        }
        Ok(())
    }

    /// Compares a result with the one that follows from its operands as they are.
    fn check(&self, planned: &Planned, found: &Result<U256, String>) -> Result<(), String> {
        let found = found.clone()?;
        let clear: Vec<Operand<U256>> = planned
            .operands
            .iter()
            .map(|operand| match operand {
                Operand::Encrypted(handle) => Operand::Encrypted(self.values[handle]),
                Operand::Scalar(word) => Operand::Scalar(*word),
            })
            .collect();
        let operand = self.operand_type(planned);
        let fits = match (planned.op, &clear[..]) {
            (Op::Rand, _) => found <= planned.result.max_value(),
            (Op::RandBounded, [Operand::Scalar(bound), _]) => found < *bound,
            _ => found == reference::evaluate(planned.op, &clear, operand, planned.result),
        };
        if fits { Ok(()) } else { Err(format!("{found} from {clear:?} of {operand}")) }
    }

    /// The type that decides: that of the last encrypted operand, for a select begins with its
    /// condition.
    fn operand_type(&self, planned: &Planned) -> FheType {
        let ty = planned.operands.iter().rev().find_map(|operand| match operand {
            Operand::Encrypted(handle) => handle.fhe_type(),
            Operand::Scalar(_) => None,
        });
        ty.unwrap_or(planned.result)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;
    use ciphervm_fhe::{
        CiphertextError, Computed, Engine, GraphEvaluator, Kernel, OPS, ReferenceEngine, Rewrites,
    };

    use super::*;

    const SETTINGS: Settings = Settings { seed: 7, operations: 3_000, time: None };

    fn open(record: &Record) -> Result<U256, String> {
        ReferenceEngine.decode(&record.bytes, record.ty).map_err(|error| error.to_string())
    }

    fn evaluator() -> GraphEvaluator<ReferenceEngine> {
        GraphEvaluator::new(ReferenceEngine, 1).unwrap()
    }

    fn run(sweep: &mut Sweep, evaluator: &dyn Evaluator, operations: u64) {
        let settings = Settings { operations, ..SETTINGS };
        sweep.run(evaluator, &open, &settings, &mut |_, _| {}).unwrap();
    }

    #[test]
    fn every_operation_is_run_and_chains_are_long() {
        let mut sweep = Sweep::new(7);
        run(&mut sweep, &evaluator(), 3_000);
        assert_eq!(sweep.operations, 3_000);
        assert_eq!(sweep.failures, Vec::<String>::new());
        assert_eq!(sweep.longest_chain, CHAIN);
        for spec in OPS.iter().filter(|spec| spec.op != Op::VerifyInput) {
            assert!(sweep.by_operation.contains_key(spec.op.name()), "{}", spec.op);
        }
        assert_eq!(sweep.by_result.len(), FheType::ALL.len(), "{:?}", sweep.by_result);
        assert_eq!(sweep.bound(), Some(0.001));
    }

    #[test]
    fn an_interrupted_sweep_goes_on_as_if_it_was_not() {
        let mut whole = Sweep::new(7);
        run(&mut whole, &evaluator(), 1_300);
        let mut parts = Sweep::new(7);
        // The end of a program, from which a run can go on.
        run(&mut parts, &evaluator(), CHAIN + SHORT);
        let text = serde_json::to_string(&parts).unwrap();
        let mut parts: Sweep = serde_json::from_str(&text).unwrap();
        run(&mut parts, &evaluator(), 1_300);
        (whole.seconds, parts.seconds) = (0.0, 0.0);
        assert_eq!(parts, whole);

        let settings = Settings { seed: 8, ..SETTINGS };
        let error = parts.run(&evaluator(), &open, &settings, &mut |_, _| {}).unwrap_err();
        assert_eq!(error, SweepError::Other("seed 7".to_owned()));
    }

    /// Changes every result of one operation.
    #[derive(Debug)]
    struct Faulty(Op);

    impl Engine for Faulty {
        type Value = U256;

        fn class(&self) -> B256 {
            ReferenceEngine.class()
        }

        fn run(
            &self,
            kernel: &Kernel,
            operands: &[Operand<&U256>],
        ) -> Result<Computed<U256>, &'static str> {
            let mut computed = ReferenceEngine.run(kernel, operands)?;
            if matches!(kernel, Kernel::Op { op, .. } if *op == self.0) {
                computed.values[0] ^= U256::ONE;
            }
            Ok(computed)
        }

        /// Every operation is computed as it was recorded.
        fn rewrites(&self) -> Rewrites {
            Rewrites::NONE
        }

        fn encode(&self, value: &U256) -> Result<Vec<u8>, CiphertextError> {
            ReferenceEngine.encode(value)
        }

        fn decode(&self, bytes: &[u8], ty: FheType) -> Result<U256, CiphertextError> {
            ReferenceEngine.decode(bytes, ty)
        }

        fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
            ReferenceEngine.encrypt_inputs(values)
        }

        fn expand_inputs(&self, list: &[u8]) -> Result<Vec<(FheType, U256)>, CiphertextError> {
            ReferenceEngine.expand_inputs(list)
        }
    }

    /// Each wrong result is found.
    #[test]
    fn a_wrong_operation_is_found_each_time() {
        let mut sweep = Sweep::new(7);
        run(&mut sweep, &GraphEvaluator::new(Faulty(Op::Sub), 1).unwrap(), 500);
        let wrong = usize::try_from(sweep.by_operation["fheSub"]).unwrap();
        assert!(wrong > 0);
        // What was computed from one in the same piece is not what follows from it.
        let named = sweep.failures.iter().filter(|failure| failure.contains("fheSub:"));
        assert_eq!(named.count(), wrong, "{:?}", sweep.failures);
        assert_eq!(sweep.bound(), None);
    }
}
