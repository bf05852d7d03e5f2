//! How contexts and epochs come and go.

use alloy_primitives::{B256, LogData, U256};
use alloy_sol_types::{PanicKind, SolEvent};

use super::{
    Field,
    context::{Context, State, Threshold},
    epoch::{self, Epoch},
    params::{Proposal, outline},
    successor,
};
use crate::{
    calldata::Arguments,
    errors::ConfigErrors,
    frame::{Abort, Frame, Outcome},
    interface::ProtocolConfig as C,
    upgrade::require_host_owner,
};

/// `defineNewKmsContextAndEpoch`: proposes a context, which waits for confirmations.
pub(super) fn define_context(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    outline(arguments, 0)?;
    require_host_owner(frame)?;
    require_settled(frame)?;
    let previous = Context::current(frame)?;
    let id = successor(Field::ContextCounter.load(frame)?)?;
    let proposal = Proposal::read(arguments, 0)?;
    proposal.check()?;
    let context = Context::at(frame, id)?;
    context.fill(frame, &proposal)?;
    context.set_state(frame, State::Pending)?;

    // All but the nodes that may be faulty: more than the faulty ones, who thus cannot do it
    // alone, and no more than the others, who thus need nobody else.
    let size = U256::from(previous.size(frame)?);
    let quorum = size
        .checked_sub(previous.threshold(frame, Threshold::Mpc)?)
        .ok_or_else(|| Abort::panic(PanicKind::UnderOverflow))?;
    context.set_previous_quorum(frame, quorum.max(U256::ONE))?;

    let announcement = proposal.encode(frame)?;
    let hash = frame.keccak(&announcement)?;
    context.set_anchor(frame, frame.block_number(), hash)?;
    announce(frame, C::NewKmsContext::SIGNATURE_HASH, id, previous.id, announcement)
}

/// `defineNewEpochForCurrentKmsContext`: has the current nodes share the keys anew.
pub(super) fn define_epoch(frame: &mut Frame<'_>) -> Outcome {
    require_host_owner(frame)?;
    require_settled(frame)?;
    let current = Context::current(frame)?.id;
    let epoch = Epoch::open(frame, current)?;
    announce_epoch(frame, current, epoch.id, current)
}

/// `confirmKmsContextCreation`: by the nodes of the current context and of the new one. When all
/// new ones and enough current ones did, the new context's first epoch opens.
pub(super) fn confirm_context(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.uint(0)?;
    let context = Context::at(frame, id)?;
    if context.state(frame)? != State::Pending {
        return Err(Abort::revert(ConfigErrors::KmsContextNotPending { kmsContextId: id }));
    }
    let caller = frame.caller();
    let previous = Context::current(frame)?;
    let as_previous = previous.is_sender(frame, caller)?;
    let as_own = context.is_sender(frame, caller)?;
    if !as_previous && !as_own {
        return Err(Abort::revert(ConfigErrors::KmsContextCreationUnauthorized {
            caller,
            kmsContextId: id,
        }));
    }
    if context.is_confirmed_by(frame, caller)? {
        return Err(Abort::revert(ConfigErrors::KmsContextCreationAlreadyConfirmed {
            txSender: caller,
            kmsContextId: id,
        }));
    }
    let suffices = context.confirm(frame, caller, as_previous, as_own)?;
    let address = frame.config().addresses.protocol_config;
    frame.emit(
        address,
        &C::KmsContextCreationConfirmation {
            kmsContextId: id,
            txSender: caller,
            isPreviousTxSender: as_previous,
            isNewTxSender: as_own,
        },
    )?;
    if !suffices {
        return Ok(());
    }
    context.set_state(frame, State::Created)?;
    let epoch = Epoch::open(frame, id)?;
    announce_epoch(frame, id, epoch.id, previous.id)
}

/// `destroyKmsContext`: ends a context that is not current, and the last epoch if it is its.
pub(super) fn destroy_context(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.uint(0)?;
    require_host_owner(frame)?;
    if id == Context::current(frame)?.id {
        return Err(Abort::revert(ConfigErrors::LatestActiveKmsContextCannotBeDestroyed {
            kmsContextId: id,
        }));
    }
    Context::live(frame, id)?.destroy(frame)?;
    let epoch = Epoch::last(frame)?;
    if epoch.context(frame)? == id {
        epoch.destroy(frame)?;
    }
    let address = frame.config().addresses.protocol_config;
    frame.emit(address, &C::KmsContextDestroyed { kmsContextId: id })
}

/// `destroyKmsEpoch`: ends an epoch that is not current. A pending one only if its context is
/// active; the first epoch of a new context goes with the context.
pub(super) fn destroy_epoch(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.uint(0)?;
    require_host_owner(frame)?;
    if id == Field::CurrentEpoch.load(frame)? {
        return Err(Abort::revert(ConfigErrors::LatestActiveKmsEpochCannotBeDestroyed {
            epochId: id,
        }));
    }
    let epoch = Epoch::at(frame, id)?;
    let ends = match epoch.state(frame)? {
        epoch::State::None => false,
        epoch::State::Active => true,
        epoch::State::Pending => {
            let context = epoch.context(frame)?;
            Context::at(frame, context)?.is_active(frame)?
        }
    };
    if !ends {
        return Err(epoch.invalid());
    }
    epoch.destroy(frame)?;
    let address = frame.config().addresses.protocol_config;
    frame.emit(address, &C::KmsEpochDestroyed { epochId: id })
}

/// Logs an encoded proposal under two indexed numbers.
pub(super) fn announce(
    frame: &mut Frame<'_>,
    event: B256,
    first: U256,
    second: U256,
    proposal: Vec<u8>,
) -> Outcome {
    let address = frame.config().addresses.protocol_config;
    let topics = vec![event, first.into(), second.into()];
    frame.log(address, LogData::new_unchecked(topics, proposal.into()))
}

fn announce_epoch(
    frame: &mut Frame<'_>,
    context: U256,
    epoch: U256,
    previous_context: U256,
) -> Outcome {
    let block = frame.block_number();
    let event = C::NewKmsEpoch {
        kmsContextId: context,
        epochId: epoch,
        previousContextId: previous_context,
        previousEpochId: Field::CurrentEpoch.load(frame)?,
        // Keys and reference strings to begin from are those before this block.
        materialBlockNumber: block
            .checked_sub(U256::ONE)
            .ok_or_else(|| Abort::panic(PanicKind::UnderOverflow))?,
    };
    frame.emit(frame.config().addresses.protocol_config, &event)
}

/// Refuses to begin something while the last context or the last epoch waits for its nodes.
fn require_settled(frame: &mut Frame<'_>) -> Outcome {
    let last = Field::ContextCounter.load(frame)?;
    let context = Context::at(frame, last)?.state(frame)?;
    let epoch = Epoch::last(frame)?;
    if matches!(context, State::Pending | State::Created)
        || epoch.state(frame)? == epoch::State::Pending
    {
        return Err(Abort::revert(ConfigErrors::KmsLifecycleOperationInFlight {
            kmsContextId: last,
            epochId: epoch.id,
        }));
    }
    Ok(())
}
