//! A generator of random numbers that is none is caught by the sequences of its types.

use std::collections::BTreeMap;

use alloy_primitives::{U256, keccak256};
use ciphervm_conformance::{
    files,
    sequence::{Decryption, Item, Sequence, Step},
};
use ciphervm_fhe::{FheType, OPS, Op, Operand, Shape, reference};

/// A number of a type, by the transaction and its place there.
type Generator = fn(FheType, u8, u8) -> U256;

fn drawn(ty: FheType, transaction: u8, place: u8) -> U256 {
    ty.truncate(keccak256([ty.id(), transaction, place]).into())
}

/// Generators, and the fewest bits of a type in which they are caught.
const MISTAKES: &[(&str, Generator, usize)] = &[
    ("a constant", |ty, _, _| drawn(ty, 7, 7), 1),
    ("zero", |_, _, _| U256::ZERO, 1),
    ("one number in a transaction", |ty, transaction, _| drawn(ty, transaction, 0), 1),
    ("the same in each transaction", |ty, _, place| drawn(ty, 0, place), 64),
    (
        "the low half",
        |ty, transaction, place| drawn(ty, transaction, place) >> (ty.bits() / 2),
        128,
    ),
    (
        "one word again and again",
        |ty, transaction, place| {
            // Without the top bit, which a bound takes away.
            let word = drawn(FheType::Uint64, transaction, place) >> 1;
            ty.truncate((0..4).fold(U256::ZERO, |number, _| (number << 64) | word))
        },
        128,
    ),
];

/// Plays a sequence on plaintexts: whether it decrypts what it must.
fn holds(sequence: &Sequence, generator: Generator) -> bool {
    let mut values: BTreeMap<String, (FheType, U256)> = BTreeMap::new();
    for (transaction, step) in (0..).zip(&sequence.steps) {
        match step {
            Step::Run { calls, .. } => {
                for (place, item) in (0..).zip(calls) {
                    let Item::Call(call) = item else { panic!("{}: a frame", sequence.id) };
                    let of = |spec: &&ciphervm_fhe::OpSpec| spec.signature == call.target.function;
                    // Grants make nothing.
                    let Some(spec) = OPS.iter().find(of) else { continue };
                    let text = |n: usize| call.target.arguments[n].as_str().unwrap();
                    let ty = |n: usize| FheType::from_id(text(n).parse().unwrap()).unwrap();
                    let known = |n: usize| values[text(n).trim_start_matches('$')];
                    let value = match spec.shape {
                        Shape::Rand => (ty(0), generator(ty(0), transaction, place)),
                        Shape::RandBounded => {
                            let mask = text(0).parse::<U256>().unwrap() - U256::ONE;
                            (ty(1), generator(ty(1), transaction, place) & mask)
                        }
                        Shape::Cast => (ty(1), ty(1).truncate(known(0).1)),
                        Shape::Binary => {
                            let (of, left) = known(0);
                            let right = match text(1).starts_with('$') {
                                true => Operand::Encrypted(known(1).1),
                                false => Operand::Scalar(text(1).parse().unwrap()),
                            };
                            let result = spec.result_type(of, of);
                            let operands = [Operand::Encrypted(left), right];
                            (result, reference::evaluate(spec.op, &operands, of, result))
                        }
                        _ => panic!("{}: {}", sequence.id, spec.op),
                    };
                    values.insert(call.into.clone().unwrap(), value);
                }
            }
            Step::PublicDecrypt { handles, expect: Decryption::Values(expected), .. } => {
                let found = handles.iter().map(|name| values[name.trim_start_matches('$')].1);
                if !found.eq(expected.iter().copied()) {
                    return false;
                }
            }
            other => panic!("{}: {other:?}", sequence.id),
        }
    }
    true
}

#[test]
fn each_generator_that_is_none_is_caught() {
    let files = files::sequences().unwrap();
    let file = files.iter().find(|file| file.subject == "randomness").unwrap();
    for op in [Op::Rand, Op::RandBounded] {
        for ty in op.spec().types.iter() {
            let id = format!("randomness/numbers-differ/{}/{ty}", op.name());
            let sequence = file.sequences.iter().find(|one| one.id == id).unwrap();
            assert!(holds(sequence, drawn), "{id}: a good generator is refused");
            for (mistake, generator, bits) in MISTAKES {
                let caught = !holds(sequence, *generator);
                assert!(caught || ty.bits() < *bits, "{id}: nothing shows that it is {mistake}");
            }
        }
    }
}
