//! Differences and orders of the same operands, which one chain of bootstraps gives.

use std::collections::BTreeMap;

use crate::{Handle, Live, Node, Op, Operand};

/// A difference and an order, by their positions among the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) difference: usize,
    pub(super) order: usize,
    /// Whether the order is `minuend ≥ subtrahend`, or its opposite.
    pub(super) positive: bool,
}

/// The pairs in a live graph, under both of their positions. No node is in two of them.
pub(super) fn pairs(live: &Live) -> BTreeMap<usize, Pair> {
    let mut differences = BTreeMap::new();
    for (position, (_, node)) in live.nodes.iter().enumerate() {
        if let (Op::Sub, Some([minuend, subtrahend])) = (node.op, encrypted(node)) {
            differences.insert((minuend, subtrahend), position);
        }
    }
    let mut pairs = BTreeMap::new();
    for (order, (_, node)) in live.nodes.iter().enumerate() {
        let Some([a, b]) = encrypted(node) else { continue };
        let (operands, positive) = match node.op {
            Op::Ge => ((a, b), true),
            Op::Lt => ((a, b), false),
            Op::Le => ((b, a), true),
            Op::Gt => ((b, a), false),
            _ => continue,
        };
        if let Some(difference) = differences.remove(&operands) {
            let pair = Pair { difference, order, positive };
            pairs.insert(difference, pair);
            pairs.insert(order, pair);
        }
    }
    pairs
}

fn encrypted(node: &Node) -> Option<[Handle; 2]> {
    match node.operands[..] {
        [Operand::Encrypted(a), Operand::Encrypted(b)] => Some([a, b]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{B256, U256};

    use super::*;
    use crate::{FheType, Graph, error::GraphError};

    #[test]
    fn a_difference_is_paired_with_one_order_of_the_same_operands() {
        let name = |byte, ty| Handle::computed(B256::repeat_byte(byte), 31337, ty);
        let [a, b] = [1, 2].map(|byte| name(byte, FheType::Uint8));
        let mut graph = Graph::default();
        let mut roots = Vec::new();
        let mut record = |op: Op, operands| {
            let ty = op.spec().result_type(FheType::Uint8, FheType::Uint8);
            let handle = name(10 + roots.len() as u8, ty);
            graph.insert(handle, Node::new(op, operands, handle).unwrap());
            roots.push(handle);
        };
        let (x, y) = (Operand::Encrypted(a), Operand::Encrypted(b));
        record(Op::Sub, vec![x.clone(), y.clone()]);
        record(Op::Gt, vec![y.clone(), x.clone()]);
        record(Op::Ge, vec![x.clone(), y.clone()]);
        record(Op::Ge, vec![y, x.clone()]);
        record(Op::Ge, vec![x.clone(), Operand::Scalar(U256::ONE)]);
        record(Op::Sub, vec![x, Operand::Scalar(U256::ONE)]);
        let live = graph.live(roots.clone(), |h| Ok::<_, GraphError>(*h == a || *h == b)).unwrap();
        let pairs = pairs(&live);

        let position = |index: usize| {
            live.nodes.iter().position(|(handle, _)| *handle == roots[index]).unwrap()
        };
        // Two orders fit, and the first among the nodes gets it.
        let (first, positive) =
            if position(1) < position(2) { (position(1), false) } else { (position(2), true) };
        let pair = Pair { difference: position(0), order: first, positive };
        assert_eq!(pairs, BTreeMap::from([(pair.difference, pair), (pair.order, pair)]));
    }
}
