//! Encrypted inputs: what a client makes, and what the coprocessor checks, stores and signs.

use std::{fmt, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, U256, b256, bytes};
use ciphervm_fhe::{CiphertextStore, Evaluator, FheType, Handle, ProofVerifier};
use ciphervm_precompiles::{
    HostConfig, InputProof, auxiliary_data, blob_hash, input_digest, input_handle,
};
use k256::ecdsa::SigningKey;

use crate::error::InputError;

/// What clients send, and coprocessors sign, as an input's extra data.
const EXTRA_DATA: Bytes = bytes!("00");

/// The published key of the coprocessor of local FHEVM test stacks, which
/// [`GenesisParams`](ciphervm_precompiles::GenesisParams) counts as a signer by default. Anybody
/// can sign with it.
pub const LOCAL_COPROCESSOR_KEY: B256 =
    b256!("7ec8ada6642fc4ccfb7729bc29c17cf8d21b61abd5642d1db992c0b8672ab901");

/// An input that a contract accepts: the handles and the proof that stand in calldata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedInput {
    /// One handle a value, in order.
    pub handles: Vec<Handle>,
    /// `inputProof`: the handles again and the coprocessor's signature.
    pub proof: Bytes,
}

/// The coprocessor of inputs: it checks, stores and signs what clients encrypted.
///
/// What binds an input to a contract and a user on chain is the coprocessor's signature over both.
/// A list that a stranger [submits](Self::submit) needs a zero-knowledge proof that is bound to
/// both, too. Without one it accepts only what its own process [encrypts](Self::encrypt).
#[derive(Clone)]
pub struct InputService {
    host: HostConfig,
    chain_id: u64,
    evaluator: Arc<dyn Evaluator>,
    store: Arc<dyn CiphertextStore>,
    proofs: Option<Arc<ProofVerifier>>,
    signer: SigningKey,
}

impl InputService {
    /// A service that signs with `signing_key`, the key of an address that the InputVerifier on
    /// chain `chain_id` counts as a coprocessor.
    ///
    /// # Errors
    /// If the key is not a valid secp256k1 secret key.
    pub fn new(
        host: HostConfig,
        chain_id: u64,
        evaluator: Arc<dyn Evaluator>,
        store: Arc<dyn CiphertextStore>,
        signing_key: B256,
    ) -> Result<Self, InputError> {
        let signer =
            SigningKey::from_slice(&signing_key[..]).map_err(|_| InputError::SigningKey)?;
        Ok(Self { host, chain_id, evaluator, store, proofs: None, signer })
    }

    /// Accepts lists from strangers, too, whose proofs `verifier` checks.
    #[must_use]
    pub fn with_proofs(self, verifier: Arc<ProofVerifier>) -> Self {
        Self { proofs: Some(verifier), ..self }
    }

    /// What checks proofs, if anything does.
    pub fn proofs(&self) -> Option<&ProofVerifier> {
        self.proofs.as_deref()
    }

    /// Encrypts values to the public key, for `user` to pass to `contract`.
    ///
    /// # Errors
    /// If there are too many values, or too many bits.
    pub fn encrypt(
        &self,
        contract: Address,
        user: Address,
        values: &[(FheType, U256)],
    ) -> Result<EncryptedInput, InputError> {
        let list = self.evaluator.encrypt_inputs(values)?;
        let records = self.evaluator.expand_inputs(&list)?;
        let handles = self.handles(&list, records.iter().map(|record| record.ty));
        self.store.insert(handles.iter().copied().zip(records).collect())?;
        self.attest(contract, user, handles)
    }

    /// Accepts a list that anybody made for `user` to pass to `contract`: checks its proof, stores
    /// its ciphertexts under their handles, and signs. A list that was accepted before gives the
    /// same answer again.
    ///
    /// # Errors
    /// If the list or its proof is refused, in which case nothing is stored, or no proof can be
    /// checked here.
    pub fn submit(
        &self,
        contract: Address,
        user: Address,
        list: &[u8],
    ) -> Result<EncryptedInput, InputError> {
        let verifier = self.proofs.as_deref().ok_or(InputError::NoKeys)?;
        let acl = self.host.addresses.acl;
        let metadata = auxiliary_data(contract, user, acl, self.chain_id);
        let proven = verifier.verify(list, &metadata)?;
        let handles = self.handles(list, proven.types().iter().copied());
        let mut known = true;
        for handle in &handles {
            known = known && self.store.contains(handle)?;
        }
        if !known {
            let records = verifier.expand(&proven)?;
            self.store.insert(handles.iter().copied().zip(records).collect())?;
        }
        self.attest(contract, user, handles)
    }

    /// The handles of a list's values.
    fn handles(&self, list: &[u8], types: impl Iterator<Item = FheType>) -> Vec<Handle> {
        let (acl, blob) = (self.host.addresses.acl, blob_hash(list));
        // The types are first: there is no number after that of the last value.
        types
            .zip(0..)
            .map(|(ty, index)| input_handle(blob, index, acl, self.chain_id, ty))
            .collect()
    }

    /// Signs that `handles` are for `user` to pass to `contract`.
    fn attest(
        &self,
        contract: Address,
        user: Address,
        handles: Vec<Handle>,
    ) -> Result<EncryptedInput, InputError> {
        let gateway = &self.host.gateway;
        let digest = input_digest(gateway, &handles, user, contract, self.chain_id, EXTRA_DATA);
        let signatures = vec![self.sign(digest)?];
        let proof =
            InputProof { handles: handles.clone(), signatures, extra_data: EXTRA_DATA }.encode();
        Ok(EncryptedInput { handles, proof })
    }

    /// `r ‖ s ‖ v`, with `s` in the lower half and `v` 27 or 28.
    fn sign(&self, digest: B256) -> Result<[u8; 65], InputError> {
        let (signature, recovery) = self
            .signer
            .sign_prehash_recoverable(&digest[..])
            .map_err(|_| InputError::SigningKey)?;
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        Ok(bytes)
    }
}

impl fmt::Debug for InputService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputService").field("chain_id", &self.chain_id).finish_non_exhaustive()
    }
}
