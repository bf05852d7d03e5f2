//! A devnet with a data directory dies at any moment and loses nothing that it acknowledged.
//!
//! The process is killed with `SIGKILL` while clients use it, and started again on the same
//! directory. What clients were told before must hold afterwards; what they were not told may have
//! happened or not, but not by halves. In the end the whole chain is executed and evaluated once
//! more, without any death, and must come to the same blocks and the same ciphertexts.
//!
//! `CIPHERVM_CRASH_ROUNDS` has more rounds than the default, and `CIPHERVM_CRASH_SEED` others.

mod corruption;
mod dice;
mod evaluation;
mod ledger;
mod load;
mod node;

use std::{
    env,
    sync::{Arc, Mutex},
    thread,
};

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::Evaluator;
use ciphervm_fhe::{GraphEvaluator, ReferenceEngine};
use ciphervm_node::{
    data_dir::{DataDir, Identity},
    verify::{Verified, verify},
};
use dice::Dice;
use ledger::{Ledger, number};
use load::{Kind, Token};
use node::{Home, Node};
use serde_json::{Value, json};

const CHAIN: u64 = 31_337;

fn variable(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

fn seed() -> u64 {
    variable("CIPHERVM_CRASH_SEED", 1)
}

fn reference() -> Arc<GraphEvaluator<ReferenceEngine>> {
    Arc::new(GraphEvaluator::new(ReferenceEngine, 1).unwrap())
}

/// The balance of an account as the devnet decrypts it.
fn balance(node: &Node, account: Address) -> Result<u64, node::Failure> {
    let data = Token::confidentialBalanceOfCall { account }.abi_encode();
    let call =
        json!([{ "to": load::token(), "data": alloy_primitives::Bytes::from(data) }, "latest"]);
    let handle: B256 = node.call("eth_call", call)?;
    let clear: Value = node.call("cipher_decrypt", json!([handle]))?;
    Ok(clear["value"].as_str().unwrap().parse().unwrap())
}

/// Waits until every block is evaluated, and checks that none failed.
fn settle(node: &Node) {
    let status: Value = node.ask("cipher_settle", json!([600]));
    assert_eq!(status["settled"], status["head"]);
    assert_eq!(status["failed"], json!([]));
}

#[test]
fn what_was_acknowledged_survives_any_death() {
    let (home, ledger) = (Home::reference(), Mutex::<Ledger>::default());
    load::prepare(&home.start(&[]), &ledger);

    let mut dice = Dice::new(seed(), u64::MAX);
    for round in 0..variable("CIPHERVM_CRASH_ROUNDS", 24) {
        if dice.below(3) == 0 {
            let starting = home.spawn(&[]);
            thread::sleep(dice.time(100));
            starting.kill();
        }
        let kind = Kind::ALL[round as usize % Kind::ALL.len()];
        let node = home.start(kind.flags());
        ledger.lock().unwrap().reconcile(&node);
        if dice.below(3) == 0 {
            settle(&node);
        }
        thread::scope(|scope| {
            scope.spawn(|| load::run(kind, &node, &ledger, dice_seed(round)));
            thread::sleep(dice.time(300));
            node.kill();
        });
    }

    let mut ledger = ledger.into_inner().unwrap();
    let node = home.start(&[]);
    ledger.reconcile(&node);
    assert!(ledger.unanswered > 0, "no death hit a transaction");
    ledger.finish(&node);
    settle(&node);
    let expected = ledger.balances();
    assert_eq!(expected.len(), load::ACCOUNTS - 1);
    for (account, expected) in expected {
        assert_eq!(balance(&node, account).unwrap(), expected, "{account}");
    }
    node.stop();
    let verified = verified(&home, reference()).unwrap();
    assert_eq!(verified.transactions, ledger.sent.len() as u64);
    assert!(verified.ciphertexts > verified.transactions);
    home.assert_clean();

    // What was noted is compared: another commitment is not accepted.
    let identity = Identity { chain_id: CHAIN, engine_class: reference().class(), profile: None };
    let directory = DataDir::open(&home.data(), &identity).unwrap();
    let journal = directory.journal().unwrap();
    let (settled, block) = (journal.settled().unwrap(), verified.executed / 2);
    journal.note_settled(settled, block, B256::repeat_byte(7)).unwrap();
    drop((journal, directory));
    let error = self::verified(&home, reference()).unwrap_err();
    let (block, error) = (format!("block {block}"), format!("{error:#}"));
    assert!(error.starts_with(&block) && error.contains("its commitment was 0x0707"), "{error}");
}

/// Executes and evaluates the chain again, without any death: what is in the directory must be what
/// comes of it, and all of it must be settled.
fn verified(home: &Home, evaluator: Arc<dyn Evaluator>) -> anyhow::Result<Verified> {
    let verified = verify(&home.data(), evaluator, (1, u64::MAX), |_, _| {})?;
    assert_eq!((verified.evaluated, verified.unsettled), (verified.executed, 0));
    Ok(verified)
}

/// Another one for each round.
fn dice_seed(round: u64) -> u64 {
    seed().wrapping_mul(1_000_003).wrapping_add(round)
}

#[test]
fn a_first_start_that_died_leaves_a_directory_that_starts() {
    let mut dice = Dice::new(seed(), u64::MAX - 1);
    for _ in 0..20 {
        let home = Home::reference();
        let starting = home.spawn(&[]);
        thread::sleep(dice.time(100));
        starting.kill();
        let node = home.start(&[]);
        assert_eq!(number(&node.ask("eth_blockNumber", json!([]))), 0);
        node.stop();
        home.assert_clean();
    }
}
