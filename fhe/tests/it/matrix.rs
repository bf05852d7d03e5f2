//! Real FHE against the reference semantics: every operation, by type and by which operands are
//! scalars or constants.
//!
//! By default 8 bits and Bool in full and a chosen core of wider types. With
//! `CIPHERVM_MATRIX=full` every type in full, which takes about an hour of one core, and with an
//! operation's name, such as `fheMulDiv`, every type of that one.

use std::{env, time::Instant};

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, Handle, OPS, Op, OpSpec, Operand, ScalarRule, Shape, reference};

use crate::bench::Bench;

/// How an operand reaches the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Encrypted by a client.
    Encrypted,
    /// Trivially encrypted: a constant that the graph knows.
    Constant,
    /// A scalar in calldata.
    Scalar,
}
use Form::{Constant, Encrypted, Scalar};

struct Check {
    op: Op,
    ty: FheType,
    forms: Vec<Form>,
    clear: Vec<U256>,
    handle: Handle,
    expected: U256,
}

#[derive(Default)]
struct Matrix {
    checks: Vec<Check>,
}

impl Matrix {
    /// One operation on operands in these forms. A select's first operand is a Bool, a scalar
    /// divisor has no type.
    fn add(
        &mut self,
        bench: &mut Bench,
        op: Op,
        ty: FheType,
        requested: FheType,
        operands: &[(Form, U256)],
    ) {
        let mut clear = Vec::new();
        let arguments = operands
            .iter()
            .enumerate()
            .map(|(position, (form, value))| {
                let is_condition = op.spec().shape == Shape::Select && position == 0;
                let ty = if is_condition { FheType::Bool } else { ty };
                clear.push(match form {
                    Scalar => Operand::Scalar(*value),
                    Encrypted | Constant => Operand::Encrypted(ty.truncate(*value)),
                });
                match form {
                    Encrypted => bench.input(ty, *value),
                    Scalar => Operand::Scalar(*value),
                    Constant => {
                        let plain = vec![Operand::Scalar(ty.truncate(*value))];
                        Operand::Encrypted(bench.record(Op::TrivialEncrypt, plain, ty))
                    }
                }
            })
            .collect();
        let result = op.spec().result_type(ty, requested);
        let expected = reference::evaluate(op, &clear, ty, result);
        let handle = bench.keep(op, arguments, result);
        let (forms, clear) = operands.iter().copied().unzip();
        self.checks.push(Check { op, ty, forms, clear, handle, expected });
    }

    fn verify(self, mut bench: Bench) {
        let evaluation = bench.evaluate().unwrap();
        println!(
            "{} results, {} bootstraps, {:.1?}",
            self.checks.len(),
            evaluation.bootstraps,
            evaluation.elapsed
        );
        for Check { op, ty, forms, clear, handle, expected } in self.checks {
            let found = bench.decrypt(handle);
            assert_eq!(found, expected, "{op} on {ty}, operands {clear:?} as {forms:?}");
        }
    }

    /// Every form that `op` takes on `ty`.
    fn add_all(&mut self, bench: &mut Bench, op: Op, ty: FheType) {
        let spec = op.spec();
        // A pair that carries through every block, and one that borrows and differs in the top.
        let max = ty.max_value();
        let pairs: [(U256, U256); 2] =
            [(max - (max >> 3), max >> 2), (U256::from(7) & max, (max >> 1) ^ U256::from(9) & max)];
        for (a, b) in pairs {
            match spec.shape {
                Shape::Unary => self.add(bench, op, ty, ty, &[(Encrypted, a)]),
                Shape::Binary => {
                    let forms: &[_] = match spec.scalar {
                        ScalarRule::Required => &[(Encrypted, Scalar)],
                        _ => &[
                            (Encrypted, Encrypted),
                            (Encrypted, Scalar),
                            (Encrypted, Constant),
                            (Constant, Encrypted),
                        ],
                    };
                    for (l, r) in forms {
                        let b = if b.is_zero() && *r == Scalar { U256::from(3) } else { b };
                        self.add(bench, op, ty, ty, &[(*l, a), (*r, b)]);
                    }
                }
                Shape::Select => {
                    for c in [U256::ZERO, U256::ONE] {
                        let branches = [
                            (Encrypted, Encrypted),
                            (Encrypted, Constant),
                            (Constant, Encrypted),
                            (Constant, Constant),
                        ];
                        for (l, r) in branches {
                            self.add(bench, op, ty, ty, &[(Encrypted, c), (l, a), (r, b)]);
                        }
                        self.add(
                            bench,
                            op,
                            ty,
                            ty,
                            &[(Constant, c), (Encrypted, a), (Encrypted, b)],
                        );
                    }
                }
                Shape::Cast => {
                    for to in Op::Neg.spec().types.iter().filter(|to| *to != ty) {
                        self.add(bench, op, ty, to, &[(Encrypted, a)]);
                    }
                }
                Shape::TrivialEncrypt => self.add(bench, op, ty, ty, &[(Scalar, a)]),
                Shape::Sum => {
                    let (e, c) = ((Encrypted, a), (Constant, b));
                    for operands in [&[][..], &[e], &[e, (Encrypted, b), e], &[e, c, c, e]] {
                        self.add(bench, op, ty, ty, operands);
                    }
                }
                Shape::IsIn => {
                    let (e, c) = ((Encrypted, b), (Constant, b));
                    for operands in [
                        &[(Encrypted, a)][..],
                        &[(Encrypted, a), e],
                        &[(Encrypted, a), e, (Encrypted, a)],
                        &[(Encrypted, a), c, (Constant, a), e],
                        &[(Encrypted, a), c],
                        &[(Constant, a), e, (Encrypted, a), c],
                        &[(Constant, a), (Constant, a), e],
                        &[(Constant, a), c, e],
                    ] {
                        self.add(bench, op, ty, ty, operands);
                    }
                }
                Shape::MulDiv => {
                    let divisor = (Scalar, U256::from(5));
                    for (l, r) in [
                        (Encrypted, Encrypted),
                        (Encrypted, Scalar),
                        (Encrypted, Constant),
                        (Constant, Encrypted),
                    ] {
                        self.add(bench, op, ty, ty, &[(l, a), (r, b), divisor]);
                    }
                }
                // Randomness has no reference value, verification makes no node.
                Shape::Rand | Shape::RandBounded | Shape::VerifyInput => {}
            }
        }
    }
}

#[test]
fn every_operation_equals_the_reference_at_bool_and_8_bits() {
    let (mut bench, mut matrix) = (Bench::tfhe(2), Matrix::default());
    for spec in &OPS {
        for ty in [FheType::Bool, FheType::Uint8].into_iter().filter(|ty| spec.types.contains(*ty))
        {
            matrix.add_all(&mut bench, spec.op, ty);
        }
    }
    matrix.verify(bench);
}

#[test]
fn a_chosen_core_equals_the_reference_at_wider_types() {
    let (mut bench, mut matrix) = (Bench::tfhe(2), Matrix::default());
    let (word, address, wide) = (FheType::Uint64, FheType::Uint160, FheType::Uint256);
    let a = U256::from(0xfedc_ba98_7654_3210_u64);
    let b = U256::from(0x1234_5678_9abc_def0_u64);
    for op in [Op::Add, Op::Sub, Op::Ge, Op::Eq, Op::Min, Op::BitXor] {
        for right in [Encrypted, Scalar] {
            matrix.add(&mut bench, op, word, word, &[(Encrypted, a), (right, b)]);
        }
    }
    matrix.add(&mut bench, Op::Mul, word, word, &[(Encrypted, a), (Scalar, U256::from(10))]);
    matrix.add(&mut bench, Op::Div, word, word, &[(Encrypted, a), (Scalar, U256::from(1000))]);
    matrix.add(&mut bench, Op::Shl, word, word, &[(Encrypted, a), (Encrypted, U256::from(69))]);
    matrix.add(&mut bench, Op::Neg, word, word, &[(Encrypted, a)]);
    let c = (Encrypted, U256::ONE);
    matrix.add(&mut bench, Op::IfThenElse, word, word, &[c, (Encrypted, a), (Encrypted, b)]);
    matrix.add(&mut bench, Op::Sum, word, word, &[(Encrypted, a), (Encrypted, b), (Encrypted, b)]);
    matrix.add(&mut bench, Op::Cast, word, FheType::Uint16, &[(Encrypted, a)]);
    let (high, low) = (a << 96, b << 96);
    matrix.add(&mut bench, Op::Eq, address, address, &[(Encrypted, high), (Encrypted, high)]);
    matrix.add(&mut bench, Op::Ne, address, address, &[(Encrypted, high), (Scalar, low)]);
    let (high, low) = (a << 192, b);
    matrix.add(&mut bench, Op::BitOr, wide, wide, &[(Encrypted, high), (Encrypted, low)]);
    matrix.add(&mut bench, Op::Neg, wide, wide, &[(Encrypted, high)]);
    matrix.add(&mut bench, Op::Rotr, wide, wide, &[(Encrypted, low), (Scalar, U256::from(77))]);
    matrix.verify(bench);
}

#[test]
fn every_operation_equals_the_reference_at_every_type() {
    let Ok(wanted) = env::var("CIPHERVM_MATRIX") else {
        return eprintln!("run `cargo xtask matrix` for the whole matrix");
    };
    let chosen = |spec: &&OpSpec| wanted == "full" || wanted == spec.op.to_string();
    assert!(OPS.iter().any(|spec| chosen(&spec)), "there is no operation {wanted}");
    let cases: Vec<_> = OPS
        .iter()
        .filter(chosen)
        .flat_map(|spec| spec.types.iter().map(|ty| (spec.op, ty)))
        .collect();
    let start = Instant::now();
    for (done, (op, ty)) in cases.iter().enumerate() {
        println!("{} of {}, after {:.0?}: {op} on {ty}", done + 1, cases.len(), start.elapsed());
        let (mut bench, mut matrix) = (Bench::tfhe(2), Matrix::default());
        matrix.add_all(&mut bench, *op, *ty);
        matrix.verify(bench);
    }
}

/// There is no reference value to compare with, but range, reproducibility and spread can be.
#[test]
fn encrypted_randomness_stays_in_range_and_is_a_function_of_its_seed() {
    let mut bench = Bench::tfhe(2);
    let seed = |n: u64| Operand::Scalar(U256::from(n));
    let byte = FheType::Uint8;
    let bits: Vec<Handle> =
        (0..8).map(|n| bench.keep(Op::Rand, vec![seed(n)], FheType::Bool)).collect();
    let bytes: Vec<Handle> = (0..8).map(|n| bench.keep(Op::Rand, vec![seed(n)], byte)).collect();
    let again = bench.keep(Op::Rand, vec![seed(0)], byte);
    let bounded: Vec<Handle> = (0..8)
        .map(|n| bench.keep(Op::RandBounded, vec![Operand::Scalar(U256::from(8)), seed(n)], byte))
        .collect();
    let one = bench.keep(Op::RandBounded, vec![Operand::Scalar(U256::ONE), seed(1)], byte);
    let whole = vec![Operand::Scalar(U256::from(256)), seed(3)];
    let whole = bench.keep(Op::RandBounded, whole, byte);
    let word = bench.keep(Op::Rand, vec![seed(5)], FheType::Uint64);
    bench.evaluate().unwrap();

    let clear = |handles: &[Handle]| handles.iter().map(|h| bench.decrypt(*h)).collect::<Vec<_>>();
    assert!(clear(&bits).iter().all(|bit| *bit <= U256::ONE));
    let drawn = clear(&bytes);
    assert!(drawn.iter().any(|value| value != &drawn[0]), "all seeds gave {}", drawn[0]);
    assert_eq!(bench.decrypt(again), drawn[0]);
    assert!(clear(&bounded).iter().all(|value| *value < U256::from(8)));
    assert_eq!(bench.decrypt(one), U256::ZERO);
    assert!(bench.decrypt(whole) <= byte.max_value());
    assert!(bench.decrypt(word) > U256::from(u32::MAX), "64 bits are drawn, not 32");
}
