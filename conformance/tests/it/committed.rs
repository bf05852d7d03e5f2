//! The committed files are what the generator gives, and as many and as various as they say.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use alloy_primitives::U256;
use ciphervm_conformance::{
    files,
    run::{Choice, Chosen, Draw},
    vector::{Argument, Expected, Vector},
};
use ciphervm_fhe::{FheType, OPS, Op, Operand, ScalarRule, Shape, reference};
use serde_json::Value;

const README: &str = include_str!("../../README.md");

fn vectors() -> Vec<Vector> {
    let files = files::operations().unwrap();
    files.iter().flat_map(|file| file.vectors().unwrap()).collect()
}

#[test]
fn files_are_what_the_generator_gives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut size = 0;
    for (name, text) in files::generated() {
        let file = folder.join(&name);
        if env::var_os("UPDATE_VECTORS").is_some() {
            fs::write(&file, &text).unwrap();
        }
        let found = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == text,
            "{name} is not what the generator gives: UPDATE_VECTORS=1 cargo test --workspace \
             --test it -- files_are writes it"
        );
        size += text.len();
    }
    println!("{size} bytes");
    assert!(size < 3 << 20, "{size} bytes");
    assert_eq!(files::generated().len(), files::committed().count());
}

#[test]
fn files_follow_the_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, text) in files::committed() {
        let file: Value = serde_json::from_str(text).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&file).take(3).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        // And the schema says something.
        let mut wrong = file.clone();
        wrong["schema"] = "ciphervm-conformance/0".into();
        assert!(!validator.is_valid(&wrong), "{name}");
    }
}

/// Who reads the schema alone is told what each field means.
#[test]
fn every_field_of_the_schema_is_described() {
    fn fields(value: &Value, path: &str, found: &mut Vec<(String, bool)>) {
        let Some(object) = value.as_object() else {
            let inner = value.as_array().into_iter().flatten();
            return inner.for_each(|value| fields(value, path, found));
        };
        for (key, value) in object {
            let path = format!("{path}/{key}");
            if key == "properties" || key == "$defs" {
                for (name, field) in value.as_object().unwrap() {
                    found.push((format!("{path}/{name}"), field["description"].is_string()));
                }
            }
            fields(value, &path, found);
        }
    }
    let schema: Value = serde_json::from_str(include_str!("../../schema.json")).unwrap();
    let mut found = Vec::new();
    fields(&schema, "", &mut found);
    assert!(found.len() > 80, "{}", found.len());
    let bare: Vec<_> = found.iter().filter(|(_, described)| !described).collect();
    assert!(bare.is_empty(), "without a description: {bare:?}");
}

#[test]
fn there_are_vectors_of_every_operation_type_and_form() {
    let vectors = vectors();
    let mut results: BTreeMap<(Op, FheType, bool), usize> = BTreeMap::new();
    for vector in &vectors {
        let (Expected::Value(..) | Expected::Below(..)) = vector.expected else { continue };
        let scalar = match vector.op.spec().shape {
            Shape::MulDiv => vector.scalar == Some(3),
            _ => vector.scalar == Some(1),
        };
        let operand = match (vector.op.spec().shape, vector.operands.last()) {
            (Shape::TrivialEncrypt | Shape::Rand | Shape::RandBounded | Shape::Sum, _)
            | (_, None) => FheType::from_id(vector.ty.unwrap()).unwrap(),
            _ => vector
                .operands
                .iter()
                .rev()
                .find_map(|operand| match operand {
                    Argument::Encrypted(ty, _) => Some(*ty),
                    _ => None,
                })
                .unwrap(),
        };
        *results.entry((vector.op, operand, scalar)).or_default() += 1;
    }
    for spec in &OPS {
        let forms: &[bool] = match (spec.scalar, spec.shape) {
            (ScalarRule::Required, _) => &[true],
            (ScalarRule::Allowed, _) | (_, Shape::MulDiv) => &[false, true],
            _ => &[false],
        };
        for ty in spec.types.iter() {
            for scalar in forms {
                let count = results.remove(&(spec.op, ty, *scalar)).unwrap_or_default();
                let enough = if ty == FheType::Bool || spec.shape == Shape::Rand { 2 } else { 6 };
                assert!(count >= enough, "{} on {ty}, scalar {scalar}: {count}", spec.op);
            }
        }
    }
    assert!(results.is_empty(), "{results:?}");

    let ids: BTreeSet<&str> = vectors.iter().map(|vector| vector.id.as_str()).collect();
    assert_eq!(ids.len(), vectors.len(), "ids are unique");
    let refusals =
        vectors.iter().filter(|vector| matches!(vector.expected, Expected::Error { .. })).count();
    println!("{} vectors, {refusals} of them refusals", vectors.len());
    assert!(vectors.len() >= 14_300, "{}", vectors.len());
    assert!(refusals >= 2_200, "{refusals}");
    let grouped = |number: usize| format!("{},{:03}", number / 1_000, number % 1_000);
    let said =
        format!("{} vectors, {} of them refusals", grouped(vectors.len()), grouped(refusals));
    assert!(README.contains(&said), "the README does not say {said}");
}

/// For each call that succeeds there are those that fail for want of access to one operand.
#[test]
fn every_encrypted_operand_is_tried_without_access() {
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
    enum Kind {
        Encrypted(FheType),
        Clear,
        Unknown(FheType),
        Zero,
    }
    let (mut good, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for vector in vectors() {
        let kind = |argument: &Argument| match argument {
            Argument::Encrypted(ty, _) => Kind::Encrypted(*ty),
            Argument::Clear(_) => Kind::Clear,
            Argument::Unknown(ty) => Kind::Unknown(*ty),
            Argument::Zero => Kind::Zero,
        };
        let forms = match vector.expected {
            Expected::Error { .. } => &mut refused,
            Expected::Value(..) | Expected::Below(..) => &mut good,
        };
        let kinds: Vec<Kind> = vector.operands.iter().map(kind).collect();
        forms.insert((vector.op, kinds, vector.scalar));
    }
    let mut positions = 0;
    for (op, kinds, scalar) in good {
        // A list is like another list of two.
        let longest = if op.spec().shape == Shape::Sum { 2 } else { 3 };
        if op == Op::VerifyInput || kinds.len() > longest {
            continue;
        }
        for position in 0..kinds.len() {
            let Kind::Encrypted(ty) = kinds[position] else { continue };
            for other in [Kind::Unknown(ty), Kind::Zero] {
                let mut tried = kinds.clone();
                tried[position] = other;
                let tried = (op, tried, scalar);
                assert!(refused.contains(&tried), "nothing tries {tried:?}");
            }
            positions += 1;
        }
    }
    println!("{positions} positions");
    assert!(positions > 250, "{positions}");
}

/// Of each operation there is a sequence for each operand that another contract has, and one in
/// which it is called statically.
#[test]
fn every_operation_is_tried_on_foreign_operands_and_in_static_calls() {
    let files = files::sequences().unwrap();
    let ids: BTreeSet<&str> =
        files.iter().flat_map(|file| &file.sequences).map(|one| one.id.as_str()).collect();
    for spec in &OPS {
        let ty = spec.types.iter().next().unwrap();
        let foreign = format!("acl/a-foreign-operand/{}/{ty}/", spec.op.name());
        let operands = match spec.shape {
            Shape::Binary if spec.scalar == ScalarRule::Required => 1,
            Shape::Unary | Shape::Cast => 1,
            Shape::Sum => 2,
            Shape::Binary | Shape::Select | Shape::IsIn | Shape::MulDiv => 3,
            Shape::TrivialEncrypt | Shape::Rand | Shape::RandBounded | Shape::VerifyInput => 0,
        };
        let found = ids.iter().filter(|id| id.starts_with(&foreign)).count();
        assert_eq!(found, operands, "{foreign}");
        let called = match spec.op {
            Op::VerifyInput => "corners/an-input-in-a-static-call".to_owned(),
            op => format!("corners/an-operation-in-a-static-call/{}", op.name()),
        };
        assert!(ids.contains(called.as_str()), "{called}");
    }
}

/// Read back, each vector still is what the operation means.
#[test]
fn results_are_those_of_the_reference() {
    let mut checked = 0;
    for vector in vectors() {
        let Expected::Value(result, value) = vector.expected else { continue };
        if vector.op == Op::VerifyInput {
            continue;
        }
        let mut operand_type = result;
        let operands: Vec<Operand<U256>> = vector
            .operands
            .iter()
            .map(|operand| match operand {
                Argument::Encrypted(ty, value) => {
                    operand_type = *ty;
                    Operand::Encrypted(*value)
                }
                Argument::Clear(word) => Operand::Scalar(*word),
                other => panic!("{} has a result of {other:?}", vector.id),
            })
            .collect();
        let expected = reference::evaluate(vector.op, &operands, operand_type, result);
        assert_eq!(value, expected, "{}", vector.id);
        checked += 1;
    }
    assert!(checked > 9_000, "{checked}");
}

#[test]
fn sequences_are_many_and_each_is_another() {
    let files = files::sequences().unwrap();
    let sequences: Vec<_> = files.iter().flat_map(|file| &file.sequences).collect();
    let ids: BTreeSet<_> = sequences.iter().map(|sequence| &sequence.id).collect();
    assert_eq!(ids.len(), sequences.len(), "ids are unique");
    let steps: BTreeSet<String> =
        sequences.iter().map(|one| serde_json::to_string(&one.steps).unwrap()).collect();
    assert_eq!(steps.len(), sequences.len(), "two sequences do the same");
    let cases: BTreeSet<_> = sequences
        .iter()
        .map(|one| one.id.split('/').take(2).collect::<Vec<_>>().join("/"))
        .collect();
    println!("{} sequences of {} cases", sequences.len(), cases.len());
    assert!(sequences.len() >= 850 && cases.len() >= 120);
    let said = format!("{} sequences", sequences.len());
    assert!(README.contains(&said), "the README does not say {said}");
}

#[test]
fn a_sample_is_drawn_by_its_seed() {
    let take = |seed| {
        let draw = Draw::Sample { count: 20, seed };
        Choice { filters: vec!["fheAdd".to_owned()], draw }.take().unwrap()
    };
    let ids = |seed| take(seed).vectors.into_iter().map(|vector| vector.id).collect::<Vec<_>>();
    assert_eq!(take(1).len(), 20);
    assert!(ids(1).iter().all(|id| id.contains("fheAdd")));
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));
}

#[test]
fn one_of_each_is_drawn_of_every_form_and_case() {
    let filters = vec!["fheAdd".to_owned(), "randomness/".to_owned()];
    let take = |draw| Choice { filters: filters.clone(), draw }.take().unwrap();
    let kinds = |chosen: &Chosen| -> BTreeSet<_> {
        let form = |vector: &Vector| {
            let error = match &vector.expected {
                Expected::Error { signature, .. } => Some(signature.clone()),
                Expected::Value(..) | Expected::Below(..) => None,
            };
            let operand = |operand: &Argument| match operand {
                Argument::Encrypted(ty, _) => ty.to_string(),
                Argument::Unknown(ty) => format!("unknown {ty}"),
                Argument::Clear(_) => "clear".to_owned(),
                Argument::Zero => "zero".to_owned(),
            };
            let operands: Vec<_> = vector.operands.iter().map(operand).collect();
            (vector.op, operands, error)
        };
        chosen.vectors.iter().map(form).collect()
    };
    let (all, each) = (take(Draw::All), take(Draw::Each { seed: 1 }));
    assert_eq!(kinds(&each), kinds(&all));
    assert_eq!(each.vectors.len(), kinds(&all).len(), "one of each, and no more");
    let cases = |chosen: &Chosen| -> Vec<String> {
        let case = |id: &str| id.split('/').take(2).collect::<Vec<_>>().join("/");
        chosen.sequences.iter().map(|one| case(&one.id)).collect()
    };
    let once: BTreeSet<_> = cases(&all).into_iter().collect();
    assert!(once.contains("randomness/numbers-differ") && once.len() < all.sequences.len());
    assert_eq!(cases(&each).len(), once.len(), "one of each, and no more");
    assert_eq!(cases(&each).into_iter().collect::<BTreeSet<_>>(), once);
    let ids = |chosen: &Chosen| -> Vec<_> {
        chosen.vectors.iter().map(|vector| vector.id.clone()).collect()
    };
    assert_eq!(ids(&each), ids(&take(Draw::Each { seed: 1 })));
    assert_ne!(ids(&each), ids(&take(Draw::Each { seed: 2 })));
}
