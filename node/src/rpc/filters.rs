//! Filters that clients ask for news.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, U256};
use alloy_rpc_types_eth::{Filter, FilterChanges, Log, Transaction as RpcTransaction};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use super::{
    Rpc,
    error::{Answer, not_found, too_much},
    logs,
};
use crate::devnet::Event;

/// Filters that there may be at a time.
const MAX_FILTERS: usize = 1_024;
/// A filter that nobody asks for so long is removed.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// Answers that a filter keeps until it is asked.
const MAX_NEWS: usize = 20_000;

/// All filters, by number.
#[derive(Debug, Default)]
pub(super) struct Filters {
    last: u64,
    installed: BTreeMap<u64, Installed>,
}

#[derive(Debug)]
struct Installed {
    kind: Kind,
    events: Receiver<Event>,
    asked: Instant,
}

/// What a filter is for.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Logs(Box<Filter>),
    Blocks,
    Pending,
}

impl Rpc {
    /// Installs a filter.
    pub(super) fn install(&self, kind: Kind) -> Answer<U256> {
        let mut filters = self.filters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        filters.installed.retain(|_, filter| filter.asked.elapsed() < IDLE);
        if filters.installed.len() >= MAX_FILTERS {
            return Err(too_much(format!(
                "there are {MAX_FILTERS} filters already: remove some with eth_uninstallFilter"
            )));
        }
        filters.last += 1;
        let id = filters.last;
        let events = self.devnet.events();
        filters.installed.insert(id, Installed { kind, events, asked: Instant::now() });
        Ok(U256::from(id))
    }

    /// Removes a filter. False if there is none of this number.
    pub(super) fn uninstall(&self, id: U256) -> bool {
        let mut filters = self.filters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        u64::try_from(id).is_ok_and(|id| filters.installed.remove(&id).is_some())
    }

    /// What a filter found since it was asked last.
    pub(super) fn changes(&self, id: U256) -> Answer<FilterChanges<RpcTransaction>> {
        let mut filters = self.filters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let filter = u64::try_from(id).ok().and_then(|id| filters.installed.get_mut(&id));
        let filter = filter.ok_or_else(|| unknown(id))?;
        filter.asked = Instant::now();
        let news = filter.news()?;
        Ok(match &filter.kind {
            Kind::Logs(filter) => FilterChanges::Logs(log_changes(filter, &news)?),
            Kind::Blocks => {
                let hash = |event: &Event| match event {
                    Event::Block(block) => Some(block.hash()),
                    Event::Pending(_) | Event::Rewound(_) => None,
                };
                FilterChanges::Hashes(news.iter().filter_map(hash).collect::<Vec<B256>>())
            }
            Kind::Pending => {
                let hash = |event: &Event| match event {
                    Event::Pending(transaction) => Some(*transaction.hash()),
                    Event::Block(_) | Event::Rewound(_) => None,
                };
                FilterChanges::Hashes(news.iter().filter_map(hash).collect())
            }
        })
    }

    /// All logs that a filter for logs selects.
    pub(super) fn filter_logs(&self, id: U256) -> Answer<Vec<Log>> {
        let kind = {
            let filters = self.filters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let filter = u64::try_from(id).ok().and_then(|id| filters.installed.get(&id));
            filter.ok_or_else(|| unknown(id))?.kind.clone()
        };
        match kind {
            Kind::Logs(filter) => self.logs(&filter),
            Kind::Blocks | Kind::Pending => {
                Err(not_found(format!("filter {id:#x} is not for logs")))
            }
        }
    }
}

impl Installed {
    fn news(&mut self) -> Answer<Vec<Event>> {
        let mut news = Vec::new();
        loop {
            match self.events.try_recv() {
                Ok(event) => news.push(event),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(news),
                Err(TryRecvError::Lagged(missed)) => {
                    return Err(too_much(format!(
                        "the filter was not asked in time and missed {missed} events: ask more \
                         often, and look for what it missed with eth_getLogs"
                    )));
                }
            }
        }
    }
}

/// Logs of new blocks, and those of blocks that are gone, marked as removed.
pub(super) fn log_changes(filter: &Filter, news: &[Event]) -> Answer<Vec<Log>> {
    let mut found = Vec::new();
    for event in news {
        match event {
            Event::Block(block) => found.extend(logs::matching(filter, block)),
            Event::Rewound(blocks) => {
                let gone = blocks.iter().flat_map(|block| logs::matching(filter, block));
                found.extend(gone.map(|log| Log { removed: true, ..log }));
            }
            Event::Pending(_) => {}
        }
        if found.len() > MAX_NEWS {
            return Err(too_much(format!(
                "the filter found more than {MAX_NEWS} logs: ask more often"
            )));
        }
    }
    Ok(found)
}

fn unknown(id: U256) -> jsonrpsee::types::ErrorObjectOwned {
    not_found(format!("filter {id:#x} not found: it may have been idle for too long"))
}
