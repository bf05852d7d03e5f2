//! What nodes compare to see that they computed the same ciphertexts.

use alloy_primitives::{B256, Keccak256};
use ciphervm_fhe::Handle;
use ciphervm_precompiles::Record;

use super::{Devnet, DevnetError};
use crate::chain::Block;

/// Over the ciphertexts of a block's handles that got a grant for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// Keccak-256 of the engine class, and of each handle and digest in the order of handles.
    pub hash: B256,
    /// The engine class.
    pub class: B256,
    /// Handle and digest of each ciphertext.
    pub ciphertexts: Vec<(Handle, B256)>,
}

impl Devnet {
    /// The commitment of a block, which has to be settled.
    ///
    /// # Errors
    /// If the block is no record of operations, or the store fails.
    pub fn commitment(&self, block: &Block) -> Result<Commitment, DevnetError> {
        let record = Record::from_logs(&self.host.addresses, block.logs())
            .map_err(ciphervm::error::SettlementError::from)?;
        let mut ciphertexts = Vec::new();
        for handle in record.roots {
            let stored =
                self.store().get(&handle).map_err(ciphervm::error::SettlementError::from)?;
            ciphertexts.extend(stored.map(|stored| (handle, stored.digest)));
        }
        let class = self.evaluator.class();
        let mut hasher = Keccak256::new();
        hasher.update(class);
        for (handle, digest) in &ciphertexts {
            hasher.update(handle.0);
            hasher.update(digest);
        }
        Ok(Commitment { hash: hasher.finalize(), class, ciphertexts })
    }
}
