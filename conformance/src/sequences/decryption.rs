//! Who gets to know values, and what contracts make of the answers.

use ciphervm_fhe::FheType;
use serde_json::json;

use super::build::*;
use crate::sequence::{Decryption, Requirement, Sequence, Step};

const CHECK: &str = "verifyDecryptionEIP712KMSSignatures(bytes32[],bytes,bytes)";
const SIGNER: &str = "KMSInvalidSigner(address)";
const DAY: i64 = 24 * 60 * 60;

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found: Vec<_> = FheType::ALL.into_iter().flat_map(by_type).collect();
    found.extend(public());
    found.extend(answers());
    found.extend(users());
    found
}

fn by_type(ty: FheType) -> Vec<Sequence> {
    let value = sample(ty);
    let named = |case: &str| format!("{case}/{ty}");
    let kept = |more: Vec<crate::sequence::Item>| {
        let mut calls = items![verify("$x", "@alice", "$p", ty), allow("$x", "@prober")];
        calls.extend(more);
        vec![encrypt(ty, value, "x", "p"), run(calls)]
    };
    let with = |mut steps: Vec<Step>, more: Vec<Step>| {
        steps.extend(more);
        steps
    };
    vec![
        sequence(
            named("everybody-knows-what-was-published"),
            "A published value is told to everybody, and only after it was published.",
            with(
                kept(items![]),
                vec![
                    public_refused(&["$x"], "not_allowed_on_host_acl"),
                    run(items![publish("$x")]),
                    public_values(&["$x"], &[value]),
                ],
            ),
        ),
        sequence(
            named("a-user-knows-what-was-granted"),
            "A value is told to the user who has it together with the contract, and to no other.",
            with(
                kept(items![allow("$x", "@alice")]),
                vec![
                    user_decrypt("@alice", &["$x"], values(&[value])),
                    user_decrypt("@bob", &["$x"], not_allowed()),
                ],
            ),
        ),
        sequence(
            named("a-user-needs-the-contract-to-have-it"),
            "A value that the named contract was not granted is not told, to its owner neither.",
            vec![
                encrypt(ty, value, "x", "p"),
                run(items![verify("$x", "@alice", "$p", ty), allow("$x", "@alice")]),
                user_decrypt("@alice", &["$x"], not_allowed()),
                run(items![refused("$x", "@prober")]),
                send("@alice", "@acl", "allow(bytes32,address)", json!(["$x", "@prober"])),
                user_decrypt("@alice", &["$x"], values(&[value])),
            ],
        ),
        sequence(
            named("to-compute-with-it-is-not-to-know-it"),
            "A contract's access to a value lets no user decrypt it.",
            with(
                kept(items![allow("$x", "@other")]),
                vec![user_decrypt("@alice", &["$x"], not_allowed())],
            ),
        ),
    ]
}

fn public() -> Vec<Sequence> {
    let (ty, other) = (FheType::Uint16, FheType::Uint64);
    vec![
        sequence(
            "one-secret-among-the-published",
            "A request that names one value that is not published tells none.",
            vec![
                run(items![
                    make(ty, 5, "a"),
                    make(ty, 6, "b"),
                    allow("$b", "@prober"),
                    publish("$a"),
                ]),
                public_refused(&["$a", "$b"], "not_allowed_on_host_acl"),
                public_values(&["$a"], &[5]),
            ],
        ),
        sequence(
            "a-handle-that-nobody-made",
            "A well-formed handle that no transaction made is told to nobody.",
            vec![
                run(items![make(ty, 5, "a"), publish("$a")]),
                public_refused(&["$a^3"], "not_allowed_on_host_acl"),
                public_values(&["$a"], &[5]),
            ],
        ),
        sequence(
            "values-in-the-order-of-the-request",
            "An answer has the values in the order in which they were asked for.",
            vec![
                run(items![
                    make(ty, 5, "a"),
                    make(other, 6, "b"),
                    make(FheType::Bool, 1, "c"),
                    make(FheType::Uint256, 8, "d"),
                    publish("$a"),
                    publish("$b"),
                    publish("$c"),
                    publish("$d"),
                ]),
                public_values(&["$d", "$b", "$a", "$c"], &[8, 6, 5, 1]),
                public_values(&["$a", "$b", "$c", "$d"], &[5, 6, 1, 8]),
            ],
        ),
        sequence(
            "a-computed-value",
            "What was computed with inputs is decrypted as what it is.",
            vec![
                encrypt_for("@prober", "@alice", &[(ty, 300), (ty, 500)], &["x", "y"], "p"),
                run(items![
                    verify("$x", "@alice", "$p", ty),
                    verify("$y", "@alice", "$p", ty),
                    call(
                        "@executor",
                        ciphervm_fhe::Op::Sub.spec().signature,
                        json!(["$x", "$y", "0x00"]),
                    )
                    .named("d"),
                    publish("$d"),
                ]),
                public_values(&["$d"], &[65_336]),
            ],
        ),
    ]
}

/// What a contract makes of an answer.
fn answers() -> Vec<Sequence> {
    let (ty, other) = (FheType::Uint8, FheType::Uint64);
    let start = |steps: Vec<Step>| {
        let mut all = vec![
            run(items![make(ty, 5, "a"), make(other, 6, "b"), publish("$a"), publish("$b"),]),
            Step::PublicDecrypt {
                handles: texts(&["$a", "$b"]),
                expect: values(&[5, 6]),
                cleartexts: Some("clear".to_owned()),
                proof: Some("proof".to_owned()),
            },
        ];
        all.extend(steps);
        all
    };
    let check = |handles: &[&str], clear: &str, proof: &str| {
        call("@kmsVerifier", CHECK, json!([handles, clear, proof]))
    };
    let good = || check(&["$a", "$b"], "$clear", "$proof").returns(&["true"]);
    let cases: &[(&str, &[&str], &str, &str, &str)] = &[
        ("another-value", &["$a", "$b"], "$clear^63", "$proof", SIGNER),
        ("a-value-less", &["$a", "$b"], "$clear[0..32]", "$proof", SIGNER),
        ("other-handles", &["$b", "$a"], "$clear", "$proof", SIGNER),
        ("a-handle-less", &["$a"], "$clear", "$proof", SIGNER),
        ("no-proof", &["$a", "$b"], "$clear", "0x", "EmptyDecryptionProof()"),
        (
            "cut-short",
            &["$a", "$b"],
            "$clear",
            "$proof[0..60]",
            "DeserializingDecryptionProofFail()",
        ),
        ("no-signature", &["$a", "$b"], "$clear", "0x00", "KMSZeroSignature()"),
        (
            "two-announced",
            &["$a", "$b"],
            "$clear",
            "0x02+$proof[1..66]",
            "DeserializingDecryptionProofFail()",
        ),
        ("extra-data-that-was-not-signed", &["$a", "$b"], "$clear", "$proof+0x00", SIGNER),
        (
            "extra-data-of-a-later-version",
            &["$a", "$b"],
            "$clear",
            "$proof[0..66]+0x09",
            "UnsupportedExtraDataVersion(uint8)",
        ),
        (
            "extra-data-without-its-context",
            &["$a", "$b"],
            "$clear",
            "$proof[0..66]+0x01",
            "DeserializingExtraDataFail()",
        ),
    ];
    let mut found = vec![sequence(
        "an-answer-convinces-contracts",
        "A contract accepts the signatures under an answer, as often as it is asked.",
        start(vec![run(items![good(), good()])]),
    )];
    found.extend(cases.iter().map(|(case, handles, clear, proof, error)| {
        sequence(
            format!("a-false-answer/{case}"),
            "A contract accepts nothing but the answer that was signed.",
            start(vec![run(items![check(handles, clear, proof).error(error, &[]), good()])]),
        )
    }));
    found
}

fn users() -> Vec<Sequence> {
    let ty = FheType::Uint32;
    let start =
        || vec![run(items![make(ty, 77, "a"), allow("$a", "@prober"), allow("$a", "@alice"),])];
    let invalid = || Decryption::Refused("request_error".to_owned());
    let request = |expect: Decryption| user_decrypt("@alice", &["$a"], expect);
    let mut found = Vec::new();
    let mut add = |case: &str, about: &str, change: &dyn Fn(&mut Step)| {
        let mut refused = request(invalid());
        change(&mut refused);
        let mut steps = start();
        steps.extend([refused, request(values(&[77]))]);
        found.push(sequence(format!("a-users-request/{case}"), about, steps));
    };
    add("signed-by-another", "A request that somebody else signed is refused.", &|step| {
        if let Step::UserDecrypt { signer, .. } = step {
            *signer = Some("@bob".to_owned());
        }
    });
    add("expired", "A request whose days are over is refused.", &|step| {
        if let Step::UserDecrypt { start, .. } = step {
            *start = -3 * DAY;
        }
    });
    add("ahead-of-its-time", "A request that begins in the future is refused.", &|step| {
        if let Step::UserDecrypt { start, .. } = step {
            *start = 3 * DAY;
        }
    });
    add(
        "for-another-contract",
        "A request for a contract that was not signed is refused.",
        &|step| {
            if let Step::UserDecrypt { signed_contract, .. } = step {
                *signed_contract = Some("@other".to_owned());
            }
        },
    );
    let mut steps = start();
    let mut delegated = user_decrypt("@bob", &["$a"], not_allowed());
    let set = |step: &mut Step, answer: Decryption| {
        if let Step::UserDecrypt { delegator, expect, .. } = step {
            *delegator = Some("@alice".to_owned());
            *expect = answer;
        }
    };
    set(&mut delegated, not_allowed());
    let mut granted = delegated.clone();
    set(&mut granted, values(&[77]));
    let delegate = "delegateForUserDecryption(address,address,uint64)";
    let revoke = "revokeDelegationForUserDecryption(address,address)";
    steps.extend([
        delegated.clone(),
        send("@alice", "@acl", delegate, json!(["@bob", "@prober", "now+172800"])),
        granted,
        send("@alice", "@acl", revoke, json!(["@bob", "@prober"])),
        delegated,
    ]);
    found.push(sequence(
        "a-delegate-reads-while-there-is-a-delegation",
        "A delegate is told what the delegator may know, until the delegation is revoked.",
        steps,
    ));
    let mut steps = start();
    steps.extend([
        run(items![make(ty, 78, "b"), allow("$b", "@prober")]),
        user_decrypt("@alice", &["$a", "$b"], not_allowed()),
        request(values(&[77])),
    ]);
    found.push(sequence(
        "one-secret-among-a-users-own",
        "A request that names one value that is not the user's tells none.",
        steps,
    ));
    let mut steps = start();
    let mut old = request(invalid());
    if let Step::UserDecrypt { start, .. } = &mut old {
        *start = -50;
    }
    steps.extend([
        request(values(&[77])),
        Step::Advance { seconds: 100 },
        send("@alice", "@acl", "invalidateDecryptionSignaturesBefore(uint256)", json!(["0"])),
        old,
        request(values(&[77])),
    ]);
    found.push(
        sequence(
            "signatures-can-be-taken-back",
            "A request that was signed before the user took signatures back is refused.",
            steps,
        )
        .requires(Requirement::Clock),
    );
    found
}
