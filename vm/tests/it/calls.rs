//! Calls that the host contracts refuse, and everything else, which runs as on Ethereum.

use std::{convert::Infallible, fmt::Debug};

use alloy_evm::{EthEvmFactory, Evm, EvmEnv, EvmFactory};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use ciphervm::{
    Call, CipherEvmFactory, Outcome,
    fhe::{FheType, Op},
    insert_host_accounts,
    precompiles::{
        AclErrors, GenesisParams, HostConfig,
        interface::{Acl, Executor},
    },
};
use revm::{
    bytecode::{Bytecode, opcode},
    context::{
        BlockEnv, TxEnv,
        result::{ExecutionResult, HaltReason, ResultAndState},
    },
    database::InMemoryDB,
    inspector::NoOpInspector,
    primitives::hardfork::SpecId,
    state::AccountInfo,
};

use crate::{
    assembly::{Code, Inner, creation, relay},
    lab::*,
};

const CONTRACT: Address = Address::repeat_byte(0xc0);

fn encrypt() -> Vec<u8> {
    operation(Op::TrivialEncrypt, &[U256::from(7), U256::from(FheType::Uint64.id())])
}

fn version() -> Vec<u8> {
    Executor::getVersionCall {}.abi_encode()
}

fn hosts() -> [Address; 7] {
    [
        HOST.acl,
        HOST.executor,
        HOST.kms_verifier,
        HOST.kms_verifier_alias.expect("configured"),
        HOST.input_verifier,
        HOST.hcu_limit,
        HOST.protocol_config,
    ]
}

/// Relays a call to a host contract: whether it succeeded, how many bytes came back, gas used.
fn relayed(lab: &mut Lab, kind: u8, to: Address, data: &[u8]) -> (bool, u64, u64) {
    let contract = lab.deploy(creation(&relay(kind, to, 0, data)));
    let (block, _) = lab.execute(&[Call::new(ALICE, contract, Bytes::new())]);
    let receipt = &block.receipts[0];
    let Outcome::Success(data) = &receipt.outcome else { panic!("{receipt:?}") };
    let (flag, length) = <(bool, u64)>::abi_decode_params_validate(data).expect("two words");
    (flag, length, receipt.gas_used)
}

#[test]
fn a_static_call_reads_and_halts_when_it_would_write() {
    let mut lab = Lab::new();
    let (called, length, gas) = relayed(&mut lab, opcode::CALL, HOST.executor, &encrypt());
    assert_eq!((called, length), (true, 32));
    assert!(gas < 200_000, "{gas}");

    let (called, length, gas) = relayed(&mut lab, opcode::STATICCALL, HOST.executor, &encrypt());
    assert_eq!((called, length), (false, 0));
    // A halt takes all gas that it was given, which is all but a 64th.
    assert!(gas > 29_000_000, "{gas}");

    let (called, length, gas) = relayed(&mut lab, opcode::STATICCALL, HOST.executor, &version());
    assert!(called && length > 0 && gas < 200_000);
}

#[test]
fn foreign_code_does_not_run_with_host_rights() {
    let mut lab = Lab::new();
    for host in hosts() {
        for kind in [opcode::DELEGATECALL, opcode::CALLCODE] {
            let (called, length, gas) = relayed(&mut lab, kind, host, &version());
            assert_eq!((called, length), (false, 0), "{host}");
            assert!(gas < 200_000, "{host}: a revert leaves the gas");
        }
        let (called, length, _) = relayed(&mut lab, opcode::CALL, host, &version());
        assert!(called && length > 0, "{host}");
    }
}

#[test]
fn a_delegated_operation_makes_no_handle_for_anybody() {
    let mut lab = Lab::new();
    let records = |lab: &mut Lab, kind| {
        let code = relay(kind, HOST.executor, 0, &encrypt());
        let contract = lab.deploy(creation(&code));
        lab.execute(&[Call::new(ALICE, contract, Bytes::new())]).1.recorded
    };
    assert_eq!(records(&mut lab, opcode::DELEGATECALL), 0);
    assert_eq!(records(&mut lab, opcode::CALL), 1);
}

#[test]
fn malformed_calldata_reverts_without_data() {
    let mut lab = Lab::new();
    let encrypt = encrypt();
    let mut type_84 = encrypt.clone();
    type_84[67] = 84;
    let dirty_account = {
        let mut data = Acl::isAllowedCall { handle: B256::ZERO, account: ALICE }.abi_encode();
        data[36] = 1;
        data
    };
    for (what, to, data) in [
        ("nothing", HOST.executor, vec![]),
        ("half a selector", HOST.executor, encrypt[..2].to_vec()),
        ("an unknown selector", HOST.executor, vec![0xde, 0xad, 0xbe, 0xef]),
        ("a missing argument", HOST.executor, encrypt[..36].to_vec()),
        ("an argument cut short", HOST.executor, encrypt[..67].to_vec()),
        ("a type that is no member of the enum", HOST.executor, type_84),
        ("dirty bits above an address", HOST.acl, dirty_account),
    ] {
        let (block, settled) = lab.execute(&[Call::new(ALICE, to, data)]);
        assert_eq!(block.receipts[0].outcome, Outcome::Revert(Bytes::new()), "{what}");
        assert!(block.receipts[0].gas_used < 100_000, "{what}");
        assert_eq!(settled.recorded, 0, "{what}");
    }
    let (block, settled) = lab.execute(&[Call::new(ALICE, HOST.executor, encrypt)]);
    assert!(block.receipts[0].is_success());
    assert_eq!(settled.recorded, 1);
}

#[test]
fn a_batch_that_fails_at_its_end_leaves_no_state_and_no_log() {
    let mut lab = Lab::new();
    let block = Bytes::from(Acl::blockAccountCall { account: BOB }.abi_encode());
    let batch = |data| Acl::multicallCall { data };
    let denied = Acl::isAccountDeniedCall { account: BOB };
    let unknown = Bytes::from_static(&[0xde, 0xad, 0xbe, 0xef]);
    let failing = batch(vec![block.clone(), unknown]);
    let (receipt, _) = lab.send(OWNER, HOST.acl, &failing);
    assert_reverts(&receipt, &AclErrors::FailedCall {});
    assert!(!lab.view(HOST.acl, &denied));

    // The same from revm itself, without the chain's receipts in between.
    let tx =
        TxEnv { caller: OWNER, ..transaction(TxKind::Call(HOST.acl), 0, failing.abi_encode()) };
    let raw = transact(&cipher(), &Bytes::new(), SpecId::PRAGUE, tx).result;
    assert!(!raw.is_success() && raw.logs().is_empty(), "{raw:?}");

    let (receipt, _) = lab.send(OWNER, HOST.acl, &batch(vec![block]));
    assert!(receipt.is_success(), "{receipt:?}");
    assert_eq!(receipt.logs.len(), 1);
    assert!(lab.view(HOST.acl, &denied));
}

/// The rules of the bare EVMs, where transactions are free and carry no nonce.
fn environment(spec: SpecId) -> EvmEnv {
    let mut env: EvmEnv = EvmEnv::default();
    env.cfg_env = env.cfg_env.with_spec_and_mainnet_gas_params(spec);
    env.cfg_env.chain_id = 31337;
    env.cfg_env.disable_nonce_check = true;
    env.block_env.number = U256::ONE;
    env.block_env.prevrandao = Some(B256::ZERO);
    env
}

fn transaction(kind: TxKind, value: u64, data: impl Into<Bytes>) -> TxEnv {
    TxEnv {
        caller: ALICE,
        kind,
        value: U256::from(value),
        data: data.into(),
        gas_limit: 10_000_000,
        gas_price: 0,
        chain_id: Some(31337),
        ..TxEnv::default()
    }
}

/// The host accounts, [`ALICE`] with some ether, and [`CONTRACT`] with code and some ether.
fn state(code: Bytes) -> InMemoryDB {
    let mut state = InMemoryDB::default();
    let Ok(()) =
        insert_host_accounts(&mut state, &HostConfig::default(), &GenesisParams::default());
    let balance = U256::from(1000);
    state.insert_account_info(ALICE, AccountInfo { balance, ..AccountInfo::default() });
    let contract = AccountInfo::from_bytecode(Bytecode::new_raw(code));
    state.insert_account_info(CONTRACT, AccountInfo { balance, nonce: 1, ..contract });
    state
}

fn transact<F>(factory: &F, code: &Bytes, spec: SpecId, tx: TxEnv) -> ResultAndState
where
    F: EvmFactory<Tx = TxEnv, Spec = SpecId, BlockEnv = BlockEnv, HaltReason = HaltReason>,
    F::Error<Infallible>: Debug,
{
    let mut evm = factory.create_evm(state(code.clone()), environment(spec));
    evm.transact(tx).expect("a valid transaction")
}

fn cipher() -> CipherEvmFactory {
    CipherEvmFactory::new(HostConfig::default())
}

#[test]
fn host_contracts_take_no_ether() {
    for host in hosts() {
        let pay = |value| {
            let tx = transaction(TxKind::Call(host), value, version());
            transact(&cipher(), &Bytes::new(), SpecId::PRAGUE, tx)
        };
        let (paid, free) = (pay(1), pay(0));
        assert!(
            matches!(&paid.result, ExecutionResult::Revert { output, .. } if output.is_empty())
        );
        assert!(free.result.is_success());
        assert_eq!(paid.state[&host].info.balance, U256::ZERO);
        assert_eq!(paid.state[&ALICE].info.balance, U256::from(1000));

        // Nor from a contract.
        let relayed = |value| {
            let code = relay(opcode::CALL, host, value, &version());
            let tx = transaction(TxKind::Call(CONTRACT), 0, Bytes::new());
            let done = transact(&cipher(), &code, SpecId::PRAGUE, tx);
            let output = done.result.output().expect("return data");
            let (called, _) = <(bool, u64)>::abi_decode_params_validate(output).expect("two words");
            assert_eq!(done.state[&CONTRACT].info.balance, U256::from(1000));
            called
        };
        assert!(!relayed(1) && relayed(0), "{host}");
    }
}

/// Code that uses storage, logs, and every standard precompile. What it logs includes the gas left
/// after each step.
fn plain_code() -> Bytes {
    const INPUT: usize = 256;
    let start = Code::default().store(0, &[0; INPUT]);
    let standard =
        (1..=0x11).chain([0x100]).map(|number: u64| Address::from_word(U256::from(number).into()));
    let code = standard.fold(start, |code, to| {
        let call = Inner {
            kind: opcode::STATICCALL,
            to,
            value: 0,
            gas: Some(200_000),
            input: (0, INPUT),
            output: (INPUT, 64),
        };
        code.call(&call)
            .push(U256::from_be_slice(to.as_slice()))
            .op(opcode::SSTORE)
            .op(opcode::GAS)
            .store_top(INPUT + 64)
            .op(opcode::RETURNDATASIZE)
            .store_top(INPUT + 96)
            .push(U256::from_be_slice(to.as_slice()))
            .push(U256::from(128))
            .push(U256::from(INPUT))
            .op(opcode::LOG1)
    });
    code.push(U256::from(2)).op(opcode::SLOAD).store_top(0).finish(0, 32)
}

#[test]
fn contracts_without_encryption_run_as_on_ethereum() {
    let code = plain_code();
    for spec in [
        SpecId::BYZANTIUM,
        SpecId::ISTANBUL,
        SpecId::BERLIN,
        SpecId::LONDON,
        SpecId::MERGE,
        SpecId::SHANGHAI,
        SpecId::CANCUN,
        SpecId::PRAGUE,
        SpecId::OSAKA,
    ] {
        for tx in [
            transaction(TxKind::Call(CONTRACT), 3, Bytes::new()),
            transaction(TxKind::Call(BOB), 3, Bytes::new()),
            transaction(TxKind::Create, 0, creation(&code)),
            // Fails, for the gas is not enough.
            TxEnv { gas_limit: 150_000, ..transaction(TxKind::Call(CONTRACT), 0, Bytes::new()) },
        ] {
            let ours = transact(&cipher(), &code, spec, tx.clone());
            let theirs = transact(&EthEvmFactory::default(), &code, spec, tx.clone());
            assert_eq!(ours, theirs, "{spec:?} {tx:?}");
        }
        let tx = transaction(TxKind::Call(CONTRACT), 0, Bytes::new());
        let done = transact(&cipher(), &code, spec, tx).result;
        assert_eq!(done.logs().len(), 18, "{spec:?}");
        // SHA-256 answered.
        assert_eq!(done.output(), Some(&Bytes::from(U256::ONE.abi_encode())));
    }
}

#[test]
fn ethereum_without_the_host_contracts_fails_loudly() {
    let tx = transaction(TxKind::Call(HOST.executor), 0, encrypt());
    let code = Bytes::new();
    let theirs = transact(&EthEvmFactory::default(), &code, SpecId::PRAGUE, tx.clone());
    assert!(matches!(theirs.result, ExecutionResult::Revert { .. }), "{:?}", theirs.result);
    let ours = transact(&cipher(), &code, SpecId::PRAGUE, tx);
    assert!(ours.result.is_success(), "{:?}", ours.result);
}

#[test]
fn host_contracts_are_warm_as_precompiles_are() {
    let reads = |account: Address| {
        let word = U256::from_be_slice(account.as_slice());
        Code::default().push(word).op(opcode::BALANCE).store_top(0).finish(0, 32)
    };
    let saved = |account| {
        let (code, tx) = (reads(account), transaction(TxKind::Call(CONTRACT), 0, Bytes::new()));
        let ours = transact(&cipher(), &code, SpecId::PRAGUE, tx.clone()).result;
        let theirs = transact(&EthEvmFactory::default(), &code, SpecId::PRAGUE, tx).result;
        theirs.tx_gas_used() - ours.tx_gas_used()
    };
    for host in hosts() {
        assert_eq!(saved(host), 2500, "{host}");
    }
    assert_eq!(saved(BOB), 0);
}

#[test]
fn an_inspector_changes_nothing() {
    let code = relay(opcode::CALL, HOST.executor, 0, &encrypt());
    let tx = transaction(TxKind::Call(CONTRACT), 0, Bytes::new());
    let plain = transact(&cipher(), &code, SpecId::PRAGUE, tx.clone());
    let (state, env) = (state(code), environment(SpecId::PRAGUE));
    let mut evm = cipher().create_evm_with_inspector(state, env, NoOpInspector);
    assert_eq!(evm.transact(tx).expect("a valid transaction"), plain);
    let topics: Vec<B256> = plain.result.logs().iter().map(|log| log.topics()[0]).collect();
    assert_eq!(topics, [keccak256(Op::TrivialEncrypt.spec().event)]);
}
