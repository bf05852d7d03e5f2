//! The vectors of operations, generated from the reference semantics.

mod access;
mod refusals;
mod values;

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, OPS, Op, OpSpec, Operand, ScalarRule, Shape, reference};

use crate::{
    SCHEMA,
    vector::{Form, Group, OperationFile, Outcome},
};
use values::{distinct, draw, factors, landmarks, pairs, quotients, shifts, singles};

/// The scalar byte with two ciphertexts, and with a word on the right.
const ENCRYPTED: u8 = 0x00;
const SCALAR: u8 = 0x01;
/// The scalar bytes of `fheMulDiv`: a bit for each word in calldata.
const SCALAR_DIVISOR: u8 = 0x01;
const SCALAR_FACTOR: u8 = 0x03;

/// One file for each operation, in the order of the table.
pub fn generate() -> Vec<OperationFile> {
    OPS.iter().map(file).collect()
}

fn file(spec: &OpSpec) -> OperationFile {
    let mut groups: Vec<Group> = spec.types.iter().flat_map(|ty| results(spec, ty)).collect();
    groups.extend(refusals::of(spec));
    groups.extend(access::of(spec));
    OperationFile {
        schema: SCHEMA.to_owned(),
        operation: spec.op.name().to_owned(),
        signature: spec.signature.to_owned(),
        groups,
    }
}

/// The groups with results for operands of type `ty`.
fn results(spec: &OpSpec, ty: FheType) -> Vec<Group> {
    let op = spec.op;
    match spec.shape {
        Shape::Unary => {
            let inputs = singles(ty).into_iter().map(|value| vec![value]);
            vec![group(op, ty, &[Form::Encrypted(ty)], None, None, inputs)]
        }
        Shape::Binary => binary(spec, ty),
        Shape::Select => {
            let condition = Form::Encrypted(FheType::Bool);
            let forms = [condition, Form::Encrypted(ty), Form::Encrypted(ty)];
            let inputs = [U256::ZERO, U256::ONE]
                .into_iter()
                .flat_map(|chosen| pairs(ty).into_iter().map(move |(a, b)| vec![chosen, a, b]));
            vec![group(op, ty, &forms, None, None, inputs)]
        }
        Shape::Cast => Op::Neg
            .spec()
            .types
            .iter()
            .filter(|to| *to != ty)
            .map(|to| {
                let mut inputs = singles(ty);
                // Around the end of the narrower type.
                if to.bits() < ty.bits() {
                    let end = U256::ONE << to.bits();
                    inputs.extend([end - U256::ONE, end, end + U256::ONE]);
                }
                let inputs = distinct(inputs).into_iter().map(|value| vec![value]);
                group(op, ty, &[Form::Encrypted(ty)], Some(to), None, inputs)
            })
            .collect(),
        Shape::TrivialEncrypt => {
            let mut words = singles(ty);
            // Wider than the type. Of a Bool the low byte counts.
            words.extend([2, 128, 255, 256, 257, 0x1_0000].map(U256::from));
            words.extend([U256::MAX, U256::MAX - U256::ONE, U256::ONE << 255]);
            words.push(draw(FheType::Uint256, 6));
            let inputs = distinct(words).into_iter().map(|word| vec![word]);
            vec![group(op, ty, &[Form::Clear], Some(ty), None, inputs)]
        }
        Shape::Rand => {
            let bound = ty.max_value().wrapping_add(U256::ONE);
            vec![random(&[], ty, [vec![bound], vec![bound]])]
        }
        Shape::RandBounded => {
            let bits = ty.bits();
            let exponents = [0, 1, 2, 3, bits / 2, bits - 1];
            let mut bounds: Vec<U256> = exponents.map(|exponent| U256::ONE << exponent).into();
            // The whole range, where a word can hold its size.
            bounds.extend((bits < 256).then(|| U256::ONE << bits));
            let bounds = distinct(bounds).into_iter().map(|bound| vec![bound, bound]);
            vec![random(&[Form::Clear], ty, bounds)]
        }
        Shape::Sum => vec![group(op, ty, &[Form::Rest(ty)], Some(ty), None, sums(ty))],
        Shape::IsIn => {
            let forms = [Form::Encrypted(ty), Form::Rest(ty)];
            vec![group(op, ty, &forms, Some(ty), None, sets(ty))]
        }
        Shape::MulDiv => mul_div(op, ty),
        Shape::VerifyInput => {
            let inputs = singles(ty).into_iter().map(|value| vec![value, value]).collect();
            vec![Group {
                operands: vec![Form::Encrypted(ty)],
                ty: Some(ty.id()),
                scalar: None,
                outcome: Outcome::Result(ty.to_string()),
                arguments: Vec::new(),
                vectors: inputs,
            }]
        }
    }
}

fn binary(spec: &OpSpec, ty: FheType) -> Vec<Group> {
    let op = spec.op;
    let mut inputs = match op {
        Op::Div | Op::Rem => quotients(ty),
        Op::Shl | Op::Shr | Op::Rotl | Op::Rotr => shifts(ty),
        _ => pairs(ty),
    };
    if op == Op::Mul {
        inputs.extend(factors(ty));
        inputs = distinct(inputs);
    }
    let words = |pairs: Vec<(U256, U256)>| pairs.into_iter().map(|(a, b)| vec![a, b]);
    let mut groups = Vec::new();
    if spec.scalar != ScalarRule::Required {
        let forms = [Form::Encrypted(ty), Form::Encrypted(ty)];
        groups.push(group(op, ty, &forms, None, Some(ENCRYPTED), words(inputs.clone())));
    }
    if ty == FheType::Bool {
        // Any bit makes a scalar true.
        for scalar in [U256::from(2), U256::from(256), U256::ONE << 255, U256::MAX] {
            inputs.extend([(U256::ZERO, scalar), (U256::ONE, scalar)]);
        }
    } else if ty.bits() < 256 {
        // Wider than the type: the low bits count.
        let over = U256::ONE << ty.bits();
        let (a, b) = (draw(ty, 0), draw(ty, 1) | U256::ONE);
        inputs.extend([(a, over + b), (a, over + over + U256::ONE), (a, U256::MAX)]);
    }
    groups.push(group(
        op,
        ty,
        &[Form::Encrypted(ty), Form::Clear],
        None,
        Some(SCALAR),
        words(inputs),
    ));
    groups
}

/// Sums of none, one, many and as many as there may be.
fn sums(ty: FheType) -> Vec<Vec<U256>> {
    let [max, top, _] = landmarks(ty);
    let limit = OpSpec::collection_limit(ty);
    let mut sums = vec![vec![], vec![max], vec![max, U256::ONE], vec![top, top], vec![top; 3]];
    sums.extend(pairs(ty).into_iter().map(|(a, b)| vec![a, b]));
    let all = singles(ty);
    sums.push(all.clone());
    // On both sides of each step of the price, and at the limit.
    for length in [10, 11, 30, 31, limit] {
        sums.push(all.iter().cycle().take(length).copied().collect());
    }
    sums.push(vec![max; limit]);
    sums
}

/// Sets with the value first, last, in the middle, twice and not at all.
fn sets(ty: FheType) -> Vec<Vec<U256>> {
    let all = singles(ty);
    let limit = OpSpec::collection_limit(ty);
    let (value, other) = (draw(ty, 0), draw(ty, 1));
    let mut sets = vec![vec![value], vec![U256::ZERO], vec![value, value], vec![value, other]];
    sets.extend(pairs(ty).into_iter().map(|(a, b)| vec![a, b]));
    sets.push([&[value], &all[..]].concat());
    sets.push([&[other], &all[..1], &[value; 9]].concat());
    sets.push(vec![value, other, value, value]);
    for length in [10, 11, 30, 31, limit] {
        let mut set = vec![other];
        set.extend(all.iter().cycle().take(length));
        // At the end of the set, where nothing else is equal to it.
        if let Some(last) = set.last_mut() {
            *last = other;
        }
        sets.push(set);
    }
    sets.push([&[other], &vec![value; limit][..]].concat());
    distinct(sets)
}

fn mul_div(op: Op, ty: FheType) -> Vec<Group> {
    let [max, top, middle] = landmarks(ty);
    let random = draw(ty, 2);
    let mut inputs = Vec::new();
    for (a, b) in pairs(ty) {
        // A quotient of more bits than the type has, and one of fewer.
        inputs.extend([vec![a, b, U256::from(3)], vec![a, b, max]]);
    }
    for divisor in [U256::ONE, U256::from(2), middle, top, max, random | U256::ONE] {
        inputs.extend([vec![max, max, divisor], vec![random, random, divisor]]);
    }
    let inputs = distinct(inputs);
    let encrypted = [Form::Encrypted(ty), Form::Encrypted(ty), Form::Clear];
    let scalar = [Form::Encrypted(ty), Form::Clear, Form::Clear];
    vec![
        group(op, ty, &encrypted, None, Some(SCALAR_DIVISOR), inputs.clone()),
        group(op, ty, &scalar, None, Some(SCALAR_FACTOR), inputs),
    ]
}

/// A group whose results follow from the reference semantics. `ty` is the type of the operands,
/// `requested` the argument of type `FheType`.
pub fn group(
    op: Op,
    ty: FheType,
    forms: &[Form],
    requested: Option<FheType>,
    scalar: Option<u8>,
    inputs: impl IntoIterator<Item = Vec<U256>>,
) -> Group {
    let result = op.spec().result_type(ty, requested.unwrap_or(ty));
    let vectors = inputs.into_iter().map(|mut values| {
        let rest = forms.iter().chain(forms.last().into_iter().cycle());
        let operands: Vec<Operand<U256>> = values
            .iter()
            .zip(rest)
            .map(|(value, form)| match form {
                Form::Clear => Operand::Scalar(*value),
                _ => Operand::Encrypted(*value),
            })
            .collect();
        values.push(reference::evaluate(op, &operands, ty, result));
        values
    });
    Group {
        operands: forms.to_vec(),
        ty: requested.map(FheType::id),
        scalar,
        outcome: Outcome::Result(result.to_string()),
        arguments: Vec::new(),
        vectors: vectors.collect(),
    }
}

/// A group of random numbers: the last word of each vector is above all of them.
fn random(forms: &[Form], ty: FheType, vectors: impl IntoIterator<Item = Vec<U256>>) -> Group {
    Group {
        operands: forms.to_vec(),
        ty: Some(ty.id()),
        scalar: None,
        outcome: Outcome::Below(ty.to_string()),
        arguments: Vec::new(),
        vectors: vectors.into_iter().collect(),
    }
}
