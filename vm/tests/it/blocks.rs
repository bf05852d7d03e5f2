//! From executed blocks to ciphertexts: what is computed, when, and how often.

use std::sync::Arc;

use alloy_evm::{Evm, EvmEnv, EvmFactory};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, SolValue};
use ciphervm::{
    Call, CipherEvmFactory, Settlement,
    error::{ExecutionError, SettlementError},
    fhe::{CiphertextStore, EvaluationError, FheType, GraphError, MemoryStore, Op},
    insert_host_accounts,
    precompiles::{GenesisParams, HostConfig, genesis, interface::Acl},
};
use revm::{
    bytecode::{Bytecode, opcode},
    context::TxEnv,
    database::{InMemoryDB, State},
    state::AccountInfo,
};

use crate::{
    assembly::{Code, Inner},
    lab::*,
};

#[test]
fn equal_operations_in_a_transaction_are_one_handle_and_computed_once() {
    let (mut lab, probe) = Lab::with_probe();
    let (receipt, settled) = lab.send(ALICE, probe, &Probe::addTwiceCall { a: 30, b: 12 });
    let sums = returned::<Probe::addTwiceCall>(&receipt);
    assert_eq!(sums._0, sums._1);
    assert_eq!((settled.recorded, settled.operations), (4, 3));
    assert_eq!(lab.clear(sums._0), Some(U256::from(42)));

    let other = lab.done(ALICE, probe, &Probe::addTwiceCall { a: 30, b: 12 });
    assert_ne!(other._0, sums._0, "another block gives another handle");
    assert_eq!(lab.clear(other._0), Some(U256::from(42)));
}

#[test]
fn equal_operations_in_a_block_are_one_handle_and_computed_once() {
    let (mut lab, probe) = Lab::with_probe();
    let store = |value| Call::new(ALICE, probe, Probe::storeCall { value }.abi_encode());
    let (block, settled) = lab.execute(&[store(1), store(1), store(2)]);
    let handles: Vec<B256> = block.receipts.iter().map(returned::<Probe::storeCall>).collect();
    assert_eq!(handles[0], handles[1]);
    assert_ne!(handles[0], handles[2]);
    assert_eq!((settled.recorded, settled.operations), (3, 2));
    assert_eq!(lab.size().records, 2);

    let (block, settled) = lab.execute(&[store(1)]);
    assert_ne!(returned::<Probe::storeCall>(&block.receipts[0]), handles[0]);
    assert_eq!(settled.operations, 1);
}

#[test]
fn dead_work_is_charged_and_not_computed() {
    let (mut lab, probe) = Lab::with_probe();
    let (receipt, settled) = lab.send(ALICE, probe, &Probe::deadWorkCall { a: 41 });
    let live = returned::<Probe::deadWorkCall>(&receipt);
    // Of trivial encryption, product, quotient and sum, the first and the last.
    assert_eq!((settled.recorded, settled.operations), (4, 2));
    assert_eq!(lab.clear(live), Some(U256::from(42)));
    assert_eq!(lab.size().records, 1);
    let price = |op: Op, scalar| op.spec().hcu.price(FheType::Uint64, scalar, 0).expect("priced");
    let charged = price(Op::TrivialEncrypt, false)
        + price(Op::Mul, false)
        + price(Op::Div, true)
        + price(Op::Add, true);
    assert_eq!(settled.hcu, charged);
}

#[test]
fn a_call_evaluates_and_changes_nothing() {
    let (mut lab, probe) = Lab::with_probe();
    let call = Call::new(ALICE, probe, Probe::storeCall { value: 3 }.abi_encode());
    let (size, number) = (lab.size(), lab.chain.number());
    let receipt = lab.chain.call(&call).expect("a valid call");
    let handle = returned::<Probe::storeCall>(&receipt);
    // Asking again for the gas that it takes finds the same state.
    assert_eq!(lab.chain.call(&call).expect("a valid call"), receipt);
    assert_eq!((lab.size(), lab.chain.number()), (size, number));
    assert!(!lab.persists(handle, probe));
    assert_eq!(lab.view(probe, &Probe::storedCall {}), B256::ZERO);

    let (block, settled) = lab.execute(&[call]);
    // The call ran as if in the block to come.
    assert_eq!(block.receipts, [receipt]);
    assert_eq!(settled.operations, 1);
    assert_eq!((lab.size().records, lab.chain.number()), (size.records + 1, number + 1));
    assert!(lab.persists(handle, probe));
    assert_eq!(lab.view(probe, &Probe::storedCall {}), handle);
    assert_eq!(lab.clear(handle), Some(U256::from(3)));
}

#[test]
fn settling_a_block_again_computes_nothing() {
    let (mut lab, probe) = Lab::with_probe();
    let data = Probe::addTwiceCall { a: 1, b: 2 }.abi_encode();
    let (block, first) = lab.execute(&[Call::new(ALICE, probe, data)]);
    assert_eq!((first.operations, first.stored.len()), (3, 1));
    let size = lab.size();
    let again = lab.settlement.settle(block.logs()).expect("settles");
    assert_eq!((again.recorded, again.hcu), (first.recorded, first.hcu));
    assert_eq!((again.operations, again.stored.len()), (0, 0));
    assert_eq!(lab.size(), size);
}

#[test]
fn blocks_settle_from_their_logs_alone_and_in_order() {
    let (mut lab, probe) = Lab::with_probe();
    let input = lab.encrypt(probe, ALICE, &[20, 1]);
    let (a, b) = (input.handles[0].0, input.handles[1].0);
    let add = Probe::addInputsCall { a, b, proof: input.proof }.abi_encode();
    let first = lab.execute(&[Call::new(ALICE, probe, add)]).0;
    let handle = lab.view(probe, &Probe::sumCall {});
    let grant = Acl::allowCall { handle, account: BOB }.abi_encode();
    let second = lab.execute(&[Call::new(ALICE, HOST.acl, grant)]).0;
    assert!(second.receipts[0].is_success());

    let inputs = lab.settlement.store();
    let store: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());
    let late = Settlement::new(HOST, evaluator(), Arc::clone(&store));
    let missing = late.settle(first.logs());
    let Err(SettlementError::Failed { cause, .. }) = missing else { panic!("{missing:?}") };
    assert!(matches!(*cause, EvaluationError::Graph(GraphError::Unknown(_))), "{cause}");
    assert_eq!(store.size().expect("a sound store").records, 0);
    for handle in input.handles {
        let record = inputs.get(&handle).expect("a sound store").expect("an input");
        store.insert(vec![(handle, (*record).clone())]).expect("a new record");
    }
    // Granting a handle of an earlier block needs that block's settlement.
    assert!(late.settle(second.logs()).is_err());
    assert_eq!(late.settle(first.logs()).expect("settles").operations, 1);
    assert_eq!(late.settle(second.logs()).expect("settles").operations, 0);
    let mine = store.get(&handle.into()).expect("a sound store").expect("settled");
    let theirs = inputs.get(&handle.into()).expect("a sound store").expect("settled");
    assert_eq!(mine.digest, theirs.digest);
}

#[test]
fn an_invalid_transaction_seals_no_block() {
    let (mut lab, probe) = Lab::with_probe();
    let store = Call::new(ALICE, probe, Probe::storeCall { value: 4 }.abi_encode());
    let number = lab.chain.number();
    // Two megabytes cost more gas than a block has.
    let huge = Call::new(BOB, probe, vec![1; 2 << 20]);
    let refused = lab.chain.execute(&[store.clone(), huge]);
    assert!(matches!(refused, Err(ExecutionError::Invalid(_))), "{refused:?}");
    assert_eq!(lab.chain.number(), number);
    assert_eq!(lab.view(probe, &Probe::storedCall {}), B256::ZERO);

    let (block, _) = lab.execute(&[store]);
    assert_eq!(block.number, number + 1);
    assert_ne!(lab.view(probe, &Probe::storedCall {}), B256::ZERO);
}

/// A contract that encrypts a value and grants it to [`ALICE`]. Unlike Solidity's code it does not
/// look for code at the access control list. Returns the handle, and whether both calls succeeded.
fn granter() -> Bytes {
    const ENCRYPT: usize = 0;
    const HANDLE: usize = 128;
    const GRANT: usize = 160;
    let encrypt = operation(Op::TrivialEncrypt, &[U256::from(7), U256::from(FheType::Uint64.id())]);
    let grant = Acl::allowCall { handle: B256::ZERO, account: ALICE }.abi_encode();
    let call =
        |to, input, output| Inner { kind: opcode::CALL, to, value: 0, gas: None, input, output };
    Code::default()
        .store(ENCRYPT, &encrypt)
        .call(&call(HOST.executor, (ENCRYPT, encrypt.len()), (HANDLE, 32)))
        .store(GRANT, &grant)
        .push(U256::from(HANDLE))
        .op(opcode::MLOAD)
        .store_top(GRANT + 4)
        .call(&call(HOST.acl, (GRANT, grant.len()), (0, 0)))
        .op(opcode::AND)
        .store_top(GRANT)
        .finish(HANDLE, 64)
}

/// Grants in one transaction on these host accounts. Whether the grant is there in the next.
fn grant_outlives_its_transaction(mut accounts: InMemoryDB) -> bool {
    const GRANTER: Address = Address::repeat_byte(0x96);
    let code = AccountInfo::from_bytecode(Bytecode::new_raw(granter()));
    accounts.insert_account_info(GRANTER, code);
    // Unlike the in-memory database, this one deletes empty accounts that were touched.
    let state = State::builder().with_database(accounts).build();
    let mut env: EvmEnv = EvmEnv::default();
    env.cfg_env.chain_id = 31337;
    env.cfg_env.disable_nonce_check = true;
    env.block_env.number = U256::ONE;
    let mut evm = CipherEvmFactory::new(HostConfig::default()).create_evm(state, env);
    let mut send = |to, data: Bytes| {
        let kind = TxKind::Call(to);
        let tx = TxEnv {
            caller: BOB,
            kind,
            data,
            chain_id: Some(31337),
            gas_limit: 1_000_000,
            gas_price: 0,
            ..TxEnv::default()
        };
        let result = evm.transact_commit(tx).expect("a valid transaction");
        assert!(result.is_success(), "{result:?}");
        result.into_output().expect("return data")
    };
    let (handle, granted) =
        <(B256, bool)>::abi_decode_params_validate(&send(GRANTER, Bytes::new()))
            .expect("two words");
    assert!(granted);
    let query = Acl::persistAllowedCall { handle, account: ALICE }.abi_encode();
    bool::abi_decode_validate(&send(HOST.acl, query.into())).expect("a flag")
}

#[test]
fn host_contracts_keep_their_storage_because_their_accounts_are_not_empty() {
    let (host, params) = (HostConfig::default(), GenesisParams::default());
    let mut accounts = InMemoryDB::default();
    let Ok(()) = insert_host_accounts(&mut accounts, &host, &params);
    assert!(grant_outlives_its_transaction(accounts));

    // The same storage under accounts that are empty in the sense of EIP-161.
    let mut empty = InMemoryDB::default();
    for account in genesis(&host, &params) {
        empty.insert_account_info(account.address, AccountInfo::default());
        let storage = account.storage.into_iter().collect();
        let Ok(()) = empty.replace_account_storage(account.address, storage);
    }
    assert!(!grant_outlives_its_transaction(empty));
}
