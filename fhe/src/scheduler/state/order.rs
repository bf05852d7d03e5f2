//! What comes first.

use std::cmp::Reverse;

use super::State;
use crate::{Place, Plan, costs::Cost};

/// When something is due, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// The count of bootstraps at which its transaction is due.
    pub(super) due: u64,
    pub(super) transaction: u64,
    /// Bootstraps one after the other from its start to the end of the transaction.
    pub(super) remaining: Reverse<u64>,
}

impl State {
    /// What a node waits for is due when the node is.
    pub(super) fn promote(&mut self, number: u64, due: u64, transaction: u64) {
        let mut stack = vec![number];
        while let Some(number) = stack.pop() {
            let Some(node) = self.nodes.get_mut(&number) else { continue };
            if !node.is_open() {
                continue;
            }
            let before = node.rank;
            if due < before.due {
                node.rank = Rank { due, transaction, ..before };
                let after = node.rank;
                if self.ready.remove(&(before, number)) {
                    self.ready.insert((after, number));
                }
            } else if before.transaction != transaction {
                continue;
            }
            let node = &self.nodes[&number];
            stack.extend(node.values().map(|(producer, _)| producer).filter(|producer| {
                let producer = self.nodes.get(producer);
                producer.is_some_and(|producer| producer.is_open() && producer.rank.due > due)
            }));
        }
    }
}

/// By step: bootstraps one after the other from its start to the end.
pub(super) fn remaining(plan: &Plan, costs: &[Cost]) -> Vec<u64> {
    let mut remaining = vec![0; plan.steps.len()];
    for (position, step) in plan.steps.iter().enumerate().rev() {
        remaining[position] += costs[position].depth;
        for place in step.places() {
            if let Place::Result { step, .. } = place {
                remaining[step] = remaining[step].max(remaining[position]);
            }
        }
    }
    remaining
}
