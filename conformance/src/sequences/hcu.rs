//! The meter: what operations cost, and what happens at the limits.

use ciphervm_fhe::{FheType, OPS, Op, OpSpec, Shape};
use serde_json::{Value, json};

use super::build::*;
use crate::sequence::{Item, Requirement, Sequence, Step};

/// The limits of the public deployment.
const PER_TRANSACTION: u64 = 20_000_000;
const DEPTH: u64 = 5_000_000;
const TRIVIAL: u64 = 32;

const OVER_TOTAL: &str = "HCUTransactionLimitExceeded()";
const OVER_DEPTH: &str = "HCUTransactionDepthLimitExceeded()";
const OVER_BLOCK: &str = "HCUBlockLimitExceeded()";

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found: Vec<_> = OPS.iter().flat_map(prices).collect();
    found.extend(collections());
    found.extend(limits());
    found.extend(administration());
    found
}

/// Each price, as the meter of the block counts it: a narrow type, a wide one and the widest.
fn prices(spec: &OpSpec) -> Vec<Sequence> {
    if spec.shape == Shape::VerifyInput {
        return Vec::new();
    }
    let types: Vec<FheType> = spec.types.iter().collect();
    let mut chosen = vec![types[0], types[types.len() / 2], types[types.len() - 1]];
    chosen.dedup();
    let mut found = Vec::new();
    for ty in chosen {
        for (form, scalar) in forms(spec) {
            let priced = if spec.shape == Shape::Cast { target_of(ty) } else { ty };
            let price = spec.hcu.price(priced, *scalar, 2).unwrap_or_default();
            found.push(sequence(
                format!("the-price-of/{}/{ty}/{form}", spec.op.name()),
                "An operation costs what the public table says, and its operands what they cost.",
                vec![metered(
                    3 * TRIVIAL + price,
                    items![
                        make(ty, sample(ty), "a"),
                        make(ty, sample(ty) ^ 1, "b"),
                        make(FheType::Bool, 1, "c"),
                        operation(spec.op, ty, *scalar),
                    ],
                )],
            ));
        }
    }
    found
}

/// Prices by the number of elements, on both sides of each step.
fn collections() -> Vec<Sequence> {
    let mut found = Vec::new();
    for (op, ty) in [
        (Op::Sum, FheType::Uint8),
        (Op::Sum, FheType::Uint64),
        (Op::IsIn, FheType::Uint16),
        (Op::IsIn, FheType::Uint160),
    ] {
        for length in [0, 1, 10, 11, 30, 31, 60] {
            let price = op.spec().hcu.price(ty, false, length).unwrap_or_default();
            let elements: Vec<Value> = vec![json!("$a"); length];
            let id = ty.id().to_string();
            let arguments = match op {
                Op::Sum => json!([elements, id]),
                _ => json!(["$a", elements, id]),
            };
            found.push(sequence(
                format!("the-price-of-many/{}/{ty}/{length}", op.name()),
                "A collection is priced by the number of its elements.",
                vec![metered(
                    TRIVIAL + price,
                    items![make(ty, 5, "a"), call("@executor", op.spec().signature, arguments),],
                )],
            ));
        }
    }
    found
}

fn limits() -> Vec<Sequence> {
    let mut found = Vec::new();
    for (op, ty, scalar) in [
        (Op::Mul, FheType::Uint128, false),
        (Op::Mul, FheType::Uint64, false),
        (Op::MulDiv, FheType::Uint64, false),
        (Op::MulDiv, FheType::Uint64, true),
        (Op::Rem, FheType::Uint128, true),
        (Op::Rem, FheType::Uint64, true),
        (Op::Div, FheType::Uint128, true),
        (Op::MulDiv, FheType::Uint32, false),
    ] {
        let price = op.spec().hcu.price(ty, scalar, 1).unwrap_or_default();
        let form = if scalar { "scalar" } else { "encrypted" };
        let name = format!("{}/{ty}/{form}", op.name());

        // Side by side: none depends on another.
        let fit = (PER_TRANSACTION - 3 * TRIVIAL) / price;
        let mut calls = items![make(ty, 77, "a"), make(ty, 5, "b"), make(FheType::Bool, 1, "c")];
        calls.extend((0..fit).map(|_| Item::from(operation(op, ty, scalar))));
        calls.push(Item::from(operation(op, ty, scalar).error(OVER_TOTAL, &[])));
        // What is cheap enough still fits.
        calls.push(Item::from(make(ty, 6, "d")));
        found.push(sequence(
            format!("a-transaction-is-full/{name}"),
            "Operations are refused from the one on that exceeds the transaction's limit, and \
             those that still fit are not.",
            vec![metered(4 * TRIVIAL + fit * price, calls)],
        ));

        // In a chain: each takes the result of the one before.
        let deep = (DEPTH - TRIVIAL) / price;
        let mut calls = items![make(ty, 77, "a"), make(ty, 5, "b")];
        let mut last = "$a".to_owned();
        let on = |operand: &str| {
            let mut call = operation(op, ty, scalar);
            call.target.arguments[0] = json!(operand);
            call
        };
        for step in 0..deep {
            let name = format!("d{step}");
            calls.push(Item::from(on(&last).named(&name)));
            last = format!("${name}");
        }
        calls.push(Item::from(on(&last).error(OVER_DEPTH, &[])));
        // The same operation on what is not deep.
        calls.push(Item::from(operation(op, ty, scalar)));
        calls.push(Item::from(allow(&last, "@prober")));
        found.push(sequence(
            format!("a-chain-is-too-deep/{name}"),
            "A chain of dependent operations has a limit of its own, which starts again with \
             the next transaction.",
            vec![run(calls), run(items![make(ty, 5, "b"), on(&last)])],
        ));
    }
    found.push(sequence(
        "the-meter-starts-again",
        "What one transaction used does not count for the next.",
        vec![
            metered(11 * 1_686_000 + TRIVIAL, heavy(11)),
            metered(11 * 1_686_000 + TRIVIAL, heavy(11)),
        ],
    ));
    found.push(sequence(
        "inputs-are-free",
        "To verify an input costs nothing, and it has no depth.",
        vec![
            encrypt(FheType::Uint8, 4, "x", "p"),
            metered(55_000, items![verify("$x", "@alice", "$p", FheType::Uint8), compare("$x")]),
        ],
    ));
    found
}

/// So many products of 128 bits side by side, of 1,686,000 HCU each.
fn heavy(count: usize) -> Vec<Item> {
    let ty = FheType::Uint128;
    let mut calls = items![make(ty, 3, "a")];
    let product = || call("@executor", Op::Mul.spec().signature, json!(["$a", "$a", "0x00"]));
    calls.extend((0..count).map(|_| Item::from(product())));
    calls
}

fn administration() -> Vec<Sequence> {
    let unlimited = ((1_u64 << 48) - 1).to_string();
    let set = |function: &str, value: &str| send("@owner", "@hcuLimit", function, json!([value]));
    let reset = || {
        vec![
            set("setHCUPerBlock(uint48)", &unlimited),
            set("setMaxHCUPerTx(uint48)", &PER_TRANSACTION.to_string()),
            set("setMaxHCUDepthPerTx(uint48)", &DEPTH.to_string()),
        ]
    };
    let mut found = vec![
        sequence(
            "the-limits-of-the-public-deployment",
            "The limits are 20,000,000 HCU a transaction and 5,000,000 a chain.",
            vec![
                query("@hcuLimit", "getMaxHCUPerTx()", json!([]), &["20000000"]),
                query("@hcuLimit", "getMaxHCUDepthPerTx()", json!([]), &["5000000"]),
            ],
        ),
        sequence(
            "a-block-is-full",
            "A block's limit holds over its transactions, for contracts that are not exempt.",
            vec![
                set("setHCUPerBlock(uint48)", "20000000"),
                metered(11 * 1_686_000 + TRIVIAL, heavy(11)),
                // Another block, another meter.
                metered(11 * 1_686_000 + TRIVIAL, heavy(11)),
                run(heavy(11).into_iter().chain([full(OVER_BLOCK)]).collect()),
                set("addToBlockHCUWhitelist(address)", "@prober"),
                query("@hcuLimit", "isBlockHCUWhitelisted(address)", json!(["@prober"]), &["true"]),
                run(heavy(11).into_iter().chain([full(OVER_TOTAL)]).collect()),
                set("removeFromBlockHCUWhitelist(address)", "@prober"),
                run(heavy(11).into_iter().chain([full(OVER_BLOCK)]).collect()),
            ],
        )
        .requires(Requirement::Owner)
        .restore(reset()),
        sequence(
            "a-lower-limit-holds-at-once",
            "A new limit of transactions holds from the next transaction on.",
            vec![
                set("setMaxHCUPerTx(uint48)", "5000000"),
                run(heavy(2).into_iter().chain([full(OVER_TOTAL)]).collect()),
                set("setMaxHCUDepthPerTx(uint48)", "1000000"),
                run(items![
                    make(FheType::Uint128, 3, "a"),
                    call("@executor", Op::Mul.spec().signature, json!(["$a", "$a", "0x00"]))
                        .error(OVER_DEPTH, &[]),
                ]),
            ],
        )
        .requires(Requirement::Owner)
        .restore(reset()),
        sequence(
            "limits-fit-each-other",
            "No limit of transactions is below that of depth, and no limit of blocks below theirs.",
            vec![
                owner_refused("setMaxHCUPerTx(uint48)", "4999999", "MaxHCUPerTxBelowDepth()"),
                owner_refused("setMaxHCUDepthPerTx(uint48)", "20000001", "MaxHCUPerTxBelowDepth()"),
                owner_refused("setHCUPerBlock(uint48)", "19999999", "HCUPerBlockBelowMaxPerTx()"),
            ],
        )
        .requires(Requirement::Owner),
        sequence(
            "exemptions-are-given-once",
            "An account is exempt once, and not exempt once.",
            vec![
                set("addToBlockHCUWhitelist(address)", "@carol"),
                owner_refused_naming(
                    "addToBlockHCUWhitelist(address)",
                    "AlreadyBlockHCUWhitelisted(address)",
                ),
                set("removeFromBlockHCUWhitelist(address)", "@carol"),
                owner_refused_naming(
                    "removeFromBlockHCUWhitelist(address)",
                    "NotBlockHCUWhitelisted(address)",
                ),
            ],
        )
        .requires(Requirement::Owner),
    ];
    for (function, value) in [
        ("setHCUPerBlock(uint48)", "1000000000"),
        ("setMaxHCUPerTx(uint48)", "30000000"),
        ("setMaxHCUDepthPerTx(uint48)", "30000000"),
        ("addToBlockHCUWhitelist(address)", "@bob"),
        ("removeFromBlockHCUWhitelist(address)", "@bob"),
    ] {
        let name = function.split('(').next().unwrap_or(function);
        found.push(sequence(
            format!("strangers-set-no-limits/{name}"),
            "Only the owner of the host contracts sets limits and exemptions.",
            vec![send_refused(
                "@bob",
                "@hcuLimit",
                function,
                json!([value]),
                "NotHostOwner(address)",
                &["@bob"],
            )],
        ));
    }
    // The meter answers the executor only.
    let word = "0x0000000000000000000000000000000000000000000000000000000000000200";
    for (name, function, arguments) in [
        (
            "checkHCUForFheAdd",
            "checkHCUForFheAdd(uint8,bytes1,bytes32,bytes32,bytes32,address)",
            json!(["2", "0x00", word, word, word, "@prober"]),
        ),
        (
            "checkHCUForTrivialEncrypt",
            "checkHCUForTrivialEncrypt(uint8,bytes32,address)",
            json!(["2", word, "@prober"]),
        ),
        (
            "checkHCUForFheNot",
            "checkHCUForFheNot(uint8,bytes32,bytes32,address)",
            json!(["2", word, word, "@prober"]),
        ),
    ] {
        found.push(sequence(
            format!("only-the-executor-charges/{name}"),
            "A contract cannot charge HCU itself.",
            vec![run(items![
                call("@hcuLimit", function, arguments)
                    .error("CallerMustBeFHEVMExecutorContract()", &[])
            ])],
        ));
    }
    found
}

/// A product that the limit refuses.
fn full(error: &str) -> Item {
    Item::from(
        call("@executor", Op::Mul.spec().signature, json!(["$a", "$a", "0x00"])).error(error, &[]),
    )
}

fn owner_refused(function: &str, value: &str, error: &str) -> Step {
    send_refused("@owner", "@hcuLimit", function, json!([value]), error, &[])
}

fn owner_refused_naming(function: &str, error: &str) -> Step {
    send_refused("@owner", "@hcuLimit", function, json!(["@carol"]), error, &["@carol"])
}
