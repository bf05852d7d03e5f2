//! Random values on plaintexts: whatever comes in, both ways come to the same.

use applications::{
    Application,
    auction::Auction,
    batch::Batch,
    consensus::{Consensus, Question},
    diagnosis::Diagnosis,
    picture::{Filter, Filtering, Picture},
    strategy::Strategy as StandingOrder,
    token::Token,
    vote::Vote,
};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::RngSeed};

use super::stage;

#[track_caller]
fn assert_equal<A: Application>(application: &A) {
    let encrypted = application.encrypted(&mut stage()).unwrap();
    assert_eq!(encrypted, application.plain());
}

fn ballots(
    values: impl Strategy<Value = Vec<u8>>,
    validators: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(values, validators)
}

/// Mostly permutations.
fn places(candidates: u8) -> impl Strategy<Value = Vec<u8>> {
    let permutation = Just((0..candidates).collect::<Vec<_>>()).prop_shuffle();
    prop_oneof![
        4 => permutation,
        1 => vec(0..=candidates, usize::from(candidates)),
        1 => vec(any::<u8>(), usize::from(candidates)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(9),
        ..ProptestConfig::default()
    })]

    #[test]
    fn majorities((labels, ballots) in (2..=8u8).prop_flat_map(|labels| {
        let label = prop_oneof![8 => 0..=labels, 1 => any::<u8>()];
        (Just(labels), ballots(vec(label, 1), 1..=9))
    })) {
        assert_equal(&Consensus { question: Question::Majority { labels }, ballots });
    }

    #[test]
    fn means(ballots in ballots(vec(any::<u8>(), 2), 1..=16)) {
        assert_equal(&Consensus { question: Question::Mean, ballots });
    }

    #[test]
    fn rankings((candidates, ballots) in (2..=6u8).prop_flat_map(|candidates| {
        (Just(candidates), ballots(places(candidates), 1..=7))
    })) {
        assert_equal(&Consensus { question: Question::Borda { candidates }, ballots });
    }

    #[test]
    fn medians(
        ballots in select(vec![5, 7]).prop_flat_map(|count: usize| {
            ballots(vec(prop_oneof![any::<u8>(), 0..4u8], 1), count)
        }),
        tolerance in any::<Option<u8>>(),
    ) {
        assert_equal(&Consensus { question: Question::Median { tolerance }, ballots });
    }

    #[test]
    fn tokens(
        funds in vec(0..100u64, 3),
        transfers in vec((0..3usize, 0..3usize, prop_oneof![0..100u64, any::<u64>()]), 0..8),
    ) {
        assert_equal(&Token { funds, transfers });
    }

    #[test]
    fn votes(choices in vec(any::<bool>(), 0..8)) {
        assert_equal(&Vote { choices });
    }

    #[test]
    fn diagnoses((model, patients) in (1..=6usize).prop_flat_map(|markers| {
        (vec(any::<(u8, u8)>(), markers), vec(vec(any::<u8>(), markers), 1..3))
    })) {
        assert_equal(&Diagnosis { model, patients });
    }

    #[test]
    fn auctions(bidders in vec((0..20u64, 0..25u64), 1..6)) {
        let (funds, bids) = bidders.into_iter().unzip();
        assert_equal(&Auction { funds, bids });
    }

    #[test]
    fn strategies(
        trigger in any::<u16>(),
        size in any::<u16>(),
        budget in any::<u32>(),
        prices in vec(any::<u16>(), 1..5),
    ) {
        assert_equal(&StandingOrder { trigger, size, budget, prices });
    }

    #[test]
    fn batches(orders in vec(any::<(bool, u16)>(), 3..8)) {
        assert_equal(&Batch { orders });
    }

    #[test]
    fn pictures(
        picture in (1..6usize, 1..6usize).prop_flat_map(|(width, height)| {
            let pixels = vec(any::<u8>(), width * height);
            pixels.prop_map(move |pixels| Picture { width, pixels })
        }),
        filter in select(vec![Filter::Invert, Filter::Threshold, Filter::Blur]),
    ) {
        assert_equal(&Filtering { picture, filter });
    }
}
