//! What holds for every call of every host contract.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::{FheType, Op};
use ciphervm_precompiles::{
    GenesisParams, Status, coverage,
    interface::{Acl, Executor},
};
use proptest::prelude::*;
use revm::precompile::PrecompileHalt;

use crate::support::*;

fn everywhere() -> [Address; 9] {
    [
        HOST.acl,
        HOST.executor,
        HOST.kms_verifier,
        HOST.kms_verifier_alias.unwrap(),
        HOST.input_verifier,
        HOST.hcu_limit,
        HOST.protocol_config,
        HOST.pauser_set,
        HOST.pauser_set_alias.unwrap(),
    ]
}

#[test]
fn value_and_foreign_code_are_refused_everywhere() {
    let mut chain = Chain::new();
    // Every contract has this function.
    let data = Executor::getVersionCall {}.abi_encode();
    for host in everywhere() {
        assert!(chain.call(USER, host, &data).is_success());
        let paid = chain.try_call(USER, host, host, U256::ONE, &data).unwrap();
        assert_reverts_empty(&paid);
        let delegated = chain.try_call(USER, DAPP, host, U256::ZERO, &data).unwrap();
        assert_reverts_empty(&delegated);
        assert_reverts_empty(&chain.call(USER, host, []));
        assert_reverts_empty(&chain.call(USER, host, &data[..3]));
        assert_reverts_empty(&chain.call(USER, host, [0xde, 0xad, 0xbe, 0xef]));
    }
}

#[test]
fn trailing_calldata_is_ignored_and_missing_calldata_is_not() {
    let mut chain = Chain::new();
    let data = calldata(Op::TrivialEncrypt, (U256::ONE, U256::from(FheType::Uint8.id())));
    let expected = handle(&chain.call(DAPP, HOST.executor, &data));
    let longer = [&data[..], &[7]].concat();
    assert_eq!(handle(&chain.call(DAPP, HOST.executor, longer)), expected);
    assert_reverts_empty(&chain.call(DAPP, HOST.executor, &data[..data.len() - 1]));
    let no_type = calldata(Op::TrivialEncrypt, (U256::ONE, U256::from(84)));
    assert_reverts_empty(&chain.call(DAPP, HOST.executor, no_type));
}

#[test]
fn writes_halt_in_a_static_call_and_reads_do_not() {
    let mut chain = Chain::new();
    let handle = chain.trivial(1, FheType::Uint8);
    chain.is_static = true;
    assert!(chain.is_allowed(handle, DAPP));
    let halted = chain.op(Op::Not, handle);
    assert!(matches!(halted.halt_reason(), Some(PrecompileHalt::Other(_))), "{halted:?}");
    let grant = Acl::allowCall { handle, account: USER }.abi_encode();
    assert!(chain.call(DAPP, HOST.acl, &grant).is_halt());
    assert!(chain.logs().len() == 1);
    chain.is_static = false;
    assert!(chain.call(DAPP, HOST.acl, &grant).is_success());
}

#[test]
fn gas_is_metered_and_its_lack_halts() {
    let mut chain = Chain::new();
    let handle = chain.trivial(1, FheType::Uint8);
    let grant = Acl::allowCall { handle, account: USER }.abi_encode();
    chain.gas = 20_000;
    let output = chain.call(DAPP, HOST.acl, &grant);
    assert_eq!(output.halt_reason(), Some(&PrecompileHalt::OutOfGas));
    chain.gas = GAS;
    let output = chain.call(DAPP, HOST.acl, &grant);
    // A new word of storage and a log with three topics are most of it.
    assert!(output.is_success());
    assert!((20_000 + 1_500..30_000).contains(&output.gas_used), "{}", output.gas_used);
    let again = chain.call(DAPP, HOST.acl, &grant);
    assert!(again.gas_used < 3_500, "{}", again.gas_used);
}

/// Every function of the published ABI either answers, or reverts as one that does not exist. The
/// calldata is zeros, which every argument list can be: an offset of 0 leads to a length of 0.
#[test]
fn every_published_function_has_the_outcome_that_coverage_says() {
    for covered in coverage() {
        let host = address(covered.contract);
        let data = [&covered.selector[..], &[0; 32 * 64]].concat();
        for caller in [USER, owner()] {
            let output = Chain::new().call(caller, host, &data);
            assert!(!output.is_halt(), "{covered:?}: {output:?}");
            let unknown = output.is_revert() && output.bytes.is_empty();
            match covered.status {
                Status::Implemented => assert!(!unknown, "{covered:?} is unknown"),
                Status::Refused(reason) => assert!(unknown && !reason.is_empty(), "{covered:?}"),
                other => panic!("{other:?} has no check here"),
            }
        }
    }
}

/// Any function of any contract, with words that are often small numbers, handles and accounts
/// that mean something.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    let selectors: Vec<[u8; 4]> = coverage().map(|covered| covered.selector).collect();
    let small = (0..200u64).prop_map(|value| U256::from(value).to_be_bytes::<32>());
    let known = prop_oneof![
        Just(known_handle().0),
        Just(DAPP.into_word().0),
        Just(owner().into_word().0),
        (0u8..=4).prop_map(|byte| B256::right_padding_from(&[byte]).0),
    ];
    let word = prop_oneof![3 => small, 2 => known, 1 => any::<[u8; 32]>()];
    let words = proptest::collection::vec(word, 0..12);
    let tail = proptest::collection::vec(any::<u8>(), 0..40);
    (proptest::sample::select(selectors), words, tail)
        .prop_map(|(selector, words, tail)| [&selector[..], &words.concat(), &tail].concat())
}

/// Well-formed calldata of any function: a head of words that are offsets of empty arrays, zeros
/// and members of every enum alike.
fn well_formed() -> impl Strategy<Value = Vec<u8>> {
    let selectors: Vec<[u8; 4]> = coverage().map(|covered| covered.selector).collect();
    let word = prop_oneof![Just(0u64), Just(32 * 40), 0..84u64];
    let words = proptest::collection::vec(word, 40);
    (proptest::sample::select(selectors), words).prop_map(|(selector, words)| {
        let head = words.into_iter().flat_map(|word| U256::from(word).to_be_bytes::<32>());
        selector.into_iter().chain(head).chain([0; 32 * 40]).collect()
    })
}

/// A handle that [`DAPP`] holds in these tests.
fn known_handle() -> B256 {
    Chain::new().trivial(1, FheType::Uint8)
}

fn owner() -> Address {
    GenesisParams::default().owner
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_calldata_panics_or_is_fatal(
        data in prop_oneof![
            3 => plausible(),
            3 => well_formed(),
            1 => proptest::collection::vec(any::<u8>(), 0..200),
        ],
        caller in proptest::sample::select(vec![DAPP, owner(), HOST.executor]),
        is_static: bool,
        gas in prop_oneof![0..300_000u64, Just(GAS)],
    ) {
        let mut chain = Chain::new();
        chain.trivial(1, FheType::Uint8);
        chain.is_static = is_static;
        chain.gas = gas;
        for host in everywhere() {
            let output = chain.try_call(caller, host, host, U256::ZERO, &data).unwrap();
            prop_assert!(output.gas_used <= gas);
        }
    }
}
