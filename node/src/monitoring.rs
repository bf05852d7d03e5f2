//! Numbers for monitoring, in the text format of Prometheus.

use std::sync::Arc;

use axum::{Router, routing::get};
use ciphervm::Settled;
use ciphervm_fhe::Occupancy;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

use crate::devnet::{Devnet, Progress};

const SETTLED: &str = "ciphervm_blocks_settled_total";
const FAILED: &str = "ciphervm_blocks_failed_total";
const OPERATIONS: &str = "ciphervm_operations_total";
const BOOTSTRAPS: &str = "ciphervm_bootstraps_total";
const SECONDS: &str = "ciphervm_transaction_seconds";
const PER_TRANSACTION: &str = "ciphervm_transaction_bootstraps";
const HEAD: &str = "ciphervm_head_block";
const SETTLED_HEAD: &str = "ciphervm_settled_block";
const WAITING_BLOCKS: &str = "ciphervm_waiting_blocks";
const RUNNING: &str = "ciphervm_running_steps";
const WAITING: &str = "ciphervm_waiting_steps";
const TRANSACTIONS: &str = "ciphervm_running_transactions";
const BYTES: &str = "ciphervm_intermediate_bytes";

/// `GET /metrics`, for as long as the process lives. From here on counts are kept.
///
/// # Errors
/// If the process has another recorder of metrics already.
pub fn router(devnet: Arc<Devnet>) -> Result<Router, BuildError> {
    let seconds = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];
    let bootstraps = [10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0];
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), &seconds)?
        .set_buckets_for_metric(Matcher::Full(PER_TRANSACTION.to_owned()), &bootstraps)?
        .install_recorder()?;
    describe();
    let render = move || {
        let (devnet, recorder) = (Arc::clone(&devnet), recorder.clone());
        async move {
            observe(&devnet);
            recorder.run_upkeep();
            recorder.render()
        }
    };
    Ok(Router::new().route("/metrics", get(render)))
}

fn describe() {
    describe_counter!(SETTLED, "Blocks whose ciphertexts were computed");
    describe_counter!(FAILED, "Blocks of which some ciphertext could not be computed");
    describe_counter!(OPERATIONS, "Recorded operations whose results were needed");
    describe_counter!(BOOTSTRAPS, "Programmable bootstraps");
    describe_histogram!(SECONDS, "From when a transaction was taken up until it was durable");
    describe_histogram!(PER_TRANSACTION, "Programmable bootstraps of a transaction");
    describe_gauge!(HEAD, "The last block");
    describe_gauge!(SETTLED_HEAD, "The block up to which all are settled, or failed");
    describe_gauge!(WAITING_BLOCKS, "Blocks that wait for evaluation");
    describe_gauge!(RUNNING, "Steps that are computed now");
    describe_gauge!(WAITING, "Steps that wait for operands or for a thread");
    describe_gauge!(TRANSACTIONS, "Transactions that are evaluated now");
    describe_gauge!(BYTES, "Bytes of intermediate ciphertexts in memory");
}

/// Counts a settled block. Without a recorder this does nothing.
pub(crate) fn count(settled: &Settled) {
    counter!(if settled.failed.is_empty() { SETTLED } else { FAILED }).increment(1);
    counter!(OPERATIONS).increment(settled.operations as u64);
    counter!(BOOTSTRAPS).increment(settled.bootstraps);
    for accounts in settled.transactions.iter().filter(|accounts| accounts.live > 0) {
        histogram!(SECONDS).record(accounts.elapsed.as_secs_f64());
        histogram!(PER_TRANSACTION).record(accounts.bootstraps as f64);
    }
}

/// What is so now.
fn observe(devnet: &Devnet) {
    let Progress { settled, waiting, .. } = devnet.settler().progress();
    let Occupancy { running, waiting: steps, transactions, bytes, .. } =
        devnet.settler().settlement().scheduler().occupancy();
    let head = devnet.chain(|chain| chain.head().number());
    for (name, value) in [
        (HEAD, head as f64),
        (SETTLED_HEAD, settled as f64),
        (WAITING_BLOCKS, waiting as f64),
        (RUNNING, running as f64),
        (WAITING, steps as f64),
        (TRANSACTIONS, transactions as f64),
        (BYTES, bytes as f64),
    ] {
        gauge!(name).set(value);
    }
}
