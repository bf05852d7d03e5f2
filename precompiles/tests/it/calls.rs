//! What holds for every call of every host contract.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::{FheType, OPS, Op};
use ciphervm_precompiles::interface::{Acl, Executor};
use proptest::prelude::*;
use revm::precompile::PrecompileHalt;

use crate::support::*;

fn everywhere() -> [Address; 7] {
    let alias = HOST.kms_verifier_alias.unwrap();
    [
        HOST.acl,
        HOST.executor,
        HOST.kms_verifier,
        alias,
        HOST.input_verifier,
        HOST.hcu_limit,
        HOST.protocol_config,
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

/// Calldata that gets past the selector more often than random bytes do.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    let selectors: Vec<[u8; 4]> = OPS
        .iter()
        .map(|spec| spec.selector)
        .chain(Acl::AclCalls::SELECTORS.iter().copied())
        .chain(
            ciphervm_precompiles::interface::InputVerifier::InputVerifierCalls::SELECTORS
                .iter()
                .copied(),
        )
        .chain(
            ciphervm_precompiles::interface::KmsVerifier::KmsVerifierCalls::SELECTORS
                .iter()
                .copied(),
        )
        .collect();
    let small = (0..200u64).prop_map(|value| U256::from(value).to_be_bytes::<32>());
    let word = prop_oneof![3 => small, 1 => any::<[u8; 32]>()];
    let words = proptest::collection::vec(word, 0..12);
    let tail = proptest::collection::vec(any::<u8>(), 0..40);
    (proptest::sample::select(selectors), words, tail)
        .prop_map(|(selector, words, tail)| [&selector[..], &words.concat(), &tail].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_calldata_panics_or_is_fatal(
        data in prop_oneof![3 => plausible(), 1 => proptest::collection::vec(any::<u8>(), 0..200)],
        is_static: bool,
        gas in 0..300_000u64,
    ) {
        let mut chain = Chain::new();
        chain.is_static = is_static;
        chain.gas = gas;
        for host in everywhere() {
            let output = chain.try_call(DAPP, host, host, U256::ZERO, &data).unwrap();
            prop_assert!(output.gas_used <= gas);
        }
    }
}
