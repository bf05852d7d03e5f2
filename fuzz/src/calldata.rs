//! Calls of the host contracts: a byte for the contract, one for the caller, and calldata.
//!
//! They end in success, revert or halt, never in an error that aborts the machine, twice in the
//! same; and what a revert says can be explained.

use std::cell::OnceCell;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolValue;
use ciphervm::{Call, Chain, InputService, LOCAL_COPROCESSOR_KEY, Outcome};
use ciphervm_fhe::{FheType, GraphEvaluator, MemoryStore, Op, ReferenceEngine};
use ciphervm_node::explain::{Context, explain};
use ciphervm_precompiles::{GenesisParams, HostAddresses, HostConfig, HostContract, coverage};

use crate::{Seed, Target, Verdict, bytes::Bytes};

/// Calls of the host contracts.
pub const TARGET: Target = Target { name: "calldata", run, seeds, words, runs: 30_000 };

/// A contract that a user owns, as far as the host contracts can tell.
const USER: Address = Address::repeat_byte(1);

thread_local! {
    static CHAIN: OnceCell<Chain> = const { OnceCell::new() };
}

/// One call.
///
/// # Panics
/// If the machine fails, or the same call ends differently.
pub fn run(data: &[u8]) -> Verdict {
    let mut data = Bytes(data);
    let to = address(data.pick(&HostContract::ALL));
    let from = data.pick(&[USER, GenesisParams::default().owner]);
    let call = Call::new(from, to, data.0.to_vec());
    let receipt = CHAIN.with(|chain| {
        let chain =
            chain.get_or_init(|| Chain::new(HostConfig::default(), &GenesisParams::default()));
        let receipt = chain.call(&call).expect("calldata cannot break the machine");
        assert_eq!(chain.call(&call).as_ref().ok(), Some(&receipt), "a call ends in two ways");
        receipt
    });
    if let Outcome::Revert(reason) = &receipt.outcome {
        assert!(receipt.logs.is_empty(), "a call that reverts has logs");
        let _ = explain(reason, &Context { chain_id: 31337, ..Context::default() });
    }
    Verdict::of(receipt.is_success())
}

const fn address(contract: HostContract) -> Address {
    let hosts = HostAddresses::LOCAL;
    match contract {
        HostContract::Acl => hosts.acl,
        HostContract::HcuLimit => hosts.hcu_limit,
        HostContract::InputVerifier => hosts.input_verifier,
        HostContract::KmsVerifier => hosts.kms_verifier,
        HostContract::ProtocolConfig => hosts.protocol_config,
        HostContract::PauserSet => hosts.pauser_set,
        _ => hosts.executor,
    }
}

fn input(contract: HostContract, owner: bool, selector: [u8; 4], arguments: &[u8]) -> Vec<u8> {
    let position = HostContract::ALL.iter().position(|other| *other == contract);
    let contract = position.expect("it is one of them") as u8;
    [&[contract, u8::from(owner)], &selector[..], arguments].concat()
}

/// Every function that takes zeros for an answer, an operation, and an input with its proof.
fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for function in coverage() {
        let bytes = input(function.contract, true, function.selector, &[0; 8 * 32]);
        let name = function.signature.split('(').next().unwrap_or_default();
        if run(&bytes) == Verdict::Accepted {
            seeds.push(Seed::valid(format!("{}-{name}", function.contract.name()), bytes));
        }
    }
    let operation = |op: Op, arguments: Vec<u8>| {
        input(HostContract::Executor, false, op.spec().selector, &arguments)
    };
    let encrypt = operation(Op::TrivialEncrypt, (U256::from(200), U256::from(2)).abi_encode());
    seeds.push(Seed::valid("FHEVMExecutor-trivialEncrypt-a-byte", encrypt));
    let bounded = operation(Op::RandBounded, (U256::from(16), U256::from(5)).abi_encode());
    seeds.push(Seed::valid("FHEVMExecutor-fheRandBounded-below-sixteen", bounded));
    let (handle, proof) = verified();
    let verify = (handle, USER, proof, U256::from(FheType::Uint64.id())).abi_encode_params();
    seeds.push(Seed::valid("FHEVMExecutor-verifyInput", operation(Op::VerifyInput, verify)));
    let unknown = operation(Op::Add, [[7; 32], [8; 32], [0; 32]].concat());
    seeds.push(Seed::refused("FHEVMExecutor-fheAdd-without-a-grant", unknown));
    seeds
}

/// A handle that the coprocessor signed for the user, with its proof.
fn verified() -> (B256, Vec<u8>) {
    let evaluator = GraphEvaluator::new(ReferenceEngine, 1).expect("one thread can be had");
    let service = InputService::new(
        HostConfig::default(),
        31337,
        std::sync::Arc::new(evaluator),
        std::sync::Arc::new(MemoryStore::new()),
        LOCAL_COPROCESSOR_KEY,
    );
    let values = [(FheType::Uint64, U256::from(1000))];
    let encrypted = service.and_then(|service| service.encrypt(USER, USER, &values));
    let encrypted = encrypted.expect("a list of one value is within all limits");
    (encrypted.handles[0].0, encrypted.proof.to_vec())
}

/// Selectors, types, and words that decide something.
fn words() -> Vec<Vec<u8>> {
    let word = |value: U256| value.to_be_bytes::<32>().to_vec();
    let numbers = [0_u64, 1, 2, 5, 31, 32, 64, 83, 84, 255, u64::MAX].map(U256::from).map(word);
    let large = [U256::MAX, U256::MAX << 1, U256::ONE << 255, U256::ONE << 48].map(word);
    let selectors = coverage().map(|function| function.selector.to_vec());
    selectors.chain(numbers).chain(large).chain([USER.to_vec()]).collect()
}
