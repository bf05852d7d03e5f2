//! The graph of a transaction: operations recorded symbolically, and the part of it that is live.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

use crate::{FheType, Handle, Op, Shape, error::GraphError};

/// One argument of an operation: something encrypted, or a clear scalar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operand<T> {
    /// An encrypted argument: a handle in a graph, a ciphertext during evaluation.
    Encrypted(T),
    /// A clear argument, as the 256-bit word that stood in calldata.
    Scalar(U256),
}

/// One recorded operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The operation.
    pub op: Op,
    /// Type of the operands (of a select: of its branches). An operation without encrypted
    /// operands has its result type here.
    pub operand: FheType,
    /// Type of the result.
    pub result: FheType,
    /// Arguments, in the order of the operation's [`Shape`].
    pub operands: Vec<Operand<Handle>>,
}

impl Node {
    /// A node from arguments whose types the handles carry.
    ///
    /// # Errors
    /// If a handle's type byte is not a usable type, or the number of arguments does not fit the
    /// operation. The executor lets neither through, so an error means that the record is corrupt.
    pub fn new(op: Op, operands: Vec<Operand<Handle>>, result: Handle) -> Result<Self, GraphError> {
        let type_of = |handle: &Handle| handle.fhe_type().ok_or(GraphError::Type(*handle));
        if !op.spec().takes(operands.len()) {
            return Err(GraphError::Arity { op, found: operands.len() });
        }
        let result = type_of(&result)?;
        let deciding = if op.spec().shape == Shape::Select { 1 } else { 0 };
        let operand = match operands.get(deciding) {
            Some(Operand::Encrypted(handle)) => type_of(handle)?,
            Some(Operand::Scalar(_)) | None => result,
        };
        Ok(Self { op, operand, result, operands })
    }

    /// The encrypted arguments, in order.
    pub fn inputs(&self) -> impl Iterator<Item = Handle> {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Encrypted(handle) => Some(*handle),
            Operand::Scalar(_) => None,
        })
    }
}

/// The operations of one transaction, by the handle of their result.
///
/// A handle names one value, so recording an operation twice changes nothing: identical nodes are
/// one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    nodes: BTreeMap<Handle, Node>,
}

impl Graph {
    /// Records that `handle` is the result of `node`.
    pub fn insert(&mut self, handle: Handle, node: Node) {
        self.nodes.insert(handle, node);
    }

    /// The operation that made `handle`, if this graph holds it.
    pub fn get(&self, handle: &Handle) -> Option<&Node> {
        self.nodes.get(handle)
    }

    /// Number of distinct operations.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no operation was recorded.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The operations that must run so that every handle of `roots` has a ciphertext: those that
    /// made the roots, and their ancestors, in an order in which operands come first. A handle for
    /// which `settled` holds has its ciphertext already and is not followed.
    ///
    /// The order depends only on the handles, never on who asks.
    ///
    /// # Errors
    /// [`GraphError::Unknown`] if a needed handle is neither settled nor made in this graph.
    pub fn live<E: From<GraphError>>(
        &self,
        roots: impl IntoIterator<Item = Handle>,
        mut settled: impl FnMut(&Handle) -> Result<bool, E>,
    ) -> Result<Live, E> {
        enum Visit {
            Enter(Handle),
            Leave(Handle),
        }
        let roots: BTreeSet<Handle> = roots.into_iter().collect();
        let mut live = Live::default();
        let mut seen = BTreeSet::new();
        // Depth first on a stack of our own: a chain may be longer than the thread's stack.
        let mut stack: Vec<Visit> = roots.iter().rev().copied().map(Visit::Enter).collect();
        while let Some(visit) = stack.pop() {
            match visit {
                Visit::Enter(handle) => {
                    if !seen.insert(handle) {
                        continue;
                    }
                    if settled(&handle)? {
                        live.settled.insert(handle);
                        continue;
                    }
                    let node = self.nodes.get(&handle).ok_or(GraphError::Unknown(handle))?;
                    stack.push(Visit::Leave(handle));
                    stack.extend(node.inputs().map(Visit::Enter));
                }
                Visit::Leave(handle) => live.nodes.push((handle, self.nodes[&handle].clone())),
            }
        }
        (live.granted, live.keep) = roots.into_iter().partition(|root| live.settled.contains(root));
        Ok(live)
    }
}

/// What has to be computed: the live part of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Operations, operands before results.
    pub nodes: Vec<(Handle, Node)>,
    /// Handles whose ciphertexts are in the store already.
    pub settled: BTreeSet<Handle>,
    /// Results to store. The others are intermediate and are dropped.
    pub keep: BTreeSet<Handle>,
    /// Handles that were to be kept and are not computed here: they are settled.
    pub granted: BTreeSet<Handle>,
}

impl Live {
    /// How many of the operations are needed for some of the results.
    pub fn needed_for(&self, results: impl IntoIterator<Item = Handle>) -> usize {
        let mut needed: BTreeSet<Handle> = results.into_iter().collect();
        let mut count = 0;
        for (handle, node) in self.nodes.iter().rev() {
            if needed.contains(handle) {
                count += 1;
                needed.extend(node.inputs());
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;

    fn handle(byte: u8) -> Handle {
        Handle::computed(B256::repeat_byte(byte), 31337, FheType::Uint8)
    }

    fn graph(edges: &[(u8, &[u8])]) -> Graph {
        let mut graph = Graph::default();
        for (result, inputs) in edges {
            let operands = inputs.iter().map(|i| Operand::Encrypted(handle(*i))).collect();
            graph.insert(handle(*result), Node::new(Op::Sum, operands, handle(*result)).unwrap());
        }
        graph
    }

    fn live(graph: &Graph, roots: &[u8], settled: &[u8]) -> Result<Vec<u8>, GraphError> {
        let settled: Vec<_> = settled.iter().map(|b| handle(*b)).collect();
        let live = graph
            .live(roots.iter().map(|b| handle(*b)), |h| Ok::<_, GraphError>(settled.contains(h)))?;
        Ok(live.nodes.iter().map(|(h, _)| h.0[0]).collect())
    }

    #[test]
    fn only_ancestors_of_roots_are_live_and_operands_come_first() {
        let graph = graph(&[(1, &[]), (2, &[1]), (3, &[1]), (4, &[2, 3]), (5, &[4]), (6, &[1])]);
        let order = live(&graph, &[4], &[]).unwrap();
        let position = |b: u8| order.iter().position(|x| *x == b);
        assert_eq!(order.len(), 4);
        assert!(position(1) < position(2) && position(1) < position(3));
        assert_eq!(position(4), Some(3));
        assert_eq!((position(5), position(6)), (None, None));
    }

    #[test]
    fn settled_handles_are_not_computed_again() {
        let graph = graph(&[(1, &[]), (2, &[1]), (3, &[2])]);
        assert_eq!(live(&graph, &[3], &[2]).unwrap(), [3]);
        assert_eq!(live(&graph, &[3], &[]).unwrap(), [1, 2, 3]);
    }

    #[test]
    fn a_handle_from_nowhere_is_an_error() {
        let graph = graph(&[(2, &[1])]);
        assert_eq!(live(&graph, &[2], &[]), Err(GraphError::Unknown(handle(1))));
        assert_eq!(live(&graph, &[2], &[1]).unwrap(), [2]);
    }

    #[test]
    fn a_chain_longer_than_a_stack_is_followed() {
        let name = |i: u64| {
            Handle::computed(alloy_primitives::keccak256(i.to_be_bytes()), 1, FheType::Uint8)
        };
        let mut graph = Graph::default();
        let seed = vec![Operand::Scalar(U256::ZERO)];
        graph.insert(name(0), Node::new(Op::TrivialEncrypt, seed, name(0)).unwrap());
        for i in 1..200_000 {
            let operands = vec![Operand::Encrypted(name(i - 1))];
            graph.insert(name(i), Node::new(Op::Neg, operands, name(i)).unwrap());
        }
        let live = graph.live([name(199_999)], |_| Ok::<_, GraphError>(false)).unwrap();
        assert_eq!(live.nodes.len(), 200_000);
    }
}
