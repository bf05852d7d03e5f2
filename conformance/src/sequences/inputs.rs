//! Values that come in encrypted, and the proofs that they come with.

use ciphervm_fhe::FheType;
use serde_json::json;

use super::build::*;
use crate::sequence::{Item, Requirement, Sequence, Step};

const SIGNER: &str = "InvalidSigner(address)";

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found: Vec<_> = FheType::ALL.into_iter().flat_map(by_type).collect();
    found.extend(lists());
    found.extend(malformed());
    found.extend(replays());
    found
}

fn by_type(ty: FheType) -> Vec<Sequence> {
    let value = sample(ty);
    let named = |case: &str| format!("{case}/{ty}");
    let start = encrypt(ty, value, "x", "p");
    let check = |user: &str| verify("$x", user, "$p", ty);
    let wrong = if ty == FheType::Uint8 { FheType::Uint16 } else { FheType::Uint8 };
    vec![
        sequence(
            named("an-input-has-its-value"),
            "A verified input is usable in the transaction, and has the value that was encrypted.",
            vec![
                start.clone(),
                run(items![
                    check("@alice").named("y"),
                    compare("$y"),
                    allow("$y", "@prober"),
                    publish("$y"),
                ]),
                equal("$x", "$y"),
                public_values(&["$x"], &[value]),
            ],
        ),
        sequence(
            named("an-input-needs-its-verification"),
            "An input that was not verified in this transaction is not usable.",
            vec![
                start.clone(),
                run(items![refused("$x", "@prober"), check("@alice"), compare("$x")]),
                run(items![refused("$x", "@prober")]),
            ],
        ),
        sequence(
            named("an-input-is-one-users"),
            "A proof for one user is none for another.",
            vec![
                start.clone(),
                run(items![check("@bob").error(SIGNER, &[]), refused("$x", "@prober")]),
            ],
        ),
        sequence(
            named("an-input-is-for-one-contract"),
            "A proof for one contract is none for another.",
            vec![
                start.clone(),
                run_on(
                    "@other",
                    items![check("@alice").error(SIGNER, &[]), refused("$x", "@other")],
                ),
                run(items![check("@alice")]),
            ],
        ),
        sequence(
            named("an-input-has-its-type"),
            "An input cannot be taken for a value of another type.",
            vec![
                start,
                run(items![
                    verify("$x", "@alice", "$p", wrong).error("InvalidType()", &[]),
                    refused("$x", "@prober"),
                ]),
            ],
        ),
    ]
}

/// Several values under one proof.
fn lists() -> Vec<Sequence> {
    let all: Vec<(FheType, u64)> = FheType::ALL.into_iter().map(|ty| (ty, sample(ty))).collect();
    let names: Vec<String> = (0..all.len()).map(|index| format!("x{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let handles: Vec<String> = names.iter().map(|name| format!("${name}")).collect();
    let handles: Vec<&str> = handles.iter().map(String::as_str).collect();
    let clear: Vec<u64> = all.iter().map(|(_, value)| *value).collect();
    let mut calls: Vec<Item> = Vec::new();
    for ((ty, _), name) in all.iter().zip(&handles) {
        calls.push(Item::from(verify(name, "@alice", "$p", *ty)));
        calls.push(Item::from(publish(name)));
    }
    let pair = |names: &[&str], proof: &str| {
        let values = [(FheType::Uint8, 1), (FheType::Uint8, 2)];
        encrypt_for("@prober", "@alice", &values, names, proof)
    };
    vec![
        sequence(
            "one-proof-for-all-types",
            "A list with a value of each type gives each its value.",
            vec![
                encrypt_for("@prober", "@alice", &all, &names, "p"),
                run(calls),
                public_values(&handles, &clear),
            ],
        ),
        sequence(
            "equal-values-are-two-inputs",
            "The same value twice in a list has two handles.",
            vec![
                encrypt_for(
                    "@prober",
                    "@alice",
                    &[(FheType::Uint8, 7), (FheType::Uint8, 7)],
                    &["x", "y"],
                    "p",
                ),
                different("$x", "$y"),
                run(items![
                    verify("$x", "@alice", "$p", FheType::Uint8),
                    verify("$y", "@alice", "$p", FheType::Uint8),
                    publish("$x"),
                    publish("$y"),
                ]),
                public_values(&["$x", "$y"], &[7, 7]),
            ],
        ),
        sequence(
            "the-same-value-encrypted-twice",
            "Two encryptions of one value are two ciphertexts.",
            vec![
                encrypt(FheType::Uint8, 7, "x", "p"),
                encrypt(FheType::Uint8, 7, "y", "q"),
                different("$x", "$y"),
            ],
        )
        .requires(Requirement::Proofs),
        sequence(
            "a-handle-of-another-list",
            "A proof covers the handles of its own list and no others.",
            vec![
                pair(&["a", "b"], "p"),
                encrypt_for(
                    "@prober",
                    "@alice",
                    &[(FheType::Uint8, 3), (FheType::Uint8, 4)],
                    &["c", "d"],
                    "q",
                ),
                run(items![
                    verify("$a", "@alice", "$q", FheType::Uint8).error("InvalidInputHandle()", &[]),
                    verify("$d", "@alice", "$p", FheType::Uint8).error("InvalidInputHandle()", &[]),
                    verify("$a", "@alice", "$p", FheType::Uint8),
                    verify("$d", "@alice", "$q", FheType::Uint8),
                    // A proof that was accepted before is held to its handles, too.
                    verify("$c", "@alice", "$p", FheType::Uint8).error("InvalidInputHandle()", &[]),
                ]),
            ],
        ),
        sequence(
            "one-of-two-is-enough",
            "A contract may take one value of a list and leave the other.",
            vec![
                pair(&["a", "b"], "p"),
                run(items![
                    verify("$b", "@alice", "$p", FheType::Uint8),
                    compare("$b"),
                    refused("$a", "@prober"),
                ]),
            ],
        ),
    ]
}

/// Proofs that are damaged, and the error that each damage gives.
fn malformed() -> Vec<Sequence> {
    let ty = FheType::Uint32;
    let refuse = |handle: &str, proof: &str, error: &str, named: &[&str]| {
        verify(handle, "@alice", proof, ty).error(error, named)
    };
    let cases: &[(&str, &str, &str, &str, &[&str])] = &[
        ("no-proof", "$x", "0x", "EmptyInputProof()", &[]),
        ("counts-only", "$x", "$p[0..2]", "DeserializingInputProofFail()", &[]),
        ("without-signature", "$x", "$p[0..34]", "DeserializingInputProofFail()", &[]),
        ("cut-short", "$x", "$p[0..98]", "DeserializingInputProofFail()", &[]),
        ("half-a-handle", "$x", "$p[0..20]", "DeserializingInputProofFail()", &[]),
        ("no-signatures-announced", "$x", "0x0100+$p[2..34]+$p[99..]", "ZeroSignature()", &[]),
        ("no-handles-announced", "$x", "0x0001+$p[34..]", "InvalidIndex()", &[]),
        (
            "more-announced-than-there",
            "$x",
            "0x0101+$p[2..34]",
            "DeserializingInputProofFail()",
            &[],
        ),
        ("two-signatures-announced", "$x", "0x0102+$p[2..]", "DeserializingInputProofFail()", &[]),
        ("another-handle-in-the-list", "$x", "$p[0..2]+$p[2..34]^5+$p[34..]", SIGNER, &[]),
        (
            "a-later-version-in-the-list",
            "$x",
            "$p[0..2]+$p[2..33]+0x01+$p[34..]",
            "InvalidHandleVersion()",
            &[],
        ),
        ("extra-data-cut-off", "$x", "$p[0..99]", SIGNER, &[]),
        ("extra-data-changed", "$x", "$p[0..99]+0x01", SIGNER, &[]),
        ("extra-data-longer", "$x", "$p+0x00", SIGNER, &[]),
        ("an-index-beyond-the-list", "$x[0..21]+0x01+$x[22..]", "$p", "InvalidIndex()", &[]),
        ("the-index-of-results", "$x[0..21]+0xff+$x[22..]", "$p", "InvalidIndex()", &[]),
        ("another-chain", "$x[0..29]^28+$x[29..]", "$p", "InvalidChainId()", &[]),
        ("another-hash", "$x^0", "$p", "InvalidInputHandle()", &[]),
    ];
    let mut found: Vec<Sequence> = cases
        .iter()
        .map(|(case, handle, proof, error, named)| {
            sequence(
                format!("a-damaged-proof/{case}"),
                "A damaged proof is refused with the error that says how, and the whole one is not.",
                vec![
                    encrypt(ty, 123, "x", "p"),
                    run(items![
                        refuse(handle, proof, error, named),
                        refused("$x", "@prober"),
                        verify("$x", "@alice", "$p", ty),
                    ]),
                ],
            )
        })
        .collect();
    let zero = format!("{:#066x}", 0);
    found.push(sequence(
        "the-zero-handle-is-no-input",
        "A variable that was never set is no value of a list.",
        vec![
            encrypt(ty, 123, "x", "p"),
            run(items![
                verify(&zero, "@alice", "$p", ty).error("InvalidType()", &[]),
                verify(&zero, "@alice", "$p", FheType::Bool).error("InvalidChainId()", &[]),
                verify("$x", "@alice", "$p", ty),
            ]),
        ],
    ));
    // Bits of the signature: r, s, v. What they give depends on the curve, but never access.
    for byte in [34, 50, 65, 66, 80, 97, 98] {
        found.push(sequence(
            format!("a-changed-signature/{byte}"),
            "A signature with a changed bit is that of nobody.",
            vec![
                encrypt(ty, 123, "x", "p"),
                run(items![
                    verify("$x", "@alice", &format!("$p^{byte}"), ty).fails(),
                    refused("$x", "@prober"),
                    verify("$x", "@alice", "$p", ty),
                ]),
            ],
        ));
    }
    found
}

fn replays() -> Vec<Sequence> {
    let ty = FheType::Uint64;
    let start = encrypt(ty, 99, "x", "p");
    let check = |user: &str| verify("$x", user, "$p", ty);
    let with_list = |contract: &str, user: &str| Step::Encrypt {
        values: vec![(ty.to_string(), alloy_primitives::U256::from(99))],
        contract: contract.to_owned(),
        user: user.to_owned(),
        into: texts(&["x"]),
        proof: "p".to_owned(),
        list: Some("l".to_owned()),
    };
    let submit = |contract: &str, user: &str, accepted: bool| Step::Submit {
        list: "$l".to_owned(),
        contract: contract.to_owned(),
        user: user.to_owned(),
        accepted,
    };
    vec![
        sequence(
            "the-owner-may-come-again",
            "The same user can pass the same input to the same contract again, to the same handle.",
            vec![
                start.clone(),
                run(items![check("@alice").named("y"), publish("$y")]),
                run(items![check("@alice").named("z"), check("@alice"), compare("$z")]),
                equal("$y", "$z"),
                public_values(&["$z"], &[99]),
            ],
        ),
        sequence(
            "a-verification-in-the-transaction-is-for-its-user",
            "That Alice's proof was just accepted makes it no proof of Bob's, nor of another \
             contract's.",
            vec![
                start.clone(),
                run(items![
                    check("@alice"),
                    check("@bob").error(SIGNER, &[]),
                    frame(
                        "@other",
                        items![check("@alice").error(SIGNER, &[]), refused("$x", "@other"),]
                    ),
                ]),
            ],
        ),
        sequence(
            "a-copied-handle-without-a-proof",
            "A handle that was seen on chain is of no use to a contract that has no grant.",
            vec![
                start.clone(),
                run(items![check("@alice"), allow("$x", "@prober"), compare("$x")]),
                run_on("@other", items![refused("$x", "@other"), check("@bob").error(SIGNER, &[])]),
            ],
        ),
        sequence(
            "cleaning-forgets-verifications",
            "After cleaning the verifier's transient storage a proof is checked again.",
            vec![
                start.clone(),
                run(items![
                    check("@alice"),
                    call("@inputVerifier", "cleanTransientStorage()", json!([])),
                    check("@alice"),
                    check("@bob").error(SIGNER, &[]),
                ]),
            ],
        ),
        sequence(
            "the-verifier-itself-gives-no-access",
            "To call the verifier directly checks a proof, and grants nothing.",
            vec![
                start,
                run(items![
                    call(
                        "@inputVerifier",
                        "verifyInput((address,address),bytes32,bytes)",
                        json!([["@alice", "@prober"], "$x", "$p"]),
                    )
                    .returns(&["$x"]),
                    refused("$x", "@prober"),
                ]),
            ],
        ),
        sequence(
            "a-copied-ciphertext-is-refused",
            "A list whose proof is bound to one user and contract is not accepted for others.",
            vec![
                with_list("@prober", "@alice"),
                submit("@prober", "@alice", true),
                submit("@prober", "@bob", false),
                submit("@other", "@alice", false),
            ],
        )
        .requires(Requirement::Proofs),
        sequence(
            "a-changed-ciphertext-is-refused",
            "A list with changed bytes is not accepted.",
            vec![
                with_list("@prober", "@alice"),
                Step::Submit {
                    list: "$l^9000".to_owned(),
                    contract: "@prober".to_owned(),
                    user: "@alice".to_owned(),
                    accepted: false,
                },
                Step::Submit {
                    list: "$l[0..9000]".to_owned(),
                    contract: "@prober".to_owned(),
                    user: "@alice".to_owned(),
                    accepted: false,
                },
            ],
        )
        .requires(Requirement::Proofs),
    ]
}
