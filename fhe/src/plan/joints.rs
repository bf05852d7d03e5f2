//! Expressions that are computed together: which questions about one pair share a tree or a chain
//! of carries, and which choices share a condition.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    dag::{Dag, Expression, Term},
    rewrites::{Rewrite, Rewrites},
};
use crate::{FheType, Kernel, Op};

/// A kernel that computes several expressions.
#[derive(Clone, Debug)]
pub(super) struct Joint {
    pub(super) kernel: Kernel,
    pub(super) terms: Vec<Term>,
}

/// Where an expression's value comes from, if not from a kernel of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Which joint.
    pub(super) joint: usize,
    /// Which of its results.
    pub(super) result: usize,
    /// Whether the expression is the opposite of it.
    pub(super) opposite: bool,
}

/// What is computed together in a graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Joints {
    pub(super) joints: Vec<Joint>,
    /// By expression.
    pub(super) parts: BTreeMap<usize, Part>,
    /// Conditions that several choices wait for.
    pub(super) conditions: BTreeSet<Term>,
}

/// A question about a pair `(a, b)`: one of the orders and equality that [`Kernel::Compare`] knows,
/// or its opposite.
#[derive(Clone, Copy)]
struct Question {
    op: Op,
    opposite: bool,
}

impl Question {
    /// The question that `op` asks about its operands, or about these in the other order.
    fn of(op: Op, swapped: bool) -> Option<Self> {
        let (op, opposite) = match (op, swapped) {
            (Op::Ge, false) | (Op::Le, true) => (Op::Ge, false),
            (Op::Lt, false) | (Op::Gt, true) => (Op::Ge, true),
            (Op::Gt, false) | (Op::Lt, true) => (Op::Gt, false),
            (Op::Le, false) | (Op::Ge, true) => (Op::Gt, true),
            (Op::Eq, _) => (Op::Eq, false),
            (Op::Ne, _) => (Op::Eq, true),
            (Op::Min | Op::Max, _) => (op, false),
            _ => return None,
        };
        Some(Self { op, opposite })
    }
}

impl Joints {
    /// What the live expressions of a graph share.
    pub(super) fn new(dag: &Dag, uses: &[usize], rewrites: Rewrites) -> Self {
        let mut joints = Self::default();
        let live: Vec<usize> = (0..dag.len()).filter(|position| uses[*position] > 0).collect();
        if rewrites.contains(Rewrite::Carries) {
            joints.carries(dag, &live);
        }
        joints.pairs(dag, &live, rewrites);
        if rewrites.contains(Rewrite::Conditions) {
            joints.conditions(dag, &live);
        }
        joints
    }

    fn add(&mut self, kernel: Kernel, terms: Vec<Term>) -> usize {
        self.joints.push(Joint { kernel, terms });
        self.joints.len() - 1
    }

    /// A sum that is compared with one of its summands: it is smaller if and only if it wrapped.
    fn carries(&mut self, dag: &Dag, live: &[usize]) {
        let mut sums: BTreeMap<usize, usize> = BTreeMap::new();
        for &position in live {
            let Expression { op, operand, terms, .. } = dag.get(position);
            let [x, y] = terms[..] else { continue };
            // Whether `sum < summand` is what is asked, or the opposite.
            let (sum, summand, wraps) = match op {
                Op::Lt => (x, y, true),
                Op::Ge => (x, y, false),
                Op::Gt => (y, x, true),
                Op::Le => (y, x, false),
                _ => continue,
            };
            let Term::Result(added) = sum else { continue };
            let sum = dag.get(added);
            if sum.op != Op::Add || !sum.terms.contains(&summand) {
                continue;
            }
            let joint = *sums
                .entry(added)
                .or_insert_with(|| self.add(Kernel::AddWithCarry(*operand), sum.terms.clone()));
            self.parts.insert(added, Part { joint, result: 0, opposite: false });
            self.parts.insert(position, Part { joint, result: 1, opposite: !wraps });
        }
    }

    /// Questions about one pair, and its differences.
    fn pairs(&mut self, dag: &Dag, live: &[usize], rewrites: Rewrites) {
        let mut pairs: BTreeMap<(FheType, Term, Term), Vec<usize>> = BTreeMap::new();
        for &position in live {
            let Expression { op, operand, terms, .. } = dag.get(position);
            let asks = *op == Op::Sub || Question::of(*op, false).is_some();
            let [x, y] = terms[..] else { continue };
            let constant = |term| matches!(term, Term::Constant(_));
            let free = self.parts.contains_key(&position) || constant(x) || constant(y);
            if asks && !free && *operand != FheType::Bool {
                pairs.entry((*operand, x.min(y), x.max(y))).or_default().push(position);
            }
        }
        for ((ty, a, b), members) in pairs {
            let difference = |x, y| {
                let is = |position: &&usize| {
                    dag.get(**position).op == Op::Sub && dag.get(**position).terms == [x, y]
                };
                let differences = rewrites.contains(Rewrite::Differences);
                members.iter().find(is).copied().filter(|_| differences)
            };
            let mut questions: BTreeMap<Op, Vec<(usize, bool)>> = BTreeMap::new();
            for &position in &members {
                let Expression { op, terms, .. } = dag.get(position);
                if let Some(question) = Question::of(*op, terms[0] != a) {
                    let asked = questions.entry(question.op).or_default();
                    asked.push((position, question.opposite));
                }
            }
            // `a ≥ b` comes with `a - b`, and `a > b` as the opposite of what comes with `b - a`.
            for (x, y, op, turned) in [(a, b, Op::Ge, false), (b, a, Op::Gt, true)] {
                if let Some(difference) = difference(x, y)
                    && let Some(asked) = questions.remove(&op)
                {
                    let joint = self.add(Kernel::SubWithOrder(ty), vec![x, y]);
                    self.parts.insert(difference, Part { joint, result: 0, opposite: false });
                    self.answer(joint, 1, turned, asked);
                }
            }
            let shared = rewrites.contains(Rewrite::Comparisons);
            if questions.values().map(Vec::len).sum::<usize>() > 1 && shared {
                let ops: Vec<Op> = questions.keys().copied().collect();
                let joint = self.add(Kernel::Compare(ty, ops), vec![a, b]);
                for (result, asked) in questions.into_values().enumerate() {
                    self.answer(joint, result, false, asked);
                }
            }
        }
    }

    /// Takes the answer to a question, or the opposite if it is `turned`, for all who ask.
    fn answer(&mut self, joint: usize, result: usize, turned: bool, asked: Vec<(usize, bool)>) {
        for (position, opposite) in asked {
            self.parts.insert(position, Part { joint, result, opposite: opposite != turned });
        }
    }

    /// Conditions of several choices between two numbers.
    fn conditions(&mut self, dag: &Dag, live: &[usize]) {
        let mut choices: BTreeMap<Term, usize> = BTreeMap::new();
        for expression in live.iter().map(|position| dag.get(*position)) {
            if takes_prepared(expression) {
                *choices.entry(expression.terms[0]).or_default() += 1;
            }
        }
        self.conditions =
            choices.into_iter().filter(|(_, count)| *count > 1).map(|(term, _)| term).collect();
    }
}

/// Whether an expression is a choice that a prepared condition makes cheaper: between two
/// ciphertexts of several digits.
pub(super) fn takes_prepared(expression: &Expression) -> bool {
    expression.op == Op::IfThenElse
        && expression.operand != FheType::Bool
        && !expression.terms.iter().any(|term| matches!(term, Term::Constant(_)))
}
