//! Who may use a handle for good.

use ciphervm_fhe::FheType;
use serde_json::json;

use super::build::*;
use crate::sequence::{Requirement, Sequence, Step};

const DELEGATE: &str = "delegateForUserDecryption(address,address,uint64)";
const REVOKE: &str = "revokeDelegationForUserDecryption(address,address)";
const IS_DELEGATED: &str = "isHandleDelegatedForUserDecryption(address,address,address,bytes32)";
const EXPIRATION: &str = "getUserDecryptionDelegationExpirationDate(address,address,address)";

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found: Vec<_> = FheType::ALL.into_iter().flat_map(grants).collect();
    found.extend(direct());
    found.extend(delegations());
    found.extend(denials());
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

fn delegations() -> Vec<Sequence> {
    let start =
        run(items![make(FheType::Uint64, 42, "a"), allow("$a", "@prober"), allow("$a", "@alice"),]);
    let delegate =
        |expiration: &str| send("@alice", "@acl", DELEGATE, json!(["@bob", "@prober", expiration]));
    let refuse = |arguments, error: &str, named: &[&str]| {
        send_refused("@alice", "@acl", DELEGATE, arguments, error, named)
    };
    let asked = |answer: &str| {
        query("@acl", IS_DELEGATED, json!(["@alice", "@bob", "@prober", "$a"]), &[answer])
    };
    // Delegations outlive a sequence: each takes back what it gave.
    let revoke = || vec![send("@alice", "@acl", REVOKE, json!(["@bob", "@prober"]))];
    let wildcard = "0xffffffffffffffffffffffffffffffffffffffff";
    vec![
        sequence(
            "a-delegation-lets-another-read",
            "A delegation holds for handles that delegator and contract have, until it is revoked.",
            vec![
                start.clone(),
                asked("false"),
                delegate("now+86400"),
                asked("true"),
                query(
                    "@acl",
                    IS_DELEGATED,
                    json!(["@alice", "@carol", "@prober", "$a"]),
                    &["false"],
                ),
                query("@acl", IS_DELEGATED, json!(["@alice", "@bob", "@other", "$a"]), &["false"]),
                query("@acl", IS_DELEGATED, json!(["@bob", "@alice", "@prober", "$a"]), &["false"]),
            ]
            .into_iter()
            .chain(revoke())
            .chain([asked("false")])
            .collect(),
        ),
        sequence(
            "a-delegation-ends",
            "A delegation ends at its date.",
            vec![
                start.clone(),
                delegate("now+3600"),
                asked("true"),
                Step::Advance { seconds: 3_700 },
                asked("false"),
            ],
        )
        .requires(Requirement::Clock)
        .restore(revoke()),
        sequence(
            "a-delegation-can-be-for-all-contracts",
            "A delegation to the wildcard holds for every contract that has the handle.",
            vec![
                start,
                send("@alice", "@acl", DELEGATE, json!(["@bob", wildcard, "now+86400"])),
                asked("true"),
                query("@acl", IS_DELEGATED, json!(["@alice", "@bob", "@other", "$a"]), &["false"]),
            ],
        )
        .restore(vec![send("@alice", "@acl", REVOKE, json!(["@bob", wildcard]))]),
        sequence(
            "a-delegation-is-of-what-the-delegator-has",
            "A delegation gives nothing that the delegator has not.",
            vec![
                run(items![make(FheType::Uint64, 43, "b"), allow("$b", "@prober")]),
                delegate("now+86400"),
                query("@acl", IS_DELEGATED, json!(["@alice", "@bob", "@prober", "$b"]), &["false"]),
            ],
        )
        .restore(revoke()),
        sequence(
            "a-delegation-to-the-past-is-refused",
            "A delegation must end in the future.",
            vec![
                refuse(json!(["@bob", "@prober", "1"]), "ExpirationDateInThePast()", &[]),
                refuse(json!(["@bob", "@prober", "now-1"]), "ExpirationDateInThePast()", &[]),
                refuse(json!(["@bob", "@prober", "0"]), "ExpirationDateInThePast()", &[]),
            ],
        ),
        sequence(
            "nobody-delegates-to-themselves",
            "A delegator is not the delegate, not the contract, and the delegate not the contract.",
            vec![
                refuse(
                    json!(["@alice", "@prober", "now+99"]),
                    "SenderCannotBeDelegate(address)",
                    &["@alice"],
                ),
                refuse(
                    json!(["@bob", "@alice", "now+99"]),
                    "SenderCannotBeContractAddress(address)",
                    &["@alice"],
                ),
                refuse(
                    json!(["@prober", "@prober", "now+99"]),
                    "DelegateCannotBeContractAddress(address)",
                    &["@prober"],
                ),
                refuse(
                    json!([wildcard, "@prober", "now+99"]),
                    "DelegateCannotBeWildcard(address)",
                    &[wildcard],
                ),
            ],
        ),
        sequence(
            "what-was-not-delegated-cannot-be-revoked",
            "A delegation that is not there cannot be taken back.",
            vec![send_refused(
                "@carol",
                "@acl",
                REVOKE,
                json!(["@bob", "@prober"]),
                "NotDelegatedYet(address,address,address)",
                &["@carol", "@bob", "@prober"],
            )],
        ),
        sequence(
            "one-change-a-block",
            "A delegation is changed once a block at most.",
            vec![run(items![
                call("@acl", DELEGATE, json!(["@carol", "@other", "now+86400"])),
                call("@acl", DELEGATE, json!(["@carol", "@other", "now+90000"])).error(
                    "AlreadyDelegatedOrRevokedInSameBlock(address,address,address,uint256)",
                    &[],
                ),
                call("@acl", REVOKE, json!(["@carol", "@other"])).error(
                    "AlreadyDelegatedOrRevokedInSameBlock(address,address,address,uint256)",
                    &[],
                ),
            ])],
        )
        .restore(vec![run(items![call("@acl", REVOKE, json!(["@carol", "@other"]))])]),
        sequence(
            "a-date-is-not-set-twice",
            "A delegation is not renewed to the date that it has.",
            vec![
                send("@alice", "@acl", DELEGATE, json!(["@bob", "@prober", "33333333333"])),
                refuse(
                    json!(["@bob", "@prober", "33333333333"]),
                    "ExpirationDateAlreadySetToSameValue(address,address,address,uint256)",
                    &[],
                ),
                query("@acl", EXPIRATION, json!(["@alice", "@bob", "@prober"]), &["33333333333"]),
                send("@alice", "@acl", DELEGATE, json!(["@bob", "@prober", "44444444444"])),
                query("@acl", EXPIRATION, json!(["@alice", "@bob", "@prober"]), &["44444444444"]),
            ],
        )
        .restore(revoke()),
        sequence(
            "signatures-are-not-invalidated-ahead",
            "A user takes signatures back up to now, and not to an earlier time than before.",
            vec![
                send_refused(
                    "@carol",
                    "@acl",
                    "invalidateDecryptionSignaturesBefore(uint256)",
                    json!(["now+100000"]),
                    "InvalidationTimestampInTheFuture()",
                    &[],
                ),
                send(
                    "@carol",
                    "@acl",
                    "invalidateDecryptionSignaturesBefore(uint256)",
                    json!(["now-5"]),
                ),
                send_refused(
                    "@carol",
                    "@acl",
                    "invalidateDecryptionSignaturesBefore(uint256)",
                    json!(["now-100"]),
                    "InvalidationTimestampTooLow()",
                    &[],
                ),
            ],
        ),
    ]
}

/// What the owner can stop.
fn denials() -> Vec<Sequence> {
    let ty = FheType::Uint16;
    let start = run(items![make(ty, 6, "a"), allow("$a", "@prober")]);
    let owner = |function: &str, arguments| send("@owner", "@acl", function, arguments);
    let denied = |call: crate::sequence::Call| call.error("SenderDenied(address)", &["@prober"]);
    let stranger = |function: &str, arguments, error: &str| {
        send_refused("@bob", "@acl", function, arguments, error, &["@bob"])
    };
    vec![
        sequence(
            "a-blocked-account-grants-nothing",
            "An account on the list of those denied grants nothing until it is taken off.",
            vec![
                start.clone(),
                owner("blockAccount(address)", json!(["@prober"])),
                query("@acl", "isAccountDenied(address)", json!(["@prober"]), &["true"]),
                run(items![
                    denied(allow("$a", "@other")),
                    denied(allow_transient("$a", "@other")),
                    denied(publish("$a")),
                    compare("$a"),
                ]),
                owner("unblockAccount(address)", json!(["@prober"])),
                run(items![allow("$a", "@other")]),
            ],
        )
        .requires(Requirement::Owner),
        sequence(
            "blocking-twice-is-refused",
            "An account is denied once, and let in again once.",
            vec![
                owner("blockAccount(address)", json!(["@carol"])),
                send_refused(
                    "@owner",
                    "@acl",
                    "blockAccount(address)",
                    json!(["@carol"]),
                    "AccountAlreadyBlocked(address)",
                    &["@carol"],
                ),
                owner("unblockAccount(address)", json!(["@carol"])),
                send_refused(
                    "@owner",
                    "@acl",
                    "unblockAccount(address)",
                    json!(["@carol"]),
                    "AccountNotBlocked(address)",
                    &["@carol"],
                ),
            ],
        )
        .requires(Requirement::Owner),
        sequence(
            "strangers-stop-nobody",
            "Only the owner denies accounts and resumes, only pausers pause.",
            vec![
                stranger(
                    "blockAccount(address)",
                    json!(["@alice"]),
                    "OwnableUnauthorizedAccount(address)",
                ),
                stranger(
                    "unblockAccount(address)",
                    json!(["@alice"]),
                    "OwnableUnauthorizedAccount(address)",
                ),
                stranger("unpause()", json!([]), "OwnableUnauthorizedAccount(address)"),
                stranger("pause()", json!([]), "NotPauser(address)"),
                stranger(
                    "transferOwnership(address)",
                    json!(["@bob"]),
                    "OwnableUnauthorizedAccount(address)",
                ),
                stranger("acceptOwnership()", json!([]), "OwnableUnauthorizedAccount(address)"),
            ],
        ),
        sequence(
            "nothing-is-granted-during-a-pause",
            "While the list is paused nothing is granted, and so nothing is computed; old grants \
             hold after it.",
            vec![
                start,
                owner("pause()", json!([])),
                query("@acl", "paused()", json!([]), &["true"]),
                run(items![
                    allow("$a", "@other").error("EnforcedPause()", &[]),
                    allow_transient("$a", "@other").error("EnforcedPause()", &[]),
                    make(ty, 8, "b").error("EnforcedPause()", &[]),
                    compare("$a").error("EnforcedPause()", &[]),
                ]),
                owner("unpause()", json!([])),
                run(items![compare("$a"), allow("$a", "@other")]),
            ],
        )
        .requires(Requirement::Owner),
    ]
}
