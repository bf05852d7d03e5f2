//! One epoch, in storage.

use alloy_primitives::{Address, B256, U256};

use super::{Field, advance};
use crate::{
    errors::ConfigErrors,
    frame::{Abort, Frame, Outcome, Slot},
    layout,
};

/// An epoch's place in storage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch {
    /// Its number.
    pub(super) id: U256,
    base: Slot,
}

/// What an epoch has been through. A destroyed epoch leaves no trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was never opened, or is destroyed.
    None,
    /// It waits for attestations.
    Pending,
    /// Its keys are in use.
    Active,
}

/// Parts of an epoch in storage, in order.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
enum Part {
    /// [`State`]
    State,
    /// `uint256`: the context whose nodes hold the keys.
    Context,
    /// `mapping(address signer => bool)`
    Voted,
    /// `mapping(bytes32 attested => uint256 votes)`
    Votes,
}

impl Epoch {
    /// The epoch with this number, which need not exist.
    pub(super) fn at(frame: &mut Frame<'_>, id: U256) -> Outcome<Self> {
        let base = frame.entry(Field::Epochs.slot(frame), id)?;
        Ok(Self { id, base })
    }

    /// The epoch with the last number given out.
    pub(super) fn last(frame: &mut Frame<'_>) -> Outcome<Self> {
        let id = Field::EpochCounter.load(frame)?;
        Self::at(frame, id)
    }

    /// Opens the next epoch, for the nodes of `context`.
    pub(super) fn open(frame: &mut Frame<'_>, context: U256) -> Outcome<Self> {
        let id = advance(frame, Field::EpochCounter)?;
        let epoch = Self::at(frame, id)?;
        epoch.set(frame, State::Pending, context)?;
        Ok(epoch)
    }

    /// Makes the epoch current.
    pub(super) fn activate(self, frame: &mut Frame<'_>, context: U256) -> Outcome {
        self.set(frame, State::Active, context)?;
        Field::CurrentEpoch.store(frame, self.id)
    }

    /// Forgets the epoch. Votes stay: its number is not given out again.
    pub(super) fn destroy(self, frame: &mut Frame<'_>) -> Outcome {
        self.set(frame, State::None, U256::ZERO)
    }

    pub(super) fn state(self, frame: &mut Frame<'_>) -> Outcome<State> {
        let state = frame.sload(self.part(Part::State))?;
        Ok(match state.saturating_to::<u8>() {
            0 => State::None,
            1 => State::Pending,
            _ => State::Active,
        })
    }

    /// Number of the context whose nodes hold the keys.
    pub(super) fn context(self, frame: &mut Frame<'_>) -> Outcome<U256> {
        frame.sload(self.part(Part::Context))
    }

    /// Notes that `signer` attests `attested`. How many do so now.
    ///
    /// # Errors
    /// `EpochActivationAlreadyConfirmed` if the signer attested anything before.
    pub(super) fn vote(
        self,
        frame: &mut Frame<'_>,
        signer: Address,
        attested: B256,
    ) -> Outcome<U256> {
        let voted = frame.entry(self.part(Part::Voted), layout::key(signer))?;
        if !frame.sload(voted)?.is_zero() {
            return Err(Abort::revert(ConfigErrors::EpochActivationAlreadyConfirmed {
                signer,
                epochId: self.id,
            }));
        }
        frame.sstore(voted, U256::ONE)?;
        let votes = frame.entry(self.part(Part::Votes), attested)?;
        let count = frame.sload(votes)?.saturating_add(U256::ONE);
        frame.sstore(votes, count)?;
        Ok(count)
    }

    /// `InvalidKmsEpoch` with this number.
    pub(super) fn invalid(self) -> Abort {
        Abort::revert(ConfigErrors::InvalidKmsEpoch { epochId: self.id })
    }

    fn set(self, frame: &mut Frame<'_>, state: State, context: U256) -> Outcome {
        frame.sstore(self.part(Part::State), U256::from(state as u8))?;
        frame.sstore(self.part(Part::Context), context)
    }

    fn part(self, part: Part) -> Slot {
        self.base.offset(part as u64)
    }
}

/// The storage of an active epoch at `base`.
pub(super) fn genesis(base: Slot, context: U256) -> Vec<(Slot, U256)> {
    vec![
        (base.offset(Part::State as u64), U256::from(State::Active as u8)),
        (base.offset(Part::Context as u64), context),
    ]
}
