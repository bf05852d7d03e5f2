//! Sequences of transactions, in which two contracts call the host contracts as Solidity does: plain
//! calls, calls of each other, and frames that are undone.
//!
//! After each transaction:
//! - whoever used a handle had a grant that follows from calls that succeeded, and the grants on
//!   chain are those: nothing widens them, and nothing takes them away;
//! - the meter of the block says the sum of what the operations that were not undone cost.
//!
//! At the end:
//! - a snapshot, gone back to, has everything as it was, and the same transactions give the same
//!   blocks;
//! - another evaluator commits to the same ciphertexts.

mod model;
mod program;

use std::{cell::OnceCell, collections::BTreeSet, sync::Arc};

use alloy_primitives::{Address, B256, Bytes as Octets, U256};
use alloy_sol_types::SolCall;
use ciphervm::{Commitment, Settlement};
use ciphervm_conformance::prober::{Step, runCall};
use ciphervm_fhe::{GraphEvaluator, MemoryStore, ReferenceEngine};
use ciphervm_node::chain::Block;
use ciphervm_precompiles::{HostAddresses, Record, interface::Acl};
use serde_json::json;

use crate::{Seed, Target, Verdict, bytes::Bytes, no_words, node::Node};
use model::Model;
use program::Program;

/// Sequences of transactions.
pub const TARGET: Target = Target { name: "sequence", run, seeds, words: no_words, runs: 500 };

/// Transactions before the snapshot and after it, at most.
const TRANSACTIONS: usize = 4;

thread_local! {
    static NODE: OnceCell<Node> = const { OnceCell::new() };
}

/// What programs are made of.
#[derive(Debug)]
struct World<'a> {
    hosts: HostAddresses,
    probers: &'a [Address; 2],
    /// Who is granted something.
    accounts: [Address; 4],
    /// Handles that there are, or might be.
    handles: Vec<B256>,
}

/// A sequence that runs.
#[derive(Debug)]
struct Sequence<'a> {
    node: &'a Node,
    world: World<'a>,
    model: Model,
    /// Operations that were carried out.
    operations: usize,
}

/// Executes transactions.
///
/// # Panics
/// If an invariant does not hold.
pub fn run(data: &[u8]) -> Verdict {
    NODE.with(|node| {
        let node = node.get_or_init(Node::new);
        node.restore();
        let mut sequence = Sequence::new(node);
        let mut data = Bytes(data);
        sequence.transactions(&mut data);
        let (before, model) = (node.dump(), sequence.model.clone());
        let handles = sequence.world.handles.clone();
        let snapshot = node.devnet.snapshot();

        let mut rest = data;
        sequence.transactions(&mut rest);
        let (after, commitments) = (node.dump(), commitments(node));
        assert_eq!(commitments, recomputed(node), "another evaluator commits to something else");

        assert!(node.devnet.revert(snapshot).expect("memory can be written"), "no snapshot");
        assert!(node.dump() == before, "going back leaves something behind");
        (sequence.model, sequence.world.handles) = (model, handles);
        sequence.check_grants();
        sequence.transactions(&mut data);
        assert!(node.dump() == after, "the same transactions give another chain");
        Verdict::of(sequence.operations > 0)
    })
}

impl<'a> Sequence<'a> {
    fn new(node: &'a Node) -> Self {
        let [first, second] = node.probers;
        let [user, stranger] = [node.accounts()[1], node.accounts()[2]];
        let mut model = Model::default();
        model.lasting.extend([(node.handle, user), (node.handle, first)]);
        model.public.insert(node.handle);
        let world = World {
            hosts: node.devnet.host().addresses,
            probers: &node.probers,
            accounts: [first, second, user, stranger],
            // Nobody has the second one, and the third is none.
            handles: vec![node.handle, made_up(node.handle), B256::ZERO],
        };
        Self { node, world, model, operations: 0 }
    }

    fn transactions(&mut self, data: &mut Bytes<'_>) {
        for _ in 0..TRANSACTIONS {
            if !data.is_empty() {
                self.transaction(data);
                self.check_grants();
            }
        }
    }

    fn transaction(&mut self, data: &mut Bytes<'_>) {
        let (on, steps, planned) = Program::transaction(data, &self.world);
        let ran = self.node.run(on, steps);
        let block = self.node.devnet.chain(|chain| Arc::clone(chain.head()));
        let record = Record::from_logs(&self.world.hosts, block.logs().flatten());
        let record = record.expect("the host contracts log what they can read");
        // Without gas for the prober's own work, nothing happened.
        let Some((words, outcomes)) = ran else {
            assert!(record.ops.is_empty(), "a transaction that failed computed something");
            return;
        };
        let done = self.model.transaction(&self.world, on, &planned, &words, &outcomes);
        if let Some(metered) = done.metered {
            assert_eq!(metered, record.hcu, "the meter is not the sum of the operations");
        }
        self.operations += record.ops.len();
        let made: BTreeSet<B256> = done.results.iter().copied().collect();
        for op in &record.ops {
            assert!(made.contains(&op.handle.0), "{} is from nowhere", op.handle);
        }
        let known: BTreeSet<B256> = self.world.handles.iter().copied().collect();
        self.world.handles.extend(made.difference(&known));
    }

    /// Compares the grants on chain with those of the model.
    fn check_grants(&self) {
        let acl = self.world.hosts.acl;
        let ask = |data: Vec<u8>| Step {
            kind: 1,
            target: acl,
            value: U256::ZERO,
            gasLimit: U256::from(100_000),
            data: data.into(),
            patches: Vec::new(),
            takes: vec![U256::ZERO],
        };
        let (mut steps, mut expected) = (Vec::new(), Vec::new());
        for handle in self.world.handles.iter().copied() {
            for account in self.world.accounts {
                steps.push(ask(Acl::isAllowedCall { handle, account }.abi_encode()));
                expected.push(self.model.lasting.contains(&(handle, account)));
            }
            steps.push(ask(Acl::isAllowedForDecryptionCall { handle }.abi_encode()));
            expected.push(self.model.public.contains(&handle));
        }
        let call = json!({
            "to": self.world.probers[0],
            "data": Octets::from(runCall { steps }.abi_encode()),
            "gas": "0x1c9c380",
        });
        let answer = self.node.call("eth_call", json!([call, "latest"]));
        let answer: Octets = serde_json::from_value(answer.expect("there is gas for questions"))
            .expect("an answer is bytes");
        let words = runCall::abi_decode_returns(&answer).expect("it is a prober's").words;
        let found: Vec<bool> = words.iter().map(|word| !word.is_zero()).collect();
        assert_eq!(found, expected, "the grants on chain are others: {:?}", self.world.handles);
    }
}

/// A handle of the same type that nothing made.
fn made_up(mut handle: B256) -> B256 {
    handle[0] ^= 1;
    handle
}

fn blocks(node: &Node) -> Vec<Arc<Block>> {
    node.devnet.chain(|chain| chain.blocks().map(|(block, _)| Arc::clone(block)).collect())
}

/// The commitments of all blocks.
fn commitments(node: &Node) -> Vec<Commitment> {
    let settlement = node.devnet.settler().settlement();
    let commitment = |block: &Arc<Block>| settlement.commitment(block.logs());
    let all: Result<_, _> = blocks(node).iter().map(commitment).collect();
    all.expect("evaluation is complete")
}

/// The same, of what another evaluator makes of the logs, on two threads and an empty store.
fn recomputed(node: &Node) -> Vec<Commitment> {
    let evaluator = GraphEvaluator::new(ReferenceEngine, 2).expect("two threads can be had");
    let store = Arc::new(MemoryStore::new());
    let settlement = Settlement::new(node.devnet.host().addresses, Arc::new(evaluator), store);
    let settle = |block: &Arc<Block>| {
        settlement.settle(block.logs()).expect("what was computed can be computed again");
        settlement.commitment(block.logs()).expect("it was just computed")
    };
    blocks(node).iter().map(settle).collect()
}

/// Each begins with the prober, one less than the calls, and the calls. A handle is the last one of
/// the frame as 0, the one before as 4; an earlier transaction's as 3, 7, 11, …
fn seeds() -> Vec<Seed> {
    const ADD: u8 = 0;
    const SUB: u8 = 1;
    const LE: u8 = 16;
    const SELECT: u8 = 25;
    const ENCRYPT: u8 = 24;
    const RAND: u8 = 26;
    const SUM: u8 = 28;
    // The types' positions.
    const U8: u8 = 1;
    const U64: u8 = 4;
    let encrypt = |bits: u8, ty: u8| vec![0, ENCRYPT, ty, bits, 0];
    let binary = |op: u8, lhs: u8, rhs: u8| vec![0, op, U64, 0, lhs, rhs];
    let select = |condition: u8, a: u8, b: u8| vec![0, SELECT, U64, condition, a, b];
    let allow = |handle: u8, account: u8| vec![9, handle, account];
    let transient = |handle: u8, account: u8| vec![10, handle, account];
    let public = |handle: u8| vec![11, handle];
    let transaction = |on: u8, calls: &[Vec<u8>]| {
        let count = u8::try_from(calls.len() - 1).expect("they are few");
        [vec![on, count], calls.concat()].concat()
    };
    let frame = |kind: u8, calls: &[Vec<u8>]| {
        let count = u8::try_from(calls.len() - 1).expect("they are few");
        [vec![kind, count], calls.concat()].concat()
    };
    const UNDONE: u8 = 13;
    const KEPT: u8 = 14;
    const STATIC: u8 = 8;
    const FORGET: u8 = 12;
    let transfer = transaction(
        0,
        &[
            encrypt(10, U64),
            binary(LE, 0, 3),
            encrypt(0, U64),
            select(4, 8, 0),
            binary(SUB, 3, 0),
            binary(ADD, 4, 0),
            allow(0, 0),
            allow(8, 2),
            public(8),
        ],
    );
    let later = transaction(0, &[encrypt(3, U64), binary(ADD, 0, 15), allow(0, 0)]);
    let across = transaction(
        0,
        &[
            encrypt(7, U8),
            transient(0, 1),
            frame(KEPT, &[vec![0, ADD, U8, 0, 2, 2], allow(0, 0), public(0)]),
            frame(UNDONE, &[vec![0, RAND, U64], allow(0, 1), vec![0, SUM, U8, 2, 2, 2]]),
            vec![STATIC, RAND, U64],
            vec![FORGET],
            allow(8, 0),
        ],
    );
    let stranger = transaction(1, &[binary(ADD, 3, 3), allow(3, 1), public(3), transient(7, 1)]);
    vec![
        Seed::valid("a-transfer", transfer.clone()),
        Seed::valid("transactions-that-go-on", [transfer, later.clone(), later].concat()),
        Seed::valid("two-contracts", [across.clone(), across].concat()),
        Seed::refused("a-stranger", stranger),
    ]
}
