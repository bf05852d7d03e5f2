//! Names of ciphertexts: what is hashed into them, and what they say themselves.

use ciphervm_fhe::{FheType, OPS, Op, Shape};
use serde_json::json;

use super::build::*;
use crate::sequence::Sequence;

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found = Vec::new();
    for spec in &OPS {
        found.extend(ends(spec).into_iter().flat_map(|ty| formulas(spec.op, ty)));
    }
    found.extend(FheType::ALL.into_iter().flat_map(by_type));
    found.extend(others());
    found
}

/// The preimage of each operation's handle.
fn formulas(op: Op, ty: FheType) -> Vec<Sequence> {
    let spec = op.spec();
    let (one, two) = (ty.id().to_string(), if ty == FheType::Uint8 { "3" } else { "2" });
    let byte = format!("{:#04x}", ty.id());
    let word = |number: u64| format!("{number:#066x}");
    let (three, seven) = (word(3), word(7));
    let to = if ty == FheType::Uint8 { FheType::Uint16 } else { FheType::Uint8 };
    let to_byte = format!("{:#04x}", to.id());
    let result = spec.result_type(ty, if spec.shape == Shape::Cast { to } else { ty });
    let cases: Vec<(&str, serde_json::Value, Vec<&str>)> = match spec.shape {
        Shape::Unary => vec![("", json!(["$a"]), vec!["$a"])],
        Shape::Binary => {
            let scalar = ("/scalar", json!(["$a", "3", "0x01"]), vec!["$a", &three, "0x01"]);
            let encrypted = ("/encrypted", json!(["$a", "$b", "0x00"]), vec!["$a", "$b", "0x00"]);
            match spec.scalar {
                ciphervm_fhe::ScalarRule::Required => vec![scalar],
                _ => vec![encrypted, scalar],
            }
        }
        Shape::Select => vec![("", json!(["$c", "$a", "$b"]), vec!["$c", "$a", "$b"])],
        Shape::Cast => vec![("", json!(["$a", two]), vec!["$a", &to_byte])],
        Shape::TrivialEncrypt => vec![("", json!(["7", one]), vec![&seven, &byte])],
        Shape::Sum => vec![
            ("/two", json!([["$a", "$b"], one]), vec![WORD_TWO, "$a", "$b"]),
            ("/none", json!([[], one]), vec![WORD_ZERO]),
        ],
        Shape::IsIn => vec![
            ("/two", json!(["$a", ["$b", "$a"], one]), vec![WORD_TWO, "$a", "$b", "$a"]),
            ("/none", json!(["$a", [], one]), vec![WORD_ZERO, "$a"]),
        ],
        Shape::MulDiv => vec![
            ("/encrypted", json!(["$a", "$b", "7", "0x01"]), vec!["$a", "$b", &seven, "0x01"]),
            ("/scalar", json!(["$a", "3", "7", "0x03"]), vec!["$a", &three, &seven, "0x03"]),
        ],
        // A seed is in it that nobody else can know beforehand, and an input has its own formula.
        Shape::Rand | Shape::RandBounded | Shape::VerifyInput => Vec::new(),
    };
    cases
        .into_iter()
        .map(|(form, arguments, body)| {
            sequence(
                format!("the-formula-of/{}/{ty}{form}", op.name()),
                "A handle is the hash of the operation, its operands, the chain and the block.",
                vec![
                    run(items![
                        make(ty, sample(ty), "a"),
                        make(ty, sample(ty) ^ 1, "b"),
                        make(FheType::Bool, 1, "c"),
                        call("@executor", spec.signature, arguments).named("r"),
                    ]),
                    handle("$r", op, &body, result),
                ],
            )
        })
        .collect()
}

const WORD_ZERO: &str = "0x0000000000000000000000000000000000000000000000000000000000000000";
const WORD_TWO: &str = "0x0000000000000000000000000000000000000000000000000000000000000002";

fn by_type(ty: FheType) -> Vec<Sequence> {
    let value = sample(ty);
    let named = |case: &str| format!("{case}/{ty}");
    let mut found = vec![
        sequence(
            named("the-same-in-a-transaction"),
            "The same operation on the same operands has the same handle within a block.",
            vec![
                run(items![
                    make(ty, value, "a"),
                    make(ty, value, "b"),
                    compare("$a").named("r"),
                    compare("$b").named("s"),
                ]),
                equal("$a", "$b"),
                equal("$r", "$s"),
            ],
        ),
        sequence(
            named("another-in-the-next-block"),
            "The same operation on the same operands has another handle in another block.",
            vec![
                run(items![make(ty, value, "a")]),
                run(items![make(ty, value, "b")]),
                different("$a", "$b"),
            ],
        ),
    ];
    if Op::Rand.spec().types.contains(ty) {
        let id = ty.id().to_string();
        let rand = |name: &str| {
            call("@executor", Op::Rand.spec().signature, json!([id.clone()])).named(name)
        };
        found.push(sequence(
            named("random-numbers-differ"),
            "Two random numbers of a transaction have different handles.",
            vec![run(items![rand("a"), rand("b")]), different("$a", "$b")],
        ));
    }
    found
}

fn others() -> Vec<Sequence> {
    let ty = FheType::Uint8;
    let add = |left: &str, right: &str| {
        call("@executor", Op::Add.spec().signature, json!([left, right, "0x00"]))
    };
    vec![
        sequence(
            "operands-have-an-order",
            "The handle of a sum tells which operand was left, though the value does not.",
            vec![
                run(items![
                    make(ty, 5, "a"),
                    make(ty, 6, "b"),
                    add("$a", "$b").named("r"),
                    add("$b", "$a").named("s"),
                    publish("$r"),
                    publish("$s"),
                ]),
                different("$r", "$s"),
                public_values(&["$r", "$s"], &[11, 11]),
            ],
        ),
        sequence(
            "a-scalar-is-not-a-ciphertext-of-it",
            "The same value as a scalar and as a ciphertext gives different handles.",
            vec![
                run(items![
                    make(ty, 5, "a"),
                    make(ty, 6, "b"),
                    add("$a", "$b").named("r"),
                    call("@executor", Op::Add.spec().signature, json!(["$a", "6", "0x01"]))
                        .named("s"),
                ]),
                different("$r", "$s"),
            ],
        ),
        sequence(
            "a-type-is-part-of-the-handle",
            "The same word encrypted as two types has two handles.",
            vec![
                run(items![make(FheType::Uint8, 5, "a"), make(FheType::Uint16, 5, "b")]),
                different("$a", "$b"),
            ],
        ),
        sequence(
            "callers-do-not-matter",
            "Two contracts that compute the same of the same have one handle, each with access.",
            vec![
                run(items![
                    make(ty, 5, "a"),
                    frame("@other", items![make(ty, 5, "b"), compare("$b")]),
                    compare("$a"),
                ]),
                equal("$a", "$b"),
            ],
        ),
        sequence(
            "a-simulation-names-nothing",
            "A handle that a simulated call returned is nobody's.",
            vec![
                simulate(items![make(ty, 5, "a"), allow("$a", "@prober"), compare("$a")]),
                run(items![refused("$a", "@prober")]),
                is_allowed("$a", "@prober", false),
            ],
        ),
    ]
}
