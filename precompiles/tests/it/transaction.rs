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
