//! Fee arithmetic: what gas and blob gas cost in the next block, and what they did cost.

use alloy_consensus::{BlockHeader, Header};
use alloy_eips::{
    eip1559::{BaseFeeParams, INITIAL_BASE_FEE},
    eip7840::BlobParams,
};
use alloy_rpc_types_eth::{FeeHistory, TxGasAndReward};

/// Limits and prices of blobs (EIP-7691).
pub const BLOBS: BlobParams = BlobParams::prague();

/// The tip to suggest, in wei per gas. Any tip gets into a block, because blocks are seldom full.
pub const SUGGESTED_TIP: u128 = 1_000_000_000;

/// As many percentiles as one may ask for at once.
const MAX_PERCENTILES: usize = 100;

/// Percentiles that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PercentileError {
    /// More than there may be.
    #[error("over the query limit {MAX_PERCENTILES}: {0} percentiles asked for")]
    TooMany(usize),
    /// Not a percentage.
    #[error("invalid reward percentile: {0} is not between 0 and 100")]
    OutOfRange(f64),
    /// Smaller than the one before.
    #[error("invalid reward percentile: {next} after {previous}, they must ascend")]
    Descending {
        /// The larger one, which came first.
        previous: f64,
        /// The smaller one.
        next: f64,
    },
}

/// Base fee of the block after `parent`, in wei per gas (EIP-1559).
pub fn next_base_fee(parent: &Header) -> u64 {
    parent.next_block_base_fee(BaseFeeParams::ethereum()).unwrap_or(INITIAL_BASE_FEE)
}

/// Price of blob gas in a block, in wei (EIP-4844).
pub fn blob_base_fee(header: &Header) -> u128 {
    header.blob_fee(BLOBS).unwrap_or(BLOBS.min_blob_fee)
}

/// Price of blob gas in the block after `parent`, in wei (EIP-4844).
pub fn next_blob_base_fee(parent: &Header) -> u128 {
    parent.next_block_blob_fee(BLOBS).unwrap_or(BLOBS.min_blob_fee)
}

/// What `eth_feeHistory` says about consecutive `blocks`, oldest first, each with the gas that its
/// transactions used and their effective tips. There are rewards if there are `percentiles`.
///
/// # Errors
/// If the percentiles are too many, out of range, or do not ascend.
pub fn history(
    mut blocks: Vec<(&Header, Vec<TxGasAndReward>)>,
    percentiles: &[f64],
) -> Result<FeeHistory, PercentileError> {
    check(percentiles)?;
    let Some((newest, _)) = blocks.last() else {
        return Ok(FeeHistory::default());
    };
    let next = (u128::from(next_base_fee(newest)), next_blob_base_fee(newest));
    let mut answer = FeeHistory { oldest_block: blocks[0].0.number, ..FeeHistory::default() };
    for (header, _) in &blocks {
        answer.base_fee_per_gas.push(u128::from(header.base_fee_per_gas.unwrap_or_default()));
        answer.gas_used_ratio.push(ratio(header.gas_used, header.gas_limit));
        answer.base_fee_per_blob_gas.push(blob_base_fee(header));
        let blob_gas = header.blob_gas_used().unwrap_or_default();
        answer.blob_gas_used_ratio.push(ratio(blob_gas, BLOBS.max_blob_gas_per_block()));
    }
    answer.base_fee_per_gas.push(next.0);
    answer.base_fee_per_blob_gas.push(next.1);
    if !percentiles.is_empty() {
        let rows = blocks.iter_mut().map(|(_, transactions)| rewards(transactions, percentiles));
        answer.reward = Some(rows.collect());
    }
    Ok(answer)
}

fn check(percentiles: &[f64]) -> Result<(), PercentileError> {
    if percentiles.len() > MAX_PERCENTILES {
        return Err(PercentileError::TooMany(percentiles.len()));
    }
    // This refuses NaN as well.
    if let Some(value) = percentiles.iter().find(|value| !(0.0..=100.0).contains(*value)) {
        return Err(PercentileError::OutOfRange(*value));
    }
    match percentiles.windows(2).find(|pair| pair[1] < pair[0]) {
        Some(pair) => Err(PercentileError::Descending { previous: pair[0], next: pair[1] }),
        None => Ok(()),
    }
}

/// A block that could hold nothing was not used.
fn ratio(used: u64, limit: u64) -> f64 {
    used as f64 / limit.max(1) as f64
}

/// For each percentile, the smallest tip such that this part of the gas was used for tips up to it.
fn rewards(transactions: &mut [TxGasAndReward], percentiles: &[f64]) -> Vec<u128> {
    transactions.sort();
    let total: u64 = transactions.iter().map(|transaction| transaction.gas_used).sum();
    let mut remaining = transactions.iter();
    let (mut reward, mut gas) = (0, 0);
    if let Some(first) = remaining.next() {
        (reward, gas) = (first.reward, first.gas_used);
    }
    let at = |percentile: &f64| {
        let threshold = (total as f64 * percentile / 100.0) as u64;
        while gas < threshold {
            // The thresholds are at most the total, except for what rounding adds.
            let Some(next) = remaining.next() else { break };
            reward = next.reward;
            gas += next.gas_used;
        }
        reward
    };
    percentiles.iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(gas_used: u64) -> Header {
        Header {
            number: 7,
            gas_limit: 30_000_000,
            gas_used,
            base_fee_per_gas: Some(1_000_000_000),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            ..Header::default()
        }
    }

    fn transaction(gas_used: u64, reward: u128) -> TxGasAndReward {
        TxGasAndReward { gas_used, reward }
    }

    #[test]
    fn the_base_fee_moves_by_an_eighth_at_most() {
        let table = [(0, 875_000_000), (15_000_000, 1_000_000_000), (30_000_000, 1_125_000_000)];
        for (gas_used, expected) in table {
            assert_eq!(next_base_fee(&header(gas_used)), expected, "{gas_used} gas used");
        }
    }

    #[test]
    fn a_header_from_before_the_fee_market_is_followed_by_the_initial_base_fee() {
        assert_eq!(next_base_fee(&Header::default()), 1_000_000_000);
    }

    #[test]
    fn blob_gas_costs_the_exponential_of_its_excess() {
        // EIP-7691: the price rises by e for each 5,007,716 of excess, and 6 blobs are the target.
        let target = 6 * 131_072;
        let excess = |blob_gas_used, excess| Header {
            blob_gas_used: Some(blob_gas_used),
            excess_blob_gas: Some(excess),
            ..header(0)
        };
        assert_eq!(blob_base_fee(&excess(0, 0)), 1);
        assert_eq!(blob_base_fee(&excess(0, 50_077_160)), 22_026);
        assert_eq!(next_blob_base_fee(&excess(target, 50_077_160)), 22_026);
        assert_eq!(next_blob_base_fee(&excess(0, 50_077_160 + target)), 22_026);
        assert_eq!(next_blob_base_fee(&excess(0, target)), 1);
    }

    #[test]
    fn a_history_has_each_block_and_the_next_fees() {
        let full = Header { number: 8, blob_gas_used: Some(131_072), ..header(30_000_000) };
        let half = header(15_000_000);
        let answer = history(vec![(&half, vec![]), (&full, vec![])], &[]).unwrap();
        let expected = FeeHistory {
            oldest_block: 7,
            base_fee_per_gas: vec![1_000_000_000, 1_000_000_000, 1_125_000_000],
            gas_used_ratio: vec![0.5, 1.0],
            base_fee_per_blob_gas: vec![1, 1, 1],
            blob_gas_used_ratio: vec![0.0, 1.0 / 9.0],
            reward: None,
        };
        assert_eq!(answer, expected);
        assert_eq!(history(vec![], &[]), Ok(FeeHistory::default()));
    }

    #[test]
    fn rewards_are_weighted_by_gas() {
        let block = header(100);
        let transactions = vec![transaction(10, 1), transaction(20, 3), transaction(70, 2)];
        let percentiles = [0.0, 10.0, 11.0, 80.0, 81.0, 81.0, 100.0];
        let blocks = vec![(&block, transactions), (&block, vec![])];
        let answer = history(blocks, &percentiles).unwrap();
        assert_eq!(answer.reward, Some(vec![vec![1, 1, 2, 2, 3, 3, 3], vec![0; 7]]));
    }

    #[test]
    fn percentiles_must_be_few_ascending_percentages() {
        let answer = |percentiles: &[f64]| history(vec![], percentiles).map(|_| ());
        assert_eq!(answer(&[0.0, 50.0, 50.0, 100.0]), Ok(()));
        assert_eq!(answer(&[50.0; 100]), Ok(()));
        assert_eq!(answer(&[50.0; 101]), Err(PercentileError::TooMany(101)));
        assert_eq!(answer(&[-1.0]), Err(PercentileError::OutOfRange(-1.0)));
        assert_eq!(answer(&[100.5]), Err(PercentileError::OutOfRange(100.5)));
        assert!(matches!(answer(&[f64::NAN]), Err(PercentileError::OutOfRange(_))));
        let descending = PercentileError::Descending { previous: 50.0, next: 49.0 };
        assert_eq!(answer(&[1.0, 50.0, 49.0]), Err(descending));
    }
}
