//! Agreement of validators who do not see each other's votes.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolValue, sol};
use anyhow::{Context, Result, ensure};
use ciphervm::{EncryptedInput, fhe::FheType};

use crate::{Application, Stage, User, artifact::artifact, stage::number};

sol! {
    #[allow(missing_docs)]
    #[derive(Debug, PartialEq, Eq)]
    interface FheConsensus {
        enum Rule { Majority, Mean, Borda, Median }
        enum Phase { Voting, Counted, Opened, Void }

        struct Round {
            Rule rule;
            Phase phase;
            uint8 options;
            uint8 tolerance;
            uint64 deadline;
            address[] voters;
            uint256[] outcome;
        }

        error NotValidator(address account);
        error BadBallot(uint256 found, uint256 expected);
        error NoProof();
        error AlreadyVoted(uint256 id, address validator);
        error WrongPhase(uint256 id, Phase phase);
        error VotingGoesOn(uint256 id);

        function begin(Rule rule, uint8 options, uint8 tolerance, uint64 duration)
            external returns (uint256 id);
        function vote(uint256 id, bytes32[] ballot, bytes proof) external;
        function close(uint256 id) external;
        function open(uint256 id, bytes cleartexts, bytes proof) external;
        function roundOf(uint256 id) external view returns (Round memory);
        function resultOf(uint256 id) external view returns (bytes32[] memory);
        function meanOf(uint256 id) external view returns (uint256);
        function markOf(uint256 id, address validator) external view returns (bytes32);
    }
}

/// The weight that the contract takes larger ones for.
const MAX_WEIGHT: u8 = 16;
/// The tolerance that marks nobody.
const MARK_NOBODY: u8 = 255;

/// What a round asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The label with most votes, from 1 on.
    Majority {
        /// How many labels there are.
        labels: u8,
    },
    /// The weighted mean of values.
    Mean,
    /// The ranking of candidates by points.
    Borda {
        /// How many candidates there are.
        candidates: u8,
    },
    /// The value in the middle of 5 or 7.
    Median {
        /// The distance from it above which a vote is marked, if any is.
        tolerance: Option<u8>,
    },
}

impl Question {
    /// Who asks it: see the contract's function `begin`.
    pub fn begin(self, duration: u64) -> FheConsensus::beginCall {
        let (rule, options, tolerance) = match self {
            Self::Majority { labels } => (FheConsensus::Rule::Majority, labels, MARK_NOBODY),
            Self::Mean => (FheConsensus::Rule::Mean, 0, MARK_NOBODY),
            Self::Borda { candidates } => (FheConsensus::Rule::Borda, candidates, MARK_NOBODY),
            Self::Median { tolerance } => {
                (FheConsensus::Rule::Median, 0, tolerance.unwrap_or(MARK_NOBODY))
            }
        };
        FheConsensus::beginCall { rule, options, tolerance, duration }
    }
}

/// One round in which every validator votes.
#[derive(Clone, Debug)]
pub struct Consensus {
    /// What is asked.
    pub question: Question,
    /// What each validator answers.
    pub ballots: Vec<Vec<u8>>,
}

/// What a round comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The opened result.
    pub result: Vec<u64>,
    /// Which validators find that they were marked.
    pub marks: Vec<bool>,
}

/// Deploys the contract for these validators, who ask by the first of them.
///
/// # Errors
/// If the deployment fails.
pub fn deploy(stage: &mut Stage, validators: &[User]) -> Result<Address> {
    let accounts: Vec<Address> = validators.iter().map(|user| user.address).collect();
    let first = validators.first().context("there are no validators")?;
    stage.deploy(first, artifact!("FheConsensus"), &(accounts,).abi_encode_params())
}

/// A ballot, encrypted by a validator.
///
/// # Errors
/// If it is too long.
pub fn seal(
    stage: &Stage,
    validator: &User,
    contract: Address,
    ballot: &[u8],
) -> Result<EncryptedInput> {
    let values: Vec<_> = ballot.iter().map(|value| (FheType::Uint8, u64::from(*value))).collect();
    stage.encrypt(validator, contract, &values)
}

/// The call that casts a ballot.
pub fn vote(id: U256, input: EncryptedInput) -> FheConsensus::voteCall {
    let ballot = input.handles.iter().map(|handle| handle.0).collect();
    FheConsensus::voteCall { id, ballot, proof: input.proof }
}

impl Application for Consensus {
    type Outcome = Agreement;

    fn name(&self) -> String {
        let count = self.ballots.len();
        match self.question {
            Question::Majority { labels } => {
                format!("consensus: majority, {labels} labels, {count} validators")
            }
            Question::Mean => format!("consensus: weighted mean, {count} validators"),
            Question::Borda { candidates } => {
                format!("consensus: ranking, {candidates} candidates, {count} validators")
            }
            Question::Median { tolerance: None } => format!("consensus: median of {count}"),
            Question::Median { tolerance: Some(_) } => {
                format!("consensus: median of {count}, with marks")
            }
        }
    }

    fn plain(&self) -> Agreement {
        let unmarked = vec![false; self.ballots.len()];
        match self.question {
            Question::Majority { labels } => {
                let votes = |label: u8| self.ballots.iter().filter(|b| b[0] == label).count();
                let leader = (1..=labels).fold((0, 0), |(leader, most), label| {
                    if votes(label) > most { (label, votes(label)) } else { (leader, most) }
                });
                Agreement { result: vec![leader.0.into()], marks: unmarked }
            }
            Question::Mean => {
                let weight = |ballot: &[u8]| u64::from(ballot[1].min(MAX_WEIGHT));
                let sum = self.ballots.iter().map(|b| u64::from(b[0]) * weight(b)).sum();
                let weights = self.ballots.iter().map(|b| weight(b)).sum();
                Agreement { result: vec![sum, weights], marks: unmarked }
            }
            Question::Borda { candidates } => {
                let points = points(&self.ballots, candidates);
                let place = |one: usize| {
                    let ahead = |other: usize| {
                        points[other] > points[one] || points[other] == points[one] && other < one
                    };
                    (0..points.len()).filter(|other| ahead(*other)).count() as u64
                };
                Agreement { result: (0..points.len()).map(place).collect(), marks: unmarked }
            }
            Question::Median { tolerance } => {
                let mut values: Vec<u8> = self.ballots.iter().map(|ballot| ballot[0]).collect();
                let far = |value: &u8, median: u8| {
                    tolerance.is_some_and(|tolerance| value.abs_diff(median) > tolerance)
                };
                let votes = values.clone();
                values.sort_unstable();
                let median = values[values.len() / 2];
                let marks = votes.iter().map(|value| far(value, median)).collect();
                Agreement { result: vec![median.into()], marks }
            }
        }
    }

    fn encrypted(&self, stage: &mut Stage) -> Result<Agreement> {
        let validators = User::several(1, self.ballots.len())?;
        let contract = deploy(stage, &validators)?;
        let first = &validators[0];
        let id = stage.send(first, contract, &self.question.begin(600))?;
        for (validator, ballot) in validators.iter().zip(&self.ballots) {
            let input = seal(stage, validator, contract, ballot)?;
            stage.send(validator, contract, &vote(id, input))?;
        }
        stage.send(first, contract, &FheConsensus::closeCall { id })?;
        let opened = stage.open(&stage.read(contract, &FheConsensus::resultOfCall { id })?)?;
        let (cleartexts, proof) = (opened.cleartexts, opened.proof);
        stage.send(first, contract, &FheConsensus::openCall { id, cleartexts, proof })?;

        // What counts is what the contract took for genuine.
        let round = stage.read(contract, &FheConsensus::roundOfCall { id })?;
        ensure!(round.outcome == opened.values, "the contract has another result");
        let result = round.outcome.into_iter().map(number).collect::<Result<_>>()?;
        let marks = validators
            .iter()
            .map(|validator| {
                let query = FheConsensus::markOfCall { id, validator: validator.address };
                let handle = stage.read(contract, &query)?;
                if handle == B256::ZERO {
                    return Ok(false);
                }
                Ok(stage.numbers(validator, contract, &[handle])? == [1])
            })
            .collect::<Result<_>>()?;
        Ok(Agreement { result, marks })
    }
}

/// Points of each candidate, from ballots that are permutations.
fn points(ballots: &[Vec<u8>], candidates: u8) -> Vec<u64> {
    let mut points = vec![0; candidates.into()];
    for ballot in ballots {
        let mut sorted = ballot.clone();
        sorted.sort_unstable();
        if sorted.into_iter().eq(0..candidates) {
            for (points, place) in points.iter_mut().zip(ballot) {
                *points += u64::from(candidates - 1 - place);
            }
        }
    }
    points
}
