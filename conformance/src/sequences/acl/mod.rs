//! Who may use a handle for good.

mod delegation;
mod denial;
mod strangers;

use ciphervm_fhe::FheType;
use serde_json::json;

use super::build::*;
use crate::sequence::Sequence;

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found: Vec<_> = FheType::ALL.into_iter().flat_map(grants).collect();
    found.extend(direct());
    found.extend(delegation::sequences());
    found.extend(denial::sequences());
    found.extend(strangers::sequences());
    found
}

/// What holds of every type.
fn grants(ty: FheType) -> Vec<Sequence> {
    let value = sample(ty);
    let named = |case: &str| format!("{case}/{ty}");
    vec![
        sequence(
            named("a-grant-lasts"),
            "A handle that was granted to its contract can be used in the next transaction.",
            vec![
                run(items![make(ty, value, "a"), allow("$a", "@prober")]),
                is_allowed("$a", "@prober", true),
                run(items![compare("$a")]),
            ],
        ),
        sequence(
            named("no-grant-does-not-last"),
            "A handle that nobody was granted is lost with its transaction, for its own maker too.",
            vec![
                run(items![make(ty, value, "a"), compare("$a")]),
                is_allowed("$a", "@prober", false),
                run(items![refused("$a", "@prober")]),
            ],
        ),
        sequence(
            named("a-grant-is-for-one"),
            "A grant to another contract is one for that contract, and for no third.",
            vec![
                run(items![make(ty, value, "a"), allow("$a", "@other")]),
                run_on("@other", items![compare("$a")]),
                run(items![refused("$a", "@prober")]),
                is_allowed("$a", "@alice", false),
                is_allowed("$a", "@other", true),
            ],
        ),
        sequence(
            named("strangers-grant-nothing"),
            "Who has no access to a handle cannot give any, to itself least of all.",
            vec![
                run(items![make(ty, value, "a"), allow("$a", "@prober")]),
                run_on(
                    "@other",
                    items![
                        allow("$a", "@other").error("SenderNotAllowed(address)", &["@other"]),
                        allow_transient("$a", "@other")
                            .error("SenderNotAllowed(address)", &["@other"]),
                        publish("$a").error("SenderNotAllowed(address)", &["@other"]),
                        refused("$a", "@other"),
                    ],
                ),
                is_allowed("$a", "@other", false),
            ],
        ),
        sequence(
            named("grants-are-passed-on"),
            "Who was granted a handle for good can grant it further in a later transaction.",
            vec![
                run(items![make(ty, value, "a"), allow("$a", "@other")]),
                run_on("@other", items![allow("$a", "@prober")]),
                run(items![compare("$a")]),
            ],
        ),
        sequence(
            named("results-need-their-own-grant"),
            "A grant of an operand is none of the result.",
            vec![
                run(items![
                    make(ty, value, "a"),
                    allow("$a", "@other"),
                    compare("$a").named("r"),
                    frame("@other", items![refused("$r", "@other")]),
                ]),
                run_on("@other", items![compare("$a"), refused("$r", "@other")]),
            ],
        ),
    ]
}

/// Accounts without code, and lists of handles.
fn direct() -> Vec<Sequence> {
    let ty = FheType::Uint32;
    let start = run(items![make(ty, 7, "a"), allow("$a", "@prober"), allow("$a", "@alice")]);
    vec![
        sequence(
            "accounts-grant-what-they-have",
            "An account without code that has a handle grants it in a transaction of its own.",
            vec![
                start.clone(),
                send("@alice", "@acl", "allow(bytes32,address)", json!(["$a", "@bob"])),
                is_allowed("$a", "@bob", true),
                send("@bob", "@acl", "allow(bytes32,address)", json!(["$a", "@other"])),
                run_on("@other", items![compare("$a")]),
            ],
        ),
        sequence(
            "accounts-grant-nothing-else",
            "An account without code that has no access is refused, in its own transaction.",
            vec![
                start.clone(),
                send_refused(
                    "@bob",
                    "@acl",
                    "allow(bytes32,address)",
                    json!(["$a", "@bob"]),
                    "SenderNotAllowed(address)",
                    &["@bob"],
                ),
                is_allowed("$a", "@bob", false),
            ],
        ),
        sequence(
            "an-empty-list-is-refused",
            "A list without handles cannot be published.",
            vec![run(items![
                call("@acl", "allowForDecryption(bytes32[])", json!([[]]))
                    .error("HandlesListIsEmpty()", &[])
            ])],
        ),
        sequence(
            "a-list-is-published-or-not-at-all",
            "A list with one foreign handle publishes none of them.",
            vec![
                run_on("@other", items![make(ty, 9, "b"), allow("$b", "@other")]),
                start.clone(),
                run(items![
                    call("@acl", "allowForDecryption(bytes32[])", json!([["$a", "$b"]]))
                        .error("SenderNotAllowed(address)", &["@prober"])
                ]),
                query("@acl", "isAllowedForDecryption(bytes32)", json!(["$a"]), &["false"]),
                query("@acl", "isAllowedForDecryption(bytes32)", json!(["$b"]), &["false"]),
                run(items![publish("$a")]),
                query("@acl", "isAllowedForDecryption(bytes32)", json!(["$a"]), &["true"]),
            ],
        ),
        sequence(
            "publishing-grants-no-use",
            "A handle that everybody may decrypt is still not everybody's to compute with.",
            vec![
                start.clone(),
                run(items![publish("$a")]),
                run_on("@other", items![refused("$a", "@other")]),
                is_allowed("$a", "@other", false),
                public_values(&["$a"], &[7]),
            ],
        ),
        sequence(
            "a-multicall-grants-in-the-callers-name",
            "Grants in a multicall are those of whoever calls it, all of them or none.",
            vec![
                start.clone(),
                send(
                    "@alice",
                    "@acl",
                    "multicall(bytes[])",
                    json!([[
                        {"function": "allow(bytes32,address)", "arguments": ["$a", "@bob"]},
                        {"function": "allow(bytes32,address)", "arguments": ["$a", "@carol"]},
                    ]]),
                ),
                is_allowed("$a", "@bob", true),
                is_allowed("$a", "@carol", true),
            ],
        ),
        sequence(
            "a-multicall-is-undone-as-a-whole",
            "A multicall whose second grant is refused leaves nothing of the first.",
            vec![
                start.clone(),
                run_on("@other", items![make(ty, 11, "b"), allow("$b", "@other")]),
                send_refused(
                    "@alice",
                    "@acl",
                    "multicall(bytes[])",
                    json!([[
                        {"function": "allow(bytes32,address)", "arguments": ["$a", "@bob"]},
                        {"function": "allow(bytes32,address)", "arguments": ["$b", "@bob"]},
                    ]]),
                    "SenderNotAllowed(address)",
                    &["@alice"],
                ),
                is_allowed("$a", "@bob", false),
            ],
        ),
        sequence(
            "grants-twice-are-one",
            "A second grant of the same handle to the same account changes nothing.",
            vec![
                start,
                run(items![allow("$a", "@other"), allow("$a", "@other")]),
                run_on("@other", items![compare("$a")]),
            ],
        ),
        sequence(
            "the-list-answers-in-the-transaction",
            "Grants, lasting and not, count from the moment at which they are made.",
            vec![run(items![
                make(ty, 5, "a"),
                call("@acl", "isAllowed(bytes32,address)", json!(["$a", "@prober"]))
                    .returns(&["true"]),
                call("@acl", "allowedTransient(bytes32,address)", json!(["$a", "@prober"]))
                    .returns(&["true"]),
                call("@acl", "persistAllowed(bytes32,address)", json!(["$a", "@prober"]))
                    .returns(&["false"]),
                call("@acl", "isAllowed(bytes32,address)", json!(["$a", "@other"]))
                    .returns(&["false"]),
                allow("$a", "@prober"),
                call("@acl", "persistAllowed(bytes32,address)", json!(["$a", "@prober"]))
                    .returns(&["true"]),
            ])],
        ),
    ]
}
