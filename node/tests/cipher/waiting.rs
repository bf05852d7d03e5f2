//! A query waits for the block that it needs, and for no other.

use std::{
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{
    Bundle, BundleError, CiphertextError, Evaluator, Execution, FheType, GraphEvaluator, Handle,
    Record, ReferenceEngine, Rewrites,
};
use ciphervm_kms::{Chain, ReferenceKms, error::ChainError};
use ciphervm_node::decryption::DevnetChain;
use serde_json::{Value, json};

use crate::{Node, Probe};

/// How long an evaluation waits at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// The reference evaluator, one block at a time: all blocks but the first have one step, and are
/// evaluated in order.
#[derive(Debug)]
struct Turnstile {
    inner: GraphEvaluator<ReferenceEngine>,
    failing: BTreeSet<u64>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    begun: u64,
    /// Up to which block evaluations go through.
    open: u64,
}

impl Turnstile {
    fn new(failing: impl IntoIterator<Item = u64>) -> Arc<Self> {
        let inner = GraphEvaluator::new(ReferenceEngine, 1).unwrap();
        let failing = failing.into_iter().collect();
        Arc::new(Self { inner, failing, state: Mutex::default(), changed: Condvar::new() })
    }

    /// Lets the blocks up to this one through.
    fn open(&self, block: u64) {
        self.lock().open = block;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Evaluator for Turnstile {
    fn class(&self) -> B256 {
        self.inner.class()
    }

    fn rewrites(&self) -> Rewrites {
        self.inner.rewrites()
    }

    fn threads(&self) -> usize {
        1
    }

    /// On a thread of its own: the inner evaluator's is needed while this one waits.
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        thread::spawn(job);
    }

    fn execute(&self, bundle: &Bundle, inputs: &[Arc<Record>]) -> Result<Execution, BundleError> {
        let mut state = self.lock();
        state.begun += 1;
        // The first block deploys the contract and has nothing to compute.
        let block = state.begun + 1;
        // A test that fails must still end.
        let closed = |state: &mut State| state.open < block;
        drop(self.changed.wait_timeout_while(state, PATIENCE, closed).unwrap());
        if self.failing.contains(&block) {
            return Err(BundleError::Operands { step: 0, reason: "the turnstile fails" });
        }
        self.inner.execute(bundle, inputs)
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.inner.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        self.inner.expand_inputs(list)
    }
}

/// A devnet behind a turnstile, and the handles that three blocks after the first one store.
fn three_values(turnstile: &Arc<Turnstile>) -> (Node, [Handle; 3]) {
    let node = Node::start(Arc::clone(turnstile) as _, Arc::new(ReferenceKms));
    let probe = node.deploy_probe();
    let handles = [20, 30, 40].map(|value| {
        node.execute(node.account(0), probe, &Probe::storeCall { value });
        Handle(node.read(probe, &Probe::storedCall {}))
    });
    (node, handles)
}

/// Asks, and opens the turnstile while the answer waits.
fn answer_once_open(
    node: &Node,
    turnstile: &Turnstile,
    open: u64,
    (method, params): (&str, Value),
) -> Result<Value, String> {
    thread::scope(|scope| {
        let asking = scope.spawn(|| node.try_call(method, params));
        thread::sleep(Duration::from_millis(200));
        assert!(!asking.is_finished(), "{method} did not wait");
        turnstile.open(open);
        asking.join().unwrap()
    })
}

#[test]
fn a_value_comes_with_its_block_while_later_blocks_wait() {
    let turnstile = Turnstile::new([]);
    let (node, [first, second, third]) = three_values(&turnstile);
    let decrypt = |handle: Handle| ("cipher_decrypt", json!([handle]));
    let value = answer_once_open(&node, &turnstile, 2, decrypt(first)).unwrap();
    assert_eq!(value["value"], "20");
    let commitment = ("cipher_blockCommitment", json!(["0x3"]));
    let commitment = answer_once_open(&node, &turnstile, 3, commitment).unwrap();
    assert_eq!(commitment["ciphertexts"][0]["handle"], json!(second));
    // The last block was not computed all the while.
    assert_eq!(node.call("cipher_handle", json!([third]))["digest"], Value::Null);
    let value = answer_once_open(&node, &turnstile, 4, decrypt(third)).unwrap();
    assert_eq!(value["value"], "40");
}

#[test]
fn a_block_that_failed_spoils_the_values_of_no_other_block() {
    let turnstile = Turnstile::new([2]);
    let (node, [first, second, third]) = three_values(&turnstile);
    let decrypt = |handle: Handle| ("cipher_decrypt", json!([handle]));
    let failed = "the ciphertexts of block 2 could not be computed: ";
    let error = answer_once_open(&node, &turnstile, 2, decrypt(first)).unwrap_err();
    assert!(error.starts_with(failed), "{error}");
    let chain = DevnetChain(Arc::clone(&node.devnet));
    let answer = chain.state().unwrap().ciphertext(&first);
    // Who asks again gets no other answer.
    assert!(matches!(&answer, Err(ChainError::NoCiphertext(why)) if *why == error), "{answer:?}");
    let value = answer_once_open(&node, &turnstile, 3, decrypt(second)).unwrap();
    assert_eq!(value["value"], "30");
    let commitment = ("cipher_blockCommitment", json!(["0x4"]));
    let commitment = answer_once_open(&node, &turnstile, 4, commitment).unwrap();
    assert_eq!(commitment["ciphertexts"][0]["handle"], json!(third));
    for (method, params) in
        [("cipher_blockCommitment", json!(["0x2"])), ("cipher_settle", json!([]))]
    {
        let error = node.error(method, params);
        assert!(error.starts_with(failed), "{error}");
    }
}

#[test]
fn what_no_block_will_compute_is_not_waited_for() {
    let turnstile = Turnstile::new([]);
    let node = Node::start(Arc::clone(&turnstile) as _, Arc::new(ReferenceKms));
    let probe = node.deploy_probe();
    node.execute(node.account(0), probe, &Probe::makeTransientCall { value: 5 });
    let dead = Handle(node.read(probe, &Probe::transientHandleCall {}));
    // No block is evaluated, and the answer is here.
    let error = node.error("cipher_decrypt", json!([dead]));
    assert!(error.contains("was never computed"), "{error}");
    // The KMS does not wait either.
    let chain = DevnetChain(Arc::clone(&node.devnet));
    let answer = chain.state().unwrap().ciphertext(&dead);
    assert!(matches!(&answer, Err(ChainError::NoCiphertext(why)) if *why == error), "{answer:?}");
    turnstile.open(u64::MAX);
}
