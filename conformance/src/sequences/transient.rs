//! Who may use a handle until the transaction ends.

use ciphervm_fhe::{FheType, Op};
use serde_json::json;

use super::build::*;
use crate::sequence::Sequence;

const CLEAN: &str = "cleanTransientStorage()";

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found: Vec<_> = FheType::ALL.into_iter().flat_map(by_type).collect();
    found.extend(others());
    found
}

fn by_type(ty: FheType) -> Vec<Sequence> {
    let value = sample(ty);
    let named = |case: &str| format!("{case}/{ty}");
    vec![
        sequence(
            named("a-loan-ends-with-the-transaction"),
            "A transient allowance lets another contract compute in this transaction only.",
            vec![
                run(items![
                    make(ty, value, "a"),
                    allow("$a", "@prober"),
                    allow_transient("$a", "@other"),
                    frame("@other", items![compare("$a")]),
                ]),
                run_on("@other", items![refused("$a", "@other")]),
                run(items![compare("$a")]),
            ],
        ),
        sequence(
            named("no-loan-no-use"),
            "Another contract computes with nothing that it was not lent, in the same transaction.",
            vec![run(items![
                make(ty, value, "a"),
                frame("@other", items![refused("$a", "@other")]),
                compare("$a"),
            ])],
        ),
        sequence(
            named("cleaning-takes-all-loans"),
            "After transient storage was cleaned nothing is usable but by lasting grants.",
            vec![run(items![
                make(ty, value, "a"),
                make(ty, value ^ 1, "b"),
                allow("$b", "@prober"),
                allow_transient("$a", "@other"),
                call("@acl", CLEAN, json!([])),
                refused("$a", "@prober"),
                frame("@other", items![refused("$a", "@other")]),
                compare("$b"),
            ])],
        ),
        sequence(
            named("results-of-a-frame-can-be-lent-back"),
            "A contract lends its caller what it made, and the caller computes with it.",
            vec![
                run(items![
                    frame("@other", items![make(ty, value, "a"), allow_transient("$a", "@prober")]),
                    compare("$a").named("r"),
                    allow("$r", "@prober"),
                    publish("$r"),
                ]),
                public_values(&["$r"], &[u64::from(ty == FheType::Bool)]),
            ],
        ),
        sequence(
            named("a-loan-can-become-a-grant"),
            "Who was lent a handle can grant it for good, to itself too.",
            vec![
                run(items![
                    make(ty, value, "a"),
                    allow_transient("$a", "@other"),
                    frame("@other", items![allow("$a", "@other")]),
                ]),
                run_on("@other", items![compare("$a")]),
                run(items![refused("$a", "@prober")]),
            ],
        ),
    ]
}

fn others() -> Vec<Sequence> {
    let ty = FheType::Uint64;
    let refusal = "SenderNotAllowed(address)";
    vec![
        sequence(
            "loans-are-passed-on",
            "Who was lent a handle can lend it further within the transaction.",
            vec![run(items![
                make(ty, 5, "a"),
                allow_transient("$a", "@other"),
                frame(
                    "@other",
                    items![
                        allow_transient("$a", "@alice"),
                        call("@acl", "allowedTransient(bytes32,address)", json!(["$a", "@alice"]))
                            .returns(&["true"]),
                    ]
                ),
            ])],
        ),
        sequence(
            "loans-do-not-come-from-strangers",
            "Who has no access lends nothing.",
            vec![
                run(items![
                    make(ty, 5, "a"),
                    allow("$a", "@prober"),
                    frame(
                        "@other",
                        items![allow_transient("$a", "@other").error(refusal, &["@other"]),]
                    ),
                ]),
                run_on(
                    "@other",
                    items![allow_transient("$a", "@other").error(refusal, &["@other"])],
                ),
            ],
        ),
        sequence(
            "anybody-may-clean",
            "Any contract can clean transient storage, and takes everybody's loans with it.",
            vec![run(items![
                make(ty, 5, "a"),
                frame("@other", items![call("@acl", CLEAN, json!([]))]),
                refused("$a", "@prober"),
            ])],
        ),
        sequence(
            "a-loan-is-no-right-to-decrypt",
            "What was only lent is decrypted for nobody.",
            vec![
                run(items![
                    make(ty, 5, "a"),
                    allow("$a", "@prober"),
                    allow_transient("$a", "@alice"),
                ]),
                user_decrypt("@alice", &["$a"], not_allowed()),
                public_refused(&["$a"], "not_allowed_on_host_acl"),
            ],
        ),
        sequence(
            "the-meter-survives-cleaning",
            "Cleaning the list's transient storage does not set back the meter.",
            vec![metered(
                32 + 84_000,
                items![
                    make(FheType::Uint8, 5, "a"),
                    allow("$a", "@prober"),
                    call("@acl", CLEAN, json!([])),
                    call("@executor", Op::Add.spec().signature, json!(["$a", "3", "0x01"])),
                ],
            )],
        ),
    ]
}
