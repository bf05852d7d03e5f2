//! What leaves memory when there is too much.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use super::{Content, Progress, State, Value, order::Rank};
use crate::{Record, scheduler::spill::Spilled};

impl State {
    /// Results to put on disk, so that no more than `budget` bytes are in memory: those first that
    /// are needed last.
    pub(in crate::scheduler) fn victims(&self, budget: u64) -> Vec<(Value, Arc<Record>)> {
        if self.bytes <= budget {
            return Vec::new();
        }
        let mut needed: BTreeMap<Value, Rank> = BTreeMap::new();
        for node in self.nodes.values() {
            if matches!(node.progress, Progress::Waiting(_)) {
                for value in node.values() {
                    let first = needed.entry(value).or_insert(node.rank);
                    *first = node.rank.min(*first);
                }
            }
        }
        let mut candidates = Vec::new();
        for (number, node) in &self.nodes {
            for (result, slot) in node.slots.iter().enumerate() {
                if let Some(Content::Memory(record)) = &slot.content {
                    let value = (*number, result);
                    // Nothing but its transaction's end waits for what no step needs.
                    let rank = needed.get(&value).map_or((true, None), |rank| (false, Some(*rank)));
                    candidates.push((Reverse(rank), value, Arc::clone(record)));
                }
            }
        }
        candidates.sort_by_key(|(rank, value, _)| (*rank, *value));
        let mut bytes = self.bytes;
        let mut victims = Vec::new();
        for (_, value, record) in candidates {
            if bytes <= budget {
                break;
            }
            bytes -= record.bytes.len() as u64;
            victims.push((value, record));
        }
        victims
    }

    /// Notes that a result is on disk, if it is still needed.
    pub(in crate::scheduler) fn spilled(&mut self, (number, result): Value, spilled: Arc<Spilled>) {
        let slot = self.nodes.get_mut(&number).and_then(|node| node.slots.get_mut(result));
        if let Some(slot) = slot
            && let Some(Content::Memory(record)) = &slot.content
        {
            self.bytes -= record.bytes.len() as u64;
            slot.content = Some(Content::Disk(spilled));
        }
    }
}
