//! Additions of additions as one sum, which compresses columns instead of rippling each time.

use super::{
    dag::{Dag, Expression, Term},
    rewrites::Rewrites,
};
use crate::Op;

/// Most summands that are taken together. There is no limit to the circuit; there is one to what
/// waits for its last operand.
const MOST: usize = 64;

/// The graph with sums.
pub(super) fn rewrite(dag: &Dag, rewrites: Rewrites) -> Dag {
    let absorbed = absorbed(dag);
    dag.rebuild(|new, position, now| {
        let expression = dag.get(position);
        let terms = if is_sum(expression) {
            summands(dag, &absorbed, position)
        } else {
            expression.terms.clone()
        };
        let op = match (is_sum(expression), terms.len()) {
            (true, 2) => Op::Add,
            (true, _) => Op::Sum,
            (false, _) => expression.op,
        };
        let terms = terms.into_iter().map(now).collect();
        let sum = Expression { op, terms, ..expression.clone() };
        new.make(sum, dag.origin(position), rewrites)
    })
}

fn is_sum(expression: &Expression) -> bool {
    matches!(expression.op, Op::Add | Op::Sum)
}

/// By expression: whether it is an addition whose only use is a larger sum.
fn absorbed(dag: &Dag) -> Vec<bool> {
    let uses = dag.uses();
    // By expression: how many summands it has, with those of what it absorbs.
    let mut sizes = vec![1; dag.len()];
    let mut absorbed = vec![false; dag.len()];
    for position in 0..dag.len() {
        let expression = dag.get(position);
        if uses[position] == 0 || !is_sum(expression) {
            continue;
        }
        let mut size = expression.terms.len();
        for term in &expression.terms {
            let Term::Result(summand) = *term else { continue };
            let grown = size + sizes[summand] - 1;
            if is_sum(dag.get(summand)) && uses[summand] == 1 && grown <= MOST {
                absorbed[summand] = true;
                size = grown;
            }
        }
        sizes[position] = size;
    }
    absorbed
}

/// The summands of a sum, those of the sums that it absorbs in their place.
fn summands(dag: &Dag, absorbed: &[bool], position: usize) -> Vec<Term> {
    let mut summands = Vec::new();
    let mut stack: Vec<Term> = dag.get(position).terms.iter().rev().copied().collect();
    while let Some(term) = stack.pop() {
        match term {
            Term::Result(position) if absorbed[position] => {
                stack.extend(dag.get(position).terms.iter().rev());
            }
            _ => summands.push(term),
        }
    }
    summands
}
