//! A set of signers with a threshold, in a host contract's storage.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};

use crate::{
    ecdsa,
    frame::{Frame, Outcome, Slot},
    layout,
};

/// A set of signers, of which a threshold must sign. Three fields from `base` on: the threshold, the
/// signers (`address[]`), and membership (`mapping(address => bool)`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignerSet {
    base: Slot,
}

/// Result of [`SignerSet::verify`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Enough different signers signed.
    Accepted,
    /// There is no signature at all.
    NoSignature,
    /// There are fewer signatures than the threshold.
    TooFew,
    /// This account signed and is no signer.
    Stranger(Address),
    /// Enough signatures, of too few different signers.
    Repeated,
}

impl SignerSet {
    pub(crate) const fn new(base: Slot) -> Self {
        Self { base }
    }

    /// How many different signers must sign.
    pub(crate) fn threshold(self, frame: &mut Frame<'_>) -> Outcome<U256> {
        frame.sload(self.base)
    }

    /// The signers, in the order in which they were added.
    pub(crate) fn list(self, frame: &mut Frame<'_>) -> Outcome<Vec<Address>> {
        let array = self.base.offset(1);
        let length: u64 = frame.sload(array)?.saturating_to();
        let mut signers = Vec::new();
        for position in 0..length {
            let word = frame.sload(array.elements().offset(position))?;
            signers.push(Address::from_word(B256::from(word)));
        }
        Ok(signers)
    }

    /// Whether `account` is a signer.
    pub(crate) fn contains(self, frame: &mut Frame<'_>, account: Address) -> Outcome<bool> {
        let slot = frame.entry(self.base.offset(2), layout::key(account))?;
        Ok(!frame.sload(slot)?.is_zero())
    }

    /// Whether enough signers signed `digest`. Signatures after the last one needed are not looked
    /// at.
    ///
    /// # Errors
    /// A signature that cannot be recovered reverts.
    pub(crate) fn verify<'a>(
        self,
        frame: &mut Frame<'_>,
        digest: B256,
        signatures: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> Outcome<Verdict> {
        if signatures.len() == 0 {
            return Ok(Verdict::NoSignature);
        }
        let threshold = self.threshold(frame)?;
        if U256::from(signatures.len()) < threshold {
            return Ok(Verdict::TooFew);
        }
        let mut signed = BTreeSet::new();
        for signature in signatures {
            let signer = ecdsa::recover(frame, digest, signature)?;
            if !self.contains(frame, signer)? {
                return Ok(Verdict::Stranger(signer));
            }
            signed.insert(signer);
            if U256::from(signed.len()) >= threshold {
                return Ok(Verdict::Accepted);
            }
        }
        Ok(Verdict::Repeated)
    }

    /// The storage of a set.
    pub(crate) fn genesis(self, signers: &[Address], threshold: u64) -> Vec<(Slot, U256)> {
        let array = self.base.offset(1);
        let members = self.base.offset(2);
        let mut storage =
            vec![(self.base, U256::from(threshold)), (array, U256::from(signers.len()))];
        for (position, signer) in (0..).zip(signers) {
            storage.push((array.elements().offset(position), signer.into_word().into()));
            storage.push((members.entry(layout::key(*signer)), U256::ONE));
        }
        storage
    }
}
