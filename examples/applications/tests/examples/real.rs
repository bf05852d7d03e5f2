//! Each application once on real ciphertexts, as small as it gets, with proofs of all inputs.

use std::{
    sync::{Mutex, OnceLock, PoisonError},
    thread,
};

use alloy_primitives::Address;
use applications::{
    Application, Backend, Stage, User,
    auction::Auction,
    batch::Batch,
    consensus::{Consensus, Question, deploy},
    diagnosis::Diagnosis,
    inference::{Inference, Model},
    picture::{Filter, Filtering, Picture},
    strategy::Strategy,
    token::Token,
    vote::Vote,
};
use ciphervm::{
    error::InputError,
    fhe::{CiphertextError, FheType},
};

fn stage() -> Stage {
    static BACKEND: OnceLock<Backend> = OnceLock::new();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Stage::new(BACKEND.get_or_init(|| Backend::tfhe(threads).unwrap())).unwrap()
}

/// One after the other: each has all cores.
#[track_caller]
fn assert_equal<A: Application>(application: &A) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut stage = stage();
    let encrypted = application.encrypted(&mut stage).unwrap();
    assert_eq!(encrypted, application.plain());
    assert!(stage.costs().bootstraps > 0);
}

#[test]
fn token() {
    assert_equal(&Token { funds: vec![100, 0], transfers: vec![(0, 1, 30)] });
}

#[test]
fn vote() {
    assert_equal(&Vote { choices: vec![true, false] });
}

#[test]
fn majority() {
    let ballots = vec![vec![1], vec![2], vec![2]];
    assert_equal(&Consensus { question: Question::Majority { labels: 2 }, ballots });
}

#[test]
fn mean() {
    let ballots = vec![vec![200, 3], vec![100, 99]];
    assert_equal(&Consensus { question: Question::Mean, ballots });
}

#[test]
fn ranking() {
    let ballots = vec![vec![2, 2, 0], vec![2, 0, 1]];
    assert_equal(&Consensus { question: Question::Borda { candidates: 3 }, ballots });
}

#[test]
fn median() {
    let ballots = vec![vec![9], vec![255], vec![7], vec![8], vec![0]];
    assert_equal(&Consensus { question: Question::Median { tolerance: Some(2) }, ballots });
}

#[test]
fn inference() {
    for model in Model::all().unwrap() {
        assert_equal(&Inference { model, rows: 1 });
    }
}

#[test]
fn diagnosis() {
    let (model, patients) = (vec![(100, 3), (50, 5)], vec![vec![101, 50]]);
    assert_equal(&Diagnosis { model, patients });
}

#[test]
fn auction() {
    assert_equal(&Auction { funds: vec![100, 100], bids: vec![60, 60] });
}

#[test]
fn strategy() {
    assert_equal(&Strategy { trigger: 100, size: 3, budget: 300, prices: vec![99] });
}

#[test]
fn batch() {
    assert_equal(&Batch { orders: vec![(true, 7), (false, 9), (false, 1)] });
}

#[test]
fn picture() {
    let picture = Picture { width: 3, pixels: vec![0, 255, 9, 77, 128, 200] };
    assert_equal(&Filtering { picture, filter: Filter::Blur });
}

#[test]
fn a_proof_of_another_validator_is_refused() {
    let mut stage = stage();
    let validators = User::several(1, 2).unwrap();
    let contract = deploy(&mut stage, &validators).unwrap();
    let [alice, bob] = [validators[0].address, validators[1].address];
    let list = stage.prove(alice, contract, &[(FheType::Uint8, 2)]).unwrap().expect("a proof");
    let refused = stage.submit(bob, contract, &list);
    assert!(matches!(refused, Err(InputError::Ciphertext(CiphertextError::Proof))), "{refused:?}");
    stage.submit(alice, contract, &list).unwrap();
}

/// Their pieces share threads, and a key that a thread lends to one list at a time.
#[test]
fn lists_that_come_in_together_are_all_accepted() {
    let stage = &stage();
    let (user, contract) = (User::new(1).unwrap().address, Address::repeat_byte(7));
    let values = [(FheType::Uint64, 5); 4];
    let lists: Vec<Vec<u8>> =
        (0..4).map(|_| stage.prove(user, contract, &values).unwrap().expect("a proof")).collect();
    thread::scope(|scope| {
        let answers: Vec<_> = lists
            .iter()
            .map(|list| scope.spawn(move || stage.submit(user, contract, list).unwrap()))
            .collect();
        for answer in answers {
            assert_eq!(answer.join().expect("it is accepted").handles.len(), values.len());
        }
    });
}
