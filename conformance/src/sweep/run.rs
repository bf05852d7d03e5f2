//! A program on ciphertexts, evaluated piece by piece.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;
use ciphervm_fhe::{
    CiphertextStore, Evaluation, EvaluationError, Evaluator, FheType, Graph, Handle, Live,
    MemoryStore, Node, Op, Operand, reference,
};

use super::{
    Open,
    program::{Dice, Held, Made, Planned, TYPES, plan},
    state::Sweep,
};

/// Operations of a chain.
pub const CHAIN: u64 = 1_000;
/// Operations of the other programs, before those are left out on which no result depends.
const SHORT: u64 = 64;
/// One of so many programs is a chain, the first among them.
const CHAIN_EVERY: u64 = 8;
/// Operations that are evaluated at a time.
const PIECE: u64 = 16;
/// A piece keeps one result in so many, whichever of these it draws.
const KEPT: [usize; 4] = [1, 2, 4, 8];
/// Inputs of each type that a program begins with.
const INPUTS: usize = 2;
/// The chain in the handles' names. Nothing looks at it.
const CHAIN_ID: u64 = 31_337;

/// A program that is being run.
pub(super) struct Run<'a> {
    evaluator: &'a dyn Evaluator,
    open: &'a Open<'a>,
    dice: Dice,
    store: MemoryStore,
    /// What there is a ciphertext of.
    held: Vec<Held>,
    /// What is encrypted, as it was decrypted, and what was not kept, as it is meant.
    values: BTreeMap<Handle, U256>,
    /// Each operation is on the result of the one before.
    chain: bool,
    last: Option<Held>,
    program: u64,
    done: u64,
    length: u64,
}

impl<'a> Run<'a> {
    /// Encrypts the inputs of the sweep's next program.
    pub(super) fn begin(
        sweep: &Sweep,
        evaluator: &'a dyn Evaluator,
        open: &'a Open<'a>,
    ) -> Result<Self, String> {
        let program = sweep.program;
        let chain = program.is_multiple_of(CHAIN_EVERY);
        let mut run = Self {
            evaluator,
            open,
            dice: Dice::new(sweep.seed, program),
            store: MemoryStore::new(),
            held: Vec::new(),
            values: BTreeMap::new(),
            chain,
            last: None,
            program,
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

    pub(super) const fn has_ended(&self) -> bool {
        self.done == self.length
    }

    /// Evaluates the next operations, `most` at most, and compares the results that are kept.
    ///
    /// If it fails, the sweep is as it was before.
    pub(super) fn piece(&mut self, most: u64, sweep: &mut Sweep) -> Result<(), String> {
        let made = self.plan(most.min(PIECE).min(self.length - self.done));
        let (live, evaluation) = self.evaluate(&made)?;
        let mut records = BTreeMap::new();
        for handle in &live.keep {
            let record = self.store.get(handle).map_err(|error| error.to_string())?;
            records.insert(*handle, record.ok_or_else(|| format!("{handle} was not stored"))?);
        }
        let steps = evaluation.measured.iter().filter(|step| step.bootstraps > 0);
        let bootstrapped: BTreeSet<Handle> = steps.map(|step| step.handle).collect();
        sweep.bootstraps += evaluation.bootstraps;
        sweep.bootstrapped += bootstrapped.len() as u64;

        let live: BTreeSet<Handle> = live.nodes.into_iter().map(|(handle, _)| handle).collect();
        // By result that is not kept: the operations that nobody saw the results of, with its own.
        let mut unseen: BTreeMap<Handle, BTreeSet<(u64, Op)>> = BTreeMap::new();
        for (number, Made { handle, planned, .. }) in (self.done..).zip(&made) {
            if !live.contains(handle) {
                continue;
            }
            let counts = sweep.by_operation.entry(planned.op.name().to_owned()).or_default();
            sweep.operations += 1;
            counts.operations += 1;
            let inputs = planned.inputs();
            let mut behind: BTreeSet<(u64, Op)> =
                inputs.filter_map(|input| unseen.get(&input)).flatten().copied().collect();
            let Some(record) = records.get(handle) else {
                self.values.insert(*handle, self.meaning(planned));
                behind.insert((number, planned.op));
                unseen.insert(*handle, behind);
                continue;
            };
            sweep.results += 1;
            counts.results += 1;
            *sweep.by_result.entry(planned.result.to_string()).or_default() += 1;
            // A ciphertext that cannot be opened is a wrong result, too.
            let found = (self.open)(record);
            if let Err(difference) = self.check(planned, &found) {
                let behind: Vec<String> = behind
                    .iter()
                    .map(|(number, op)| format!(", behind it {number} {op}"))
                    .collect();
                sweep.failures.push(format!(
                    "program {}, operation {number}, {}: {difference}{}",
                    self.program,
                    planned.op,
                    behind.concat()
                ));
            }
            self.values.insert(*handle, found.unwrap_or_default());
        }
        self.done += made.len() as u64;
        if self.chain {
            sweep.longest_chain = sweep.longest_chain.max(self.done);
        }
        Ok(())
    }

    /// The next operations, and which results are kept: what comes after goes on from them.
    fn plan(&mut self, count: u64) -> Vec<Made> {
        let rarity = self.dice.pick(&KEPT);
        let mut held = self.held.clone();
        let mut made: Vec<Made> = Vec::new();
        for left in (0..count).rev() {
            let planned = plan(&mut self.dice, &held, made.last(), self.last);
            let ty = planned.result;
            let handle = Handle::computed(self.dice.word(), CHAIN_ID, ty);
            let new = Held { handle, ty };
            // Nobody can tell a random value but by decrypting it.
            let random = planned.op.spec().is_random();
            let kept = left == 0 || random || self.dice.one_in(rarity);
            if kept {
                self.held.push(new);
            }
            if self.chain {
                self.last = Some(new);
            }
            held.push(new);
            made.push(Made { handle, planned, kept });
        }
        made
    }

    /// Computes what is kept, and tells what that took.
    fn evaluate(&self, made: &[Made]) -> Result<(Live, Evaluation), String> {
        let mut graph = Graph::default();
        for Made { handle, planned, .. } in made {
            let node = Node::new(planned.op, planned.operands.clone(), *handle);
            graph.insert(*handle, node.map_err(|error| error.to_string())?);
        }
        let kept = made.iter().filter(|made| made.kept).map(|made| made.handle);
        let live = graph
            .live(kept, |handle| self.store.contains(handle).map_err(EvaluationError::from))
            .map_err(|error| error.to_string())?;
        let evaluation = self.evaluator.evaluate(&live, &self.store);
        Ok((live, evaluation.map_err(|error| error.to_string())?))
    }

    /// Compares a result with the one that follows from its operands as they are.
    fn check(&self, planned: &Planned, found: &Result<U256, String>) -> Result<(), String> {
        let found = found.clone()?;
        let clear = self.clear(planned);
        let fits = match (planned.op, &clear[..]) {
            (Op::Rand, _) => found <= planned.result.max_value(),
            (Op::RandBounded, [Operand::Scalar(bound), _]) => found < *bound,
            _ => found == self.meaning(planned),
        };
        let operand = operand_type(planned);
        if fits { Ok(()) } else { Err(format!("{found} from {clear:?} of {operand}")) }
    }

    /// What the operation means on plaintexts.
    fn meaning(&self, planned: &Planned) -> U256 {
        let (clear, operand) = (self.clear(planned), operand_type(planned));
        reference::evaluate(planned.op, &clear, operand, planned.result)
    }

    fn clear(&self, planned: &Planned) -> Vec<Operand<U256>> {
        let clear = |operand: &Operand<Handle>| match operand {
            Operand::Encrypted(handle) => Operand::Encrypted(self.values[handle]),
            Operand::Scalar(word) => Operand::Scalar(*word),
        };
        planned.operands.iter().map(clear).collect()
    }
}

/// The type that decides: that of the last encrypted operand, for a select begins with its
/// condition.
fn operand_type(planned: &Planned) -> FheType {
    let ty = planned.inputs().last().and_then(|handle| handle.fhe_type());
    ty.unwrap_or(planned.result)
}
