use std::time::Duration;

use alloy_primitives::{Address, B256, FixedBytes, Log, U256};
use alloy_sol_types::{SolEvent, sol};
use ciphervm_fhe::{FheType, Handle, Measured};
use ciphervm_precompiles::{HostAddresses, Record, interface::Acl};

use super::*;

sol! {
    event TrivialEncrypt(address indexed caller, uint256 pt, uint8 toType, bytes32 result);
    event FheAdd(
        address indexed caller, bytes32 lhs, bytes32 rhs, bytes1 scalarByte, bytes32 result
    );
    event FheRand(address indexed caller, uint8 randType, bytes16 seed, bytes32 result);
    event FheNeg(address indexed caller, bytes32 ct, bytes32 result);
}

const HOST: HostAddresses = HostAddresses::LOCAL;
const CONTRACT: Address = Address::repeat_byte(0xcc);
const ALICE: Address = Address::repeat_byte(0xa1);
const ADD_64: u64 = 162_000;
const SCALAR_ADD_64: u64 = 133_000;

fn handle(name: u8) -> Handle {
    Handle::computed(B256::repeat_byte(name), 31337, FheType::Uint64)
}

fn emitted(by: Address, event: &impl SolEvent) -> Log {
    Log { address: by, data: event.encode_log_data() }
}

fn encrypt(value: u64, result: Handle) -> Log {
    let (pt, result) = (U256::from(value), result.0);
    let ty = FheType::Uint64.id();
    emitted(HOST.executor, &TrivialEncrypt { caller: CONTRACT, pt, toType: ty, result })
}

fn add(lhs: Handle, rhs: Handle, result: Handle) -> Log {
    let (lhs, rhs, result) = (lhs.0, rhs.0, result.0);
    let byte = FixedBytes([0]);
    emitted(HOST.executor, &FheAdd { caller: CONTRACT, lhs, rhs, scalarByte: byte, result })
}

fn add_scalar(lhs: Handle, rhs: u64, result: Handle) -> Log {
    let (lhs, rhs, result) = (lhs.0, B256::from(U256::from(rhs)), result.0);
    let byte = FixedBytes([1]);
    emitted(HOST.executor, &FheAdd { caller: CONTRACT, lhs, rhs, scalarByte: byte, result })
}

fn neg(ct: Handle, result: Handle) -> Log {
    emitted(HOST.executor, &FheNeg { caller: CONTRACT, ct: ct.0, result: result.0 })
}

fn allow(handle: Handle) -> Log {
    let allowed = Acl::Allowed { caller: CONTRACT, account: ALICE, handle: handle.0 };
    emitted(HOST.acl, &allowed)
}

fn trace_in(block: &Record, logs: &[Log], known: impl Fn(&Handle) -> Known) -> TransactionTrace {
    let transaction = Executed {
        hash: B256::repeat_byte(0xee),
        block_number: 4,
        success: true,
        gas_used: 123_456,
        logs,
        block,
        settled: true,
        accounts: None,
    };
    TransactionTrace::new(&HOST, &transaction, known).unwrap()
}

fn trace(logs: &[Log], known: impl Fn(&Handle) -> Known) -> TransactionTrace {
    trace_in(&Record::from_logs(&HOST, logs.iter()).unwrap(), logs, known)
}

fn nothing(_: &Handle) -> Known {
    Known::default()
}

/// The balance (10) and 5 make 15, which is kept; 15 and 7 make 22, which is not.
fn example() -> Vec<Log> {
    let (balance, kept, dead) = (handle(1), handle(2), handle(3));
    vec![add_scalar(balance, 5, kept), allow(kept), add_scalar(kept, 7, dead)]
}

fn balance(asked: &Handle) -> Known {
    Known { value: (*asked == handle(1)).then(|| U256::from(10)), ..Known::default() }
}

#[test]
fn operations_have_operands_costs_and_fate() {
    let trace = trace(&example(), balance);
    assert_eq!((trace.hcu, trace.hcu_depth), (2 * SCALAR_ADD_64, 2 * SCALAR_ADD_64));
    let [kept, dead] = &trace.operations[..] else { panic!("{trace:?}") };
    assert_eq!(
        (kept.name.as_str(), kept.ty.as_str(), kept.caller),
        ("fheAdd", "euint64", CONTRACT)
    );
    assert_eq!((kept.hcu, kept.live, kept.settled), (SCALAR_ADD_64, true, true));
    assert_eq!((dead.live, dead.settled), (false, false));
    let (ty, value) = ("euint64".to_owned(), Some("10".to_owned()));
    let operands = [
        Operand::Encrypted { handle: handle(1), ty, value },
        Operand::Scalar { scalar: "5".to_owned() },
    ];
    assert_eq!(kept.operands, operands);
    let grant =
        Grant { handle: handle(2), account: Some(ALICE), kind: GrantKind::Allow, caller: CONTRACT };
    assert_eq!(trace.grants, [grant]);
}

#[test]
fn values_without_a_ciphertext_follow_from_their_operands() {
    let values = |trace: TransactionTrace| -> Vec<_> {
        trace.operations.into_iter().map(|op| op.value).collect()
    };
    assert_eq!(values(trace(&example(), balance)), [Some("15".to_owned()), Some("22".to_owned())]);
    assert_eq!(values(trace(&example(), nothing)), [None, None]);
    // Of a random value nothing follows.
    let (seed, ty) = (FixedBytes([7; 16]), FheType::Uint64.id());
    let rand = FheRand { caller: CONTRACT, randType: ty, seed, result: handle(5).0 };
    let logs = [emitted(HOST.executor, &rand), add_scalar(handle(5), 1, handle(6))];
    assert_eq!(values(trace(&logs, nothing)), [None, None]);
}

#[test]
fn measurements_are_shown_once_for_a_repeated_operation() {
    let logs = [encrypt(3, handle(1)), encrypt(3, handle(1)), allow(handle(1))];
    let elapsed = Duration::from_micros(1_500);
    let trace = trace(&logs, |handle| {
        let measured = Measured { handle: *handle, elapsed, bootstraps: 8 };
        Known { measured: Some(measured), value: None }
    });
    let [first, again] = &trace.operations[..] else { panic!("{trace:?}") };
    assert_eq!((first.repeats, first.bootstraps, first.ms), (None, Some(8), Some(1.5)));
    assert_eq!((again.repeats, again.bootstraps, again.ms), (Some(0), None, None));
    assert!(first.live && again.live);
    assert_eq!(trace.hcu, 2 * 32);
}

#[test]
fn depth_is_that_of_the_longest_chain() {
    let [a, b, c, d, e] = [1, 2, 3, 4, 5].map(handle);
    let logs = [encrypt(1, a), add(a, a, b), add(a, b, c), encrypt(2, d), add_scalar(d, 1, e)];
    let trace = trace(&logs, nothing);
    assert_eq!(trace.hcu_depth, 32 + 2 * ADD_64);
    assert_eq!(trace.hcu, 2 * 32 + 2 * ADD_64 + SCALAR_ADD_64);
}

#[test]
fn a_grant_of_another_transaction_of_the_block_makes_a_result_live() {
    let logs = [encrypt(1, handle(1))];
    assert!(!trace(&logs, nothing).operations[0].live);
    let block = [encrypt(1, handle(1)), encrypt(1, handle(1)), allow(handle(1))];
    let block = Record::from_logs(&HOST, block.iter()).unwrap();
    assert!(trace_in(&block, &logs, nothing).operations[0].live);
}

#[test]
fn a_grant_to_everybody_is_one_for_each_handle() {
    let handles = vec![handle(1).0, handle(2).0];
    let event = Acl::AllowedForDecryption { caller: CONTRACT, handlesList: handles };
    let trace = trace(&[emitted(HOST.acl, &event)], nothing);
    let found: Vec<_> = trace.grants.iter().map(|g| (g.handle, g.account, g.kind)).collect();
    let kind = GrantKind::AllowForDecryption;
    assert_eq!(found, [(handle(1), None, kind), (handle(2), None, kind)]);
}

#[test]
fn logs_of_other_contracts_are_no_grants() {
    let allowed = Acl::Allowed { caller: CONTRACT, account: ALICE, handle: handle(1).0 };
    assert!(trace(&[emitted(CONTRACT, &allowed)], nothing).grants.is_empty());
}

#[test]
fn json_has_camel_case_and_round_trips() {
    let trace = trace(&example(), balance);
    let json = serde_json::to_value(&trace).unwrap();
    assert_eq!(json["hcuDepth"], 2 * SCALAR_ADD_64);
    assert_eq!(json["status"], "success");
    let operation = &json["operations"][0];
    assert_eq!((&operation["type"], &operation["value"]), (&"euint64".into(), &"15".into()));
    assert!(operation["bootstraps"].is_null() && operation["ms"].is_null());
    assert_eq!(operation["operands"][0]["type"], "euint64");
    assert_eq!(operation["operands"][1], serde_json::json!({ "scalar": "5" }));
    assert_eq!(json["grants"][0]["kind"], "allow");
    assert_eq!(serde_json::from_value::<TransactionTrace>(json).unwrap(), trace);
}

#[test]
fn the_drawing_has_operands_below_results() {
    let text = render(&trace(&example(), balance));
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("transaction 0xeeee") && lines[0].ends_with("in block 4: success")
    );
    assert_eq!(lines[1], "gas 123,456, HCU 266,000 (depth 266,000), operations 2 (1 live)");
    let expected = [
        "#1 fheAdd → euint64 0x03030303… = 22     133,000 HCU, dead",
        "├─ #0 fheAdd → euint64 0x02020202… = 15  133,000 HCU, live",
        "│  ├─ euint64 0x01010101… = 10",
        "│  └─ scalar 5",
        "└─ scalar 7",
    ];
    assert_eq!(lines[3..8], expected);
    assert_eq!(lines[9], format!("allow #0 {} to {ALICE} by {CONTRACT}", handle(2)));
}

#[test]
fn a_result_that_is_used_twice_is_drawn_once() {
    let logs = [encrypt(1, handle(1)), add(handle(1), handle(1), handle(2))];
    let text = render(&trace(&logs, nothing));
    assert_eq!(text.matches("#0 trivialEncrypt →").count(), 1, "{text}");
    assert_eq!(text.matches("└─ #0 trivialEncrypt (above)").count(), 1, "{text}");
}

#[test]
fn a_long_chain_is_drawn_in_pieces_and_in_full() {
    let name = |i: u16| {
        let hash = alloy_primitives::keccak256(i.to_be_bytes());
        Handle::computed(hash, 31337, FheType::Uint64)
    };
    let mut logs = vec![encrypt(1, name(0))];
    logs.extend((1..3_000).map(|i| neg(name(i - 1), name(i))));
    let text = render(&trace(&logs, nothing));
    assert_eq!(text.matches(" → ").count(), 3_000);
    assert!(text.lines().all(|line| line.chars().count() < 120));
}

#[test]
fn a_trace_from_elsewhere_is_drawn_whatever_it_says() {
    let mut trace = trace(&example(), balance);
    for operation in &mut trace.operations {
        operation.index = 77;
        operation.handle = handle(2);
        operation.operands =
            vec![Operand::Encrypted { handle: handle(2), ty: "euint64".to_owned(), value: None }];
    }
    assert!(!render(&trace).is_empty());
}
