//! Expressions, each once.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::{
    identities::{self, Simpler},
    rewrites::{Rewrite, Rewrites},
};
use crate::{FheType, Handle, Live, Op, Operand, reference};

/// What an operation takes: public, there already, or the result of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Term {
    /// The result of the expression at this position.
    Result(usize),
    /// A ciphertext from outside.
    Stored(Handle),
    /// A constant. In its type, except for a plaintext, a bound or a seed.
    Constant(U256),
}

/// An operation on terms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Expression {
    pub(super) op: Op,
    /// Type of the operands (of a select: of its branches).
    pub(super) operand: FheType,
    pub(super) result: FheType,
    pub(super) terms: Vec<Term>,
}

/// Expressions, operands before results, no two of them equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Dag {
    expressions: Vec<Expression>,
    /// By expression: the recorded handle for whose sake it is computed.
    origins: Vec<Handle>,
    positions: BTreeMap<Expression, usize>,
    /// What is to be kept.
    pub(super) roots: BTreeMap<Handle, Term>,
}

impl Dag {
    /// The expressions of a live graph.
    pub(super) fn new(live: &Live, rewrites: Rewrites) -> Self {
        let mut dag = Self::default();
        let mut terms: BTreeMap<Handle, Term> = BTreeMap::new();
        for (handle, node) in &live.nodes {
            let term = |operand: &Operand<Handle>| match operand {
                Operand::Encrypted(handle) => {
                    terms.get(handle).copied().unwrap_or(Term::Stored(*handle))
                }
                Operand::Scalar(word) => {
                    Term::Constant(reference::scalar(node.op, *word, node.operand))
                }
            };
            let expression = Expression {
                op: node.op,
                operand: node.operand,
                result: node.result,
                terms: node.operands.iter().map(term).collect(),
            };
            let term = dag.make(expression, *handle, rewrites);
            terms.insert(*handle, term);
        }
        let kept = live.keep.iter();
        dag.roots = kept.filter_map(|handle| Some((*handle, *terms.get(handle)?))).collect();
        dag
    }

    pub(super) fn len(&self) -> usize {
        self.expressions.len()
    }

    pub(super) fn get(&self, position: usize) -> &Expression {
        &self.expressions[position]
    }

    pub(super) fn origin(&self, position: usize) -> Handle {
        self.origins[position]
    }

    /// The expression that makes a term, if one does.
    pub(super) fn maker(&self, term: Term) -> Option<&Expression> {
        match term {
            Term::Result(position) => Some(self.get(position)),
            Term::Stored(_) | Term::Constant(_) => None,
        }
    }

    /// Where an expression stands, if it is here.
    pub(super) fn position(&self, expression: &Expression) -> Option<usize> {
        self.positions.get(expression).copied()
    }

    /// The value of an expression: a simpler term, or the expression that is here already, or a new
    /// one.
    pub(super) fn make(
        &mut self,
        mut expression: Expression,
        origin: Handle,
        rewrites: Rewrites,
    ) -> Term {
        if rewrites.contains(Rewrite::Identities) {
            loop {
                match identities::simpler(self, &expression) {
                    Some(Simpler::Term(term)) => return term,
                    Some(Simpler::Expression(simpler)) => expression = simpler,
                    None => break,
                }
            }
        }
        if expression.op.spec().is_random() {
            // Its terms are all clear, and its result is not.
        } else if let Some(terms) = constants(&expression.terms)
            && rewrites.contains(Rewrite::Identities)
        {
            let Expression { op, operand, result, .. } = expression;
            return Term::Constant((op.spec().reference)(&terms, operand, result));
        }
        if let Some(position) = self.position(&expression) {
            return Term::Result(position);
        }
        let position = self.len();
        self.positions.insert(expression.clone(), position);
        self.expressions.push(expression);
        self.origins.push(origin);
        Term::Result(position)
    }

    /// How often each expression is needed for the roots, roots included; not at all if it is dead.
    pub(super) fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.len()];
        let need = |uses: &mut Vec<usize>, term: Term| {
            if let Term::Result(position) = term {
                uses[position] += 1;
            }
        };
        self.roots.values().for_each(|root| need(&mut uses, *root));
        for position in (0..self.len()).rev() {
            if uses[position] > 0 {
                self.get(position).terms.iter().for_each(|term| need(&mut uses, *term));
            }
        }
        uses
    }

    /// The live expressions again, each as `rewrite` makes it from its terms in the new graph.
    pub(super) fn rebuild(
        &self,
        mut rewrite: impl FnMut(&mut Self, usize, &dyn Fn(Term) -> Term) -> Term,
    ) -> Self {
        let uses = self.uses();
        let mut new = Self::default();
        let mut moved: Vec<Option<Term>> = vec![None; self.len()];
        for position in 0..self.len() {
            if uses[position] > 0 {
                let now = |term| follow(&moved, term);
                moved[position] = Some(rewrite(&mut new, position, &now));
            }
        }
        let roots = self.roots.iter();
        new.roots = roots.map(|(handle, term)| (*handle, follow(&moved, *term))).collect();
        new
    }
}

fn follow(moved: &[Option<Term>], term: Term) -> Term {
    match term {
        Term::Result(position) => moved[position].expect("operands come before results"),
        Term::Stored(_) | Term::Constant(_) => term,
    }
}

/// The values of terms that are all constant.
fn constants(terms: &[Term]) -> Option<Vec<U256>> {
    terms
        .iter()
        .map(|term| match term {
            Term::Constant(value) => Some(*value),
            Term::Result(_) | Term::Stored(_) => None,
        })
        .collect()
}
