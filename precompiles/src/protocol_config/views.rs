//! Reading contexts and epochs.

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};

use super::{
    Field,
    context::{Context, Threshold},
    epoch::{self, Epoch},
};
use crate::{
    calldata::Arguments,
    frame::{Frame, Outcome},
    interface::ProtocolConfig as C,
};

/// Answers a view. `None` if the selector is none.
pub(super) fn call(
    frame: &mut Frame<'_>,
    selector: [u8; 4],
    arguments: Arguments<'_>,
) -> Outcome<Option<Bytes>> {
    let answer = match selector {
        C::getCurrentKmsContextIdCall::SELECTOR => uint(Field::CurrentContext.load(frame)?),
        C::getCurrentKmsContextIdCounterCall::SELECTOR => uint(Field::ContextCounter.load(frame)?),
        C::getCurrentKmsContextAndEpochCall::SELECTOR => {
            (Field::CurrentContext.load(frame)?, Field::CurrentEpoch.load(frame)?)
                .abi_encode()
                .into()
        }
        C::getKmsContextAnchorCall::SELECTOR => {
            let context = Context::existing(frame, arguments.uint(0)?)?;
            context.anchor(frame)?.abi_encode().into()
        }
        C::isValidKmsContextCall::SELECTOR => {
            let context = Context::at(frame, arguments.uint(0)?)?;
            flag(context.is_active(frame)?)
        }
        C::isLiveKmsContextCall::SELECTOR => {
            let context = Context::at(frame, arguments.uint(0)?)?;
            flag(context.is_live(frame)?)
        }
        C::getContextCreationPreviousTxSenderThresholdCall::SELECTOR => {
            let context = Context::at(frame, arguments.uint(0)?)?;
            uint(context.previous_quorum(frame)?)
        }
        C::isValidEpochForContextCall::SELECTOR => {
            let (context, epoch) = (arguments.uint(0)?, arguments.uint(1)?);
            flag(is_epoch_of(frame, epoch, context)?)
        }
        C::getKmsSignersCall::SELECTOR => {
            let context = Context::current(frame)?;
            context.signers().list(frame)?.abi_encode().into()
        }
        C::getKmsSignersForContextCall::SELECTOR => {
            let context = Context::active(frame, arguments.uint(0)?)?;
            context.signers().list(frame)?.abi_encode().into()
        }
        C::isKmsSignerCall::SELECTOR => {
            let account = arguments.address(0)?;
            let context = Context::current(frame)?;
            flag(context.signers().contains(frame, account)?)
        }
        C::isKmsSignerForContextCall::SELECTOR => {
            let (id, account) = (arguments.uint(0)?, arguments.address(1)?);
            let context = Context::active(frame, id)?;
            flag(context.signers().contains(frame, account)?)
        }
        C::getKmsNodesForContextCall::SELECTOR => {
            let context = Context::active(frame, arguments.uint(0)?)?;
            context.nodes(frame)?.abi_encode().into()
        }
        // Nodes of a context that is not active yet must be known while it is set up, and those
        // of one that is over, while anybody looks for what they stored.
        C::isKmsTxSenderForContextCall::SELECTOR => {
            let (id, account) = (arguments.uint(0)?, arguments.address(1)?);
            let context = Context::live(frame, id)?;
            flag(context.is_sender(frame, account)?)
        }
        C::getKmsNodeForContextCall::SELECTOR => {
            let (id, account) = (arguments.uint(0)?, arguments.address(1)?);
            let context = Context::existing(frame, id)?;
            context.node_of(frame, account)?.abi_encode().into()
        }
        C::getKmsGenThresholdForContextCall::SELECTOR => {
            let context = Context::live(frame, arguments.uint(0)?)?;
            uint(context.threshold(frame, Threshold::KmsGen)?)
        }
        _ => return threshold(frame, selector, arguments),
    };
    Ok(Some(answer))
}

/// Thresholds of the current context, and of an active one.
fn threshold(
    frame: &mut Frame<'_>,
    selector: [u8; 4],
    arguments: Arguments<'_>,
) -> Outcome<Option<Bytes>> {
    let (which, named) = match selector {
        C::getPublicDecryptionThresholdCall::SELECTOR => (Threshold::PublicDecryption, false),
        C::getUserDecryptionThresholdCall::SELECTOR => (Threshold::UserDecryption, false),
        C::getKmsGenThresholdCall::SELECTOR => (Threshold::KmsGen, false),
        C::getMpcThresholdCall::SELECTOR => (Threshold::Mpc, false),
        C::getPublicDecryptionThresholdForContextCall::SELECTOR => {
            (Threshold::PublicDecryption, true)
        }
        C::getUserDecryptionThresholdForContextCall::SELECTOR => (Threshold::UserDecryption, true),
        C::getMpcThresholdForContextCall::SELECTOR => (Threshold::Mpc, true),
        _ => return Ok(None),
    };
    let context =
        if named { Context::active(frame, arguments.uint(0)?)? } else { Context::current(frame)? };
    Ok(Some(uint(context.threshold(frame, which)?)))
}

/// Whether `epoch` is active, and one of `context`, which is active too.
fn is_epoch_of(frame: &mut Frame<'_>, epoch: U256, context: U256) -> Outcome<bool> {
    let epoch = Epoch::at(frame, epoch)?;
    Ok(epoch.state(frame)? == epoch::State::Active
        && epoch.context(frame)? == context
        && Context::at(frame, context)?.is_active(frame)?)
}

fn uint(value: U256) -> Bytes {
    value.abi_encode().into()
}

fn flag(value: bool) -> Bytes {
    value.abi_encode().into()
}
