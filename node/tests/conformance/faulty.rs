//! Chains that answer wrongly: what is found out about them is told, and the run goes on.

use std::sync::Arc;

use alloy_primitives::{B256, U256};
use axum::{Router, http::StatusCode, routing::post};
use ciphervm_fhe::{
    Bundle, BundleError, CiphertextError, Evaluator, Execution, FheType, GraphEvaluator, Kernel,
    Op, Record, ReferenceEngine, Rewrites, Source,
};
use ciphervm_kms::{LOCAL_KMS_KEY, LocalService, ReferenceKms, Signer};
use ciphervm_node::{
    decryption::{DevnetChain, contracts, domains},
    devnet::{CompareEvaluator, Devnet},
    relayer, rpc, server,
};
use serde_json::json;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    devnet, report,
    setup::{CHAIN, setup},
};

/// Says that every sum of 8 bits is 7.
#[derive(Debug)]
struct Faulty(GraphEvaluator<ReferenceEngine>);

impl Evaluator for Faulty {
    fn class(&self) -> B256 {
        self.0.class()
    }

    fn rewrites(&self) -> Rewrites {
        self.0.rewrites()
    }

    fn threads(&self) -> usize {
        self.0.threads()
    }

    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        self.0.spawn(job);
    }

    fn execute(&self, bundle: &Bundle, inputs: &[Arc<Record>]) -> Result<Execution, BundleError> {
        let mut execution = self.0.execute(bundle, inputs)?;
        for (output, record) in bundle.outputs.iter().zip(&mut execution.outputs) {
            let Source::Result { step, .. } = *output else { continue };
            if let Kernel::Op { op: Op::Add, operand: FheType::Uint8, .. } =
                bundle.steps[step].kernel
            {
                let list = self.0.encrypt_inputs(&[(FheType::Uint8, U256::from(7))]).unwrap();
                *record = self.0.expand_inputs(&list).unwrap().remove(0);
            }
        }
        Ok(execution)
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.0.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        self.0.expand_inputs(list)
    }
}

/// A devnet in this process that compares what `evaluator` computes, and its address.
fn compared(evaluator: Arc<dyn Evaluator>) -> (Runtime, server::Server) {
    let compared = CompareEvaluator::new(evaluator, Arc::new(ReferenceKms));
    let devnet = Devnet::start(setup(4, Arc::new(compared), Arc::new(ReferenceKms)));
    let devnet = Arc::new(devnet.unwrap());
    let service = LocalService::new(
        Arc::clone(devnet.kms()),
        Signer::new(LOCAL_KMS_KEY).unwrap(),
        Arc::new(DevnetChain(Arc::clone(&devnet))),
        contracts(devnet.host()),
        domains(devnet.host(), CHAIN),
    );
    let limits = relayer::Limits::default();
    let http = relayer::router(Arc::clone(&devnet), Arc::new(service), None, limits);
    let module = rpc::module(devnet).unwrap();
    let runtime = Runtime::new().unwrap();
    let address = ([127, 0, 0, 1], 0).into();
    let limits = server::Limits::default();
    let server = runtime.block_on(server::start(address, module, http, None, limits)).unwrap();
    (runtime, server)
}

/// A relayer without keys that answers every public decryption like this, and its address.
fn relayer_that_says(answer: String) -> (Runtime, String) {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // A request that is not read to its end ends the connection.
    let routes = Router::new()
        .route("/v2/public-decrypt", post(move |_: String| async move { answer }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "{}") });
    runtime.spawn(async { axum::serve(listener, routes).await });
    (runtime, url)
}

#[test]
fn a_wrong_result_is_told_with_the_first_difference_and_its_graph() {
    let (_runtime, server) =
        compared(Arc::new(Faulty(GraphEvaluator::new(ReferenceEngine, 1).unwrap())));
    let url = format!("http://{}", server.local_address());
    let sums = ["--filter", "fheAdd/euint8,euint8/", "--sample", "6"];
    let (sums, text, success) = report(&[&["--rpc", &url][..], &sums].concat());
    assert!(!success && text.contains("vectors failed"), "{text}");
    assert!(sums["counts"]["failed"].as_u64() >= Some(5), "{sums}");
    let reason = sums["failed"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("is wrong: it gives 7, and should give"), "{reason}");
    let graph: Vec<&str> = reason.lines().filter(|line| line.contains(" ← ")).collect();
    assert!(graph.len() == 1 && graph[0].contains("← fheAdd(euint8 0x"), "{reason}");
    // What the fault does not concern holds beside it, in the same transaction.
    let both = ["--filter", "fheAdd/euint8,euint8/0", "--filter", "fheMin/euint8,euint8/"];
    let (both, text, _) = report(&[&["--rpc", &url][..], &both].concat());
    assert_eq!(both["rows"]["fheMin"]["euint8"]["failed"], 0, "{text}");
    assert!(both["rows"]["fheAdd"]["euint8"]["failed"].as_u64() > Some(0), "{text}");
}

#[test]
fn an_answer_that_is_none_fails_its_vectors_and_no_others() {
    let devnet = devnet::Devnet::start(&["--evaluator", "reference"]);
    let chosen = ["--filter", "fheNot/"];
    for words in ["", "0x00", "0xzz"] {
        let answer = json!({ "status": "succeeded", "result": { "decryptedValue": words } });
        let (_runtime, relayer) = relayer_that_says(answer.to_string());
        let to = ["--rpc", &devnet.url(), "--relayer", &relayer];
        let (report, text, success) = report(&[&to[..], &chosen].concat());
        assert!(!success && report["brokenOff"].is_null(), "{text}");
        let failed = report["failed"].as_array().unwrap();
        assert!(failed.len() > 10, "{text}");
        assert!(failed.iter().all(|one| one["reason"].as_str().unwrap().contains("a decryption")));
        // Reverts need no decryption.
        assert!(report["counts"]["passed"].as_u64() > Some(0), "{text}");
    }
}

#[test]
fn a_run_that_is_broken_off_is_reported_as_far_as_it_came() {
    let devnet = devnet::Devnet::start(&["--evaluator", "reference"]);
    let (_runtime, relayer) = relayer_that_says("no JSON".to_owned());
    let to = ["--rpc", &devnet.url(), "--relayer", &relayer];
    let (report, text, success) = report(&[&to[..], &["--filter", "fheNot/euint8"]].concat());
    assert!(!success && text.contains("the run was broken off: "), "{text}");
    assert!(report["brokenOff"].as_str().unwrap().contains("does not answer"), "{report}");
}
