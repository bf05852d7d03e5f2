//! A confidential transfer, from its Solidity source to its trace.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::{SolCall, SolConstructor, sol};
use ciphervm::{
    Block, Call, Chain, InputService, LOCAL_COPROCESSOR_KEY, Outcome, Settled, Settlement,
};
use ciphervm_fhe::{
    CiphertextStore, Evaluator, FheType, GraphEvaluator, Handle, Measured, MemoryStore,
    ReferenceEngine,
};
use ciphervm_kms::{Kms, ReferenceKms};
use ciphervm_node::{
    artifact::Artifact,
    explain::{self, explain},
    trace::{
        Executed, Grant, GrantKind, Known, Operand, Operation, Status, TransactionTrace, render,
    },
};
use ciphervm_precompiles::{GenesisParams, HostAddresses, HostConfig, Record};

sol! {
    interface Token {
        constructor(address owner, string name, string symbol, string uri);
        function mint(address to, bytes32 amount, bytes inputProof) external returns (bytes32);
        function confidentialTransfer(address to, bytes32 amount, bytes inputProof)
            external returns (bytes32);
        function confidentialTransfer(address to, bytes32 amount) external returns (bytes32);
    }
}

const HOST: HostAddresses = HostAddresses::LOCAL;
const OWNER: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);

struct Bench {
    chain: Chain,
    inputs: InputService,
    settlement: Settlement,
    store: Arc<MemoryStore>,
    token: Address,
}

impl Bench {
    /// A chain with the token.
    fn new() -> Self {
        let (host, store) = (HostConfig::default(), Arc::new(MemoryStore::new()));
        let chain = Chain::new(host, &GenesisParams::default());
        let evaluator: Arc<dyn Evaluator> =
            Arc::new(GraphEvaluator::new(ReferenceEngine, 1).unwrap());
        let inputs = InputService::new(
            host,
            chain.chain_id(),
            Arc::clone(&evaluator),
            Arc::clone(&store) as _,
            LOCAL_COPROCESSOR_KEY,
        )
        .unwrap();
        let settlement = Settlement::new(HOST, evaluator, Arc::clone(&store) as _);
        let mut bench = Self { chain, inputs, settlement, store, token: Address::ZERO };
        let constructor = Token::constructorCall {
            owner: OWNER,
            name: "Test".to_owned(),
            symbol: "TEST".to_owned(),
            uri: String::new(),
        };
        let code = Artifact::confidential_token().unwrap().bytecode;
        let code = [&code[..], &constructor.abi_encode()].concat();
        let (block, _) = bench.execute(Call::deploy(OWNER, code));
        bench.token = block.receipts[0].contract.unwrap();
        bench
    }

    fn execute(&mut self, call: Call) -> (Block, Settled) {
        let block = self.chain.execute(&[call]).unwrap();
        let settled = self.settlement.settle(block.logs()).unwrap();
        (block, settled)
    }

    /// A handle of `amount` that `user` encrypted for the token, and its proof.
    fn encrypt(&self, user: Address, amount: u64) -> (B256, Bytes) {
        let value = (FheType::Uint64, U256::from(amount));
        let input = self.inputs.encrypt(self.token, user, &[value]).unwrap();
        (input.handles[0].0, input.proof)
    }

    fn mint(&mut self, to: Address, amount: u64) {
        let (amount, proof) = self.encrypt(OWNER, amount);
        let call = Token::mintCall { to, amount, inputProof: proof };
        let (block, _) = self.execute(Call::new(OWNER, self.token, call.abi_encode()));
        assert!(block.receipts[0].is_success());
    }

    fn transfer(&mut self, from: Address, to: Address, amount: u64) -> (Block, Settled) {
        let (amount, proof) = self.encrypt(from, amount);
        let call = Token::confidentialTransfer_0Call { to, amount, inputProof: proof };
        self.execute(Call::new(from, self.token, call.abi_encode()))
    }

    fn trace(&self, block: &Block, settled: &Settled) -> TransactionTrace {
        let measured: BTreeMap<Handle, Measured> =
            settled.measured.iter().map(|measured| (measured.handle, *measured)).collect();
        let value = |handle: &Handle| {
            let record = self.store.get(handle).unwrap()?;
            Some(ReferenceKms.decrypt(&record).unwrap())
        };
        let receipt = &block.receipts[0];
        let transaction = Executed {
            hash: B256::repeat_byte(0xee),
            block_number: block.number,
            success: receipt.is_success(),
            gas_used: receipt.gas_used,
            logs: &receipt.logs,
            block: &Record::from_logs(&HOST, block.logs().flatten()).unwrap(),
            settled: true,
            accounts: settled.transactions.first().copied(),
        };
        let known = |handle: &Handle| Known {
            measured: measured.get(handle).copied(),
            value: value(handle),
        };
        TransactionTrace::new(&HOST, &transaction, known).unwrap()
    }
}

#[test]
fn a_transfer_is_traced_with_values_costs_and_grants() {
    let mut bench = Bench::new();
    bench.mint(ALICE, 1_000);
    bench.mint(BOB, 10);
    let (block, settled) = bench.transfer(ALICE, BOB, 250);
    let trace = bench.trace(&block, &settled);

    assert_eq!((trace.status, trace.block_number), (Status::Success, block.number));
    assert_eq!((trace.gas_used, trace.hcu), (block.receipts[0].gas_used, settled.hcu));
    // Compare, select what is sent, add it.
    assert_eq!(trace.hcu_depth, 152_000 + 55_000 + 162_000);
    let row = |op: &Operation| (op.name.clone(), op.ty.clone(), op.value.clone().unwrap(), op.hcu);
    let rows: Vec<_> = trace.operations.iter().map(row).collect();
    let expected = [
        ("fheGe", "ebool", "true", 152_000),
        ("fheSub", "euint64", "750", 162_000),
        ("fheIfThenElse", "euint64", "750", 55_000),
        ("trivialEncrypt", "euint64", "0", 32),
        ("fheIfThenElse", "euint64", "250", 55_000),
        ("fheAdd", "euint64", "260", 162_000),
    ];
    let expected = expected
        .map(|(name, ty, value, hcu)| (name.to_owned(), ty.to_owned(), value.to_owned(), hcu));
    assert_eq!(rows, expected);
    for (index, operation) in trace.operations.iter().enumerate() {
        assert_eq!((operation.index, operation.caller), (index, bench.token));
        assert!(operation.live && operation.settled);
        // The constant is folded, the difference is not needed, and what is sent is a part of how
        // the sender's balance is computed.
        let computed = ![1, 3, 4].contains(&index);
        assert_eq!(operation.ms.is_some(), computed, "{index}");
        // On plaintexts.
        assert_eq!(operation.bootstraps, computed.then_some(0));
    }
    let Operand::Encrypted { handle, value, .. } = &trace.operations[0].operands[1] else {
        panic!("{trace:?}")
    };
    assert_eq!((handle.input_index(), value.as_deref()), (Some(0), Some("250")));

    // The new balances, and what was sent.
    for (index, account) in [(2, ALICE), (5, BOB), (4, ALICE), (4, BOB)] {
        let handle = trace.operations[index].handle;
        let is_grant = |grant: &Grant| {
            (grant.handle, grant.account, grant.kind) == (handle, Some(account), GrantKind::Allow)
        };
        assert!(trace.grants.iter().any(is_grant), "#{index} to {account}");
    }

    let text = render(&trace);
    assert!(text.contains("operations 6 (6 live), PBS 0 (depth 39) in "), "{text}");
    assert!(text.contains("input 0 euint64"), "{text}");
    for operation in &trace.operations {
        let title = format!("#{} {} → ", operation.index, operation.name);
        assert_eq!(text.matches(&title).count(), 1, "{text}");
    }
}

#[test]
fn a_transfer_without_a_grant_leaves_no_operations_and_a_revert_that_is_explained() {
    let mut bench = Bench::new();
    bench.mint(ALICE, 1_000);
    // Somebody else's handle, without a proof.
    let (amount, _) = bench.encrypt(BOB, 5);
    let call = Token::confidentialTransfer_1Call { to: BOB, amount };
    let (block, settled) = bench.execute(Call::new(ALICE, bench.token, call.abi_encode()));
    let trace = bench.trace(&block, &settled);
    assert_eq!(trace.status, Status::Failure);
    assert!(trace.operations.is_empty() && trace.grants.is_empty());
    assert!(render(&trace).contains(": failure"));

    let Outcome::Revert(data) = &block.receipts[0].outcome else { panic!("{block:?}") };
    let context = explain::Context { chain_id: 31337, hcu: None, store: Some(&*bench.store) };
    let text = explain(data, &context).unwrap();
    let head =
        format!("ERC7984UnauthorizedUseOfEncryptedAmount(amount {amount:?}, user {ALICE}): ");
    assert!(text.starts_with(&head), "{text}");
    assert!(text.contains("value 0 of an encrypted input, neither verified"), "{text}");
}
