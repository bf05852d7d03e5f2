//! Encrypted inputs: what a client makes, and what the coprocessor checks, stores and signs.

use std::{fmt, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, U256, b256, bytes};
use ciphervm_fhe::{CiphertextStore, Evaluator, FheType, Handle};
use ciphervm_precompiles::{HostConfig, InputProof, blob_hash, input_digest, input_handle};
use k256::ecdsa::SigningKey;

use crate::error::InputError;

/// Clear bits in one input, at most, in the protocol.
const MAX_BITS: usize = 2048;

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

/// Makes encrypted inputs as a client does, and accepts them as the coprocessor does.
///
/// What binds an input to a contract and a user here is the coprocessor's signature over both. It
/// accepts lists from its own process only: a list that strangers submit needs a zero-knowledge
/// proof besides.
#[derive(Clone)]
pub struct InputService {
    host: HostConfig,
    chain_id: u64,
    evaluator: Arc<dyn Evaluator>,
    store: Arc<dyn CiphertextStore>,
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
        Ok(Self { host, chain_id, evaluator, store, signer })
    }

    /// Encrypts values to the public key, for `user` to pass to `contract`.
    ///
    /// # Errors
    /// If there are too many values.
    pub fn encrypt(
        &self,
        contract: Address,
        user: Address,
        values: &[(FheType, U256)],
    ) -> Result<EncryptedInput, InputError> {
        let list = self.evaluator.encrypt_inputs(values)?;
        self.accept(contract, user, &list)
    }

    /// Checks a list of ciphertexts, stores them under their handles, and signs that they are for
    /// `user` to pass to `contract`.
    fn accept(
        &self,
        contract: Address,
        user: Address,
        list: &[u8],
    ) -> Result<EncryptedInput, InputError> {
        let records = self.evaluator.expand_inputs(list)?;
        let found = records.iter().map(|record| record.ty.bits()).sum();
        if found > MAX_BITS {
            return Err(InputError::TooManyBits { found, limit: MAX_BITS });
        }
        let (acl, blob) = (self.host.addresses.acl, blob_hash(list));
        let handles: Vec<Handle> = (0..)
            .zip(&records)
            .map(|(index, record)| input_handle(blob, index, acl, self.chain_id, record.ty))
            .collect();
        self.store.insert(handles.iter().copied().zip(records).collect())?;

        let gateway = &self.host.gateway;
        let digest = input_digest(gateway, &handles, user, contract, self.chain_id, EXTRA_DATA);
        let proof = InputProof {
            handles: handles.clone(),
            signatures: vec![self.sign(digest)?],
            extra_data: EXTRA_DATA,
        };
        Ok(EncryptedInput { handles, proof: proof.encode() })
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
