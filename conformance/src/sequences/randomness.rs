//! Random numbers: that they are not always the same.
//!
//! They are compared where they are, as ciphertexts, and what is decrypted is how they compare. A
//! good generator fails one of these in 2^40 runs.

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, Op};
use serde_json::json;

use super::build::*;
use crate::sequence::{Call, Item, Sequence, Step};

/// Bits that must not all be those of the first number.
const BITS: usize = 40;
/// Bits that are compared apart from the rest of a number.
const WORD: usize = 64;

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found = Vec::new();
    for op in [Op::Rand, Op::RandBounded] {
        for ty in op.spec().types.iter() {
            let (about, steps) = if ty.bits() < WORD { narrow(op, ty) } else { wide(op, ty) };
            found.push(sequence(format!("numbers-differ/{}/{ty}", op.name()), about, steps));
        }
    }
    found
}

/// A number below the top bit of its type, or any number of it.
fn draw(op: Op, ty: FheType, name: &str) -> Call {
    let id = ty.id().to_string();
    let arguments = match op {
        Op::RandBounded => json!([(U256::ONE << (ty.bits() - 1)).to_string(), id]),
        _ => json!([id]),
    };
    call("@executor", op.spec().signature, arguments).named(name)
}

fn binary(op: Op, left: &str, right: &str, name: &str) -> Call {
    let byte = if right.starts_with('$') { "0x00" } else { "0x01" };
    call("@executor", op.spec().signature, json!([left, right, byte])).named(name)
}

/// Many numbers, of which some differs from the first.
fn narrow(op: Op, ty: FheType) -> (&'static str, Vec<Step>) {
    let bits = ty.bits() - usize::from(op == Op::RandBounded);
    let mut calls = items![draw(op, ty, "x0")];
    let mut some = String::new();
    for number in 1..=BITS.div_ceil(bits) {
        let (drawn, differs) = (format!("x{number}"), format!("d{number}"));
        calls.push(draw(op, ty, &drawn).into());
        calls.push(binary(Op::Ne, "$x0", &format!("${drawn}"), &differs).into());
        let differs = format!("${differs}");
        if some.is_empty() {
            some = differs;
            continue;
        }
        let either = format!("e{number}");
        calls.push(binary(Op::BitOr, &some, &differs, &either).into());
        some = format!("${either}");
    }
    calls.push(publish(&some).into());
    let about = "Of many random numbers of a transaction not all are equal.";
    (about, vec![run(calls), public_values(&[&some], &[1])])
}

/// A number of one transaction and two of the next, by their words.
fn wide(op: Op, ty: FheType) -> (&'static str, Vec<Step>) {
    let first = run(items![draw(op, ty, "x0"), allow("$x0", "@prober")]);
    let mut calls = items![draw(op, ty, "x1"), draw(op, ty, "x2")];
    let numbers = ["x0", "x1", "x2"].map(|number| words(number, ty, &mut calls));
    let [one, two, three] = &numbers;
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    pairs.extend(numbers.iter().flatten().map(|word| (word.as_str(), "0")));
    for (position, word) in one.iter().enumerate() {
        pairs.extend(one[..position].iter().map(|other| (word.as_str(), other.as_str())));
        let (second, third) = (two[position].as_str(), three[position].as_str());
        pairs.extend([(word.as_str(), second), (word.as_str(), third), (second, third)]);
    }
    let mut differ = Vec::new();
    for (number, (left, right)) in pairs.into_iter().enumerate() {
        let name = format!("d{number}");
        calls.push(binary(Op::Ne, left, right, &name).into());
        differ.push(format!("${name}"));
    }
    calls.push(call("@acl", "allowForDecryption(bytes32[])", json!([differ])).into());
    let differ: Vec<&str> = differ.iter().map(String::as_str).collect();
    let about = "Random numbers of two transactions, and of one, differ in each 64 bits, of which \
                 none are zero, and none those before them.";
    (about, vec![first, run(calls), public_values(&differ, &vec![1; differ.len()])])
}

/// Takes a number apart into words of 64 bits, the lowest first.
fn words(number: &str, ty: FheType, calls: &mut Vec<Item>) -> Vec<String> {
    let number = format!("${number}");
    if ty.bits() == WORD {
        return vec![number];
    }
    let cast = |from: &str, name: &str| {
        let id = FheType::Uint64.id().to_string();
        call("@executor", Op::Cast.spec().signature, json!([from, id])).named(name)
    };
    let mut found = Vec::new();
    for shift in (0..ty.bits()).step_by(WORD) {
        let word = format!("{}w{shift}", number.trim_start_matches('$'));
        if shift == 0 {
            calls.push(cast(&number, &word).into());
        } else {
            let shifted = format!("{word}s");
            calls.push(binary(Op::Shr, &number, &shift.to_string(), &shifted).into());
            calls.push(cast(&format!("${shifted}"), &word).into());
        }
        found.push(format!("${word}"));
    }
    found
}
