//! The protocol configuration: signers of the key management system, and their threshold.
//!
//! There is one context and one epoch, from genesis on.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};

use crate::{
    calldata,
    frame::{Abort, Frame, Outcome},
    interface::ProtocolConfig,
    layout,
    signers::SignerSet,
};

/// The version string of protocol 0.13.
const VERSION: &str = "ProtocolConfig v0.1.0";

/// The only context of the key management system: number 1, with the tag of contexts in front.
pub(crate) const CONTEXT: U256 = U256::from_limbs([1, 0, 0, 0x07 << 56]);

/// The only epoch: number 1, with the tag of epochs in front.
const EPOCH: U256 = U256::from_limbs([1, 0, 0, 0x08 << 56]);

/// The key management system's signers, in the contract's storage.
pub(crate) fn signers(protocol_config: Address) -> SignerSet {
    SignerSet::new(layout::namespace(protocol_config, "ProtocolConfig"))
}

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    let signers = signers(frame.config().addresses.protocol_config);
    match selector {
        ProtocolConfig::getCurrentKmsContextIdCall::SELECTOR => Ok(CONTEXT.abi_encode().into()),
        ProtocolConfig::getCurrentKmsContextAndEpochCall::SELECTOR => {
            Ok((CONTEXT, EPOCH).abi_encode().into())
        }
        ProtocolConfig::isValidKmsContextCall::SELECTOR => {
            Ok((arguments.uint(0)? == CONTEXT).abi_encode().into())
        }
        ProtocolConfig::getKmsSignersCall::SELECTOR => {
            signers.list(frame).map(|signers| signers.abi_encode().into())
        }
        ProtocolConfig::isKmsSignerCall::SELECTOR => {
            let account = arguments.address(0)?;
            signers.contains(frame, account).map(|signs| signs.abi_encode().into())
        }
        ProtocolConfig::getPublicDecryptionThresholdCall::SELECTOR => {
            signers.threshold(frame).map(|threshold| threshold.abi_encode().into())
        }
        ProtocolConfig::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        _ => Err(Abort::empty()),
    }
}
