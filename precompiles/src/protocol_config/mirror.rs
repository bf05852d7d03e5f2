//! Contexts and epochs that nodes settled on another chain. They are active at once.

use alloy_primitives::U256;
use alloy_sol_types::SolEvent;

use super::{
    Field,
    context::{Context, State},
    epoch::Epoch,
    lifecycle::announce,
    params::{Proposal, outline},
};
use crate::{
    calldata::Arguments,
    errors::ConfigErrors,
    frame::{Abort, Frame, Outcome},
    interface::ProtocolConfig as C,
    upgrade::require_host_owner,
};

/// `mirrorKmsContextAndEpoch`
pub(super) fn context_and_epoch(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let (context, epoch) = (arguments.uint(0)?, arguments.uint(1)?);
    outline(arguments, 2)?;
    require_host_owner(frame)?;
    let current = Field::CurrentContext.load(frame)?;
    if context <= current {
        return Err(Abort::revert(ConfigErrors::NonIncreasingKmsContextId {
            contextId: context,
            latestActiveKmsContextId: current,
        }));
    }
    let epoch = require_later(frame, epoch)?;
    let proposal = Proposal::read(arguments, 2)?;
    proposal.check()?;
    let context = Context::at(frame, context)?;
    context.fill(frame, &proposal)?;
    context.set_state(frame, State::Active)?;
    Field::CurrentContext.store(frame, context.id)?;
    Field::EpochCounter.store(frame, epoch.id)?;
    epoch.activate(frame, context.id)?;
    let announcement = proposal.encode(frame)?;
    let event = C::MirrorKmsContextAndEpoch::SIGNATURE_HASH;
    announce(frame, event, context.id, epoch.id, announcement)
}

/// `mirrorKmsEpoch`
pub(super) fn epoch(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let (id, epoch) = (arguments.uint(0)?, arguments.uint(1)?);
    require_host_owner(frame)?;
    let context = Context::at(frame, id)?;
    if id != Field::CurrentContext.load(frame)? || !context.is_live(frame)? {
        return Err(context.invalid());
    }
    let epoch = require_later(frame, epoch)?;
    Field::EpochCounter.store(frame, epoch.id)?;
    epoch.activate(frame, id)?;
    let address = frame.config().addresses.protocol_config;
    frame.emit(address, &C::MirrorKmsEpoch { contextId: id, epochId: epoch.id })
}

fn require_later(frame: &mut Frame<'_>, id: U256) -> Outcome<Epoch> {
    let last = Field::EpochCounter.load(frame)?;
    if id <= last {
        return Err(Abort::revert(ConfigErrors::NonIncreasingEpochId {
            epochId: id,
            currentEpochId: last,
        }));
    }
    Epoch::at(frame, id)
}
