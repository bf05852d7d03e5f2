//! Bundles: units of work that name everything their results depend on.
//!
//! A bundle holds no handle, no place in a store and nothing of this process. Whoever has its
//! inputs computes the same outputs from it, bit for bit: [`Evaluator::execute`](crate::Evaluator::execute) is that function.

use std::sync::Arc;

use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    FheType, Handle, Kernel, Operand, Place, Plan, Record, Step,
    error::{BundleError, CiphertextError},
};

/// Steps with the digests of what goes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The engine class of inputs and outputs.
    pub class: B256,
    /// The ciphertexts that go in.
    pub inputs: Vec<Input>,
    /// What is computed, operands before results.
    pub steps: Vec<Work>,
    /// The results to hand over, in order. The others are dropped.
    pub outputs: Vec<Source>,
}

/// A ciphertext that goes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its type.
    pub ty: FheType,
    /// [`Record::digest`].
    pub digest: B256,
}

/// One kernel of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What is computed.
    pub kernel: Kernel,
    /// On what.
    pub operands: Vec<Operand<Source>>,
}

/// A value of a bundle, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// An input.
    Input(usize),
    /// A result of a step.
    Result {
        /// The step.
        step: usize,
        /// Which of its results.
        result: usize,
    },
}

/// A whole plan as a bundle.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The bundle.
    pub bundle: Bundle,
    /// Its inputs.
    pub inputs: Vec<Arc<Record>>,
    /// The handles of the inputs.
    pub handles: Vec<Handle>,
}

impl Bundle {
    /// One kernel on ciphertexts, all results of which are wanted.
    pub fn single(class: B256, kernel: &Kernel, operands: &[Operand<Arc<Record>>]) -> Self {
        let mut inputs = Vec::new();
        let operands = operands
            .iter()
            .map(|operand| match operand {
                Operand::Encrypted(record) => {
                    inputs.push(Input::of(record));
                    Operand::Encrypted(Source::Input(inputs.len() - 1))
                }
                Operand::Scalar(value) => Operand::Scalar(*value),
            })
            .collect();
        let outputs =
            (0..kernel.results().len()).map(|result| Source::Result { step: 0, result }).collect();
        let steps = vec![Work { kernel: kernel.clone(), operands }];
        Self { class, inputs, steps, outputs }
    }

    /// A whole plan. `record` gives the ciphertexts of handles from outside. Outputs are in the order
    /// of [`Plan::outputs`].
    ///
    /// # Errors
    /// Those of `record`.
    pub fn whole<E>(
        class: B256,
        plan: &Plan,
        mut record: impl FnMut(&Handle) -> Result<Arc<Record>, E>,
    ) -> Result<Packed, E> {
        let mut handles: Vec<Handle> = plan
            .steps
            .iter()
            .flat_map(|step| step.places())
            .filter_map(|place| match place {
                Place::Stored(handle) => Some(handle),
                Place::Result { .. } => None,
            })
            .collect();
        handles.sort_unstable();
        handles.dedup();
        let records = handles.iter().map(&mut record).collect::<Result<Vec<_>, E>>()?;
        let source = |place: Place| match place {
            Place::Result { step, result } => Source::Result { step, result },
            Place::Stored(handle) => {
                Source::Input(handles.partition_point(|other| *other < handle))
            }
        };
        let work = |step: &Step| Work {
            kernel: step.kernel.clone(),
            operands: step
                .operands
                .iter()
                .map(|operand| match operand {
                    Operand::Encrypted(place) => Operand::Encrypted(source(*place)),
                    Operand::Scalar(value) => Operand::Scalar(*value),
                })
                .collect(),
        };
        let bundle = Self {
            class,
            inputs: records.iter().map(|record| Input::of(record)).collect(),
            steps: plan.steps.iter().map(work).collect(),
            outputs: plan.outputs.values().map(|place| source(*place)).collect(),
        };
        Ok(Packed { bundle, inputs: records, handles })
    }

    /// The bundle's name: a hash of all that is in it.
    pub fn id(&self) -> B256 {
        // Neither maps nor floating-point numbers are in it, so it has one form, and always one.
        keccak256(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Checks that the bundle is well formed, for an engine class, and that these are its inputs.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self, class: B256, inputs: &[Arc<Record>]) -> Result<(), BundleError> {
        if self.class != class {
            return Err(BundleError::EngineClass { found: self.class, expected: class });
        }
        if inputs.len() != self.inputs.len() {
            return Err(BundleError::Malformed("it has another number of inputs"));
        }
        for (input, (expected, record)) in self.inputs.iter().zip(inputs).enumerate() {
            if record.class != class {
                let found = record.class;
                return Err(BundleError::InputClass { input, found, expected: class });
            }
            if *expected != Input::of(record) {
                let source = CiphertextError::Malformed("its digest is another".to_owned());
                return Err(BundleError::Input { input, source });
            }
        }
        let mut results: Vec<Vec<FheType>> = Vec::with_capacity(self.steps.len());
        for (step, Work { kernel, operands }) in self.steps.iter().enumerate() {
            let operands = operands
                .iter()
                .map(|operand| match operand {
                    Operand::Encrypted(source) => {
                        self.type_of(*source, &results).map(Operand::Encrypted)
                    }
                    Operand::Scalar(value) => Some(Operand::Scalar(*value)),
                })
                .collect::<Option<Vec<_>>>()
                .ok_or(BundleError::Malformed("an operand is not there before its step"))?;
            if !kernel.takes(&operands) {
                let reason = "their number, types or widths are others";
                return Err(BundleError::Operands { step, reason });
            }
            results.push(kernel.results());
        }
        if self.outputs.iter().any(|output| self.type_of(*output, &results).is_none()) {
            return Err(BundleError::Malformed("an output is not there"));
        }
        Ok(())
    }

    /// The type of a value, if it is there once steps with these results have run.
    fn type_of(&self, source: Source, results: &[Vec<FheType>]) -> Option<FheType> {
        match source {
            Source::Input(input) => self.inputs.get(input).map(|input| input.ty),
            Source::Result { step, result } => results.get(step)?.get(result).copied(),
        }
    }

    /// The steps in groups: those of a group depend on earlier groups only.
    pub(crate) fn waves(&self) -> Vec<Vec<usize>> {
        let mut waves: Vec<Vec<usize>> = Vec::new();
        let mut levels = Vec::with_capacity(self.steps.len());
        for (position, step) in self.steps.iter().enumerate() {
            let after = |operand: &Operand<Source>| match operand {
                Operand::Encrypted(Source::Result { step, .. }) => levels[*step] + 1,
                _ => 0,
            };
            let level: usize = step.operands.iter().map(after).max().unwrap_or(0);
            levels.push(level);
            if level == waves.len() {
                waves.push(Vec::new());
            }
            waves[level].push(position);
        }
        waves
    }
}

impl Input {
    fn of(record: &Record) -> Self {
        Self { ty: record.ty, digest: record.digest }
    }
}
