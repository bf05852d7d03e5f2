//! One block with every operation, at 8 bits: equal to the reference evaluator in values, and equal
//! to itself in bits for every number of threads and in another process.

use std::{env, fs, path::Path, process::Command, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, Log, U256, hex, keccak256};
use alloy_sol_types::{SolCall, sol};
use ciphervm::{
    Call, Chain, EncryptedInput, InputService, LOCAL_COPROCESSOR_KEY, Outcome, Settlement,
};
use ciphervm_fhe::{
    CiphertextStore, DatabaseStore, Evaluator, FheType, GraphEvaluator, Handle, MemoryStore,
    ReferenceEngine, TfheEngine,
};
use ciphervm_kms::{Kms, ReferenceKms, test_keys};
use ciphervm_node::artifact::Artifact;
use ciphervm_precompiles::{GenesisParams, HostAddresses, HostConfig};

sol! {
    function run8(bytes32 a, bytes32 b, bytes32 c, bytes proof) external;
    function allResults() external view returns (bytes32[]);
}

const USER: Address = Address::repeat_byte(0xaa);
/// Results before the three random ones.
const DETERMINED: usize = 36;

fn deploy(chain: &mut Chain) -> Address {
    let text = include_str!("../../../solidity/artifacts/AllOperations.json");
    let code = Artifact::parse(text).unwrap().bytecode;
    let block = chain.execute(&[Call::deploy(USER, code)]).unwrap();
    block.receipts[0].contract.unwrap()
}

/// Encrypts 200, 77 and true for the contract.
fn encrypt(
    chain: &Chain,
    contract: Address,
    evaluator: Arc<dyn Evaluator>,
    store: Arc<dyn CiphertextStore>,
) -> EncryptedInput {
    let host = HostConfig::default();
    let key = LOCAL_COPROCESSOR_KEY;
    let service = InputService::new(host, chain.chain_id(), evaluator, store, key).unwrap();
    let byte = |value| (FheType::Uint8, U256::from(value));
    let values = [byte(200), byte(77), (FheType::Bool, U256::ONE)];
    service.encrypt(contract, USER, &values).unwrap()
}

/// Executes the block. Returns its logs and the handles of the results.
fn execute(
    chain: &mut Chain,
    contract: Address,
    input: &EncryptedInput,
) -> (Vec<Log>, Vec<Handle>) {
    let [a, b, c] = input.handles[..] else { panic!("three values were encrypted") };
    let call = run8Call { a: a.0, b: b.0, c: c.0, proof: input.proof.clone() };
    let block = chain.execute(&[Call::new(USER, contract, call.abi_encode())]).unwrap();
    assert!(block.receipts[0].is_success(), "{:?}", block.receipts[0].outcome);
    let query = Call::new(USER, contract, allResultsCall {}.abi_encode());
    let Outcome::Success(data) = chain.call(&query).unwrap().outcome else { panic!("no results") };
    let handles = allResultsCall::abi_decode_returns(&data).unwrap();
    (block.logs().flatten().cloned().collect(), handles.into_iter().map(Handle).collect())
}

fn settle(
    logs: &[Log],
    evaluator: Arc<dyn Evaluator>,
    store: Arc<dyn CiphertextStore>,
) -> Vec<(Handle, B256)> {
    let settlement = Settlement::new(HostAddresses::LOCAL, evaluator, store);
    settlement.settle([logs]).unwrap().stored
}

fn tfhe(threads: usize) -> Arc<dyn Evaluator> {
    Arc::new(GraphEvaluator::new(TfheEngine::new(test_keys().0), threads).unwrap())
}

fn values(handles: &[Handle], store: &dyn CiphertextStore, kms: &dyn Kms) -> Vec<U256> {
    let record = |handle| store.get(handle).unwrap().expect("every result is granted");
    handles.iter().map(|handle| kms.decrypt(&record(handle)).unwrap()).collect()
}

/// What the same contract gives on plaintexts.
fn reference_values() -> Vec<U256> {
    let mut chain = Chain::new(HostConfig::default(), &GenesisParams::default());
    let contract = deploy(&mut chain);
    let store: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());
    let evaluator: Arc<dyn Evaluator> = Arc::new(GraphEvaluator::new(ReferenceEngine, 1).unwrap());
    let input = encrypt(&chain, contract, Arc::clone(&evaluator), Arc::clone(&store));
    let (logs, handles) = execute(&mut chain, contract, &input);
    settle(&logs, evaluator, Arc::clone(&store));
    values(&handles, &*store, &ReferenceKms)
}

fn fingerprint(stored: &[(Handle, B256)]) -> String {
    keccak256(format!("{stored:?}")).to_string()
}

/// Set in the second process to a directory with the inputs, which takes its answer.
const SECOND: &str = "CIPHERVM_SECOND_PROCESS";
const NAME: &str = "block::a_block_gives_the_reference_values_and_the_same_bits_everywhere";

/// Executes and settles the same block from inputs that the first process left in `directory`.
fn second_process(directory: &Path) {
    let proof = hex::decode(fs::read_to_string(directory.join("proof")).unwrap()).unwrap();
    let handles = ciphervm_precompiles::InputProof::decode(&proof).unwrap().handles;
    let mut chain = Chain::new(HostConfig::default(), &GenesisParams::default());
    let contract = deploy(&mut chain);
    let input = EncryptedInput { handles, proof: Bytes::from(proof) };
    let (logs, _) = execute(&mut chain, contract, &input);
    let store = Arc::new(DatabaseStore::open(&directory.join("store.redb")).unwrap());
    let answer = fingerprint(&settle(&logs, tfhe(2), store));
    fs::write(directory.join("answer"), answer).unwrap();
}

#[test]
fn a_block_gives_the_reference_values_and_the_same_bits_everywhere() {
    if let Some(directory) = env::var_os(SECOND) {
        return second_process(Path::new(&directory));
    }
    let mut chain = Chain::new(HostConfig::default(), &GenesisParams::default());
    let contract = deploy(&mut chain);
    let inputs: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());
    let input = encrypt(&chain, contract, tfhe(1), Arc::clone(&inputs));
    let (logs, handles) = execute(&mut chain, contract, &input);
    let fill = |store: &dyn CiphertextStore| {
        let record = |h: &Handle| (*h, (*inputs.get(h).unwrap().unwrap()).clone());
        store.insert(input.handles.iter().map(record).collect()).unwrap();
    };

    let store: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());
    fill(&*store);
    let stored = settle(&logs, tfhe(1), Arc::clone(&store));
    for threads in [2, 8] {
        let store: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());
        fill(&*store);
        assert_eq!(settle(&logs, tfhe(threads), store), stored, "{threads} threads");
    }

    let found = values(&handles, &*store, &*test_keys().1);
    assert_eq!(found[..DETERMINED], reference_values()[..DETERMINED]);
    let [byte, below_16, bit] = found[DETERMINED..] else { panic!("three are random") };
    assert!(byte < U256::from(256) && below_16 < U256::from(16) && bit < U256::from(2));

    let directory = tempfile::tempdir().unwrap();
    fill(&DatabaseStore::open(&directory.path().join("store.redb")).unwrap());
    fs::write(directory.path().join("proof"), hex::encode(&input.proof)).unwrap();
    let status = Command::new(env::current_exe().unwrap())
        .args([NAME, "--exact"])
        .env(SECOND, directory.path())
        .status()
        .unwrap();
    assert!(status.success());
    let answer = fs::read_to_string(directory.path().join("answer")).unwrap();
    assert_eq!(answer, fingerprint(&stored));
}
