//! A sweep for wrong results: random programs on ciphertexts, whose results are decrypted and
//! compared with what the operations mean on plaintexts.
//!
//! Every eighth program, the first among them, is one chain of a thousand operations, each on the
//! result of the one before.
//!
//! **What is compared.** Operations are evaluated sixteen at a time, as those of a transaction are.
//! Of each sixteen results few or all are kept, by chance, and always the last one and random ones.
//! Those are decrypted, compared, and what later operations go on from. Operations whose results
//! are not kept stand behind those, and plans are free to rewrite them. An operation that stands
//! behind no result that is kept is neither computed nor counted.
//!
//! **Going on.** The programs follow from a seed, so a sweep can be repeated. A program that was
//! stopped has lost its ciphertexts: the next run begins it anew, and counts what it computes
//! again, for it is computed again. Runs that are each too short for a chain never get past it.
//!
//! **What is left out.** See [`LEFT_OUT`].

mod program;
mod run;
mod state;
#[cfg(test)]
mod tests;

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{Evaluator, Record};

pub use run::CHAIN;
use run::Run;
pub use state::{Bounds, Counts, FORMAT, Sweep};

/// What programs do not have, or seldom, in words. No operation has a type that the protocol gives
/// it no price for, such as a product of 256 bits.
pub const LEFT_OUT: &str = "\
Never drawn: verifyInput, which computes nothing; division by zero, which is refused; sums of more \
than six and sets of more than four. Drawn seldom, for they cost most: fheMul, fheDiv, fheRem and \
fheMulDiv on more than 32 bits (1 in 8) or 64 bits (1 in 16), casts to more than 64 bits (1 in 8).";

/// How a ciphertext is opened.
pub type Open<'a> = dyn Fn(&Record) -> Result<U256, String> + 'a;

/// When to end.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// In operations of all runs together.
    pub operations: u64,
    /// In time of this run.
    pub time: Option<Duration>,
}

/// A sweep cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// Its ciphertexts are of another engine class.
    #[error("this sweep was begun with engine class {0}: name another file for a new one")]
    Engine(B256),
    /// Its state is of another format.
    #[error("a sweep's state of format {0}, not {FORMAT}: name another file for a new sweep")]
    Format(u32),
    /// Its state cannot be read.
    #[error("no state of a sweep: {0}")]
    Malformed(String),
    /// Something does not work at all.
    #[error("program {program}: {reason}")]
    Broken {
        /// Which.
        program: u64,
        /// Why.
        reason: String,
    },
}

impl Sweep {
    /// Goes on until enough was done. `observe` is told after every few operations, and ends the
    /// run if it breaks. What it gets is a state to go on from.
    ///
    /// # Errors
    /// If the sweep was begun with another engine, or the evaluator fails. What was done before
    /// that counts.
    pub fn run(
        &mut self,
        evaluator: &dyn Evaluator,
        open: &Open<'_>,
        settings: &Settings,
        observe: &mut dyn FnMut(&Self) -> ControlFlow<()>,
    ) -> Result<(), SweepError> {
        if self.engine_class.is_zero() {
            self.engine_class = evaluator.class();
        } else if self.engine_class != evaluator.class() {
            return Err(SweepError::Engine(self.engine_class));
        }
        let (start, before) = (Instant::now(), self.seconds);
        let is_enough = |sweep: &Self| {
            sweep.operations >= settings.operations
                || settings.time.is_some_and(|time| start.elapsed() >= time)
        };
        while !is_enough(self) {
            let program = self.program;
            let broken = |reason| SweepError::Broken { program, reason };
            let mut run = Run::begin(self, evaluator, open).map_err(broken)?;
            while !run.has_ended() && !is_enough(self) {
                run.piece(settings.operations - self.operations, self).map_err(broken)?;
                self.program += u64::from(run.has_ended());
                self.seconds = before + start.elapsed().as_secs_f64();
                if observe(self).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
