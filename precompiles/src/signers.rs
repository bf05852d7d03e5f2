//! A set of signers with a threshold, in a host contract's storage.

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
    /// How many words of storage a set takes, besides what hangs on them.
    pub(crate) const WORDS: u64 = 3;

    pub(crate) const fn new(base: Slot) -> Self {
        Self { base }
    }

    /// How many different signers must sign.
    pub(crate) fn threshold(self, frame: &mut Frame<'_>) -> Outcome<U256> {
        frame.sload(self.base)
    }

    /// Sets how many different signers must sign.
    pub(crate) fn set_threshold(self, frame: &mut Frame<'_>, threshold: U256) -> Outcome {
        frame.sstore(self.base, threshold)
    }

    /// How many signers there are.
    pub(crate) fn len(self, frame: &mut Frame<'_>) -> Outcome<u64> {
        Ok(frame.sload(self.base.offset(1))?.saturating_to())
    }

    /// The signers, in the order in which they were added.
    pub(crate) fn list(self, frame: &mut Frame<'_>) -> Outcome<Vec<Address>> {
        let length = self.len(frame)?;
        let elements = self.base.offset(1).elements();
        let mut signers = Vec::new();
        for position in 0..length {
            let word = frame.sload(elements.offset(position))?;
            signers.push(Address::from_word(B256::from(word)));
        }
        Ok(signers)
    }

    /// Whether `account` is a signer.
    pub(crate) fn contains(self, frame: &mut Frame<'_>, account: Address) -> Outcome<bool> {
        let slot = self.membership(frame, account)?;
        Ok(!frame.sload(slot)?.is_zero())
    }

    /// Adds `signer` at the end. It must not be in the set.
    pub(crate) fn push(self, frame: &mut Frame<'_>, signer: Address) -> Outcome {
        let length = self.len(frame)?;
        let slot = self.membership(frame, signer)?;
        frame.sstore(slot, U256::ONE)?;
        frame.sstore(self.base.offset(1).elements().offset(length), signer.into_word().into())?;
        frame.sstore(self.base.offset(1), U256::from(length.saturating_add(1)))
    }

    /// Removes every signer. The threshold stays.
    pub(crate) fn clear(self, frame: &mut Frame<'_>) -> Outcome {
        let elements = self.base.offset(1).elements();
        for (position, signer) in (0..).zip(self.list(frame)?) {
            let slot = self.membership(frame, signer)?;
            frame.sstore(slot, U256::ZERO)?;
            frame.sstore(elements.offset(position), U256::ZERO)?;
        }
        frame.sstore(self.base.offset(1), U256::ZERO)
    }

    /// Whether enough signers signed `digest`. Signatures after the last one needed are not looked
    /// at.
    ///
    /// Who signed is noted in `scratch`'s transient storage, at the signer's address, and wiped out
    /// again: this is how the FHEVM contracts tell signers apart, and why they refuse to do it
    /// under `STATICCALL`.
    ///
    /// # Errors
    /// A signature that cannot be recovered reverts.
    pub(crate) fn verify<'a>(
        self,
        frame: &mut Frame<'_>,
        scratch: Address,
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
        let mut signed = Vec::new();
        let mut verdict = Verdict::Repeated;
        for signature in signatures {
            let signer = ecdsa::recover(frame, digest, signature)?;
            if !self.contains(frame, signer)? {
                verdict = Verdict::Stranger(signer);
                break;
            }
            let mark = signer.into_word().into();
            if frame.tload(scratch, mark)?.is_zero() {
                frame.tstore(scratch, mark, U256::ONE)?;
                signed.push(mark);
            }
            if U256::from(signed.len()) >= threshold {
                verdict = Verdict::Accepted;
                break;
            }
        }
        for mark in signed {
            frame.tstore(scratch, mark, U256::ZERO)?;
        }
        Ok(verdict)
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

    fn membership(self, frame: &mut Frame<'_>, account: Address) -> Outcome<Slot> {
        frame.entry(self.base.offset(2), layout::key(account))
    }
}
