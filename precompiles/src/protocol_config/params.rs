//! Proposals of contexts in calldata, and their encoding in announcements.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolValue;

use super::{MAX_SIGNERS, context::Threshold};
use crate::{
    calldata::Arguments,
    errors::ConfigErrors,
    frame::{Abort, Frame, Outcome},
};

/// Position of the nodes among the arguments of a proposal, after `first` others. Thresholds,
/// software version and measurements follow.
const NODES: usize = 0;
const THRESHOLDS: usize = 1;
const VERSION: usize = 5;
const MEASUREMENTS: usize = 6;

/// Bytes per word.
const WORD: usize = 32;

/// A proposed context.
#[derive(Debug)]
pub(super) struct Proposal<'a> {
    pub(super) nodes: Vec<NodeParams<'a>>,
    /// In the order of [`Threshold::ALL`].
    pub(super) thresholds: [U256; 4],
    software: &'a [u8],
    measurements: (usize, Arguments<'a>),
}

/// A proposed node. Texts need not be UTF-8: Solidity does not look.
#[derive(Debug)]
pub(super) struct NodeParams<'a> {
    pub(super) tx_sender: Address,
    pub(super) signer: Address,
    pub(super) ip_address: &'a [u8],
    pub(super) storage_url: &'a [u8],
    party: i32,
    mpc_identity: &'a [u8],
    certificate: &'a [u8],
    storage_prefix: &'a [u8],
}

/// What Solidity decodes of a proposal before the function runs: where everything is. `first`
/// arguments stand before it.
pub(super) fn outline(arguments: Arguments<'_>, first: usize) -> Outcome {
    arguments.array(first + NODES, 1)?;
    // Behind the thresholds.
    arguments.bytes(first + VERSION)?;
    arguments.array(first + MEASUREMENTS, 1).map(drop)
}

impl<'a> Proposal<'a> {
    /// Reads a proposal, with `first` arguments before it.
    pub(super) fn read(arguments: Arguments<'a>, first: usize) -> Outcome<Self> {
        let (length, elements) = arguments.array(first + NODES, 1)?;
        let nodes = (0..length).map(|element| NodeParams::read(elements.tuple(element)?));
        let mut thresholds = [U256::ZERO; 4];
        for (index, threshold) in thresholds.iter_mut().enumerate() {
            *threshold = arguments.uint(first + THRESHOLDS + index)?;
        }
        Ok(Self {
            nodes: nodes.collect::<Outcome<_>>()?,
            thresholds,
            software: arguments.bytes(first + VERSION)?,
            measurements: arguments.array(first + MEASUREMENTS, 1)?,
        })
    }

    /// Whether the context can work.
    ///
    /// # Errors
    /// In this order: there must be nodes, no more than a proof can count, and every threshold
    /// must fit them.
    pub(super) fn check(&self) -> Outcome {
        if self.nodes.is_empty() {
            return Err(Abort::revert(ConfigErrors::EmptyKmsNodes {}));
        }
        let size = self.nodes.len() as u64;
        if size > MAX_SIGNERS {
            return Err(Abort::revert(ConfigErrors::KmsSignerSetExceedsProofFormatLimit {
                signerCount: U256::from(size),
                maxAllowed: U256::from(MAX_SIGNERS),
            }));
        }
        for (which, threshold) in Threshold::ALL.into_iter().zip(self.thresholds) {
            which.check(threshold, size)?;
        }
        Ok(())
    }

    /// The proposal in the ABI, as events carry it and anchors hash it.
    pub(super) fn encode(&self, frame: &mut Frame<'_>) -> Outcome<Vec<u8>> {
        let (length, elements) = self.measurements;
        let measurements: Vec<[&[u8]; 3]> = (0..length)
            .map(|element| {
                let registers = elements.tuple(element)?;
                Ok([registers.bytes(0)?, registers.bytes(1)?, registers.bytes(2)?])
            })
            .collect::<Outcome<_>>()?;
        // Elements may share their bytes in calldata and do not in the encoding, so it is paid for
        // before it is made.
        let nodes = self.nodes.iter().map(|node| 9 * WORD + size_of_texts(&node.texts()));
        let registers = measurements.iter().map(|texts| 4 * WORD + size_of_texts(texts));
        let fixed = 9 * WORD + size_of_texts(&[self.software]);
        frame.charge_memory(0, nodes.chain(registers).fold(fixed, usize::saturating_add))?;
        let bytes = Bytes::copy_from_slice;
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|node| {
                let [ip_address, storage_url, mpc_identity, certificate, prefix] =
                    node.texts().map(bytes);
                (
                    node.tx_sender,
                    node.signer,
                    ip_address,
                    storage_url,
                    node.party,
                    mpc_identity,
                    certificate,
                    prefix,
                )
            })
            .collect();
        let registers: Vec<_> = measurements
            .into_iter()
            .map(|texts| {
                let [first, second, third] = texts.map(bytes);
                (first, second, third)
            })
            .collect();
        Ok((nodes, self.thresholds, bytes(self.software), registers).abi_encode_params())
    }
}

impl<'a> NodeParams<'a> {
    fn read(members: Arguments<'a>) -> Outcome<Self> {
        let members = members.with_head(8)?;
        Ok(Self {
            tx_sender: members.address(0)?,
            signer: members.address(1)?,
            ip_address: members.memory_bytes(2)?,
            storage_url: members.memory_bytes(3)?,
            party: int32(members.uint(4)?)?,
            mpc_identity: members.memory_bytes(5)?,
            certificate: members.memory_bytes(6)?,
            storage_prefix: members.memory_bytes(7)?,
        })
    }

    const fn texts(&self) -> [&'a [u8]; 5] {
        [
            self.ip_address,
            self.storage_url,
            self.mpc_identity,
            self.certificate,
            self.storage_prefix,
        ]
    }
}

impl Threshold {
    /// Whether the threshold fits `size` nodes.
    pub(super) fn check(self, threshold: U256, size: u64) -> Outcome {
        let (name, size) = (self.name().to_owned(), U256::from(size));
        let most = U256::from(MAX_SIGNERS);
        if threshold.is_zero() {
            return Err(Abort::revert(ConfigErrors::InvalidNullThreshold { thresholdName: name }));
        }
        if threshold > most {
            return Err(Abort::revert(ConfigErrors::ThresholdExceedsProofFormatLimit {
                thresholdName: name,
                threshold,
                maxAllowed: most,
            }));
        }
        if threshold > size {
            return Err(Abort::revert(ConfigErrors::InvalidHighThreshold {
                thresholdName: name,
                threshold,
                nodeCount: size,
            }));
        }
        Ok(())
    }
}

/// Size of lengths and padded contents.
pub(super) fn size_of_texts(texts: &[&[u8]]) -> usize {
    texts.iter().map(|text| WORD + text.len().next_multiple_of(WORD)).sum()
}

/// `int32`, whose other bits repeat the sign.
fn int32(word: U256) -> Outcome<i32> {
    let value = word.as_limbs()[0] as u32 as i32;
    let extended = if value < 0 { U256::MAX << 31 } else { U256::ZERO };
    if (word & (U256::MAX << 31)) != extended {
        return Err(Abort::empty());
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int32_refuses_what_is_no_sign_extension() {
        for value in [0, 1, -1, i32::MAX, i32::MIN] {
            let word = alloy_primitives::I256::try_from(value).unwrap().into_raw();
            assert_eq!(int32(word), Ok(value));
        }
        for word in [U256::from(1u64 << 31), U256::MAX >> 1, U256::from(u64::MAX)] {
            assert_eq!(int32(word), Err(Abort::empty()));
        }
    }
}
