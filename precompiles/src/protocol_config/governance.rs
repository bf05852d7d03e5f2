//! What the owner sets without the nodes: thresholds, and proposals to the coprocessors.

use std::collections::BTreeSet;

use alloy_primitives::{B256, Bytes, LogData};
use alloy_sol_types::{SolEvent, SolValue};

use super::{
    context::{Context, Threshold},
    params::size_of_texts,
};
use crate::{
    calldata::Arguments,
    errors::ConfigErrors,
    frame::{Abort, Frame, Outcome},
    interface::{ChainUpgradeWindow, ProtocolConfig as C},
    upgrade::require_host_owner,
};

/// Words of a window in calldata.
const WINDOW_WORDS: usize = 3;

/// `update…ThresholdForContext`
pub(super) fn update(frame: &mut Frame<'_>, arguments: Arguments<'_>, which: Threshold) -> Outcome {
    let (id, threshold) = (arguments.uint(0)?, arguments.uint(1)?);
    require_host_owner(frame)?;
    let context = Context::active(frame, id)?;
    which.check(threshold, context.size(frame)?)?;
    context.set_threshold(frame, which, threshold)?;
    let address = frame.config().addresses.protocol_config;
    let topics = vec![event(which), id.into()];
    frame.log(address, LogData::new_unchecked(topics, threshold.abi_encode().into()))
}

/// The event of a change. All of them have the context as a topic and the threshold as data.
const fn event(which: Threshold) -> B256 {
    match which {
        Threshold::PublicDecryption => C::PublicDecryptionThresholdUpdated::SIGNATURE_HASH,
        Threshold::UserDecryption => C::UserDecryptionThresholdUpdated::SIGNATURE_HASH,
        Threshold::KmsGen => C::KmsGenThresholdUpdated::SIGNATURE_HASH,
        Threshold::Mpc => C::MpcThresholdUpdated::SIGNATURE_HASH,
    }
}

/// `proposeCoprocessorUpgrade`: tells coprocessors outside when to change their software. Nothing
/// but the event comes of it.
pub(super) fn propose_upgrade(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let proposal = arguments.uint(0)?;
    let software = arguments.bytes(1)?;
    let (length, elements) = arguments.array(2, WINDOW_WORDS)?;
    let gateway_block = arguments.uint64(3)?;
    require_host_owner(frame)?;
    if proposal.is_zero() {
        return Err(Abort::revert(ConfigErrors::InvalidProposalId {}));
    }
    if software.is_empty() {
        return Err(Abort::revert(ConfigErrors::EmptySoftwareVersion {}));
    }
    if length == 0 {
        return Err(Abort::revert(ConfigErrors::EmptyChainUpgradeWindows {}));
    }
    if gateway_block == 0 {
        return Err(Abort::revert(ConfigErrors::ZeroGwStartBlock {}));
    }
    frame.charge_memory(0, size_of_texts(&[software]) + 32 * (5 + WINDOW_WORDS * length))?;
    let mut chains = BTreeSet::new();
    let mut windows = Vec::with_capacity(length);
    for element in 0..length {
        let window = read_window(elements, element)?;
        if !chains.insert(window.chainId) {
            return Err(Abort::revert(ConfigErrors::DuplicateChainId { chainId: window.chainId }));
        }
        windows.push(window);
    }
    // The version need not be UTF-8, so the event is put together by hand.
    let data = (Bytes::copy_from_slice(software), windows, gateway_block).abi_encode_params();
    let topics = vec![C::CoprocessorUpgradeProposed::SIGNATURE_HASH, proposal.into()];
    let address = frame.config().addresses.protocol_config;
    frame.log(address, LogData::new_unchecked(topics, data.into()))
}

fn read_window(elements: Arguments<'_>, element: usize) -> Outcome<ChainUpgradeWindow> {
    let first = WINDOW_WORDS * element;
    let chain = elements.uint64(first)?;
    if chain == 0 {
        return Err(Abort::revert(ConfigErrors::ZeroChainId {}));
    }
    let (start, end) = (elements.uint64(first + 1)?, elements.uint64(first + 2)?);
    if start > end {
        return Err(Abort::revert(ConfigErrors::InvalidBlockWindow {
            chainId: chain,
            startBlock: start,
            endBlock: end,
        }));
    }
    Ok(ChainUpgradeWindow { chainId: chain, startBlock: start, endBlock: end })
}
