//! All applications, with the values that they are run on.

use anyhow::Result;

use crate::{
    Performance,
    auction::Auction,
    batch::Batch,
    consensus::{Consensus, Question},
    diagnosis::Diagnosis,
    inference::{Inference, Model},
    picture::{Filter, Filtering, Picture},
    strategy::Strategy,
    token::Token,
    vote::Vote,
};

/// How much of it is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Whole test sets, and pictures as large as they get.
    Whole,
    /// As much as takes minutes on real FHE.
    Sample,
}

/// All applications.
///
/// # Errors
/// If a committed model is damaged.
pub fn catalogue(extent: Extent) -> Result<Vec<Box<dyn Performance>>> {
    let (side, sample) = match extent {
        Extent::Whole => (16, None),
        Extent::Sample => (8, Some(3)),
    };
    let mut all: Vec<Box<dyn Performance>> = vec![
        Box::new(Token {
            funds: vec![1_000, 50, 0],
            // The second is for more than there is.
            transfers: vec![(0, 1, 250), (1, 2, 10_000), (1, 2, 100)],
        }),
        Box::new(Vote { choices: vec![true, false, true, true, false] }),
        consensus(Question::Majority { labels: 3 }, &[&[2], &[3], &[2], &[1], &[2], &[9], &[3]]),
        consensus(Question::Mean, &[&[100, 5], &[200, 1], &[110, 16], &[90, 255], &[255, 0]]),
        consensus(
            Question::Borda { candidates: 3 },
            // The last two are no permutations.
            &[&[0, 1, 2], &[1, 0, 2], &[0, 2, 1], &[2, 2, 0], &[0, 1, 3]],
        ),
        consensus(Question::Median { tolerance: None }, &[&[12], &[200], &[13], &[11], &[14]]),
        consensus(
            Question::Median { tolerance: Some(5) },
            &[&[50], &[52], &[49], &[255], &[51], &[45], &[50]],
        ),
    ];
    for model in Model::all()? {
        let rows = sample.unwrap_or(model.test.inputs.len());
        all.push(Box::new(Inference { model, rows }));
    }
    let more: [Box<dyn Performance>; 4] = [
        Box::new(Diagnosis {
            model: vec![(120, 3), (200, 5), (80, 1), (150, 7)],
            patients: vec![vec![130, 90, 81, 150], vec![121, 255, 0, 151]],
        }),
        Box::new(Auction {
            funds: vec![500, 400, 900, 100],
            // The second is the earlier of two equals; the last is not covered.
            bids: vec![250, 300, 300, 5_000],
        }),
        Box::new(Strategy {
            trigger: 120,
            size: 30,
            budget: 7_000,
            prices: vec![130, 120, 90, 100, 20],
        }),
        Box::new(Batch { orders: vec![(true, 500), (false, 800), (true, 120), (false, 60)] }),
    ];
    all.extend(more);
    for filter in [Filter::Invert, Filter::Threshold, Filter::Blur] {
        all.push(Box::new(Filtering { picture: Picture::disc(side), filter }));
    }
    Ok(all)
}

fn consensus(question: Question, ballots: &[&[u8]]) -> Box<dyn Performance> {
    let ballots = ballots.iter().map(|ballot| ballot.to_vec()).collect();
    Box::new(Consensus { question, ballots })
}
