//! The order in which a live graph's operations run.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use super::pairs::Pair;
use crate::{Handle, Live, Operand, error::EvaluationError};

/// Which operation can run next. Values live from when they are made until their last use.
pub(super) struct Schedule<'a, V> {
    live: &'a Live,
    /// By node: the nodes that take its result, once for each time they take it.
    consumers: Vec<Vec<usize>>,
    /// By node: the pair in which it runs. Both need the same operands, so both can run as soon as
    /// one can.
    pairs: BTreeMap<usize, Pair>,
    state: Mutex<State<V>>,
    changed: Condvar,
}

struct State<V> {
    values: BTreeMap<Handle, Arc<V>>,
    /// By node: operands that are still missing.
    missing: Vec<usize>,
    /// By handle: uses to come.
    uses: BTreeMap<Handle, usize>,
    /// Nodes whose operands are all there. The first in topological order runs first.
    ready: BTreeSet<usize>,
    running: usize,
    failure: Option<(usize, EvaluationError)>,
}

pub(super) type Operands<V> = Vec<Operand<Arc<V>>>;

/// What can run: nodes with their operands.
pub(super) enum Work<V> {
    One(usize, Operands<V>),
    Both(Pair, Operands<V>),
}

impl<'a, V> Schedule<'a, V> {
    pub(super) fn new(
        live: &'a Live,
        settled: BTreeMap<Handle, V>,
        pairs: BTreeMap<usize, Pair>,
    ) -> Self {
        let index: BTreeMap<Handle, usize> =
            live.nodes.iter().enumerate().map(|(i, (handle, _))| (*handle, i)).collect();
        let mut consumers = vec![Vec::new(); live.nodes.len()];
        let mut missing = vec![0; live.nodes.len()];
        let mut uses = BTreeMap::new();
        for (consumer, (_, node)) in live.nodes.iter().enumerate() {
            for input in node.inputs() {
                *uses.entry(input).or_insert(0) += 1;
                if let Some(producer) = index.get(&input) {
                    consumers[*producer].push(consumer);
                    missing[consumer] += 1;
                }
            }
        }
        let ready = (0..missing.len()).filter(|node| missing[*node] == 0).collect();
        let values = settled.into_iter().map(|(handle, value)| (handle, Arc::new(value))).collect();
        Self {
            live,
            consumers,
            pairs,
            state: Mutex::new(State { values, missing, uses, ready, running: 0, failure: None }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<V>> {
        // Operations run outside of the lock, so no panic can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something that can run. `None` when there will be no more.
    pub(super) fn next(&self) -> Option<Work<V>> {
        let mut state = self.lock();
        loop {
            if state.failure.is_some() {
                return None;
            }
            if let Some(index) = state.ready.pop_first() {
                state.running += 1;
                let Some(pair) = self.pairs.get(&index) else {
                    let operands = self.take(&mut state, index);
                    return Some(Work::One(index, operands));
                };
                let partner = pair.difference + pair.order - index;
                let both = state.ready.remove(&partner);
                debug_assert!(both, "a pair has the same operands");
                state.running += 1;
                self.take(&mut state, pair.order);
                return Some(Work::Both(*pair, self.take(&mut state, pair.difference)));
            }
            if state.running == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take(&self, state: &mut State<V>, index: usize) -> Operands<V> {
        let take = |operand: &Operand<Handle>| match operand {
            Operand::Encrypted(handle) => Operand::Encrypted(state.take(handle, &self.live.keep)),
            Operand::Scalar(word) => Operand::Scalar(*word),
        };
        self.live.nodes[index].1.operands.iter().map(take).collect()
    }

    pub(super) fn done(&self, index: usize, outcome: Result<V, EvaluationError>) {
        let mut state = self.lock();
        state.running -= 1;
        match outcome {
            Ok(value) => {
                state.values.insert(self.live.nodes[index].0, Arc::new(value));
                for consumer in &self.consumers[index] {
                    state.missing[*consumer] -= 1;
                    if state.missing[*consumer] == 0 {
                        state.ready.insert(*consumer);
                    }
                }
            }
            // Of several failures the first in topological order is reported.
            Err(error) if state.failure.as_ref().is_none_or(|(first, _)| index < *first) => {
                state.failure = Some((index, error));
            }
            Err(_) => {}
        }
        self.changed.notify_all();
    }

    pub(super) fn finish(self) -> Result<BTreeMap<Handle, Arc<V>>, EvaluationError> {
        let State { mut values, failure, .. } =
            self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, error)) = failure {
            return Err(error);
        }
        Ok(self
            .live
            .keep
            .iter()
            .filter_map(|handle| values.remove(handle).map(|value| (*handle, value)))
            .collect())
    }
}

impl<V> State<V> {
    /// An operand's value. With its last use it leaves the schedule, unless it is to be kept.
    fn take(&mut self, handle: &Handle, keep: &BTreeSet<Handle>) -> Arc<V> {
        let uses = self.uses.get_mut(handle).expect("every operand was counted");
        *uses -= 1;
        let last = *uses == 0 && !keep.contains(handle);
        let value =
            if last { self.values.remove(handle) } else { self.values.get(handle).cloned() };
        value.expect("a ready operation's operands are there until their last use")
    }
}
