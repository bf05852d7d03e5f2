//! `c ? a - b : a` as `a - (c ? b : 0)`, and its like.
//!
//! | at `n` digits | choice | mask |
//! |---|---|---|
//! | `c ? a - b : a` | `n` + `n + 1` bootstraps | `n` + `n` |
//! | and `c ? b : 0`, as in a transfer | `n` more | nothing more: it is the mask |
//!
//! The chain is shorter, too: the difference and the choice wait for each other, and for `c`; the
//! mask waits for `c` alone, and all that needs it starts then.

use alloy_primitives::U256;

use super::{
    dag::{Dag, Expression, Term},
    rewrites::{Rewrite, Rewrites},
};
use crate::{FheType, Op};

/// A choice between a number and what a sum or a difference makes of it.
struct Change {
    /// [`Op::Add`] or [`Op::Sub`].
    op: Op,
    /// What is added or subtracted.
    by: Term,
    number: Term,
    /// `condition ? by : 0`, or the other way round.
    mask: Expression,
}

/// The graph with masks.
pub(super) fn rewrite(dag: &Dag, rewrites: Rewrites) -> Dag {
    let uses = dag.uses();
    dag.rebuild(|new, position, now| {
        let expression = dag.get(position);
        let origin = dag.origin(position);
        let again = |expression: &Expression| Expression {
            terms: expression.terms.iter().map(|term| now(*term)).collect(),
            ..expression.clone()
        };
        let Some(Change { op, number, mask, .. }) = change(dag, &uses, rewrites, expression) else {
            return new.make(again(expression), origin, rewrites);
        };
        let ty = expression.operand;
        let mask = new.make(again(&mask), origin, rewrites);
        let terms = vec![now(number), mask];
        new.make(Expression { op, operand: ty, result: ty, terms }, origin, rewrites)
    })
}

/// The change that a choice decides about, if it pays to mask it.
fn change(dag: &Dag, uses: &[usize], rewrites: Rewrites, choice: &Expression) -> Option<Change> {
    if choice.op != Op::IfThenElse || choice.operand == FheType::Bool {
        return None;
    }
    let [condition, a, b] = choice.terms[..] else { return None };
    [(a, b, true), (b, a, false)].into_iter().find_map(|(changed, number, when)| {
        let Term::Result(position) = changed else { return None };
        let made = dag.get(position);
        let by = match (made.op, &made.terms[..]) {
            (Op::Add, [x, by]) | (Op::Sub, [x, by]) if *x == number => *by,
            (Op::Add, [by, x]) if *x == number => *by,
            _ => return None,
        };
        let zero = Term::Constant(U256::ZERO);
        let terms = if when { vec![condition, by, zero] } else { vec![condition, zero, by] };
        let mask = Expression { terms, ..choice.clone() };
        let change = Change { op: made.op, by, number, mask };
        pays(dag, uses, rewrites, position, &change).then_some(change)
    })
}

/// Whether a mask is no dearer than what it replaces: it is there anyway, or the change is needed
/// for nothing else and has no chain to share.
fn pays(dag: &Dag, uses: &[usize], rewrites: Rewrites, changed: usize, change: &Change) -> bool {
    let is_live = |expression: &Expression| {
        dag.position(expression).is_some_and(|position| uses[position] > 0)
    };
    if is_live(&change.mask) {
        return true;
    }
    let shares_chain = change.op == Op::Sub
        && rewrites.contains(Rewrite::Differences)
        && [Op::Ge, Op::Lt, Op::Le, Op::Gt].into_iter().any(|op| {
            let pair = [change.number, change.by];
            let terms = if matches!(op, Op::Ge | Op::Lt) { pair } else { [pair[1], pair[0]] };
            let operand = dag.get(changed).operand;
            let terms = terms.to_vec();
            is_live(&Expression { op, operand, result: FheType::Bool, terms })
        });
    uses[changed] == 1 && !shares_chain
}
