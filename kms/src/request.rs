//! What is asked of the KMS, and what it answers.

use alloy_primitives::{Address, B256, Bytes, U256};
use ciphervm_fhe::{FheType, Handle};
use serde::{Deserialize, Serialize};

use crate::{
    error::Refusal,
    messages::{
        DelegatedUserDecryptRequestVerification, Domains, UserDecryptRequestVerification,
        UserDecryptResponseVerification, UserDecryptionLinker,
    },
};

/// Clear bits that one request opens, at most, in the protocol.
pub const MAX_BITS: usize = 2048;
/// Contracts that one request names, at most, in the protocol.
pub const MAX_CONTRACTS: usize = 10;
/// Days that a request is valid, at most, in the protocol.
pub const MAX_DAYS: u64 = 365;
/// Handles that one request names, at most: as many as there are bits.
pub const MAX_HANDLES: usize = MAX_BITS;

/// Asks for values that everybody may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicDecryption {
    /// The handles, in the order of the answer.
    pub handles: Vec<Handle>,
    /// Which of the KMS's contexts is asked: see [`ExtraData`].
    pub extra_data: ExtraData,
}

/// Clear values, signed for whoever wants to check them on chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAnswer {
    /// A 32-byte ABI word a handle.
    pub decrypted: Bytes,
    /// `r ‖ s ‖ v` under the EIP-712 message `PublicDecryptVerification`.
    pub signature: Bytes,
}

/// Asks for values that one user may know, encrypted to a key of that user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDecryption {
    /// The handles, each with the contract that holds it.
    pub pairs: Vec<HandlePair>,
    /// The chain that they are on.
    pub chain_id: u64,
    /// Contracts that the signature covers.
    pub contracts: Vec<Address>,
    /// Who asks, and signed: the delegate of a delegated request.
    pub user: Address,
    /// In whose name, if not in the user's own.
    pub delegator: Option<Address>,
    /// From when the request is valid, in seconds since 1970.
    pub start: u64,
    /// For how many days.
    pub days: u64,
    /// The key to encrypt the answer to, as clients serialise it.
    pub public_key: Bytes,
    /// Which of the KMS's contexts is asked: see [`ExtraData`].
    pub extra_data: ExtraData,
    /// The user's signature under the EIP-712 message of the request, or what the user's contract
    /// takes for one (ERC-1271).
    pub signature: Bytes,
}

impl UserDecryption {
    /// What the user signs: the EIP-712 digest of the request.
    pub fn digest(&self, domains: &Domains) -> B256 {
        let Self { public_key, contracts, extra_data, .. } = self.clone();
        let start_timestamp = U256::from(self.start);
        let duration_days = U256::from(self.days);
        match self.delegator {
            None => domains.request(&UserDecryptRequestVerification {
                publicKey: public_key,
                contractAddresses: contracts,
                startTimestamp: start_timestamp,
                durationDays: duration_days,
                extraData: extra_data.0,
            }),
            Some(delegator) => domains.request(&DelegatedUserDecryptRequestVerification {
                publicKey: public_key,
                contractAddresses: contracts,
                delegatorAddress: delegator,
                startTimestamp: start_timestamp,
                durationDays: duration_days,
                extraData: extra_data.0,
            }),
        }
    }

    /// What ties an answer to the request.
    pub(crate) fn link(&self, domains: &Domains) -> B256 {
        domains.answer(&UserDecryptionLinker {
            publicKey: self.public_key.clone(),
            handles: self.words(),
            userAddress: self.user,
        })
    }

    /// What the KMS signs: the EIP-712 digest of an answer with this payload.
    pub(crate) fn answer_digest(&self, domains: &Domains, payload: &Bytes) -> B256 {
        domains.answer(&UserDecryptResponseVerification {
            publicKey: self.public_key.clone(),
            ctHandles: self.words(),
            userDecryptedShare: payload.clone(),
            extraData: self.extra_data.signed(),
        })
    }

    fn words(&self) -> Vec<B256> {
        self.pairs.iter().map(|pair| pair.handle.0).collect()
    }
}

/// A handle, and the contract that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlePair {
    /// The handle.
    pub handle: Handle,
    /// The contract.
    pub contract: Address,
}

/// Clear values for one user's eyes, as the WebAssembly module of FHEVM's clients reads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAnswer {
    /// Encrypted values and what they are tied to.
    pub payload: Bytes,
    /// `r ‖ s ‖ v` under the EIP-712 message `UserDecryptResponseVerification`.
    pub signature: Bytes,
}

/// Which context of the KMS a request is for: nothing or a zero for the current one, `01 ‖ context`
/// or `02 ‖ context ‖ epoch` for another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExtraData(pub Bytes);

impl ExtraData {
    /// What is signed for a request with these bytes. Clients that ask with `0x00` check a signature
    /// over nothing.
    pub fn signed(&self) -> Bytes {
        if self.0[..] == [0] { Bytes::new() } else { self.0.clone() }
    }
}

/// The types of the values behind handles of one chain.
///
/// # Errors
/// If there are none or too many, or one is of no type, of another chain, or not a handle.
pub(crate) fn types(handles: &[Handle], chain_id: u64) -> Result<Vec<FheType>, Refusal> {
    if handles.is_empty() {
        return Err(Refusal::NoHandles);
    }
    if handles.len() > MAX_HANDLES {
        return Err(Refusal::TooManyHandles { found: handles.len(), limit: MAX_HANDLES });
    }
    let types = handles
        .iter()
        .map(|handle| {
            if handle.chain_id() != chain_id {
                return Err(Refusal::HandleChain { handle: *handle, expected: chain_id });
            }
            handle.fhe_type().ok_or(Refusal::HandleType(*handle))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let (found, limit) = (types.iter().map(|ty| 2 * ty.blocks()).sum(), MAX_BITS);
    if found > limit { Err(Refusal::TooManyBits { found, limit }) } else { Ok(types) }
}
