//! The accounts that a devnet begins with.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};

/// The mnemonic of development: everybody knows it.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// The mnemonic is not one.
#[derive(Debug, thiserror::Error)]
#[error("the mnemonic is not valid: {0}; it takes 12 to 24 words of the English BIP-39 list")]
pub struct MnemonicError(String);

/// Accounts whose keys the devnet holds: `m/44'/60'/0'/0/0` and on (BIP-44).
#[derive(Clone, Debug)]
pub struct Accounts {
    order: Vec<Address>,
    signers: BTreeMap<Address, PrivateKeySigner>,
}

impl Accounts {
    /// The first `count` accounts of a mnemonic.
    ///
    /// # Errors
    /// If the mnemonic is not valid.
    pub fn derive(mnemonic: &str, count: u32) -> Result<Self, MnemonicError> {
        let signers = (0..count)
            .map(|index| {
                let builder = MnemonicBuilder::<English>::default().phrase(mnemonic);
                builder.index(index)?.build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| MnemonicError(error.to_string()))?;
        let order = signers.iter().map(PrivateKeySigner::address).collect();
        let signers = signers.into_iter().map(|signer| (signer.address(), signer)).collect();
        Ok(Self { order, signers })
    }

    /// Their addresses in order.
    pub fn addresses(&self) -> &[Address] {
        &self.order
    }

    /// What signs for an account.
    pub fn signer(&self, address: &Address) -> Option<&PrivateKeySigner> {
        self.signers.get(address)
    }
}
