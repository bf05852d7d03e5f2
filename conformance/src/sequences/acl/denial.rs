//! What the owner of the list can stop.
//!
//! What lets it go on is in `restore`, for a chain that stays stopped fails whatever comes after.

use ciphervm_fhe::FheType;
use serde_json::json;

use super::super::build::*;
use crate::sequence::{Requirement, Sequence};

pub(super) fn sequences() -> Vec<Sequence> {
    let ty = FheType::Uint16;
    let start = run(items![make(ty, 6, "a"), allow("$a", "@prober")]);
    let owner = |function: &str, arguments| send("@owner", "@acl", function, arguments);
    let denied = |call: crate::sequence::Call| call.error("SenderDenied(address)", &["@prober"]);
    let stranger = |function: &str, arguments, error: &str| {
        send_refused("@bob", "@acl", function, arguments, error, &["@bob"])
    };
    let again = |function: &str, error| {
        send_refused("@owner", "@acl", function, json!(["@carol"]), error, &["@carol"])
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
            ],
        )
        .requires(Requirement::Owner)
        .restore(vec![
            owner("unblockAccount(address)", json!(["@prober"])),
            run(items![allow("$a", "@other")]),
        ]),
        sequence(
            "blocking-twice-is-refused",
            "An account is denied once, and let in again once.",
            vec![
                owner("blockAccount(address)", json!(["@carol"])),
                again("blockAccount(address)", "AccountAlreadyBlocked(address)"),
            ],
        )
        .requires(Requirement::Owner)
        .restore(vec![
            owner("unblockAccount(address)", json!(["@carol"])),
            again("unblockAccount(address)", "AccountNotBlocked(address)"),
        ]),
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
            ],
        )
        .requires(Requirement::Owner)
        .restore(vec![
            owner("unpause()", json!([])),
            run(items![compare("$a"), allow("$a", "@other")]),
        ]),
    ]
}
