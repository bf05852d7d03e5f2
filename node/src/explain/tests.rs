use std::collections::BTreeSet;

use alloy_primitives::address;
use alloy_sol_types::{Panic, PanicKind, Revert, SolError, SolInterface};
use ciphervm_fhe::{FheType, MemoryStore, Record};
use ciphervm_precompiles::{
    AclErrors, ConfigErrors, EcdsaErrors, ExecutorErrors, HcuErrors, HcuLimits, HostErrors,
    InputErrors, KmsErrors, PauserErrors,
};

use super::{library::LibraryErrors, token::TokenErrors, *};

const CONTEXT: Context<'_> = Context { chain_id: 31337, hcu: None, store: None };
const ALICE: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");

fn text(error: &impl SolError, context: &Context<'_>) -> String {
    explain(&error.abi_encode(), context).expect("it is known")
}

fn handle() -> Handle {
    Handle::computed(B256::repeat_byte(7), 31337, FheType::Uint64)
}

fn not_allowed(handle: Handle) -> ExecutorErrors::ACLNotAllowed {
    ExecutorErrors::ACLNotAllowed { handle: handle.0, account: ALICE }
}

/// Every selector of an interface, with its error's name.
fn list<I: SolInterface>(name: fn([u8; 4]) -> Option<&'static str>) -> Vec<([u8; 4], String)> {
    I::selectors().map(|selector| (selector, name(selector).expect("named").to_owned())).collect()
}

macro_rules! all {
    ($($interface:ident::$errors:ident),* $(,)?) => {
        [$(list::<$interface::$errors>($interface::$errors::name_by_selector)),*].concat()
    };
}

fn all_errors() -> Vec<([u8; 4], String)> {
    all![
        ExecutorErrors::ExecutorErrorsErrors,
        AclErrors::AclErrorsErrors,
        HcuErrors::HcuErrorsErrors,
        InputErrors::InputErrorsErrors,
        KmsErrors::KmsErrorsErrors,
        EcdsaErrors::EcdsaErrorsErrors,
        ConfigErrors::ConfigErrorsErrors,
        HostErrors::HostErrorsErrors,
        PauserErrors::PauserErrorsErrors,
        LibraryErrors::LibraryErrorsErrors,
        TokenErrors::TokenErrorsErrors,
    ]
}

#[test]
fn every_error_is_explained_by_name_with_a_cause_and_a_fix() {
    let errors = all_errors();
    for (selector, name) in &errors {
        // Zero words are arguments of any type.
        let data = [&selector[..], &[0; 256]].concat();
        let text = explain(&data, &CONTEXT).unwrap_or_else(|| panic!("{name} is not explained"));
        let (head, rest) = text.split_once("): ").expect("a cause");
        assert!(head.starts_with(&format!("{name}(")), "{text}");
        let (cause, fix) = rest.split_once("; ").expect("a fix");
        for part in [cause, fix] {
            assert!(
                part.len() > 10 && !part.ends_with(['.', ' ']) && !part.contains("  "),
                "{text}"
            );
        }
    }
    assert!(errors.len() > 130);
}

/// So that a new interface of errors is not forgotten above.
#[test]
fn the_list_of_errors_is_that_of_the_host_contracts() {
    let source = include_str!("../../../precompiles/src/errors.rs");
    let declared = source.lines().filter_map(|line| line.trim().strip_prefix("error "));
    let declared: BTreeSet<&str> =
        declared.filter_map(|line| line.split_once('(')).map(|(name, _)| name).collect();
    assert!(declared.len() > 100);
    let errors = all_errors();
    let explained: BTreeSet<&str> = errors.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(declared.difference(&explained).collect::<Vec<_>>(), Vec::<&&str>::new());
}

/// What contracts of the committed artifacts can revert with.
#[test]
fn errors_of_compiled_contracts_are_explained() {
    let artifact = include_str!("../../../solidity/artifacts/ConfidentialToken.json");
    let artifact: serde_json::Value = serde_json::from_str(artifact).unwrap();
    let errors = artifact["abi"].as_array().unwrap().iter().filter(|item| item["type"] == "error");
    let errors: Vec<_> = errors.collect();
    assert!(errors.len() > 5);
    for error in errors {
        let types: Vec<_> = error["inputs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|input| input["type"].as_str().unwrap())
            .collect();
        let signature = format!("{}({})", error["name"].as_str().unwrap(), types.join(","));
        let selector = &alloy_primitives::keccak256(&signature)[..4];
        let data = [selector, &[0; 256]].concat();
        assert!(explain(&data, &CONTEXT).is_some(), "{signature}");
    }
}

#[test]
fn arguments_are_named_and_written_out() {
    let text = text(&not_allowed(handle()), &CONTEXT);
    let head = format!("ACLNotAllowed(handle {}, account {ALICE}): ", handle());
    assert!(text.starts_with(&head), "{text}");
    assert!(text.contains("never allowed") && text.contains("FHE.allowThis"), "{text}");
}

#[test]
fn a_handle_that_cannot_work_says_why() {
    let of = |handle: Handle| text(&not_allowed(handle), &CONTEXT);
    assert!(of(Handle::default()).contains("never set"));
    let foreign = Handle::computed(B256::repeat_byte(7), 1, FheType::Uint64);
    assert!(of(foreign).contains("belongs to chain 1, and this chain is 31337"));
    let input = Handle::input(B256::repeat_byte(7), 3, 31337, FheType::Uint64);
    assert!(of(input).contains("value 3 of an encrypted input"));
    let mut odd = handle();
    odd.0[30] = 1;
    assert!(of(odd).contains("type byte 1"));
    odd = handle();
    odd.0[31] = 9;
    assert!(of(odd).contains("version 9"));
}

#[test]
fn a_handle_without_a_ciphertext_is_told_from_one_without_a_grant() {
    let store = MemoryStore::new();
    let context = Context { store: Some(&store), ..CONTEXT };
    assert!(text(&not_allowed(handle()), &context).contains("no ciphertext has this handle"));
    let record = Record::new(FheType::Uint64, B256::ZERO, vec![1]);
    store.insert(vec![(handle(), record)]).unwrap();
    assert!(text(&not_allowed(handle()), &context).contains("never allowed"));
}

#[test]
fn limits_are_named_with_what_was_used() {
    let limits = HcuLimits { per_block: 30_000_000, ..HcuLimits::default() };
    let hcu = HcuContext { used: 19_950_000, depth: 4_900_001, block: 29_000_000, limits };
    let context = Context { hcu: Some(hcu), ..CONTEXT };
    let total = HcuErrors::HCUTransactionLimitExceeded {};
    assert!(text(&total, &context).contains("19,950,000 of 20,000,000 HCU"));
    let depth = HcuErrors::HCUTransactionDepthLimitExceeded {};
    assert!(text(&depth, &context).contains("4,900,001 of 5,000,000 HCU"));
    let block = HcuErrors::HCUBlockLimitExceeded {};
    assert!(text(&block, &context).contains("29,000,000 of 30,000,000 HCU"));
    assert!(!text(&total, &CONTEXT).contains("20,000,000"));
}

#[test]
fn an_input_for_another_chain_is_told_this_chains_id() {
    assert!(text(&InputErrors::InvalidChainId {}, &CONTEXT).contains("(this chain is 31337)"));
}

#[test]
fn solidity_errors_are_explained_and_texts_escaped() {
    let error = text(&Revert::from("not\u{1b}[31m enough"), &CONTEXT);
    assert!(error.starts_with("Error(message \"not\\u{1b}[31m enough\"): "), "{error}");
    let overflow = text(&Panic::from(PanicKind::UnderOverflow), &CONTEXT);
    assert!(overflow.starts_with("Panic(code 0x11): ") && overflow.contains("overflowed"));
    assert!(text(&Panic::from(0xff_u64), &CONTEXT).starts_with("Panic(code 0xff): "));
}

#[test]
fn unknown_data_is_not_explained() {
    assert_eq!(explain(&[], &CONTEXT), None);
    assert_eq!(explain(&[1, 2, 3], &CONTEXT), None);
    assert_eq!(explain(&[0xde, 0xad, 0xbe, 0xef, 0, 0], &CONTEXT), None);
    // A known error whose arguments are cut off.
    let data = not_allowed(handle()).abi_encode();
    assert_eq!(explain(&data[..40], &CONTEXT), None);
}
