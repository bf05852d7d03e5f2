//! Where other systems are known to go wrong.

use ciphervm_fhe::{FheType, OPS, Op, Shape};
use serde_json::json;

use super::build::*;
use crate::sequence::{Kind, Sequence};

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found: Vec<_> = FheType::ALL.into_iter().flat_map(by_type).collect();
    found.extend(OPS.iter().filter(|spec| spec.shape == Shape::Binary).map(|spec| zero(spec.op)));
    found.extend(statics());
    found.extend(casts());
    found.extend(calls());
    found.extend(fakes());
    found
}

fn by_type(ty: FheType) -> Vec<Sequence> {
    let value = sample(ty);
    let named = |case: &str| format!("{case}/{ty}");
    // The type byte of the neighbour.
    let other = FheType::ALL[(FheType::ALL.iter().position(|t| *t == ty).unwrap_or(0) + 1) % 8];
    let retyped = format!("$a[0..30]+{:#04x}+$a[31..]", other.id());
    vec![
        sequence(
            named("a-handle-made-in-a-static-call"),
            "A static call makes no handle: it fails, and the handle that the same call makes \
             afterwards is a new one.",
            vec![
                run(items![
                    make(ty, value, "s").kind(Kind::Static).fails(),
                    make(ty, value, "a"),
                    allow("$a", "@prober"),
                    publish("$a"),
                ]),
                public_values(&["$a"], &[value]),
            ],
        ),
        sequence(
            named("an-operation-in-a-static-call"),
            "An operation in a static call fails, and gives no access.",
            vec![run(items![
                make(ty, value, "a"),
                compare("$a").kind(Kind::Static).fails(),
                compare("$a"),
            ])],
        ),
        sequence(
            named("a-handle-of-a-forged-type"),
            "A handle whose type byte was changed is another handle, which nobody was granted.",
            vec![
                run(items![make(ty, value, "a"), allow("$a", "@prober")]),
                run(items![
                    compare(&retyped).error(NOT_ALLOWED, &[&retyped, "@prober"]),
                    compare("$a"),
                ]),
            ],
        ),
        sequence(
            named("a-handle-of-another-chain"),
            "A handle whose chain was changed is another handle, which nobody was granted.",
            vec![
                run(items![make(ty, value, "a"), allow("$a", "@prober")]),
                run(items![
                    compare("$a^29").error(NOT_ALLOWED, &["$a^29", "@prober"]),
                    compare("$a"),
                ]),
            ],
        ),
    ]
}

/// A variable that was never set, as an operand.
fn zero(op: Op) -> Sequence {
    let spec = op.spec();
    let zero = format!("{:#066x}", 0);
    let scalar = call("@executor", spec.signature, json!([zero, "3", "0x01"]));
    // Its type byte is that of a Bool.
    let scalar = if spec.types.contains(FheType::Bool) {
        scalar.error(NOT_ALLOWED, &[&zero, "@prober"])
    } else {
        scalar.error("UnsupportedType()", &[])
    };
    sequence(
        format!("the-zero-handle-is-no-value/{}", op.name()),
        "An operation on the zero handle fails and returns no handle that could pass for a \
         result.",
        vec![run(items![
            scalar.named("r"),
            call("@acl", "allow(bytes32,address)", json!(["$r", "@prober"]))
                .error("SenderNotAllowed(address)", &["@prober"]),
            publish("$r").error("SenderNotAllowed(address)", &["@prober"]),
        ])],
    )
}

/// Each operation in a static call, in all its forms.
fn statics() -> Vec<Sequence> {
    let mut found = Vec::new();
    for spec in OPS.iter().filter(|spec| spec.shape != Shape::VerifyInput) {
        let Some(ty) = spec.types.iter().next() else { continue };
        let value = sample(ty);
        let mut calls = items![make(ty, value, "a"), make(ty, value ^ 1, "b")];
        calls.push(make(FheType::Bool, 1, "c").into());
        for (_, scalar) in forms(spec) {
            let operation = operation(spec.op, ty, *scalar);
            calls.push(operation.clone().kind(Kind::Static).fails().into());
            calls.push(operation.into());
        }
        found.push(sequence(
            format!("an-operation-in-a-static-call/{}", spec.op.name()),
            "An operation in a static call fails, and outside of one does not.",
            vec![run(calls)],
        ));
    }
    for op in [Op::Rand, Op::RandBounded] {
        let draw = || operation(op, FheType::Uint64, false);
        found.push(sequence(
            format!("a-number-drawn-in-a-static-call/{}", op.name()),
            "A static call draws no random number: the next one is the one that was due.",
            vec![
                run(items![
                    undone("@prober", items![draw().named("a")]),
                    draw().kind(Kind::Static).fails(),
                    draw().named("b"),
                ]),
                equal("$a", "$b"),
            ],
        ));
    }
    let ty = FheType::Uint64;
    let check = || verify("$x", "@alice", "$p", ty);
    found.push(sequence(
        "an-input-in-a-static-call",
        "A static call verifies no input: it fails, and gives no access.",
        vec![
            encrypt(ty, 9, "x", "p"),
            run(items![
                check().kind(Kind::Static).fails(),
                refused("$x", "@prober"),
                check(),
                check().kind(Kind::Static).fails(),
                compare("$x"),
            ]),
        ],
    ));
    found
}

fn casts() -> Vec<Sequence> {
    let cast = Op::Cast.spec();
    cast.types
        .iter()
        .map(|ty| {
            let to = target_of(ty);
            let id = to.id().to_string();
            let price = cast.hcu.price(to, false, 1).unwrap_or_default();
            let cast = |name: &str| call("@executor", cast.signature, json!([name, id.clone()]));
            sequence(
                format!("casts-are-not-free/{ty}"),
                "A conversion is metered, needs access to its operand, and grants what it makes \
                 to its caller only.",
                vec![
                    metered(
                        32 + 2 * price,
                        items![
                            make(ty, sample(ty), "a"),
                            allow("$a", "@prober"),
                            cast("$a").named("b"),
                            cast("$a"),
                            frame(
                                "@other",
                                items![
                                    cast("$a").error(NOT_ALLOWED, &["$a", "@other"]),
                                    refused("$b", "@other"),
                                ]
                            ),
                        ],
                    ),
                    run_on("@other", items![cast("$a").error(NOT_ALLOWED, &["$a", "@other"])]),
                    run(items![refused("$b", "@prober"), cast("$a")]),
                ],
            )
        })
        .collect()
}

/// Ways of calling that are none.
fn calls() -> Vec<Sequence> {
    let ty = FheType::Uint8;
    let mut found = Vec::new();
    for (name, call) in [
        ("executor", make(ty, 5, "a")),
        ("acl", call("@acl", "cleanTransientStorage()", json!([]))),
    ] {
        found.push(sequence(
            format!("a-call-with-ether/{name}"),
            "Host contracts take no ether.",
            vec![run(items![call.clone().value(1).fails(), call])],
        ));
    }
    for (name, call) in [
        ("executor", make(ty, 5, "a")),
        ("acl", allow("$b", "@other")),
        ("unknown", call("@executor", "fheSqrt(bytes32)", json!(["$b"]))),
    ] {
        let call = if name == "unknown" { call.fails() } else { call.kind(Kind::Delegate).fails() };
        found.push(sequence(
            format!("a-call-that-is-none/{name}"),
            "A host contract computes in nobody else's name, and knows its own functions only.",
            vec![
                run(items![make(ty, 5, "b"), call, compare("$b"), allow("$b", "@prober")]),
                is_allowed("$b", "@other", false),
            ],
        ));
    }
    found.push(sequence(
        "views-answer-in-static-calls",
        "Questions are answered in a static call.",
        vec![run(items![
            make(ty, 5, "b"),
            call("@acl", "isAllowed(bytes32,address)", json!(["$b", "@prober"]))
                .kind(Kind::Static)
                .returns(&["true"]),
            call("@executor", "getACLAddress()", json!([])).kind(Kind::Static).returns(&["@acl"]),
            call("@executor", "getHCULimitAddress()", json!([]))
                .kind(Kind::Static)
                .returns(&["@hcuLimit"]),
        ])],
    ));
    found.push(sequence(
        "grants-in-a-static-call",
        "A static call grants nothing.",
        vec![
            run(items![
                make(ty, 5, "b"),
                allow("$b", "@other").kind(Kind::Static).fails(),
                publish("$b").kind(Kind::Static).fails(),
                allow("$b", "@prober"),
            ]),
            is_allowed("$b", "@other", false),
            query("@acl", "isAllowedForDecryption(bytes32)", json!(["$b"]), &["false"]),
        ],
    ));
    found
}

/// What a mock lets pass.
fn fakes() -> Vec<Sequence> {
    let ty = FheType::Uint64;
    let steal = |op: Op, arguments| {
        call("@executor", op.spec().signature, arguments).error(NOT_ALLOWED, &["$a", "@other"])
    };
    let theirs = run(items![make(ty, 1_000, "a"), allow("$a", "@prober")]);
    let bool = FheType::Bool;
    let mut found = Vec::new();
    for (name, arguments, op) in [
        ("add", json!(["$a", "0", "0x01"]), Op::Add),
        ("add-on-the-right", json!(["$o", "$a", "0x00"]), Op::Add),
        ("compare", json!(["$a", "1000", "0x01"]), Op::Ge),
        ("select", json!(["$c", "$a", "$a"]), Op::IfThenElse),
        ("select-the-other", json!(["$c", "$o", "$a"]), Op::IfThenElse),
        ("sum", json!([["$o", "$a"], "5"]), Op::Sum),
        ("is-in", json!(["$o", ["$a"], "5"]), Op::IsIn),
        ("is-in-itself", json!(["$a", ["$o"], "5"]), Op::IsIn),
        ("mul-div", json!(["$o", "$a", "1", "0x01"]), Op::MulDiv),
        ("not", json!(["$a"]), Op::Not),
        ("neg", json!(["$a"]), Op::Neg),
        ("cast", json!(["$a", "6"]), Op::Cast),
        ("shift", json!(["$a", "0", "0x01"]), Op::Shl),
        ("and-itself", json!(["$a", "$a", "0x00"]), Op::BitAnd),
        ("min", json!(["$o", "$a", "0x00"]), Op::Min),
    ] {
        found.push(sequence(
            format!("a-value-is-not-stolen-by/{name}"),
            "An operation that would only copy a value needs access to it as any other.",
            vec![
                theirs.clone(),
                run_on(
                    "@other",
                    items![make(ty, 7, "o"), make(bool, 1, "c"), steal(op, arguments)],
                ),
            ],
        ));
    }
    found.push(sequence(
        "a-guessed-handle",
        "To know a handle before it is made is of no use: its maker alone has access.",
        vec![
            theirs,
            run(items![
                undone("@other", items![make(ty, 5, "guess")]),
                refused("$guess", "@prober"),
                frame("@other", items![make(ty, 5, "b")]),
                refused("$b", "@prober"),
                make(ty, 5, "d"),
                compare("$b"),
            ]),
        ],
    ));
    found.push(sequence(
        "a-constant-is-everybodys-guess",
        "Two contracts that encrypt one word in one block share the handle, and the access of \
         each is its own.",
        vec![
            run(items![
                make(ty, 12, "a"),
                frame(
                    "@other",
                    items![refused("$a", "@other"), make(ty, 12, "b"), allow("$b", "@other")]
                ),
                allow("$a", "@prober"),
            ]),
            equal("$a", "$b"),
            run_on("@other", items![compare("$a")]),
        ],
    ));
    found
}
