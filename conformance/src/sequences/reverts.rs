//! What is left of a frame that reverts: nothing.

use ciphervm_fhe::{FheType, Op};
use serde_json::json;

use super::build::*;
use crate::sequence::Sequence;

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found: Vec<_> = FheType::ALL.into_iter().flat_map(by_type).collect();
    found.extend(Op::Rand.spec().types.iter().map(randomness));
    found.extend(others());
    found
}

fn by_type(ty: FheType) -> Vec<Sequence> {
    let value = sample(ty);
    let named = |case: &str| format!("{case}/{ty}");
    let price = Op::Eq.spec().hcu.price(ty, true, 1).unwrap_or_default();
    vec![
        sequence(
            named("an-undone-frame-made-nothing"),
            "A handle that a reverted frame made is nobody's, in this transaction and after it.",
            vec![
                run(items![
                    undone(
                        "@prober",
                        items![make(ty, value, "a"), allow("$a", "@prober"), compare("$a"),]
                    ),
                    refused("$a", "@prober"),
                ]),
                is_allowed("$a", "@prober", false),
                run(items![refused("$a", "@prober")]),
            ],
        ),
        sequence(
            named("an-undone-frame-granted-nothing"),
            "A grant of a reverted frame is gone, while the handle from outside of it stays.",
            vec![
                run(items![
                    make(ty, value, "a"),
                    allow("$a", "@prober"),
                    undone(
                        "@prober",
                        items![allow("$a", "@other"), allow_transient("$a", "@bob"), publish("$a"),]
                    ),
                    compare("$a"),
                    frame("@other", items![refused("$a", "@other")]),
                ]),
                is_allowed("$a", "@other", false),
                is_allowed("$a", "@prober", true),
                query("@acl", "isAllowedForDecryption(bytes32)", json!(["$a"]), &["false"]),
                public_refused(&["$a"], "not_allowed_on_host_acl"),
            ],
        ),
        sequence(
            named("an-undone-frame-used-no-hcu"),
            "The meter counts what stayed, and not what a reverted frame computed.",
            vec![metered(
                32 + price,
                items![
                    make(ty, value, "a"),
                    undone("@prober", items![make(ty, value ^ 1, "b"), compare("$b"),]),
                    compare("$a"),
                ],
            )],
        ),
        sequence(
            named("an-undone-transaction-left-nothing"),
            "A transaction that reverts leaves no grant.",
            vec![
                run_undone(items![make(ty, value, "a"), allow("$a", "@prober"), compare("$a"),]),
                is_allowed("$a", "@prober", false),
                run(items![refused("$a", "@prober")]),
                public_refused(&["$a"], "not_allowed_on_host_acl"),
            ],
        ),
        sequence(
            named("a-frame-beside-an-undone-one-stays"),
            "What a frame did stays, if the frame beside it reverts.",
            vec![
                run(items![
                    frame("@prober", items![make(ty, value, "a"), allow("$a", "@prober")]),
                    undone("@prober", items![make(ty, value ^ 1, "b"), allow("$b", "@prober")]),
                    compare("$a"),
                ]),
                is_allowed("$a", "@prober", true),
                is_allowed("$b", "@prober", false),
            ],
        ),
        sequence(
            named("the-same-again-after-a-revert"),
            "What a reverted frame computed can be computed again, to the same handle.",
            vec![
                run(items![
                    undone("@prober", items![make(ty, value, "a")]),
                    make(ty, value, "b"),
                    allow("$b", "@prober"),
                    publish("$b"),
                ]),
                equal("$a", "$b"),
                public_values(&["$b"], &[value]),
            ],
        ),
    ]
}

/// The counter of seeds is state as any other.
fn randomness(ty: FheType) -> Sequence {
    let rand = |name: &str| {
        call("@executor", Op::Rand.spec().signature, json!([ty.id().to_string()])).named(name)
    };
    sequence(
        format!("an-undone-random-number-is-drawn-again/{ty}"),
        "A reverted frame gives its random seeds back; those that stay are used once.",
        vec![
            run(items![undone("@prober", items![rand("a")]), rand("b"), rand("c")]),
            equal("$a", "$b"),
            different("$b", "$c"),
        ],
    )
}

fn others() -> Vec<Sequence> {
    let ty = FheType::Uint8;
    vec![
        sequence(
            "frames-in-frames",
            "An inner frame that succeeds is undone with the outer one that does not.",
            vec![
                run(items![
                    undone(
                        "@prober",
                        items![
                            frame(
                                "@other",
                                items![
                                    make(ty, 3, "a"),
                                    allow("$a", "@other"),
                                    allow_transient("$a", "@prober"),
                                ]
                            ),
                            compare("$a"),
                        ]
                    ),
                    refused("$a", "@prober"),
                    frame("@other", items![refused("$a", "@other")]),
                ]),
                is_allowed("$a", "@other", false),
            ],
        ),
        sequence(
            "a-caught-refusal-changes-nothing",
            "A call that is refused and caught leaves the transaction as it was.",
            vec![
                metered(
                    32 + 55_000,
                    items![
                        make(ty, 3, "a"),
                        call("@executor", Op::Div.spec().signature, json!(["$a", "0", "0x01"]))
                            .error("DivisionByZero()", &[]),
                        call("@executor", Op::Add.spec().signature, json!(["$a", "$a", "0x02"]))
                            .error("ScalarByteIsNotBoolean()", &[]),
                        compare("$a").named("r"),
                        allow("$r", "@prober"),
                        publish("$r"),
                    ],
                ),
                public_values(&["$r"], &[1]),
            ],
        ),
        sequence(
            "an-undone-cleaning-cleans-nothing",
            "Cleaning transient storage in a frame that reverts takes nothing away.",
            vec![run(items![
                make(ty, 3, "a"),
                undone(
                    "@prober",
                    items![
                        call("@acl", "cleanTransientStorage()", json!([])),
                        refused("$a", "@prober"),
                    ]
                ),
                compare("$a"),
            ])],
        ),
        sequence(
            "an-undone-input-is-not-verified",
            "An input that a reverted frame verified is not usable until it is verified again.",
            vec![
                encrypt(ty, 9, "x", "p"),
                run(items![
                    undone("@prober", items![verify("$x", "@alice", "$p", ty), compare("$x")]),
                    refused("$x", "@prober"),
                    verify("$x", "@alice", "$p", ty),
                    compare("$x"),
                ]),
            ],
        ),
    ]
}
