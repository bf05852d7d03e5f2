//! Order, minimum and maximum.
//!
//! *Two ciphertexts*: the sign of `a - b` by a [`tree`], whose last bootstrap gives the flag: a
//! bootstrap a digit, 32 at 64 bits. Fewer would need two digits of both operands in one bootstrap,
//! which the tree's documentation shows to be impossible. Whoever asks more about the same pair
//! pays a bootstrap for each further question ([`answers`]).
//!
//! *A constant*: all four orders come down to `a ≥ k`, in which the lowest digits of `k` that are
//! zero do not matter. The digits are cut to leaves, each of which gives its sign in one bootstrap:
//!
//! | leaf | values | noise level |
//! |---|---|---|
//! | any two digits, `4 (a₁ - k₁) + (a₀ - k₀)` | -15..=15 | 4 + 1 = 5 |
//! | up to five digits of `k` in a row that are all 0 (or 3), `Σ (aᵢ - kᵢ)` | 0..=15 (or negative) | 5 |
//! | four signs, weighing 8, 4, 2, 1 | -15..=15 | 4 |
//!
//! The highest leaf that is not zero decides, so four signs are one node: `n` leaves take
//! `n + ⌈(n - 1) / 3⌉` bootstraps, at 64 bits 16 + 5. Both a sign and `v ≥ 0` are negacyclic up to a
//! constant, which is why values may use the padding bit. 16, the leaves alone, would need a leaf
//! to take in what others found out, and it has no noise level left.
//!
//! *Minimum and maximum*: the comparison gives its flag at the scale that the choice needs.

use alloy_primitives::U256;

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome, SHAPE,
    algebra::Algebra,
    digits, select, tree,
};
use crate::{FheType, Op};

/// One of the four orders.
#[derive(Clone, Copy)]
enum Order {
    Lt,
    Le,
    Gt,
    Ge,
}
use Order::{Ge, Gt, Le, Lt};

impl Order {
    /// The order of the operands in the other order.
    const fn mirrored(self) -> Self {
        match self {
            Lt => Gt,
            Le => Ge,
            Gt => Lt,
            Ge => Le,
        }
    }

    /// Whether it holds between two numbers whose difference has this sign.
    const fn holds(self, sign: i64) -> bool {
        match self {
            Lt => sign < 0,
            Le => sign <= 0,
            Gt => sign > 0,
            Ge => sign >= 0,
        }
    }
}

macro_rules! comparison {
    ($name:ident, $order:expr, $what:literal) => {
        #[doc = $what]
        pub(crate) fn $name<A: Algebra>(
            algebra: &A,
            x: &[&Number<A::Block>],
            ty: FheType,
            _: FheType,
        ) -> Outcome<A::Block> {
            Ok(Encrypted(vec![flag(algebra, x, ty, $order, 1)?]))
        }
    };
}

comparison!(lt, Lt, "`a < b`.");
comparison!(le, Le, "`a ≤ b`.");
comparison!(gt, Gt, "`a > b`.");
comparison!(ge, Ge, "`a ≥ b`.");

/// The smaller one.
pub(crate) fn min<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    chosen(algebra, x, ty, Le)
}

/// The larger one.
pub(crate) fn max<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    chosen(algebra, x, ty, Ge)
}

/// What one pair is asked for: [`Op::Ge`], [`Op::Gt`], [`Op::Eq`], [`Op::Min`], [`Op::Max`].
///
/// Of two ciphertexts all answers come from one tree. If one is a constant, each is a circuit of
/// its own: there is less to share.
pub(super) fn answers<A: Algebra>(
    algebra: &A,
    a: &Number<A::Block>,
    b: &Number<A::Block>,
    ty: FheType,
    questions: &[Op],
) -> Result<Vec<Number<A::Block>>, &'static str> {
    let (Encrypted(left), Encrypted(right)) = (a, b) else {
        let alone = |op: &Op| {
            let spec = op.spec();
            algebra.circuit(&spec.circuit, &[a, b], ty, spec.result_type(ty, ty))
        };
        return questions.iter().map(alone).collect();
    };
    let root = tree::root(algebra, &tree::differences(algebra, left, right), tree::SIGN);
    let flag = |scale: i64, holds: fn(i64) -> bool| {
        algebra.lookup(&root, &|sign| scale * i64::from(holds(sign)))
    };
    let chooses = |op: &Op| matches!(op, Op::Min | Op::Max);
    let weight = select::weight(algebra, left, right);
    let smaller = questions.iter().any(chooses).then(|| flag(weight, |sign| sign <= 0));
    let answers = algebra.each(questions.len(), |question| {
        Ok(Encrypted(match (questions[question], &smaller) {
            (Op::Ge, _) => vec![flag(1, |sign| sign >= 0)],
            (Op::Gt, _) => vec![flag(1, |sign| sign > 0)],
            (Op::Eq, _) => vec![flag(1, |sign| sign == 0)],
            (Op::Min, Some(smaller)) => select::choose(algebra, smaller, weight, left, right),
            (Op::Max, Some(smaller)) => select::choose(algebra, smaller, weight, right, left),
            _ => return Err(SHAPE),
        }))
    });
    answers.into_iter().collect()
}

/// The left one if the order holds, else the right one.
fn chosen<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    order: Order,
) -> Outcome<A::Block> {
    let [a, b] = x else { return Err(SHAPE) };
    let (left, right) = (a.digits(algebra, ty), b.digits(algebra, ty));
    let weight = select::weight(algebra, &left, &right);
    let condition = flag(algebra, x, ty, order, weight)?;
    Ok(Encrypted(select::choose(algebra, &condition, weight, &left, &right)))
}

/// `scale` if the order holds, else 0.
fn flag<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    order: Order,
    scale: i64,
) -> Result<A::Block, &'static str> {
    Ok(match x {
        [Encrypted(a), Encrypted(b)] => {
            let digits = tree::differences(algebra, a, b);
            let root = tree::root(algebra, &digits, tree::SIGN);
            algebra.lookup(&root, &|value| scale * i64::from(order.holds(value)))
        }
        [Encrypted(a), Constant(k)] => with_constant(algebra, a, *k, ty, order, scale),
        [Constant(k), Encrypted(a)] => with_constant(algebra, a, *k, ty, order.mirrored(), scale),
        _ => return Err(SHAPE),
    })
}

fn with_constant<A: Algebra>(
    algebra: &A,
    a: &[A::Block],
    k: U256,
    ty: FheType,
    order: Order,
    scale: i64,
) -> A::Block {
    // `a ≥ bound`, or its opposite.
    let (bound, positive) = match order {
        Ge => (Some(k), true),
        Lt => (Some(k), false),
        Gt => (above(k, ty), true),
        Le => (above(k, ty), false),
    };
    let table = |value: i64| scale * i64::from((value >= 0) == positive);
    let Some(bound) = bound else {
        // Nothing is above the largest value.
        return algebra.constant(table(-1));
    };
    // Zeros at the end of the bound leave the decision to what is above them.
    let bound = digits(algebra, bound, ty);
    let zeros = bound.iter().take_while(|digit| algebra.degree(digit) == 0).count();
    let (a, bound) = (&a[zeros..], &bound[zeros..]);
    let clean = a.iter().all(|digit| algebra.noise(digit) <= 1);
    let root = if clean {
        let leaves = leaves(algebra, a, bound);
        quad(algebra, &leaves)
    } else {
        // Two digits of level 2 cannot be packed, and the tree takes them as they are.
        tree::root(algebra, &tree::differences(algebra, a, bound), tree::SIGN)
    };
    algebra.lookup(&root, &table)
}

fn above(k: U256, ty: FheType) -> Option<U256> {
    (k < ty.max_value()).then(|| k + U256::ONE)
}

/// The fewest leaves, lowest first.
fn leaves<A: Algebra>(algebra: &A, a: &[A::Block], bound: &[A::Block]) -> Vec<A::Block> {
    let digit = |position: usize| algebra.degree(&bound[position]);
    // How long a leaf can be that begins at `position`.
    let longest = |position: usize| {
        let first = digit(position);
        let end = (position + 5).min(bound.len());
        let run = (position..end).take_while(|next| digit(*next) == first).count();
        if first == 0 || first == 3 { run } else { 1 }
    };
    // By position: the fewest leaves from there on, and how long the first of them is.
    let mut fewest = vec![(0, 0); bound.len() + 1];
    for position in (0..bound.len()).rev() {
        let longest = longest(position).max(2).min(bound.len() - position);
        fewest[position] = (1..=longest)
            .rev()
            .map(|length| (fewest[position + length].0 + 1, length))
            .min_by_key(|(count, _)| *count)
            .expect("a leaf has at least one digit");
    }
    let mut leaves = Vec::with_capacity(fewest[0].0);
    let mut position = 0;
    while position < bound.len() {
        let length = fewest[position].1;
        let mut differences = (position..position + length)
            .map(|position| algebra.sub(&a[position], &bound[position]));
        let low = differences.next().expect("a leaf has at least one digit");
        let factor = if length == 2 { 4 } else { 1 };
        leaves.push(
            differences.fold(low, |sum, high| algebra.add(&sum, &algebra.scale(&high, factor))),
        );
        position += length;
    }
    leaves
}

/// A sum with the sign of the highest leaf that is not zero, from as few nodes of four signs as
/// there can be.
fn quad<A: Algebra>(algebra: &A, leaves: &[A::Block]) -> A::Block {
    let count = leaves.len();
    let (first, nodes) = match count {
        0 => return algebra.constant(0),
        1 => return leaves[0].clone(),
        // A node has four children and makes one of them: three fewer.
        _ => (leaves, (count - 1).div_ceil(3)),
    };
    // All nodes below are full, and what is missing is missing here.
    let children = 4 - (3 * nodes + 1 - count);
    let mut rest = first;
    let parts: Vec<&[A::Block]> = (0..children)
        .map(|child| {
            let nodes = (nodes - 1 + child) / children;
            let (part, others) = rest.split_at(3 * nodes + 1);
            rest = others;
            part
        })
        .collect();
    algebra
        .each(children, |child| {
            let sum = quad(algebra, parts[child]);
            algebra.lookup(&sum, &move |value| value.signum() << child)
        })
        .iter()
        .fold(algebra.constant(0), |sum, sign| algebra.add(&sum, sign))
}
