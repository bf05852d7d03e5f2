//! Random graphs: whatever is rewritten, the results are those of the operations as recorded.

use std::env;

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, Handle, Op, Operand, Rewrite, Rewrites, reference};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::bench::Bench;

const BYTE: FheType = FheType::Uint8;
const BOOL: FheType = FheType::Bool;

/// What a graph is made of: single operations, and what contracts do with several. Numbers choose
/// among the values that are there.
#[derive(Clone, Debug)]
enum Piece {
    Binary(Op, usize, usize),
    WithConstant(Op, usize, u8),
    Order(Op, usize, usize),
    OrderWithConstant(Op, usize, u8),
    Choice(usize, usize, usize),
    Unary(Op, usize),
    Opposite(usize),
    Constant(u8),
    Sum(Vec<usize>),
    IsIn(usize, Vec<usize>),
    ThereAndBack(usize),
    /// `ok = a ≥ b; ok ? a - b : a; ok ? b : 0`
    Decrease(usize, usize),
    /// `sum = a + b; ok = sum ≥ a; ok ? sum : a`
    Increase(usize, usize),
    /// `c ? a : b; c ? b : a`
    Swap(usize, usize, usize),
    /// `min(a, b); max(a, b); a > b; a = b`
    Sort(usize, usize),
}

fn piece() -> impl Strategy<Value = Piece> {
    use Op::*;
    let arithmetic = || {
        prop::sample::select(vec![Add, Sub, Mul, Min, Max, BitAnd, BitOr, BitXor, Shl, Shr, Rotl])
    };
    let order = || prop::sample::select(vec![Eq, Ne, Ge, Gt, Le, Lt]);
    let constant = || prop_oneof![Just(0), Just(1), Just(3), Just(127), Just(255), any::<u8>()];
    let one = || 0..100_usize;
    prop_oneof![
        3 => (arithmetic(), one(), one()).prop_map(|(op, a, b)| Piece::Binary(op, a, b)),
        2 => (arithmetic(), one(), constant()).prop_map(|(op, a, k)| Piece::WithConstant(op, a, k)),
        2 => (prop::sample::select(vec![Add, Add, Sub]), one(), one())
            .prop_map(|(op, a, b)| Piece::Binary(op, a, b)),
        3 => (order(), one(), one()).prop_map(|(op, a, b)| Piece::Order(op, a, b)),
        1 => (order(), one(), constant()).prop_map(|(op, a, k)| Piece::OrderWithConstant(op, a, k)),
        3 => (one(), one(), one()).prop_map(|(c, a, b)| Piece::Choice(c, a, b)),
        1 => (prop::sample::select(vec![Neg, Not]), one()).prop_map(|(op, a)| Piece::Unary(op, a)),
        1 => one().prop_map(Piece::Opposite),
        1 => constant().prop_map(Piece::Constant),
        1 => prop::collection::vec(one(), 0..6).prop_map(Piece::Sum),
        1 => (one(), prop::collection::vec(one(), 0..3)).prop_map(|(a, set)| Piece::IsIn(a, set)),
        1 => one().prop_map(Piece::ThereAndBack),
        2 => (one(), one()).prop_map(|(a, b)| Piece::Decrease(a, b)),
        2 => (one(), one()).prop_map(|(a, b)| Piece::Increase(a, b)),
        1 => (one(), one(), one()).prop_map(|(c, a, b)| Piece::Swap(c, a, b)),
        1 => (one(), one()).prop_map(|(a, b)| Piece::Sort(a, b)),
    ]
}

/// Inputs, pieces, which results are kept, and which rewrites are on.
#[derive(Clone, Debug)]
struct Case {
    inputs: Vec<u8>,
    condition: bool,
    pieces: Vec<(Piece, bool)>,
    rewrites: Vec<bool>,
}

fn case(pieces: std::ops::Range<usize>) -> impl Strategy<Value = Case> {
    let input = prop_oneof![Just(0), Just(1), Just(255), any::<u8>()];
    let inputs = prop::collection::vec(input, 1..4);
    let pieces = prop::collection::vec((piece(), prop::bool::weighted(0.4)), pieces);
    let rewrites = prop_oneof![
        Just(vec![true; Rewrite::ALL.len()]),
        prop::collection::vec(any::<bool>(), Rewrite::ALL.len()),
    ];
    (inputs, any::<bool>(), pieces, rewrites).prop_map(|(inputs, condition, pieces, rewrites)| {
        Case { inputs, condition, pieces, rewrites }
    })
}

impl Case {
    fn rewrites(&self) -> Rewrites {
        let chosen = Rewrite::ALL.iter().zip(&self.rewrites).filter(|(_, on)| **on);
        chosen.fold(Rewrites::NONE, |rewrites, (rewrite, _)| rewrites.with(*rewrite))
    }
}

type Value = (Handle, U256);

/// A graph as it is recorded, with the values that its operations have one by one.
struct Recorder<'a> {
    bench: &'a mut Bench,
    numbers: Vec<Value>,
    conditions: Vec<Value>,
    kept: Vec<Value>,
}

impl Recorder<'_> {
    fn number(&self, choice: usize) -> Value {
        self.numbers[choice % self.numbers.len()]
    }

    fn condition(&self, choice: usize) -> Value {
        self.conditions[choice % self.conditions.len()]
    }

    fn make(
        &mut self,
        op: Op,
        operands: &[Operand<Value>],
        ty: FheType,
        result: FheType,
        keep: bool,
    ) -> Value {
        let recorded = operands.iter().map(|operand| match operand {
            Operand::Encrypted((handle, _)) => Operand::Encrypted(*handle),
            Operand::Scalar(value) => Operand::Scalar(*value),
        });
        let clear: Vec<_> = operands
            .iter()
            .map(|operand| match operand {
                Operand::Encrypted((_, value)) => Operand::Encrypted(*value),
                Operand::Scalar(value) => Operand::Scalar(*value),
            })
            .collect();
        let handle = if keep {
            self.bench.keep(op, recorded.collect(), result)
        } else {
            self.bench.record(op, recorded.collect(), result)
        };
        let value = (handle, reference::evaluate(op, &clear, ty, result));
        if result == BOOL { &mut self.conditions } else { &mut self.numbers }.push(value);
        if keep {
            self.kept.push(value);
        }
        value
    }

    fn apply(&mut self, op: Op, operands: &[Value], keep: bool) -> Value {
        let operands: Vec<_> = operands.iter().map(|value| Operand::Encrypted(*value)).collect();
        self.make(op, &operands, BYTE, op.spec().result_type(BYTE, BYTE), keep)
    }

    fn constant(&mut self, value: u8) -> Value {
        self.make(Op::TrivialEncrypt, &[Operand::Scalar(U256::from(value))], BYTE, BYTE, false)
    }

    fn record(&mut self, piece: &Piece, keep: bool) {
        match piece {
            Piece::Binary(op, a, b) | Piece::Order(op, a, b) => {
                self.apply(*op, &[self.number(*a), self.number(*b)], keep);
            }
            Piece::WithConstant(op, a, k) | Piece::OrderWithConstant(op, a, k) => {
                let operands =
                    [Operand::Encrypted(self.number(*a)), Operand::Scalar(U256::from(*k))];
                self.make(*op, &operands, BYTE, op.spec().result_type(BYTE, BYTE), keep);
            }
            Piece::Choice(c, a, b) => {
                let operands = [self.condition(*c), self.number(*a), self.number(*b)];
                self.apply(Op::IfThenElse, &operands, keep);
            }
            Piece::Unary(op, a) => {
                self.apply(*op, &[self.number(*a)], keep);
            }
            Piece::Opposite(c) => {
                let operands = [Operand::Encrypted(self.condition(*c))];
                self.make(Op::Not, &operands, BOOL, BOOL, keep);
            }
            Piece::Constant(value) => {
                self.constant(*value);
            }
            Piece::Sum(terms) => {
                let terms: Vec<_> = terms.iter().map(|term| self.number(*term)).collect();
                self.apply(Op::Sum, &terms, keep);
            }
            Piece::IsIn(value, set) => {
                let members = std::iter::once(value).chain(set);
                let members: Vec<_> = members.map(|member| self.number(*member)).collect();
                self.apply(Op::IsIn, &members, keep);
            }
            Piece::ThereAndBack(a) => {
                let value = Operand::Encrypted(self.number(*a));
                let wide = self.make(Op::Cast, &[value], BYTE, FheType::Uint16, false);
                self.numbers.pop();
                let wide = Operand::Encrypted(wide);
                self.make(Op::Cast, &[wide], FheType::Uint16, BYTE, keep);
            }
            Piece::Decrease(a, b) => {
                let (a, b, zero) = (self.number(*a), self.number(*b), self.constant(0));
                let enough = self.apply(Op::Ge, &[a, b], false);
                let less = self.apply(Op::Sub, &[a, b], false);
                self.apply(Op::IfThenElse, &[enough, less, a], keep);
                self.apply(Op::IfThenElse, &[enough, b, zero], keep);
            }
            Piece::Increase(a, b) => {
                let (a, b) = (self.number(*a), self.number(*b));
                let sum = self.apply(Op::Add, &[a, b], false);
                let fits = self.apply(Op::Ge, &[sum, a], keep);
                self.apply(Op::IfThenElse, &[fits, sum, a], keep);
            }
            Piece::Swap(c, a, b) => {
                let (c, a, b) = (self.condition(*c), self.number(*a), self.number(*b));
                self.apply(Op::IfThenElse, &[c, a, b], keep);
                self.apply(Op::IfThenElse, &[c, b, a], keep);
            }
            Piece::Sort(a, b) => {
                let pair = [self.number(*a), self.number(*b)];
                for op in [Op::Min, Op::Max, Op::Gt, Op::Eq] {
                    self.apply(op, &pair, keep);
                }
            }
        }
    }
}

/// Records a case and compares the results with those of its operations one by one.
fn check(mut bench: Bench, case: &Case) {
    let mut input = |ty, value| {
        let Operand::Encrypted(handle) = bench.input(ty, value) else { unreachable!() };
        (handle, value)
    };
    let numbers =
        case.inputs.iter().map(|value| input(BYTE, U256::from(*value))).collect::<Vec<_>>();
    let conditions = vec![input(BOOL, U256::from(u8::from(case.condition)))];
    let mut recorder = Recorder { bench: &mut bench, numbers, conditions, kept: Vec::new() };
    for (piece, keep) in &case.pieces {
        recorder.record(piece, *keep);
    }
    let kept = recorder.kept;
    bench.evaluate().unwrap();
    for (handle, expected) in kept {
        assert_eq!(bench.decrypt(handle), expected, "{handle}");
    }
}

/// How many cases, unless the environment says otherwise.
fn cases(default: u32) -> ProptestConfig {
    let wanted = env::var("CIPHERVM_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(wanted.unwrap_or(default))
    }
}

#[test]
fn rewritten_graphs_mean_what_was_recorded() {
    let mut runner = TestRunner::new(cases(10_000));
    runner
        .run(&case(1..10), |case| {
            check(Bench::simulation(case.rewrites()), &case);
            check(Bench::reference(), &case);
            Ok(())
        })
        .unwrap();
}

/// Both choices have digits that are known, and none of them is zero.
#[test]
fn a_choice_between_numbers_with_known_digits_is_a_choice() {
    for condition in [false, true] {
        let flags = |input| Piece::WithConstant(Op::BitOr, input, 213);
        let masks = |input| Piece::WithConstant(Op::BitOr, input, 106);
        let case = Case {
            inputs: vec![6, 140],
            condition,
            // The numbers are the inputs, then these results in order.
            pieces: vec![
                (flags(0), false),
                (masks(1), false),
                (Piece::Choice(0, 2, 3), true),
                (Piece::Swap(0, 3, 2), true),
            ],
            rewrites: vec![true; Rewrite::ALL.len()],
        };
        check(Bench::simulation(case.rewrites()), &case);
        check(Bench::reference(), &case);
        check(Bench::tfhe(2), &case);
        // Found at random: bounds that the simulation knows from one step to the next.
        let found = Case {
            inputs: vec![0],
            condition,
            pieces: vec![
                (Piece::Constant(1), false),
                (Piece::WithConstant(Op::BitOr, 6, 213), false),
                (Piece::Decrease(1, 43), false),
                (Piece::Swap(20, 23, 36), false),
                (Piece::Choice(0, 7, 0), true),
            ],
            rewrites: vec![true; Rewrite::ALL.len()],
        };
        check(Bench::simulation(found.rewrites()), &found);
        check(Bench::tfhe(2), &found);
    }
}

/// The same on ciphertexts, with all rewrites.
#[test]
fn rewritten_graphs_on_ciphertexts_mean_what_was_recorded() {
    let config = ProptestConfig {
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::with_cases(20)
    };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    runner
        .run(&case(1..4), |case| {
            check(Bench::tfhe(2), &case);
            Ok(())
        })
        .unwrap();
}
