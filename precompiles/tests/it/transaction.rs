//! Whole transactions through alloy-evm.

use alloy_evm::{EthEvm, Evm, EvmEnv, eth::EthEvmBuilder, precompiles::PrecompilesMap};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex};
use ciphervm_fhe::{FheType, Op};
use ciphervm_precompiles::{GenesisParams, HostConfig};
use revm::{
    bytecode::Bytecode,
    context::{BlockEnv, CfgEnv, TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    inspector::NoOpInspector,
    state::AccountInfo,
};

use crate::support::*;

type Vm = EthEvm<CacheDB<EmptyDB>, NoOpInspector, PrecompilesMap>;

/// Where test contracts are.
const CONTRACT: Address = Address::repeat_byte(0xc0);

fn vm(code: &[u8]) -> Vm {
    let config = HostConfig::default();
    let mut db = database(&config, &GenesisParams::default());
    let code = Bytecode::new_raw(Bytes::copy_from_slice(code));
    db.insert_account_info(CONTRACT, AccountInfo::from_bytecode(code));
    let mut cfg_env = CfgEnv::default();
    cfg_env.chain_id = 31337;
    let block_env = BlockEnv { number: U256::from(5), ..BlockEnv::default() };
    EthEvmBuilder::new(db, EvmEnv { cfg_env, block_env }).precompiles(precompiles(&config)).build()
}

fn transact(vm: &mut Vm, to: Address, data: Vec<u8>) -> ExecutionResult {
    let nonce = vm.ctx().journaled_state.database.cache.accounts.get(&USER);
    let nonce = nonce.map_or(0, |account| account.info.nonce);
    let tx = TxEnv {
        caller: USER,
        kind: TxKind::Call(to),
        data: data.into(),
        gas_limit: 1_000_000,
        gas_price: 0,
        nonce,
        chain_id: Some(31337),
        ..TxEnv::default()
    };
    vm.transact_commit(tx).expect("a valid transaction")
}

/// Forwards calldata to an address by `opcode` and returns or reverts with the answer.
fn forwarder(opcode: u8, to: Address) -> Vec<u8> {
    let copy = hex!("365f5f37");
    let value: &[u8] = if opcode == 0xf1 { &hex!("5f") } else { &[] };
    let mut code = copy.to_vec();
    // out size, out offset, in size, in offset, value, address, gas
    code.extend(hex!("5f5f365f"));
    code.extend(value);
    code.push(0x73);
    code.extend(to);
    code.extend([0x5a, opcode]);
    // returndatacopy(0, 0, size), then return if the call succeeded
    code.extend(hex!("3d5f5f3e"));
    let target = code.len() as u8 + 6;
    code.extend([0x60, target, 0x57, 0x3d, 0x5f, 0xfd, 0x5b, 0x3d, 0x5f, 0xf3]);
    code
}

fn encrypt() -> Vec<u8> {
    calldata(Op::TrivialEncrypt, (U256::from(42), U256::from(FheType::Uint8.id())))
}

#[test]
fn a_contract_computes_and_its_logs_are_in_the_receipt() {
    let mut vm = vm(&forwarder(0xf1, HOST.executor));
    let result = transact(&mut vm, CONTRACT, encrypt());
    assert!(result.is_success(), "{result:?}");
    assert_eq!(type_of(B256::from_slice(result.output().unwrap())), FheType::Uint8);
    assert_eq!(result.logs()[0].address, HOST.executor);
    assert_eq!(result.logs()[0].topics()[1], CONTRACT.into_word());
}

#[test]
fn state_of_the_host_contracts_survives_the_transaction() {
    let mut vm = vm(&[]);
    let rand = || calldata(Op::Rand, U256::from(2));
    let first = transact(&mut vm, HOST.executor, rand());
    let second = transact(&mut vm, HOST.executor, rand());
    assert!(first.is_success() && second.is_success());
    // The counter of seeds moved on.
    assert_ne!(first.output(), second.output());
}

#[test]
fn static_and_delegated_calls_fail_inside_contracts() {
    let data = encrypt();
    for opcode in [0xfa, 0xf4] {
        let mut vm = vm(&forwarder(opcode, HOST.executor));
        let result = transact(&mut vm, CONTRACT, data.clone());
        assert!(!result.is_success(), "{result:?}");
        assert!(result.logs().is_empty());
        assert!(result.output().is_some_and(|data| data.is_empty()));
        // What fails is the call, not the contract: reading under STATICCALL works.
        let version = hex!("0d8e6e2c").to_vec();
        assert_eq!(transact(&mut vm, CONTRACT, version).is_success(), opcode == 0xfa);
    }
}

/// An account that delegates to a host contract (EIP-7702) does not become one: calls of it revert
/// without data, and neither the account nor the host contract changes. Where the public contract's
/// code would run with the account's storage, this is deliberate: a native contract has no code to
/// lend.
#[test]
fn an_account_that_delegates_to_a_host_contract_refuses_calls() {
    const DELEGATING: Address = Address::repeat_byte(0x70);
    for (host, data) in [
        (HOST.executor, encrypt()),
        (HOST.executor, hex!("0d8e6e2c").to_vec()),
        (HOST.acl, hex!("8da5cb5b").to_vec()),
    ] {
        let mut vm = vm(&forwarder(0xf1, DELEGATING));
        let db = &mut vm.ctx_mut().journaled_state.database;
        let delegation = AccountInfo::from_bytecode(Bytecode::new_eip7702(host));
        db.insert_account_info(DELEGATING, delegation);
        // Directly, and from a contract.
        for to in [DELEGATING, CONTRACT] {
            let result = transact(&mut vm, to, data.clone());
            assert!(!result.is_success(), "{result:?}");
            assert!(result.output().is_some_and(|data| data.is_empty()), "{result:?}");
            assert!(result.logs().is_empty());
        }
        // What fails is the delegation: the host contract answers the same call.
        assert!(transact(&mut vm, host, data).is_success());
    }
}

/// A transaction may carry the delegation itself.
#[test]
fn delegation_by_an_authorization_in_the_transaction_is_refused_too() {
    use revm::context::either::Either;
    use revm::context_interface::transaction::{
        Authorization, RecoveredAuthority, RecoveredAuthorization,
    };
    const AUTHORITY: Address = Address::repeat_byte(0x71);
    let authorization = Authorization { chain_id: U256::from(31337), address: HOST.acl, nonce: 0 };
    let authorization =
        RecoveredAuthorization::new_unchecked(authorization, RecoveredAuthority::Valid(AUTHORITY));
    let mut vm = vm(&[]);
    let mut send = |to| {
        let tx = TxEnv {
            tx_type: 4,
            caller: USER,
            kind: TxKind::Call(to),
            data: hex!("8da5cb5b").into(),
            gas_limit: 1_000_000,
            gas_price: 0,
            nonce: if to == AUTHORITY { 0 } else { 1 },
            chain_id: Some(31337),
            authorization_list: vec![Either::Right(authorization.clone())],
            ..TxEnv::default()
        };
        vm.transact_commit(tx).expect("a valid transaction")
    };
    let result = send(AUTHORITY);
    assert!(!result.is_success(), "{result:?}");
    assert!(result.output().is_some_and(|data| data.is_empty()));
    assert!(send(HOST.acl).is_success());
    let code = &vm.ctx().journaled_state.database.cache.accounts[&AUTHORITY].info.code;
    assert_eq!(code.as_ref().and_then(Bytecode::eip7702_address), Some(HOST.acl));
}

/// Tools that replace code (`hardhat_setCode`) do not replace a host contract, whatever the code:
/// `return(0, 0)`, none, or a delegation.
#[test]
fn code_at_a_host_address_does_not_disable_the_contract() {
    let codes = [
        Bytecode::new_raw(hex!("5f5ff3").into()),
        Bytecode::default(),
        Bytecode::new_eip7702(USER),
    ];
    for code in codes {
        let mut vm = vm(&forwarder(0xf1, HOST.executor));
        let db = &mut vm.ctx_mut().journaled_state.database;
        for host in [HOST.executor, HOST.acl, HOST.hcu_limit, HOST.input_verifier] {
            let mut info = db.cache.accounts[&host].info.clone();
            info.set_code(code.clone());
            db.insert_account_info(host, info);
        }
        for to in [HOST.executor, CONTRACT] {
            let result = transact(&mut vm, to, encrypt());
            assert!(result.is_success(), "{result:?}");
            assert_eq!(result.output().map(|output| output.len()), Some(32));
            assert_eq!(result.logs()[0].address, HOST.executor);
        }
    }
    // The control: the same code runs where no host contract is.
    let mut vm = vm(&hex!("5f5ff3"));
    let result = transact(&mut vm, CONTRACT, encrypt());
    assert!(result.is_success() && result.output().is_some_and(|output| output.is_empty()));
}
