//! Plans: what a transaction recorded, as the steps that take the fewest bootstraps.
//!
//! A plan is a pure function of one transaction's live graph and of the set of [`Rewrites`]. It
//! depends on nothing that a store holds, nor on other transactions, so every node that executes
//! the same block gets the same plan, whatever else it has in flight or computed before.

mod dag;
mod identities;
mod joints;
mod masks;
mod rewrites;
mod sums;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, Keccak256};
use dag::{Dag, Term};
use joints::{Joints, takes_prepared};
use serde::{Deserialize, Serialize};

pub use rewrites::{Rewrite, Rewrites};

use crate::{FheType, Handle, Kernel, Live, Op, Operand};

/// A value in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Place {
    /// The ciphertext of a handle from outside.
    Stored(Handle),
    /// A result of a step.
    Result {
        /// The step.
        step: usize,
        /// Which of its results.
        result: usize,
    },
}

/// One kernel on values of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is computed.
    pub kernel: Kernel,
    /// Its operands, those that are clear as the kernel wants them.
    pub operands: Vec<Operand<Place>>,
    /// The recorded handle for whose sake it is computed: what errors and measurements name.
    pub handle: Handle,
}

/// The steps that compute the live graph of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Operands before results.
    pub steps: Vec<Step>,
    /// Where the values to keep are, by handle.
    pub outputs: BTreeMap<Handle, Place>,
}

impl Plan {
    /// The plan for a live graph.
    pub fn new(live: &Live, rewrites: Rewrites) -> Self {
        let mut dag = Dag::new(live, rewrites);
        if rewrites.contains(Rewrite::Masks) {
            dag = masks::rewrite(&dag, rewrites);
        }
        if rewrites.contains(Rewrite::Sums) {
            dag = sums::rewrite(&dag, rewrites);
        }
        Builder::new(&dag, rewrites).plan()
    }

    /// The part of the plan that is needed for some of its outputs.
    #[must_use]
    pub fn restricted(&self, wanted: impl Fn(&Handle) -> bool) -> Self {
        let outputs = self.outputs.iter().filter(|(handle, _)| wanted(handle));
        let outputs: BTreeMap<Handle, Place> = outputs.map(|(h, place)| (*h, *place)).collect();
        let mut needed = BTreeSet::new();
        let need = |place: &Place, needed: &mut BTreeSet<usize>| {
            if let Place::Result { step, .. } = place {
                needed.insert(*step);
            }
        };
        outputs.values().for_each(|place| need(place, &mut needed));
        for (position, step) in self.steps.iter().enumerate().rev() {
            if needed.contains(&position) {
                step.places().for_each(|place| need(&place, &mut needed));
            }
        }
        let positions: BTreeMap<usize, usize> =
            needed.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let moved = |place: Place| match place {
            Place::Result { step, result } => Place::Result { step: positions[&step], result },
            Place::Stored(_) => place,
        };
        let steps = needed.iter().map(|position| self.steps[*position].moved(moved)).collect();
        let outputs = outputs.into_iter().map(|(handle, place)| (handle, moved(place))).collect();
        Self { steps, outputs }
    }

    /// Names of the steps: two steps of the same name, in whatever plans, have the same results,
    /// for the name covers the kernel and how each operand comes about.
    pub fn names(&self) -> Vec<B256> {
        let mut names: Vec<B256> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let mut hasher = Keccak256::new();
            hasher.update(format!("{:?}", step.kernel));
            for operand in &step.operands {
                match operand {
                    Operand::Scalar(value) => {
                        hasher.update([0]);
                        hasher.update(value.to_be_bytes::<32>());
                    }
                    Operand::Encrypted(Place::Stored(handle)) => {
                        hasher.update([1]);
                        hasher.update(handle.0);
                    }
                    Operand::Encrypted(Place::Result { step, result }) => {
                        hasher.update([2]);
                        hasher.update(names[*step]);
                        hasher.update(result.to_be_bytes());
                    }
                }
            }
            names.push(hasher.finalize());
        }
        names
    }
}

impl Step {
    /// The encrypted operands, in order.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Encrypted(place) => Some(*place),
            Operand::Scalar(_) => None,
        })
    }

    fn moved(&self, moved: impl Fn(Place) -> Place) -> Self {
        let operand = |operand: &Operand<Place>| match operand {
            Operand::Encrypted(place) => Operand::Encrypted(moved(*place)),
            Operand::Scalar(value) => Operand::Scalar(*value),
        };
        Self { operands: self.operands.iter().map(operand).collect(), ..self.clone() }
    }
}

/// Turns expressions into steps.
struct Builder<'a> {
    dag: &'a Dag,
    uses: Vec<usize>,
    joints: Joints,
    plan: Plan,
    /// By expression: its value.
    places: BTreeMap<usize, Place>,
    /// By joint: its step.
    joined: BTreeMap<usize, usize>,
    prepared: BTreeMap<Term, Place>,
}

impl<'a> Builder<'a> {
    fn new(dag: &'a Dag, rewrites: Rewrites) -> Self {
        let uses = dag.uses();
        let joints = Joints::new(dag, &uses, rewrites);
        let (plan, places, joined, prepared) = Default::default();
        Self { dag, uses, joints, plan, places, joined, prepared }
    }

    fn plan(mut self) -> Plan {
        for position in 0..self.dag.len() {
            if self.uses[position] > 0 {
                let place = self.place(position);
                self.places.insert(position, place);
            }
        }
        for (handle, root) in &self.dag.roots {
            let ty = handle.fhe_type().unwrap_or(FheType::Bool);
            let place = match root {
                Term::Result(position) => self.places[position],
                // A value that is there already, under another handle or in the clear.
                Term::Stored(_) => self.operation(Op::Cast, ty, &[*root], *handle),
                Term::Constant(_) => self.operation(Op::TrivialEncrypt, ty, &[*root], *handle),
            };
            self.plan.outputs.insert(*handle, place);
        }
        self.plan
    }

    /// Computes an expression.
    fn place(&mut self, position: usize) -> Place {
        let (dag, handle) = (self.dag, self.dag.origin(position));
        let expression = dag.get(position);
        if let Some(part) = self.joints.parts.get(&position).copied() {
            let step = self.joint(part.joint, handle);
            let place = Place::Result { step, result: part.result };
            return if part.opposite { self.opposite(place, handle) } else { place };
        }
        let terms = &expression.terms;
        if takes_prepared(expression) && self.joints.conditions.contains(&terms[0]) {
            let condition = self.prepared(terms[0], handle);
            let mut operands = vec![Operand::Encrypted(condition)];
            operands.extend(terms[1..].iter().map(|term| self.operand(*term)));
            return self.step(Kernel::Choose(expression.operand), operands, handle);
        }
        let (op, operand, result) = (expression.op, expression.operand, expression.result);
        let operands = terms.iter().map(|term| self.operand(*term)).collect();
        self.step(Kernel::Op { op, operand, result }, operands, handle)
    }

    fn joint(&mut self, joint: usize, handle: Handle) -> usize {
        if let Some(step) = self.joined.get(&joint) {
            return *step;
        }
        let joints::Joint { kernel, terms } = self.joints.joints[joint].clone();
        let operands = terms.iter().map(|term| self.operand(*term)).collect();
        self.step(kernel, operands, handle);
        let step = self.plan.steps.len() - 1;
        self.joined.insert(joint, step);
        step
    }

    fn prepared(&mut self, condition: Term, handle: Handle) -> Place {
        if let Some(place) = self.prepared.get(&condition) {
            return *place;
        }
        let operands = vec![self.operand(condition)];
        let place = self.step(Kernel::Prepare, operands, handle);
        self.prepared.insert(condition, place);
        place
    }

    fn opposite(&mut self, place: Place, handle: Handle) -> Place {
        let (operand, result) = (FheType::Bool, FheType::Bool);
        let kernel = Kernel::Op { op: Op::Not, operand, result };
        self.step(kernel, vec![Operand::Encrypted(place)], handle)
    }

    fn operation(&mut self, op: Op, ty: FheType, terms: &[Term], handle: Handle) -> Place {
        let operands = terms.iter().map(|term| self.operand(*term)).collect();
        self.step(Kernel::Op { op, operand: ty, result: ty }, operands, handle)
    }

    fn operand(&self, term: Term) -> Operand<Place> {
        match term {
            Term::Result(position) => Operand::Encrypted(self.places[&position]),
            Term::Stored(handle) => Operand::Encrypted(Place::Stored(handle)),
            Term::Constant(value) => Operand::Scalar(value),
        }
    }

    fn step(&mut self, kernel: Kernel, operands: Vec<Operand<Place>>, handle: Handle) -> Place {
        self.plan.steps.push(Step { kernel, operands, handle });
        Place::Result { step: self.plan.steps.len() - 1, result: 0 }
    }
}
