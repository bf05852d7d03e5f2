//! What waits, what can run, what is there.

mod memory;
mod order;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use alloy_primitives::B256;
use order::{Rank, remaining};

use super::{estimate, spill::Spilled};
use crate::{
    Evaluation, Handle, Kernel, Measured, Operand, Place, Plan, Record, Step, costs::Cost,
    error::EvaluationError,
};

/// Called with what became of a batch's transactions, in order.
pub(super) type Done = Box<dyn FnOnce(Vec<Evaluation>) + Send>;

/// A result of a step that is in the scheduler.
type Value = (u64, usize);

/// Where a result is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Memory(Arc<Record>),
    Disk(Arc<Spilled>),
}

/// An operand of a step that is about to run.
#[derive(Debug)]
pub(super) enum Load {
    Content(Content),
    Stored(Handle),
}

/// A step that is about to run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) node: u64,
    pub(super) step: Step,
    pub(super) operands: Vec<Operand<Load>>,
}

/// Where a step takes an operand from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    Stored(Handle),
    Value(Value),
}

#[derive(Debug)]
enum Progress {
    /// How many operands are missing.
    Waiting(usize),
    Running,
    Done,
    Failed(Arc<EvaluationError>),
}

#[derive(Debug, Default)]
struct Slot {
    /// Operands and outputs that it is still needed for.
    uses: usize,
    content: Option<Content>,
}

#[derive(Debug)]
struct Node {
    name: B256,
    kernel: Kernel,
    handle: Handle,
    operands: Vec<Operand<Origin>>,
    cost: Cost,
    rank: Rank,
    progress: Progress,
    consumers: Vec<u64>,
    slots: Vec<Slot>,
    /// Transactions that need it, the one first that brought it.
    transactions: Vec<u64>,
}

struct Transaction {
    batch: u64,
    /// Which of the batch.
    index: usize,
    start: Instant,
    /// Steps that are neither done nor failed, and transactions whose results it grants.
    missing: usize,
    granted: Vec<Handle>,
    /// Transactions that wait until this one is stored.
    followers: Vec<u64>,
    outputs: BTreeMap<Handle, Value>,
    evaluation: Evaluation,
}

struct Batch {
    missing: usize,
    evaluations: Vec<Evaluation>,
    done: Done,
}

/// A transaction whose steps are over, to be stored.
pub(super) struct Finished {
    pub(super) transaction: u64,
    pub(super) start: Instant,
    pub(super) outputs: Vec<(Handle, Result<Content, Arc<EvaluationError>>)>,
    /// Handles from outside, which must be stored by now.
    pub(super) granted: Vec<Handle>,
    pub(super) evaluation: Evaluation,
}

#[derive(Default)]
pub(super) struct State {
    nodes: BTreeMap<u64, Node>,
    names: BTreeMap<B256, u64>,
    ready: BTreeSet<(Rank, u64)>,
    transactions: BTreeMap<u64, Transaction>,
    /// Those whose steps are over and that nobody stores yet.
    over: Vec<u64>,
    batches: BTreeMap<u64, Batch>,
    /// Handles that a transaction will have stored.
    producers: BTreeMap<Handle, (Value, u64)>,
    /// Bootstraps of the steps that were started, as estimated.
    clock: u64,
    next: u64,
    pub(super) running: usize,
    /// Transactions that are being stored.
    pub(super) finishing: usize,
    /// Bytes of results in memory.
    pub(super) bytes: u64,
    /// The most that these were.
    pub(super) peak: u64,
    /// No further step starts.
    pub(super) stopped: bool,
}

impl State {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Whether a handle will be stored.
    pub(super) fn produces(&self, handle: &Handle) -> bool {
        self.producers.contains_key(handle)
    }

    /// A batch of so many transactions.
    pub(super) fn open(&mut self, transactions: usize, done: Done) -> u64 {
        let batch = self.number();
        let evaluations = vec![Evaluation::default(); transactions];
        self.batches.insert(batch, Batch { missing: transactions, evaluations, done });
        batch
    }

    /// Takes a transaction up. `plan` has no output that is stored or will be.
    pub(super) fn add(
        &mut self,
        batch: u64,
        index: usize,
        plan: &Plan,
        granted: Vec<Handle>,
        operations: usize,
    ) {
        let transaction = self.number();
        let costs: Vec<Cost> = plan.steps.iter().map(estimate::estimate).collect();
        let remaining = remaining(plan, &costs);
        let due = self.clock + costs.iter().map(|cost| cost.bootstraps).sum::<u64>();
        let mut evaluation = Evaluation {
            operations,
            depth: remaining.iter().copied().max().unwrap_or(0),
            ..Evaluation::default()
        };
        let mut numbers: Vec<u64> = Vec::with_capacity(plan.steps.len());
        let mut missing = BTreeSet::new();
        for (position, (step, name)) in plan.steps.iter().zip(plan.names()).enumerate() {
            let rank = Rank { due, transaction, remaining: Reverse(remaining[position]) };
            let number = match self.shareable(&name) {
                Some(number) => {
                    evaluation.shared += 1;
                    number
                }
                None => self.insert(step, name, costs[position], rank, &numbers),
            };
            numbers.push(number);
            let node = self.nodes.get_mut(&number).expect("it is there");
            if node.is_open() && missing.insert(number) {
                node.transactions.push(transaction);
            }
        }
        let mut outputs = BTreeMap::new();
        for (handle, place) in &plan.outputs {
            let Place::Result { step, result } = *place else { continue };
            let value = (numbers[step], result);
            self.slot(value).uses += 1;
            self.producers.insert(*handle, (value, transaction));
            outputs.insert(*handle, value);
        }
        let mut makers: Vec<u64> =
            granted.iter().filter_map(|handle| Some(self.producers.get(handle)?.1)).collect();
        makers.sort_unstable();
        makers.dedup();
        let (start, missing) = (Instant::now(), missing.len() + makers.len());
        for maker in makers {
            self.transactions.get_mut(&maker).expect("a producer").followers.push(transaction);
        }
        let entry = Transaction {
            batch,
            index,
            start,
            missing,
            granted,
            followers: Vec::new(),
            outputs,
            evaluation,
        };
        self.transactions.insert(transaction, entry);
        if missing == 0 {
            self.over.push(transaction);
        }
        for number in numbers {
            self.promote(number, due, transaction);
            self.forget(number);
        }
    }

    /// A node whose results are all there, or will be.
    fn shareable(&self, name: &B256) -> Option<u64> {
        let number = *self.names.get(name)?;
        let node = &self.nodes[&number];
        let whole = match node.progress {
            Progress::Waiting(_) | Progress::Running => true,
            Progress::Done => node.slots.iter().all(|slot| slot.content.is_some()),
            Progress::Failed(_) => false,
        };
        whole.then_some(number)
    }

    fn insert(&mut self, step: &Step, name: B256, cost: Cost, rank: Rank, numbers: &[u64]) -> u64 {
        let number = self.number();
        let mut waiting = 0;
        let mut failure = None;
        let mut operands = Vec::with_capacity(step.operands.len());
        for operand in &step.operands {
            let origin = match *operand {
                Operand::Scalar(value) => {
                    operands.push(Operand::Scalar(value));
                    continue;
                }
                Operand::Encrypted(Place::Result { step, result }) => {
                    Origin::Value((numbers[step], result))
                }
                Operand::Encrypted(Place::Stored(handle)) => match self.producers.get(&handle) {
                    Some((value, _)) => Origin::Value(*value),
                    None => Origin::Stored(handle),
                },
            };
            if let Origin::Value(value) = origin {
                self.slot(value).uses += 1;
                let producer = self.nodes.get_mut(&value.0).expect("a producer is there");
                match &producer.progress {
                    Progress::Done => {}
                    Progress::Failed(error) => failure = Some(Arc::clone(error)),
                    Progress::Waiting(_) | Progress::Running => {
                        waiting += 1;
                        producer.consumers.push(number);
                    }
                }
            }
            operands.push(Operand::Encrypted(origin));
        }
        let progress = failure.map_or(Progress::Waiting(waiting), Progress::Failed);
        match progress {
            Progress::Waiting(0) => {
                self.ready.insert((rank, number));
            }
            Progress::Failed(_) => values(&operands).for_each(|value| self.release(value)),
            _ => {}
        }
        let slots = step.kernel.results().iter().map(|_| Slot::default()).collect();
        let (kernel, handle) = (step.kernel.clone(), step.handle);
        let (consumers, transactions) = Default::default();
        let node = Node {
            name,
            kernel,
            handle,
            operands,
            cost,
            rank,
            progress,
            consumers,
            slots,
            transactions,
        };
        self.nodes.insert(number, node);
        self.names.insert(name, number);
        number
    }

    fn slot(&mut self, (number, result): Value) -> &mut Slot {
        &mut self.nodes.get_mut(&number).expect("a needed node is there").slots[result]
    }

    /// What runs next, if anything can.
    pub(super) fn next(&mut self) -> Option<Run> {
        if self.stopped {
            return None;
        }
        let (_, number) = self.ready.pop_first()?;
        let node = self.nodes.get_mut(&number).expect("what is ready is there");
        node.progress = Progress::Running;
        self.running += 1;
        self.clock += node.cost.bootstraps;
        let node = &self.nodes[&number];
        let load = |operand: &Operand<Origin>| match operand {
            Operand::Scalar(value) => Operand::Scalar(*value),
            Operand::Encrypted(Origin::Stored(handle)) => Operand::Encrypted(Load::Stored(*handle)),
            Operand::Encrypted(Origin::Value((producer, result))) => {
                let content = self.nodes[producer].slots[*result].content.clone();
                let content = content.expect("a ready node's operands are there");
                Operand::Encrypted(Load::Content(content))
            }
        };
        let operands = node.operands.iter().map(load).collect();
        // Errors name handles; the places are those of the operands above.
        let step = Step { kernel: node.kernel.clone(), operands: Vec::new(), handle: node.handle };
        Some(Run { node: number, step, operands })
    }

    /// Notes that a node is done.
    pub(super) fn done(&mut self, number: u64, records: Vec<Record>, measured: Measured) {
        self.running -= 1;
        let node = self.nodes.get_mut(&number).expect("what runs is there");
        node.progress = Progress::Done;
        for (slot, record) in node.slots.iter_mut().zip(records) {
            if slot.uses > 0 {
                self.bytes += record.bytes.len() as u64;
                slot.content = Some(Content::Memory(Arc::new(record)));
            }
        }
        self.peak = self.peak.max(self.bytes);
        let consumers = std::mem::take(&mut node.consumers);
        let first = node.transactions.first().copied();
        if let Some(owner) = first.and_then(|first| self.transactions.get_mut(&first)) {
            owner.evaluation.bootstraps += measured.bootstraps;
            let handle = self.nodes[&number].handle;
            owner.evaluation.measured.push(Measured { handle, ..measured });
        }
        for consumer in consumers {
            let node = self.nodes.get_mut(&consumer).expect("a consumer is there");
            if let Progress::Waiting(missing) = &mut node.progress {
                *missing -= 1;
                if *missing == 0 {
                    self.ready.insert((node.rank, consumer));
                }
            }
        }
        self.over(number);
    }

    /// Notes that a node failed, and with it what depends on it.
    pub(super) fn failed(&mut self, number: u64, error: EvaluationError) {
        self.running -= 1;
        let error = Arc::new(error);
        let mut stack = vec![number];
        while let Some(number) = stack.pop() {
            let Some(node) = self.nodes.get_mut(&number) else { continue };
            if !node.is_open() {
                continue;
            }
            node.progress = Progress::Failed(Arc::clone(&error));
            stack.append(&mut node.consumers);
            self.over(number);
        }
    }

    /// A node takes no operands any more, and nobody waits for it.
    fn over(&mut self, number: u64) {
        let node = self.nodes.get_mut(&number).expect("it is there");
        let transactions = std::mem::take(&mut node.transactions);
        let operands: Vec<Value> = node.values().collect();
        for value in operands {
            self.release(value);
        }
        self.one_less(transactions);
        self.forget(number);
    }

    /// Transactions miss one thing less.
    fn one_less(&mut self, transactions: Vec<u64>) {
        for transaction in transactions {
            let Some(entry) = self.transactions.get_mut(&transaction) else { continue };
            entry.missing -= 1;
            if entry.missing == 0 {
                self.over.push(transaction);
            }
        }
    }

    /// One use less of a value.
    fn release(&mut self, value: Value) {
        let slot = self.slot(value);
        slot.uses -= 1;
        if slot.uses == 0
            && let Some(Content::Memory(record)) = slot.content.take()
        {
            self.bytes -= record.bytes.len() as u64;
        }
        self.forget(value.0);
    }

    /// Drops a node that nobody needs.
    fn forget(&mut self, number: u64) {
        let Some(node) = self.nodes.get(&number) else { return };
        if !node.is_open() && node.slots.iter().all(|slot| slot.uses == 0) {
            if self.names.get(&node.name) == Some(&number) {
                self.names.remove(&node.name);
            }
            self.nodes.remove(&number);
        }
    }

    /// The transactions whose steps are over, for somebody to store.
    pub(super) fn take_finished(&mut self) -> Vec<Finished> {
        let over = std::mem::take(&mut self.over);
        over.into_iter().map(|number| self.take(number)).collect()
    }

    fn take(&mut self, number: u64) -> Finished {
        let transaction = self.transactions.get_mut(&number).expect("it is there");
        let (start, evaluation) = (transaction.start, std::mem::take(&mut transaction.evaluation));
        let outputs = transaction.outputs.clone();
        let granted = std::mem::take(&mut transaction.granted);
        let content = |(node, result): Value| {
            let node = &self.nodes[&node];
            match (&node.progress, &node.slots[result].content) {
                (_, Some(content)) => Ok(content.clone()),
                (Progress::Failed(error), None) => Err(Arc::clone(error)),
                (_, None) => Err(Arc::new(EvaluationError::Stopped)),
            }
        };
        let outputs = outputs.into_iter().map(|(handle, value)| (handle, content(value)));
        let outputs = outputs.collect();
        self.finishing += 1;
        Finished { transaction: number, start, outputs, granted, evaluation }
    }

    /// Notes that a transaction's results are stored, or cannot be. Returns what is to be told to
    /// whom, once a batch is complete.
    pub(super) fn stored(
        &mut self,
        number: u64,
        evaluation: Evaluation,
    ) -> Option<(Done, Vec<Evaluation>)> {
        let Transaction { batch, index, outputs, followers, .. } =
            self.transactions.remove(&number)?;
        self.one_less(followers);
        for (handle, value) in outputs {
            self.producers.remove(&handle);
            self.release(value);
        }
        let entry = self.batches.get_mut(&batch)?;
        entry.evaluations[index] = evaluation;
        entry.missing -= 1;
        if entry.missing > 0 {
            return None;
        }
        self.batches.remove(&batch).map(|batch| (batch.done, batch.evaluations))
    }

    /// Closes a batch without transactions.
    pub(super) fn close_empty(&mut self, number: u64) -> Option<(Done, Vec<Evaluation>)> {
        self.batches.remove(&number).map(|batch| (batch.done, batch.evaluations))
    }

    /// Steps that wait or can run.
    pub(super) fn waiting(&self) -> usize {
        self.nodes.values().filter(|node| matches!(node.progress, Progress::Waiting(_))).count()
    }

    /// Transactions that are not over.
    pub(super) fn transactions(&self) -> usize {
        self.transactions.len()
    }
}

impl Node {
    fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Waiting(_) | Progress::Running)
    }

    /// The results of other steps that it takes.
    fn values(&self) -> impl Iterator<Item = Value> {
        values(&self.operands)
    }
}

fn values(operands: &[Operand<Origin>]) -> impl Iterator<Item = Value> {
    operands.iter().filter_map(|operand| match operand {
        Operand::Encrypted(Origin::Value(value)) => Some(*value),
        Operand::Encrypted(Origin::Stored(_)) | Operand::Scalar(_) => None,
    })
}
