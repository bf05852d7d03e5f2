//! What validators cannot do, each beside what they can.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolError};
use applications::{
    Application, Stage, User,
    consensus::{Consensus, FheConsensus, Question, deploy, seal, vote},
};
use ciphervm::{
    Outcome, Receipt,
    precompiles::{HostAddresses, Record},
};

use super::{assert_refused, assert_reverts, assert_succeeds, stage};

const DURATION: u64 = 600;

struct Round {
    stage: Stage,
    validators: Vec<User>,
    contract: Address,
    id: U256,
}

impl Round {
    fn new(question: Question, validators: usize) -> Self {
        let mut stage = stage();
        let validators = User::several(1, validators).unwrap();
        let contract = deploy(&mut stage, &validators).unwrap();
        let id = stage.send(&validators[0], contract, &question.begin(DURATION)).unwrap();
        Self { stage, validators, contract, id }
    }

    /// The call in which `validator` casts a ballot.
    fn ballot(&self, validator: usize, ballot: &[u8]) -> FheConsensus::voteCall {
        let input = seal(&self.stage, &self.validators[validator], self.contract, ballot).unwrap();
        vote(self.id, input)
    }

    fn attempt(&mut self, validator: usize, call: &impl SolCall) -> Receipt {
        self.stage.attempt(&self.validators[validator], self.contract, call).unwrap()
    }

    fn close(&mut self) -> Receipt {
        self.attempt(0, &FheConsensus::closeCall { id: self.id })
    }

    fn result(&self) -> Vec<B256> {
        self.stage.read(self.contract, &FheConsensus::resultOfCall { id: self.id }).unwrap()
    }

    fn round(&self) -> FheConsensus::Round {
        self.stage.read(self.contract, &FheConsensus::roundOfCall { id: self.id }).unwrap()
    }
}

#[track_caller]
fn assert_error(receipt: &Receipt, error: &impl SolError) {
    assert_eq!(receipt.outcome, Outcome::Revert(error.abi_encode().into()));
}

#[test]
fn anothers_ciphertext_or_calldata_is_refused() {
    let mut round = Round::new(Question::Majority { labels: 3 }, 3);
    let honest = round.ballot(0, &[2]);
    let other = round.ballot(1, &[3]);
    // The calldata as it is, the ciphertext under one's own proof, and without a proof.
    assert_reverts(&round.attempt(1, &honest));
    let mixed = FheConsensus::voteCall { ballot: honest.ballot.clone(), ..other.clone() };
    assert_reverts(&round.attempt(1, &mixed));
    let bare = FheConsensus::voteCall { proof: Bytes::new(), ..honest.clone() };
    assert_error(&round.attempt(1, &bare), &FheConsensus::NoProof {});

    let receipt = round.attempt(0, &honest);
    assert_succeeds(&receipt, &honest);
    // Nor once it is on chain.
    assert_reverts(&round.attempt(1, &honest));
    let receipt = round.attempt(1, &other);
    assert_succeeds(&receipt, &other);
}

#[test]
fn late_double_and_strangers_votes_and_wrong_ballots_are_refused() {
    let mut round = Round::new(Question::Mean, 3);
    let (id, contract) = (round.id, round.contract);
    let short = round.ballot(0, &[2]);
    let error = FheConsensus::BadBallot { found: U256::ONE, expected: U256::from(2) };
    assert_error(&round.attempt(0, &short), &error);

    let first = round.ballot(0, &[2, 1]);
    let receipt = round.attempt(0, &first);
    assert_succeeds(&receipt, &first);
    let again = round.ballot(0, &[2, 1]);
    let validator = round.validators[0].address;
    assert_error(&round.attempt(0, &again), &FheConsensus::AlreadyVoted { id, validator });

    let stranger = User::new(99).unwrap();
    let input = seal(&round.stage, &stranger, contract, &[2, 1]).unwrap();
    let receipt = round.stage.attempt(&stranger, contract, &vote(id, input)).unwrap();
    assert_error(&receipt, &FheConsensus::NotValidator { account: stranger.address });

    assert_error(&round.close(), &FheConsensus::VotingGoesOn { id });
    let second = round.ballot(1, &[7, 1]);
    let receipt = round.attempt(1, &second);
    assert_succeeds(&receipt, &second);
    round.stage.wait(DURATION).unwrap();
    let late = round.ballot(2, &[9, 1]);
    let voting = FheConsensus::WrongPhase { id, phase: FheConsensus::Phase::Voting };
    assert_error(&round.attempt(2, &late), &voting);

    // Those who were in time are counted.
    assert!(round.close().is_success());
    let opened = round.stage.open(&round.result()).unwrap();
    assert_eq!(opened.values, [U256::from(9), U256::from(2)]);
    let counted = FheConsensus::WrongPhase { id, phase: FheConsensus::Phase::Counted };
    assert_error(&round.close(), &counted);
}

#[test]
fn a_result_counts_only_with_signatures() {
    let mut round = Round::new(Question::Mean, 2);
    for (validator, ballot) in [[10, 1], [20, 3]].iter().enumerate() {
        let call = round.ballot(validator, ballot);
        assert!(round.attempt(validator, &call).is_success());
    }
    assert!(round.close().is_success());
    let opened = round.stage.open(&round.result()).unwrap();
    let (id, cleartexts, proof) = (round.id, opened.cleartexts, opened.proof);
    let mut forged = cleartexts.to_vec();
    forged[31] ^= 1;
    let call = FheConsensus::openCall { id, cleartexts: forged.into(), proof: proof.clone() };
    assert_reverts(&round.attempt(0, &call));
    let mut unsigned = proof.to_vec();
    unsigned[7] ^= 1;
    let call =
        FheConsensus::openCall { id, cleartexts: cleartexts.clone(), proof: unsigned.into() };
    assert_reverts(&round.attempt(0, &call));
    assert_eq!(round.round().phase, FheConsensus::Phase::Counted);

    let call = FheConsensus::openCall { id, cleartexts, proof };
    assert!(round.attempt(1, &call).is_success());
    assert_eq!(round.round().outcome, [U256::from(70), U256::from(4)]);
    let mean = round.stage.read(round.contract, &FheConsensus::meanOfCall { id }).unwrap();
    assert_eq!(mean, U256::from(17));
    // Once.
    assert_reverts(&round.attempt(1, &call));
}

#[test]
fn a_median_of_six_is_void_and_opens_nothing() {
    let mut round = Round::new(Question::Median { tolerance: None }, 7);
    for validator in 0..6 {
        let call = round.ballot(validator, &[validator as u8]);
        assert!(round.attempt(validator, &call).is_success());
    }
    round.stage.wait(DURATION).unwrap();
    assert!(round.close().is_success());
    assert_eq!(round.round().phase, FheConsensus::Phase::Void);
    assert_eq!(round.result(), [B256::ZERO; 0]);
}

/// Everything that a round's transactions made or took in, asked for by everybody.
#[test]
fn nobody_can_decrypt_anything_but_the_result() {
    let rounds: [(Question, &[&[u8]]); 4] = [
        (Question::Majority { labels: 2 }, &[&[1], &[2], &[2]]),
        (Question::Mean, &[&[7, 2], &[9, 1]]),
        (Question::Borda { candidates: 3 }, &[&[0, 1, 2], &[0, 2, 1]]),
        (Question::Median { tolerance: None }, &[&[1], &[2], &[3], &[4], &[5]]),
    ];
    for (question, ballots) in rounds {
        let mut round = Round::new(question, ballots.len());
        let (mut logs, mut inputs) = (Vec::new(), Vec::new());
        for (validator, ballot) in ballots.iter().enumerate() {
            let call = round.ballot(validator, ballot);
            inputs.extend(call.ballot.iter().copied());
            logs.extend(round.attempt(validator, &call).logs);
        }
        logs.extend(round.close().logs);
        let record = Record::from_logs(&HostAddresses::LOCAL, logs.iter()).unwrap();
        let result = round.result();
        let made = record.ops.iter().map(|op| op.handle.0);
        let secret: Vec<B256> =
            inputs.into_iter().chain(made).filter(|handle| !result.contains(handle)).collect();
        assert!(secret.len() >= 2 * ballots.len(), "{question:?}");

        let stranger = User::new(99).unwrap();
        for handle in secret {
            assert_refused(round.stage.open(&[handle]).map_err(Into::into));
            for user in round.validators.iter().chain([&stranger]) {
                assert_refused(round.stage.decrypt(user, round.contract, &[handle]));
            }
        }
        // The result everybody may know, and it is right.
        let plain =
            Consensus { question, ballots: ballots.iter().map(|ballot| ballot.to_vec()).collect() }
                .plain();
        let opened = round.stage.open(&result).unwrap().values;
        assert_eq!(opened, plain.result.into_iter().map(U256::from).collect::<Vec<_>>());
    }
}

#[test]
fn only_the_validator_reads_the_own_mark() {
    let mut round = Round::new(Question::Median { tolerance: Some(10) }, 5);
    let id = round.id;
    for (validator, value) in [50, 60, 39, 52, 51].into_iter().enumerate() {
        let call = round.ballot(validator, &[value]);
        assert!(round.attempt(validator, &call).is_success());
    }
    assert!(round.close().is_success());
    let opened = round.stage.open(&round.result()).unwrap();
    let (cleartexts, proof) = (opened.cleartexts, opened.proof);
    let call = FheConsensus::openCall { id, cleartexts, proof };
    assert!(round.attempt(0, &call).is_success());
    // The median is 51, and 39 is 12 away.
    for (index, user) in round.validators.iter().enumerate() {
        let query = FheConsensus::markOfCall { id, validator: user.address };
        let mark = round.stage.read(round.contract, &query).unwrap();
        let own = round.stage.decrypt(user, round.contract, &[mark]).unwrap();
        assert_eq!(own, [U256::from(u8::from(index == 2))]);
        let other = &round.validators[(index + 1) % 5];
        assert_refused(round.stage.decrypt(other, round.contract, &[mark]));
        assert_refused(round.stage.open(&[mark]).map_err(Into::into));
    }
}
