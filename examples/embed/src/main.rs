//! Runs an encrypted contract on a bare alloy-evm database: `cargo run --release -p embed`.

use std::sync::Arc;

use alloy_evm::{Evm, EvmEnv, EvmFactory};
use alloy_primitives::{Address, TxKind, U256};
use alloy_sol_types::{SolCall, sol};
use anyhow::{Context, Result};
use ciphervm::{
    CipherEvmFactory, InputService, LOCAL_COPROCESSOR_KEY, Settlement,
    fhe::{CiphertextStore, FheType, GraphEvaluator, Handle, MemoryStore, TfheEngine},
    insert_host_accounts,
    precompiles::{GenesisParams, HostConfig},
};
use ciphervm_kms::{Kms, test_keys};
use revm::{context::TxEnv, database::InMemoryDB};

sol!(function addInputs(bytes32 a, bytes32 b, bytes proof) external returns (bytes32););
const USER: Address = Address::repeat_byte(0xaa);
const CHAIN: u64 = 31337;

fn main() -> Result<()> {
    // What evaluates: keys that everybody knows, two threads, ciphertexts in memory.
    let (keyset, kms) = test_keys();
    let evaluator = Arc::new(GraphEvaluator::new(TfheEngine::new(keyset), 2)?);
    let store: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());

    // What executes: any database with the host contracts' accounts, and our EVM factory.
    let host = HostConfig::default();
    let mut state = InMemoryDB::default();
    insert_host_accounts(&mut state, &host, &GenesisParams::default())?;
    let mut env: EvmEnv = EvmEnv::default();
    (env.cfg_env.chain_id, env.block_env.number) = (CHAIN, U256::ONE);
    let mut evm = CipherEvmFactory::new(host).create_evm(state, env);
    let mut send = |nonce, kind, data| {
        let tx = TxEnv::builder().caller(USER).nonce(nonce).kind(kind).data(data).chain_id(None);
        evm.transact_commit(tx.build_fill())
    };
    let artifact = include_bytes!("../../../solidity/artifacts/Probe.json");
    let artifact: serde_json::Value = serde_json::from_slice(artifact)?;
    let code = artifact["bytecode"].as_str().context("no bytecode")?.parse()?;
    let contract = send(0, TxKind::Create, code)?.created_address().context("not deployed")?;

    // 40 + 2 on ciphertexts: encrypt, call, settle, decrypt.
    let (hosts, key) = (host.addresses, LOCAL_COPROCESSOR_KEY);
    let inputs = InputService::new(host, CHAIN, evaluator.clone(), store.clone(), key)?;
    let values = [40, 2].map(|n| (FheType::Uint64, U256::from(n)));
    let input = inputs.encrypt(contract, USER, &values)?;
    let (a, b) = (input.handles[0].0, input.handles[1].0);
    let data = addInputsCall { a, b, proof: input.proof }.abi_encode().into();
    let result = send(1, TxKind::Call(contract), data)?;
    Settlement::new(hosts, evaluator, store.clone()).settle([result.logs()])?;
    let sum = Handle(addInputsCall::abi_decode_returns(result.output().context("no result")?)?);
    let ciphertext = store.get(&sum)?.context("the sum was not computed")?;
    println!("{} bytes decrypt to {}", ciphertext.bytes.len(), kms.decrypt(&ciphertext)?);
    Ok(())
}
