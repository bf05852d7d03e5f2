//! Looking for logs.

use alloy_primitives::B256;
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};

use super::{
    Rpc, answers,
    error::{Answer, invalid, not_found, too_much},
    view,
};
use crate::chain::{Block, Chain};

/// Blocks that one query may look at.
const MAX_BLOCKS: u64 = 100_000;
/// Logs that one answer may have.
const MAX_LOGS: usize = 20_000;

impl Rpc {
    /// The logs that a filter selects.
    pub(super) fn logs(&self, filter: &Filter) -> Answer<Vec<Log>> {
        let blocks = self.devnet.chain(|chain| {
            let (from, to) = range(chain, filter)?;
            let blocks = (from..=to).filter_map(|number| chain.block(number));
            let selected = blocks.filter(|(block, _)| may_match(filter, block));
            Answer::Ok(selected.map(|(block, _)| block.clone()).collect::<Vec<_>>())
        })?;
        let mut logs = Vec::new();
        for block in blocks {
            logs.extend(matching(filter, &block));
            if logs.len() > MAX_LOGS {
                return Err(too_much(format!(
                    "the answer has more than {MAX_LOGS} logs: ask for fewer blocks at once"
                )));
            }
        }
        Ok(logs)
    }
}

/// The logs of a block that a filter selects, whatever blocks the filter is for.
pub(super) fn matching<'a>(
    filter: &'a Filter,
    block: &'a Block,
) -> impl Iterator<Item = Log> + use<'a> {
    let block = may_match(filter, block).then_some(block);
    block.into_iter().flat_map(answers::logs).filter(|log| filter.matches(&log.inner))
}

/// Whether a block's bloom filter lets it have such logs.
fn may_match(filter: &Filter, block: &Block) -> bool {
    filter.matches_bloom(block.header.logs_bloom)
}

/// First and last block of a filter. The range is empty if it begins after the last block.
fn range(chain: &Chain, filter: &Filter) -> Answer<(u64, u64)> {
    let last = chain.head().number();
    let (from, to) = match filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let number = chain.number_of(&hash).ok_or_else(|| unknown(hash))?;
            (number, number)
        }
        FilterBlockOption::Range { from_block, to_block } => {
            let resolve = |tag: Option<alloy_eips::BlockNumberOrTag>| {
                tag.and_then(|tag| view::number(chain, tag.into())).unwrap_or(last)
            };
            let (from, to) = (resolve(from_block), resolve(to_block));
            if from > to {
                return Err(invalid(format!("fromBlock {from} is after toBlock {to}")));
            }
            (from, to.min(last))
        }
    };
    check_count(from, to)?;
    Ok((from, to))
}

fn check_count(from: u64, to: u64) -> Answer<()> {
    if to.saturating_sub(from) >= MAX_BLOCKS {
        return Err(too_much(format!(
            "blocks {from} to {to} are more than {MAX_BLOCKS}: ask for fewer at once"
        )));
    }
    Ok(())
}

fn unknown(hash: B256) -> jsonrpsee::types::ErrorObjectOwned {
    not_found(format!("no block has the hash {hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_looks_at_no_more_than_so_many_blocks() {
        for (from, to) in [(0, 99_999), (7, 100_006), (5, 5), (5, 0), (u64::MAX, u64::MAX)] {
            assert!(check_count(from, to).is_ok(), "{from} to {to}");
        }
        for (from, to) in [(0, 100_000), (7, 100_007), (0, u64::MAX)] {
            let error = check_count(from, to).unwrap_err();
            let told = format!("blocks {from} to {to} are more than 100000");
            assert!(error.message().starts_with(&told), "{error}");
        }
    }
}
