use std::sync::Mutex;

use alloy_consensus::{Header, Receipt, ReceiptEnvelope, Sealable};
use alloy_primitives::{Log, U256};
use alloy_sol_types::{SolEvent, SolValue};
use ciphervm_fhe::{FheType, Handle, MemoryStore, Op};
use ciphervm_precompiles::{HostAddresses, interface::Acl};

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);
const NO_PATIENCE: Duration = Duration::from_millis(1);

/// A settler, and which blocks it told of.
struct Bench {
    settler: Settler,
    gate: Arc<Gate>,
    told: Arc<Mutex<Vec<u64>>>,
}

impl Bench {
    fn new() -> Self {
        let gate = Arc::new(Gate::default());
        let told = Arc::new(Mutex::new(Vec::new()));
        let evaluator = Arc::clone(&gate) as _;
        let settlement =
            Settlement::new(HostAddresses::LOCAL, evaluator, Arc::new(MemoryStore::new()));
        let listener = Arc::clone(&told);
        let on_settled = move |settled, _, _| listener.lock().unwrap().push(settled);
        let settler = Settler::start(settlement, 0, Box::new(on_settled)).unwrap();
        Self { settler, gate, told }
    }

    /// Hands in blocks, each of which records one operation.
    fn submit(&self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            let header = Header { number, ..Header::default() }.seal_slow();
            let receipts = vec![receipt(number)];
            self.settler.submit(Arc::new(Block { header, transactions: vec![], receipts }));
        }
    }

    /// Waits until so many blocks wait for others to be done.
    fn wait_for_waiting(&self, waiting: usize) {
        while self.settler.progress().waiting != waiting {
            std::thread::yield_now();
        }
    }

    /// Goes back, with nothing to write.
    fn rewind(&self, head: u64) {
        self.settler.rewind(head, || Ok::<(), ()>(())).unwrap();
    }

    fn told(&self) -> Vec<u64> {
        self.told.lock().unwrap().clone()
    }

    /// The last settled block, the one that is evaluated, and how many wait.
    fn progress(&self) -> (u64, Option<u64>, usize) {
        let progress = self.settler.progress();
        (progress.settled, progress.running.map(|(block, _)| block), progress.waiting)
    }
}

/// That of a transaction that encrypts a number and grants it.
fn receipt(number: u64) -> ReceiptEnvelope {
    let hosts = HostAddresses::LOCAL;
    let handle = Handle::computed(keccak256(number.to_be_bytes()), 31_337, FheType::Uint64);
    let spec = Op::TrivialEncrypt.spec();
    let caller = Address::ZERO;
    let ty = U256::from(FheType::Uint64.id());
    let data = (U256::from(number), ty, handle.0).abi_encode_params();
    let encrypted =
        Log::new_unchecked(hosts.executor, vec![spec.topic(), caller.into_word()], data.into());
    let granted = Acl::Allowed { caller, account: caller, handle: handle.0 };
    let granted = Log { address: hosts.acl, data: granted.encode_log_data() };
    let logs = vec![encrypted, granted];
    let receipt = Receipt { status: true.into(), cumulative_gas_used: 0, logs };
    ReceiptEnvelope::Eip1559(receipt.with_bloom())
}

#[test]
fn blocks_are_settled_in_order() {
    let bench = Bench::new();
    bench.gate.close();
    bench.submit(1..=4);
    bench.gate.wait_for(1);
    bench.wait_for_waiting(0);
    assert_eq!(bench.progress(), (0, Some(1), 0));
    bench.gate.open();
    bench.settler.wait(PATIENCE).unwrap();
    assert_eq!(bench.progress(), (4, None, 0));
    assert_eq!(bench.told(), [1, 2, 3, 4]);
}

#[test]
fn an_evaluation_whose_block_is_gone_counts_for_nothing() {
    let bench = Bench::new();
    bench.submit([1]);
    bench.settler.wait(PATIENCE).unwrap();
    bench.gate.close();
    bench.submit(2..=4);
    bench.gate.wait_for(2);

    bench.rewind(1);
    assert_eq!(bench.progress(), (1, None, 0));
    bench.submit([2]);
    bench.gate.open();
    bench.settler.wait(PATIENCE).unwrap();
    assert_eq!(bench.progress(), (2, None, 0));
    // The old second block is not told of, the new one is.
    assert_eq!(bench.told(), [1, 2]);
}

#[test]
fn an_evaluation_whose_block_stays_goes_on() {
    let bench = Bench::new();
    bench.gate.close();
    bench.submit(1..=3);
    bench.gate.wait_for(1);
    bench.rewind(1);
    assert_eq!(bench.progress(), (0, Some(1), 0));
    bench.gate.open();
    bench.settler.wait(PATIENCE).unwrap();
    assert_eq!(bench.told(), [1]);
}

#[test]
fn whoever_waits_for_blocks_that_are_gone_waits_no_longer() {
    let bench = Bench::new();
    bench.gate.close();
    bench.submit(1..=3);
    bench.gate.wait_for(1);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| bench.settler.wait(PATIENCE));
        bench.rewind(0);
        waiting.join().unwrap().unwrap();
    });
    bench.gate.open();
}

#[test]
fn nothing_is_forgotten_if_that_cannot_be_written() {
    let bench = Bench::new();
    bench.gate.close();
    bench.submit(1..=3);
    bench.gate.wait_for(1);
    assert_eq!(bench.settler.rewind(0, || Err("the disk is full")), Err("the disk is full"));
    bench.wait_for_waiting(0);
    assert_eq!(bench.progress(), (0, Some(1), 0));
    bench.gate.open();
    bench.settler.wait(PATIENCE).unwrap();
    assert_eq!(bench.told(), [1, 2, 3]);
}

#[test]
fn too_little_patience_tells_how_far_evaluation_is() {
    let bench = Bench::new();
    bench.submit([1]);
    bench.settler.wait(PATIENCE).unwrap();
    bench.gate.close();
    bench.submit(2..=4);
    bench.gate.wait_for(2);
    let error = bench.settler.wait(NO_PATIENCE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "evaluation is at block 1 of 4, with 3 blocks waiting, after 0 seconds: ask again later, \
         or wait with cipher_settle"
    );
    bench.gate.open();
    bench.settler.wait(PATIENCE).unwrap();
}

#[test]
fn blocks_that_wait_have_a_limit() {
    let bench = Bench::new();
    bench.gate.close();
    bench.submit(1..=64);
    bench.wait_for_waiting(0);
    bench.submit(65..=319);
    bench.settler.wait_for_room(NO_PATIENCE).unwrap();
    bench.submit([320]);
    let error = bench.settler.wait_for_room(NO_PATIENCE).unwrap_err();
    assert!(matches!(error, SettlerError::Timeout { waiting: 320, target: 320, .. }), "{error}");
    bench.gate.open();
    bench.settler.wait_for_room(PATIENCE).unwrap();
}

#[test]
fn a_failure_is_told_and_the_rest_is_settled() {
    for (failure, reason) in
        [(Gate::fail as fn(&Gate), "the gate fails"), (Gate::panic, "a circuit has a bug")]
    {
        let bench = Bench::new();
        bench.submit([1]);
        bench.settler.wait(PATIENCE).unwrap();
        failure(&bench.gate);
        bench.submit([2]);
        let error = bench.settler.wait(PATIENCE).unwrap_err().to_string();
        assert!(error.starts_with("the ciphertexts of block 2 could not be computed: "), "{error}");
        assert!(error.contains(reason), "{error}");

        bench.gate.open();
        bench.submit([3]);
        bench.settler.wait(PATIENCE).unwrap_err();
        let progress = bench.settler.progress();
        assert!(progress.is_settled(3) && !progress.is_settled(2));
        // A later start begins with the block that failed.
        assert_eq!(bench.told(), [1]);
        // There is room for blocks, whatever became of this one.
        bench.settler.wait_for_room(NO_PATIENCE).unwrap();

        bench.rewind(1);
        bench.submit([2]);
        bench.settler.wait(PATIENCE).unwrap();
        assert_eq!(bench.told(), [1, 2]);
    }
}

#[test]
fn one_block_is_waited_for_whatever_becomes_of_others() {
    let bench = Bench::new();
    bench.gate.fail();
    bench.submit([1]);
    bench.settler.catch_up(PATIENCE).unwrap();
    bench.gate.open();
    bench.submit([2]);
    bench.settler.wait_for(2, PATIENCE).unwrap();
    // The block that failed says so to whoever wants it, or all of them.
    let failed = |error: SettlerError| matches!(error, SettlerError::Failed { block: 1, .. });
    assert!(failed(bench.settler.wait_for(1, PATIENCE).unwrap_err()));
    assert!(failed(bench.settler.wait(PATIENCE).unwrap_err()));
    bench.settler.catch_up(PATIENCE).unwrap();

    // A block that is not done is waited for, but only by those who want it or a later one.
    bench.gate.close();
    bench.submit(3..=4);
    bench.settler.wait_for(2, NO_PATIENCE).unwrap();
    let error = bench.settler.wait_for(3, NO_PATIENCE).unwrap_err();
    assert!(matches!(error, SettlerError::Timeout { settled: 2, target: 3, .. }), "{error}");
    bench.settler.catch_up(NO_PATIENCE).unwrap_err();
    bench.gate.open();
    bench.settler.wait_for(4, PATIENCE).unwrap();
    // Nobody waits for a block that is not there.
    bench.settler.wait_for(5, NO_PATIENCE).unwrap();
}

#[test]
fn the_end_waits_for_the_running_step_only() {
    let bench = Bench::new();
    bench.gate.close();
    bench.submit(1..=3);
    bench.gate.wait_for(1);
    assert!(!bench.settler.stop(NO_PATIENCE));
    bench.gate.open();
    assert!(bench.settler.stop(PATIENCE));
    let Bench { settler, gate, told } = bench;
    drop(settler);
    assert_eq!((told.lock().unwrap().clone(), gate.begun()), (vec![1], 1));
}
