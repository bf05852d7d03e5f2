//! The protocol configuration: contexts and epochs of the key management system.
//!
//! A *context* is a set of nodes with their signers and thresholds; an *epoch* is one sharing of
//! keys among the nodes of a context. The numbers of both only grow, and carry a tag in their
//! first byte. One context and one epoch are *current*: results are checked against them unless
//! they name another context, which must be active.
//!
//! | what | states |
//! |---|---|
//! | context | pending → created → active → destroyed |
//! | epoch | pending → active → destroyed |
//!
//! The owner proposes a context, the nodes of the current one and of the new one confirm it, which
//! opens an epoch, and each new node attests the keys of that epoch, which makes both current
//! ([`lifecycle`], [`activation`]). On a chain whose nodes run elsewhere the owner mirrors what
//! they settled there, which takes effect at once ([`mirror`]).

mod activation;
mod context;
mod epoch;
mod governance;
mod lifecycle;
mod mirror;
mod params;
mod text;
mod views;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{PanicKind, SolCall, SolValue};

use crate::{
    calldata,
    frame::{Abort, Frame, Outcome, Slot},
    interface::ProtocolConfig as C,
    layout, upgrade,
};

pub(crate) use context::{Context, Threshold};

/// The version string of protocol 0.13.
const VERSION: &str = "ProtocolConfig v0.1.0";

/// Most nodes of a context, and largest threshold: a decryption proof counts its signatures in one
/// byte.
const MAX_SIGNERS: u64 = 255;

/// Tag of contexts, in the first byte of their numbers.
const CONTEXT_BASE: U256 = U256::from_limbs([0, 0, 0, 0x07 << 56]);

/// Tag of epochs, in the first byte of their numbers.
const EPOCH_BASE: U256 = U256::from_limbs([0, 0, 0, 0x08 << 56]);

/// Fields of the contract's storage, in order.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
enum Field {
    /// `uint256`: the last context number given out.
    ContextCounter,
    /// `uint256`: the current context.
    CurrentContext,
    /// `uint256`: the last epoch number given out.
    EpochCounter,
    /// `uint256`: the current epoch.
    CurrentEpoch,
    /// `mapping(uint256 => Context)`
    Contexts,
    /// `mapping(uint256 => Epoch)`
    Epochs,
}

impl Field {
    fn of(self, protocol_config: Address) -> Slot {
        layout::namespace(protocol_config, "ProtocolConfig").offset(self as u64)
    }

    fn slot(self, frame: &Frame<'_>) -> Slot {
        self.of(frame.config().addresses.protocol_config)
    }

    fn load(self, frame: &mut Frame<'_>) -> Outcome<U256> {
        frame.sload(self.slot(frame))
    }

    fn store(self, frame: &mut Frame<'_>, value: U256) -> Outcome {
        frame.sstore(self.slot(frame), value)
    }
}

/// The storage with one context, made of a node for each of the signers, and one epoch of it, both
/// active: as after the contract's initialization in block 0.
///
/// A node sends its transactions from its signer's address, and has no network addresses. All four
/// thresholds are `threshold`.
pub(crate) fn genesis(
    protocol_config: Address,
    signers: &[Address],
    threshold: u64,
) -> Vec<(Slot, U256)> {
    let (context, epoch) = (CONTEXT_BASE + U256::ONE, EPOCH_BASE + U256::ONE);
    let at = |field: Field, id: U256| field.of(protocol_config).entry(B256::from(id));
    let mut storage = vec![
        (Field::ContextCounter.of(protocol_config), context),
        (Field::CurrentContext.of(protocol_config), context),
        (Field::EpochCounter.of(protocol_config), epoch),
        (Field::CurrentEpoch.of(protocol_config), epoch),
    ];
    storage.extend(context::genesis(at(Field::Contexts, context), signers, threshold));
    storage.extend(epoch::genesis(at(Field::Epochs, epoch), context));
    storage
}

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    let done = |(): ()| Bytes::new();
    match selector {
        C::defineNewKmsContextAndEpochCall::SELECTOR => {
            lifecycle::define_context(frame, arguments).map(done)
        }
        C::defineNewEpochForCurrentKmsContextCall::SELECTOR => {
            lifecycle::define_epoch(frame).map(done)
        }
        C::confirmKmsContextCreationCall::SELECTOR => {
            lifecycle::confirm_context(frame, arguments).map(done)
        }
        C::confirmEpochActivationCall::SELECTOR => activation::confirm(frame, arguments).map(done),
        C::destroyKmsContextCall::SELECTOR => {
            lifecycle::destroy_context(frame, arguments).map(done)
        }
        C::destroyKmsEpochCall::SELECTOR => lifecycle::destroy_epoch(frame, arguments).map(done),
        C::mirrorKmsContextAndEpochCall::SELECTOR => {
            mirror::context_and_epoch(frame, arguments).map(done)
        }
        C::mirrorKmsEpochCall::SELECTOR => mirror::epoch(frame, arguments).map(done),
        C::updatePublicDecryptionThresholdForContextCall::SELECTOR => {
            governance::update(frame, arguments, Threshold::PublicDecryption).map(done)
        }
        C::updateUserDecryptionThresholdForContextCall::SELECTOR => {
            governance::update(frame, arguments, Threshold::UserDecryption).map(done)
        }
        C::updateKmsGenThresholdForContextCall::SELECTOR => {
            governance::update(frame, arguments, Threshold::KmsGen).map(done)
        }
        C::updateMpcThresholdForContextCall::SELECTOR => {
            governance::update(frame, arguments, Threshold::Mpc).map(done)
        }
        C::proposeCoprocessorUpgradeCall::SELECTOR => {
            governance::propose_upgrade(frame, arguments).map(done)
        }
        C::initializeFromEmptyProxyCall::SELECTOR => {
            params::outline(arguments, 0)?;
            upgrade::refuse_initialization()
        }
        C::initializeFromCanonicalCall::SELECTOR => {
            arguments.array(2, 1)?;
            arguments.word(6)?;
            upgrade::refuse_initialization()
        }
        C::reinitializeV2Call::SELECTOR => {
            arguments.array(0, 1)?;
            arguments.bytes(1)?;
            arguments.array(2, 1)?;
            upgrade::refuse_reinitialization()
        }
        C::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        _ => match views::call(frame, selector, arguments)? {
            Some(answer) => Ok(answer),
            None => upgrade::call(frame, selector, arguments, upgrade::require_host_owner),
        },
    }
}

/// The next number of `counter`, which takes it.
fn advance(frame: &mut Frame<'_>, counter: Field) -> Outcome<U256> {
    let next = successor(counter.load(frame)?)?;
    counter.store(frame, next)?;
    Ok(next)
}

/// `id + 1`, as Solidity's checked addition.
fn successor(id: U256) -> Outcome<U256> {
    id.checked_add(U256::ONE).ok_or_else(|| Abort::panic(PanicKind::UnderOverflow))
}
