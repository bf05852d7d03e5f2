//! Who may read in whose name.

use ciphervm_fhe::FheType;
use serde_json::json;

use super::super::build::*;
use crate::sequence::{Requirement, Sequence, Step};

const DELEGATE: &str = "delegateForUserDecryption(address,address,uint64)";
const REVOKE: &str = "revokeDelegationForUserDecryption(address,address)";
const IS_DELEGATED: &str = "isHandleDelegatedForUserDecryption(address,address,address,bytes32)";
const EXPIRATION: &str = "getUserDecryptionDelegationExpirationDate(address,address,address)";

pub(super) fn sequences() -> Vec<Sequence> {
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
