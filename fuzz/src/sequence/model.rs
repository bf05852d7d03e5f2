//! Who may use what, as it follows from the calls that succeeded, and from nothing else.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, SolError};
use ciphervm_conformance::prober::{Undone, runCall};

use super::{
    World,
    program::{Action, Planned},
};

/// Grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Model {
    /// For good.
    pub(super) lasting: BTreeSet<(B256, Address)>,
    /// For the rest of the transaction.
    transient: BTreeSet<(B256, Address)>,
    /// To everybody, for decryption.
    pub(super) public: BTreeSet<B256>,
}

/// What a frame did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Handles that operations gave, undone ones included.
    pub(super) results: Vec<B256>,
    /// What the block's meter said last.
    pub(super) metered: Option<u64>,
}

impl Model {
    /// Takes a transaction into account.
    ///
    /// # Panics
    /// If a call succeeded that must not.
    pub(super) fn transaction(
        &mut self,
        world: &World<'_>,
        on: usize,
        planned: &[Planned],
        words: &[B256],
        outcomes: &[Bytes],
    ) -> Done {
        let mut done = Done::default();
        self.frame(world, on, planned, &[words], outcomes, &mut done);
        self.transient.clear();
        done
    }

    fn frame(
        &mut self,
        world: &World<'_>,
        on: usize,
        planned: &[Planned],
        words: &[&[B256]],
        outcomes: &[Bytes],
        done: &mut Done,
    ) {
        assert_eq!(planned.len(), outcomes.len(), "a call has no outcome");
        let caller = world.probers[on];
        for (planned, outcome) in planned.iter().zip(outcomes) {
            let (success, answer) = outcome.split_first().expect("it begins with a flag");
            let success = *success == 1;
            match planned {
                Planned::Call(action) if success => {
                    self.call(caller, action, words, answer, done);
                }
                Planned::Call(_) => {}
                Planned::Frame { on, undone: true, calls } => {
                    assert!(!success, "a frame that is undone succeeded");
                    // Without gas for its own work it does not get so far.
                    let Ok(inner) = Undone::abi_decode(answer) else { continue };
                    let mut other = self.clone();
                    let words: Vec<&[B256]> = [words, &[&inner.words]].concat();
                    let metered = done.metered;
                    other.frame(world, *on, calls, &words, &inner.outcomes, done);
                    done.metered = metered;
                }
                Planned::Frame { on, undone: false, calls } if success => {
                    let inner = runCall::abi_decode_returns(answer);
                    let inner = inner.expect("a prober returns what came of its calls");
                    let words: Vec<&[B256]> = [words, &[&inner.words]].concat();
                    self.frame(world, *on, calls, &words, &inner.outcomes, done);
                }
                Planned::Frame { .. } => {}
            }
        }
    }

    /// A call that succeeded.
    fn call(
        &mut self,
        caller: Address,
        action: &Action,
        words: &[&[B256]],
        answer: &[u8],
        done: &mut Done,
    ) {
        let may_use = |model: &Self, handle: B256| {
            let grant = (handle, caller);
            let allowed = model.lasting.contains(&grant) || model.transient.contains(&grant);
            assert!(allowed, "{caller} used {handle} without a grant, to {action:?}");
            handle
        };
        match action {
            Action::Operate(operands) => {
                for operand in operands {
                    may_use(self, operand.handle(words));
                }
                let result = B256::try_from(answer).expect("an operation gives a handle");
                self.transient.insert((result, caller));
                done.results.push(result);
            }
            Action::OperateStatically => panic!("a static call computed something"),
            Action::Allow(name, account) => {
                self.lasting.insert((may_use(self, name.handle(words)), *account));
            }
            Action::AllowTransient(name, account) => {
                self.transient.insert((may_use(self, name.handle(words)), *account));
            }
            Action::AllowForDecryption(name) => {
                self.public.insert(may_use(self, name.handle(words)));
            }
            Action::ForgetTransient => self.transient.clear(),
            Action::ReadMeter => {
                let used = answer.last_chunk::<8>().expect("the meter gives two words");
                done.metered = Some(u64::from_be_bytes(*used));
            }
        }
    }
}
