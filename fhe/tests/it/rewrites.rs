//! Each rewrite: what it saves, and that it is exact.

use alloy_primitives::U256;
use ciphervm_fhe::{CiphertextStore, FheType, Handle, Op, Operand, Rewrite, Rewrites};

use crate::bench::Bench;

type Values = Vec<Operand<Handle>>;

/// A graph that a rewrite is for.
struct Case {
    rewrite: Rewrite,
    /// Records the graph on three numbers `a ≥ b`, `c`, and a condition.
    record: fn(&mut Bench, FheType, Values),
    /// Bootstraps at 64 bits without rewrites, with this one, and with all.
    bootstraps: [u64; 3],
}

fn made(handle: Handle) -> Operand<Handle> {
    Operand::Encrypted(handle)
}

const CASES: &[Case] = &[
    // (a - a) + b · 1, and a choice between equal values.
    Case {
        rewrite: Rewrite::Identities,
        record: |bench, ty, x| {
            let zero = bench.record(Op::Sub, vec![x[0].clone(), x[0].clone()], ty);
            let one = bench.record(Op::Mul, vec![x[1].clone(), Operand::Scalar(U256::ONE)], ty);
            bench.keep(Op::Add, vec![made(zero), made(one)], ty);
            bench.keep(Op::IfThenElse, vec![x[3].clone(), x[2].clone(), x[2].clone()], ty);
        },
        bootstraps: [32 + 32 + 33, 0, 0],
    },
    // What a token does to the balance of whoever pays, and to that of whoever is paid.
    Case {
        rewrite: Rewrite::Masks,
        record: |bench, ty, x| {
            let enough = bench.record(Op::Ge, vec![x[0].clone(), x[1].clone()], FheType::Bool);
            let less = bench.record(Op::Sub, vec![x[0].clone(), x[1].clone()], ty);
            bench.keep(Op::IfThenElse, vec![made(enough), made(less), x[0].clone()], ty);
            let zero = Operand::Scalar(U256::ZERO);
            let zero = bench.record(Op::TrivialEncrypt, vec![zero], ty);
            let paid = vec![made(enough), x[1].clone(), made(zero)];
            let paid = bench.keep(Op::IfThenElse, paid, ty);
            bench.keep(Op::Add, vec![x[2].clone(), made(paid)], ty);
        },
        bootstraps: [32 + 32 + 33 + 32 + 32, 5 * 32, 4 * 32],
    },
    Case {
        rewrite: Rewrite::Sums,
        record: |bench, ty, x| {
            let mut sum = x[0].clone();
            for term in [1, 2, 0, 1] {
                sum = made(bench.record(Op::Add, vec![sum, x[term].clone()], ty));
            }
            bench.keep(Op::Cast, vec![sum], ty);
        },
        bootstraps: [4 * 32, 94, 94],
    },
    Case {
        rewrite: Rewrite::Carries,
        record: |bench, ty, x| {
            let sum = bench.keep(Op::Add, vec![x[0].clone(), x[1].clone()], ty);
            bench.keep(Op::Ge, vec![made(sum), x[0].clone()], FheType::Bool);
            bench.keep(Op::Gt, vec![x[1].clone(), made(sum)], FheType::Bool);
        },
        bootstraps: [3 * 32, 32, 32],
    },
    Case {
        rewrite: Rewrite::Differences,
        record: |bench, ty, x| {
            bench.keep(Op::Sub, vec![x[0].clone(), x[1].clone()], ty);
            bench.keep(Op::Lt, vec![x[0].clone(), x[1].clone()], FheType::Bool);
            bench.keep(Op::Le, vec![x[1].clone(), x[0].clone()], FheType::Bool);
        },
        bootstraps: [3 * 32, 32, 32],
    },
    Case {
        rewrite: Rewrite::Comparisons,
        record: |bench, ty, x| {
            for (op, result) in [
                (Op::Min, ty),
                (Op::Max, ty),
                (Op::Ge, FheType::Bool),
                (Op::Lt, FheType::Bool),
                (Op::Gt, FheType::Bool),
                (Op::Ne, FheType::Bool),
            ] {
                bench.keep(op, vec![x[0].clone(), x[1].clone()], result);
            }
        },
        // Alone a minimum takes a comparison of its own. Together: one tree, three flags, one
        // condition.
        bootstraps: [2 * 64 + 4 * 32, 31 + 3 + 1 + 2 * 32, 31 + 3 + 1 + 2 * 32],
    },
    Case {
        rewrite: Rewrite::Conditions,
        record: |bench, ty, x| {
            for (a, b) in [(0, 1), (1, 0), (1, 2)] {
                let choice = vec![x[3].clone(), x[a].clone(), x[b].clone()];
                bench.keep(Op::IfThenElse, choice, ty);
            }
        },
        bootstraps: [3 * 33, 1 + 3 * 32, 1 + 3 * 32],
    },
];

/// Records a case, evaluates it, and returns what was kept and how many bootstraps that took.
fn run(mut bench: Bench, case: &Case, ty: FheType, condition: bool) -> (Vec<U256>, u64) {
    let number = |value: u64| ty.truncate(U256::from(value));
    let mut values = [200, 100, 77].map(|value| bench.input(ty, number(value))).to_vec();
    values.push(bench.input(FheType::Bool, U256::from(u8::from(condition))));
    (case.record)(&mut bench, ty, values);
    let evaluation = bench.evaluate().unwrap();
    let kept = bench.kept().to_vec();
    assert!(kept.iter().all(|handle| bench.store.contains(handle).unwrap()));
    (kept.into_iter().map(|handle| bench.decrypt(handle)).collect(), evaluation.bootstraps)
}

#[test]
fn each_rewrite_saves_what_it_says_and_is_exact() {
    for case in CASES {
        for condition in [false, true] {
            let at = |ty, rewrites| run(Bench::simulation(rewrites), case, ty, condition);
            let ty = FheType::Uint64;
            let (expected, without) = at(ty, Rewrites::NONE);
            let (found, with) = at(ty, Rewrites::NONE.with(case.rewrite));
            assert_eq!(found, expected, "{:?}", case.rewrite);
            let (found_by_all, all) = at(ty, Rewrites::ALL);
            assert_eq!(found_by_all, expected, "{:?}", case.rewrite);
            assert_eq!([without, with, all], case.bootstraps, "{:?}", case.rewrite);
            assert_eq!(run(Bench::reference(), case, ty, condition).0, expected);
        }
    }
}

#[test]
fn each_rewrite_is_exact_on_ciphertexts() {
    for case in CASES {
        let ty = FheType::Uint8;
        let (expected, bootstraps) = run(Bench::simulation(Rewrites::ALL), case, ty, true);
        assert_eq!(
            run(Bench::tfhe(2), case, ty, true),
            (expected, bootstraps),
            "{:?}",
            case.rewrite
        );
    }
}
