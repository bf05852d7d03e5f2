//! The meter: prices, budgets, depth.

use alloy_primitives::{B256, FixedBytes, U256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::{FheType, Op};
use ciphervm_precompiles::{
    GenesisParams, HcuErrors as E, HcuLimits, HcuLimitsError, HostConfig, Record, genesis,
    interface::HcuLimit,
};

use crate::support::*;

fn limited(hcu: HcuLimits) -> Chain {
    Chain::with(HostConfig::default(), &GenesisParams { hcu, ..GenesisParams::default() })
}

fn binary(chain: &mut Chain, op: Op, lhs: B256, rhs: B256, scalar: u8) -> B256 {
    handle(&chain.op(op, (lhs, rhs, FixedBytes([scalar]))))
}

fn price(chain: &mut Chain, run: impl FnOnce(&mut Chain)) -> u64 {
    chain.logs();
    let used = |chain: &mut Chain| chain.view(HOST.hcu_limit, HcuLimit::getBlockMeterCall {});
    let before = used(chain);
    run(chain);
    let after = used(chain);
    let charged = (after.usedHCU - before.usedHCU).to::<u64>();
    let logs = chain.logs();
    assert_eq!(Record::from_logs(&HOST, logs.iter()).unwrap().hcu, charged);
    charged
}

/// Prices of the FHEVM `HCULimit` contract.
#[test]
fn operations_cost_what_the_contract_charges() {
    let mut chain = Chain::new();
    let a = chain.trivial(1, FheType::Uint8);
    let wide = chain.trivial(1, FheType::Uint64);
    let five = B256::from(U256::from(5));
    let id = |ty: FheType| U256::from(ty.id());
    let mut add = |lhs, rhs, scalar| {
        price(&mut chain, |chain| {
            binary(chain, Op::Add, lhs, rhs, scalar);
        })
    };
    assert_eq!((add(a, a, 0), add(a, five, 1)), (88_000, 84_000));
    assert_eq!((add(wide, wide, 0), add(wide, five, 1)), (162_000, 133_000));
    let mut sum = |n, handle, ty| {
        price(&mut chain, |chain| {
            crate::support::handle(&chain.op(Op::Sum, (vec![handle; n], id(ty))));
        })
    };
    let tiers = [10, 11, 30, 31, 60, 61, 100].map(|n| sum(n, a, FheType::Uint8));
    assert_eq!(tiers, [90_900, 127_000, 127_000, 148_000, 148_000, 159_000, 159_000]);
    assert_eq!([10, 30, 60].map(|n| sum(n, wide, FheType::Uint64)), [139_000, 216_000, 306_000]);
    let is_in = price(&mut chain, |chain| {
        handle(&chain.op(Op::IsIn, (a, vec![a; 10], id(FheType::Uint8))));
    });
    assert_eq!(is_in, 71_300);
    let cast = price(&mut chain, |chain| {
        handle(&chain.op(Op::Cast, (a, id(FheType::Uint64))));
    });
    assert_eq!(cast, 32);
}

#[test]
fn depth_follows_the_longest_chain() {
    // Three additions in a row fit, four do not; side by side they do.
    let limits = HcuLimits { depth_per_tx: 32 + 3 * 88_000, ..HcuLimits::default() };
    let mut chain = limited(limits);
    let a = chain.trivial(1, FheType::Uint8);
    let b = chain.trivial(2, FheType::Uint8);
    let mut deep = a;
    for _ in 0..3 {
        deep = binary(&mut chain, Op::Add, b, deep, 0);
        binary(&mut chain, Op::Sub, a, b, 0);
    }
    let arguments = (b, deep, FixedBytes([0]));
    assert_reverts(&chain.op(Op::Add, arguments), E::HCUTransactionDepthLimitExceeded {});
    binary(&mut chain, Op::Add, a, b, 0);
}

#[test]
fn budgets_end_with_the_transaction_or_the_block() {
    let limits = HcuLimits { per_tx: 88_032, per_block: 176_064, ..HcuLimits::default() };
    let mut chain = limited(limits);
    let add = |chain: &mut Chain| {
        let a = chain.trivial(1, FheType::Uint8);
        chain.op(Op::Add, (a, a, FixedBytes([0])))
    };
    handle(&add(&mut chain));
    let next = chain.op(Op::TrivialEncrypt, (U256::ONE, U256::from(2)));
    assert_reverts(&next, E::HCUTransactionLimitExceeded {});
    chain.next_transaction();
    handle(&add(&mut chain));
    chain.next_transaction();
    let next = chain.op(Op::TrivialEncrypt, (U256::ONE, U256::from(2)));
    assert_reverts(&next, E::HCUBlockLimitExceeded {});
    chain.context.block.number = U256::from(101);
    handle(&add(&mut chain));
}

#[test]
fn the_meter_is_read_before_an_operation() {
    let mut chain = Chain::new();
    let a = chain.trivial(1, FheType::Uint8);
    let sum = binary(&mut chain, Op::Add, a, a, 0);
    let deeper = binary(&mut chain, Op::Add, sum, a, 0);
    let mul = |lhs: B256, rhs: B256| calldata(Op::Mul, (lhs, rhs, FixedBytes([0])));
    let first = chain.reading(&mul(a, sum));
    assert_eq!((first.depth, first.transaction), (32 + 88_000, 32 + 2 * 88_000));
    assert_eq!((first.block, first.limits), (first.transaction, HcuLimits::default()));
    assert_eq!(chain.reading(&mul(deeper, sum)).depth, 32 + 2 * 88_000);
    // An input has no operands that were computed.
    let mut input = mul(deeper, sum);
    input[..4].copy_from_slice(&Op::VerifyInput.spec().selector);
    assert_eq!(chain.reading(&input).depth, 0);
}

#[test]
fn nobody_else_charges() {
    let mut chain = Chain::new();
    let data = [&alloy_primitives::hex!("c1390c34")[..], &[0; 32 * 6]].concat();
    for caller in [DAPP, GenesisParams::default().owner] {
        let output = chain.call(caller, HOST.hcu_limit, &data);
        assert_reverts(&output, E::CallerMustBeFHEVMExecutorContract {});
    }
}

#[test]
fn limits_are_those_of_genesis() {
    let mut chain = Chain::new();
    let limit = |word: alloy_primitives::aliases::U48| word.to::<u64>();
    let address = HOST.hcu_limit;
    assert_eq!(limit(chain.view(address, HcuLimit::getMaxHCUPerTxCall {})), 20_000_000);
    assert_eq!(limit(chain.view(address, HcuLimit::getMaxHCUDepthPerTxCall {})), 5_000_000);
    let cap = limit(chain.view(address, HcuLimit::getGlobalHCUCapPerBlockCall {}));
    assert_eq!(cap, 281_474_976_710_655);
    let version = HcuLimit::getVersionCall::SELECTOR;
    assert!(chain.call(USER, address, version).is_success());
}

/// The owner could not set them later either: `HCUPerBlockBelowMaxPerTx`, `MaxHCUPerTxBelowDepth`.
#[test]
fn limits_that_contradict_each_other_are_no_limits() {
    let default = HcuLimits::default();
    let largest = default.per_block;
    assert_eq!(default.check(), Ok(default));
    let equal = HcuLimits { per_block: 7, per_tx: 7, depth_per_tx: 7 };
    assert_eq!(equal.check(), Ok(equal));

    let below = HcuLimitsError::TransactionBelowDepth { depth_per_tx: 7, per_tx: 6 };
    assert_eq!(HcuLimits { per_tx: 6, ..equal }.check(), Err(below));
    let below = HcuLimitsError::BlockBelowTransaction { per_tx: 7, per_block: 6 };
    assert_eq!(HcuLimits { per_block: 6, ..equal }.check(), Err(below));
    let limit = largest + 1;
    let too_large = HcuLimits { per_block: limit, ..equal }.check();
    assert_eq!(too_large, Err(HcuLimitsError::TooLarge { limit, largest }));
}

#[test]
fn limits_are_read_back_from_the_state_that_they_were_written_to() {
    let hcu = HcuLimits { per_block: 9, per_tx: 8, depth_per_tx: 7 };
    let accounts =
        genesis(&HostConfig::default(), &GenesisParams { hcu, ..GenesisParams::default() });
    let read = HcuLimits::in_state(&HOST, |address, slot| {
        let account = accounts.iter().find(|account| account.address == address).unwrap();
        account.storage.iter().find(|(key, _)| *key == slot).map_or(U256::ZERO, |(_, value)| *value)
    });
    assert_eq!(read, hcu);
}
