//! Equality and membership.
//!
//! *Two ciphertexts*: a [`tree`] over the digits' differences, whose root is zero if and only if
//! all are: a bootstrap a digit, 32 at 64 bits. The tree's documentation shows why no bootstrap
//! takes two digits of both operands, without which 24 are out of reach.
//!
//! *A constant*: how far a digit is from the constant's is `x = aᵢ` where that is 0, `3 - aᵢ`
//! where it is 3: never negative, so any number of them may be added, and the sum is zero if all
//! are. In between it is -1..=2, after a change of sign for 2. Each bootstrap takes digits and the
//! flags of others:
//!
//! | bootstrap | values | noise level |
//! |---|---|---|
//! | `e` outer digits and `5 - e` flags | 0..=15 | 5 |
//! | two inner digits, `3 x₁ + x₀`, and one flag that weighs 5 | -4..=13 | 3 + 1 + 1 = 5 |
//! | one inner digit and four flags that weigh 2 | -1..=10 | 1 + 4 = 5 |
//!
//! `3 x₁ + x₀` is zero only if both are, for -3, 3 and 6 are no inner digit; and none of its values
//! is -5. A plan finds the fewest: at 64 bits 16 if all digits are inner ones and 8 if none is. 16
//! are a chain, for each takes one flag only: for latency, pairs take none, and 19 are 3 deep.

use alloy_primitives::U256;

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome, SHAPE,
    algebra::{Algebra, MAX_NOISE, Profile},
    digits, tree,
};
use crate::FheType;

/// `a = b`.
pub(crate) fn eq<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let [a, b] = x else { return Err(SHAPE) };
    let distance = distance(algebra, a, b, ty)?;
    Ok(Encrypted(vec![algebra.lookup(&distance, &|value| i64::from(value == 0))]))
}

/// `a ≠ b`.
pub(crate) fn ne<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let [a, b] = x else { return Err(SHAPE) };
    let distance = distance(algebra, a, b, ty)?;
    Ok(Encrypted(vec![algebra.lookup(&distance, &|value| i64::from(value != 0))]))
}

/// Whether the first is among the others: a comparison with each, and nodes of five flags.
pub(crate) fn is_in<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let (value, set) = x.split_first().ok_or(SHAPE)?;
    let equal = |other: &Number<A::Block>| -> Result<A::Block, &'static str> {
        if let (Constant(value), Constant(other)) = (value, other) {
            return Ok(algebra.constant(i64::from(value == other)));
        }
        let distance = distance(algebra, value, other, ty)?;
        Ok(algebra.lookup(&distance, &|value| i64::from(value == 0)))
    };
    let flags: Result<Vec<_>, _> =
        algebra.each(set.len(), |position| equal(set[position])).into_iter().collect();
    let mut flags = flags?;
    if flags.iter().any(|flag| algebra.bounds(flag).low == 1) {
        return Ok(Constant(U256::ONE));
    }
    flags.retain(|flag| algebra.degree(flag) != 0);
    while flags.len() > 1 {
        // Full nodes, as long as there are any: the rest waits for the next round.
        let size = flags.len().min(MAX_NOISE as usize);
        let full = flags.len() - flags.len() % size;
        let mut next = algebra.each(full / size, |node| {
            let flags = flags[node * size..][..size].iter();
            let sum = flags.fold(algebra.constant(0), |sum, flag| algebra.add(&sum, flag));
            algebra.lookup(&sum, &|value| i64::from(value > 0))
        });
        next.extend_from_slice(&flags[full..]);
        flags = next;
    }
    Ok(flags.pop().map_or(Constant(U256::ZERO), |flag| Encrypted(vec![flag])))
}

/// Zero if and only if both are equal; one last lookup makes a flag of it.
fn distance<A: Algebra>(
    algebra: &A,
    a: &Number<A::Block>,
    b: &Number<A::Block>,
    ty: FheType,
) -> Result<A::Block, &'static str> {
    match (a, b) {
        (Encrypted(a), Constant(b)) | (Constant(b), Encrypted(a))
            if a.iter().all(|digit| algebra.noise(digit) <= 1) =>
        {
            Ok(Plan::new(algebra, a, &digits(algebra, *b, ty)).root(algebra))
        }
        (Constant(_), Constant(_)) => Err(SHAPE),
        _ => {
            let (a, b) = (a.digits(algebra, ty), b.digits(algebra, ty));
            let digits = tree::differences(algebra, &a, &b);
            Ok(tree::root(algebra, &digits, tree::DIFFERENCE))
        }
    }
}

/// Bootstraps that compare with a constant: the first is the root.
struct Plan<B> {
    nodes: Vec<Node<B>>,
}

struct Node<B> {
    digits: B,
    /// How many flags it can take.
    room: usize,
    /// What a flag must weigh so as not to make up for a digit.
    weight: i64,
    children: Vec<usize>,
}

impl<B: Clone + Send + Sync> Plan<B> {
    fn new<A: Algebra<Block = B>>(algebra: &A, a: &[B], b: &[B]) -> Self {
        let (mut inner, mut outer) = (Vec::new(), Vec::new());
        for (digit, difference) in b.iter().zip(a.iter().zip(b).map(|(a, b)| algebra.sub(a, b))) {
            let bounds = algebra.bounds(&difference);
            match algebra.degree(digit) {
                _ if bounds.low == 0 && bounds.high == 0 => {}
                0 => outer.push(difference),
                3 => outer.push(algebra.scale(&difference, -1)),
                1 => inner.push(difference),
                _ => inner.push(algebra.scale(&difference, -1)),
            }
        }
        let pair_room = match algebra.profile() {
            Profile::Throughput => 1,
            Profile::Latency => 0,
        };
        let (pairs, plain) = fewest(inner.len(), outer.len(), pair_room);
        let mut nodes = Vec::new();
        let mut outer = outer.chunks(MAX_NOISE as usize);
        for _ in 0..plain {
            let digits = outer.next().unwrap_or_default();
            let room = MAX_NOISE as usize - digits.len();
            let sum =
                digits.iter().fold(algebra.constant(0), |sum, digit| algebra.add(&sum, digit));
            nodes.push(Node { digits: sum, room, weight: 1, children: Vec::new() });
        }
        let (paired, single) = inner.split_at(2 * pairs);
        for digit in single {
            let room = MAX_NOISE as usize - 1;
            nodes.push(Node { digits: digit.clone(), room, weight: 2, children: Vec::new() });
        }
        for pair in paired.chunks_exact(2) {
            let digits = algebra.add(&pair[0], &algebra.scale(&pair[1], 3));
            nodes.push(Node { digits, room: pair_room, weight: 5, children: Vec::new() });
        }
        // The roomiest nodes at the top, and each next one below the first that has room.
        nodes.sort_by_key(|node| std::cmp::Reverse(node.room));
        let mut parent = 0;
        for child in 1..nodes.len() {
            while nodes[parent].children.len() == nodes[parent].room {
                parent += 1;
            }
            nodes[parent].children.push(child);
        }
        Self { nodes }
    }

    fn root<A: Algebra<Block = B>>(&self, algebra: &A) -> B {
        if self.nodes.is_empty() { algebra.constant(0) } else { self.sum(algebra, 0) }
    }

    fn sum<A: Algebra<Block = B>>(&self, algebra: &A, node: usize) -> B {
        let Node { digits, weight, children, .. } = &self.nodes[node];
        algebra
            .each(children.len(), |child| {
                let sum = self.sum(algebra, children[child]);
                algebra.lookup(&sum, &|value| if value == 0 { 0 } else { *weight })
            })
            .iter()
            .fold(digits.clone(), |sum, flag| algebra.add(&sum, flag))
    }
}

/// Numbers of pairs of inner digits and of nodes without an inner digit, so that there are as few
/// nodes as can be: each but one is a flag to another. Of equal plans it is the one with the fewest
/// pairs, which is the shallowest.
fn fewest(inner: usize, outer: usize, pair_room: usize) -> (usize, usize) {
    let size = MAX_NOISE as usize;
    (0..=inner / 2)
        .map(|pairs| {
            let single = inner - 2 * pairs;
            let fits = |plain: &usize| {
                let room = pairs * pair_room + single * (size - 1) + plain * size - outer;
                pairs + single + plain <= room + 1
            };
            let plain = (outer.div_ceil(size)..)
                .find(fits)
                .expect("a node that takes five flags makes room for four more");
            (pairs + single + plain, pairs, plain)
        })
        .min_by_key(|(nodes, ..)| *nodes)
        .map_or((0, 0), |(_, pairs, plain)| (pairs, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_the_smallest_there_are() {
        let nodes = |inner, outer, pair_room| {
            let (pairs, plain) = fewest(inner, outer, pair_room);
            inner - pairs + plain
        };
        for room in [0, 1] {
            let few = [(0, 0), (2, 0), (0, 5), (1, 0)];
            assert_eq!(few.map(|(inner, outer)| nodes(inner, outer, room)), [0, 1, 1, 1]);
            assert_eq!([4, 8, 16, 32].map(|outer| nodes(0, outer, room)), [1, 2, 4, 8]);
        }
        assert_eq!([4, 8, 16, 32].map(|inner| nodes(inner, 0, 0)), [3, 5, 9, 19]);
        assert_eq!([4, 8, 16, 32].map(|inner| nodes(inner, 0, 1)), [2, 4, 8, 16]);
    }
}
