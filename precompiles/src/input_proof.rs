//! Encrypted inputs: what clients, coprocessors and the chain have to agree on.
//!
//! A client encrypts a list of values and proves that it knows them, bound to a contract and a user
//! by [`auxiliary_data`]. Coprocessors check that proof, name the values by [`input_handle`], and
//! sign [`input_digest`]. The client hands handles and signatures to a contract as an
//! [`InputProof`], which the input verifier checks on chain.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use ciphervm_fhe::{FheType, Handle};

use crate::{
    Gateway,
    ecdsa::SIGNATURE_LENGTH,
    eip712::{CiphertextVerification, Domain},
    errors::ProofError,
};

/// Separates the hash of a ciphertext list.
pub const BLOB_DOMAIN: &[u8; 8] = b"ZK-w_rct";
/// Separates the hashes in input handles.
pub const HANDLE_DOMAIN: &[u8; 8] = b"ZK-w_hdl";

/// What a proof of knowledge is bound to: `contract ‖ user ‖ acl ‖ chain id`.
pub fn auxiliary_data(contract: Address, user: Address, acl: Address, chain_id: u64) -> [u8; 92] {
    let mut data = [0; 92];
    data[..20].copy_from_slice(contract.as_slice());
    data[20..40].copy_from_slice(user.as_slice());
    data[40..60].copy_from_slice(acl.as_slice());
    data[60..].copy_from_slice(&U256::from(chain_id).to_be_bytes::<32>());
    data
}

/// Hash of a serialized ciphertext list.
pub fn blob_hash(list: &[u8]) -> B256 {
    keccak256([BLOB_DOMAIN, list].concat())
}

/// Handle of value `index` in the list with this [`blob_hash`].
///
/// # Panics
/// If `index` is 255: a list holds at most 255 values.
pub fn input_handle(blob: B256, index: u8, acl: Address, chain_id: u64, ty: FheType) -> Handle {
    let chain = U256::from(chain_id).to_be_bytes::<32>();
    let preimage = [&HANDLE_DOMAIN[..], &blob[..], &[index], &acl[..], &chain].concat();
    Handle::input(keccak256(preimage), index, chain_id, ty)
}

/// What a coprocessor signs for the handles of a list.
pub fn input_digest(
    gateway: &Gateway,
    handles: &[Handle],
    user: Address,
    contract: Address,
    chain_id: u64,
    extra_data: Bytes,
) -> B256 {
    Domain::input_verification(gateway).digest(&CiphertextVerification {
        ctHandles: handles.iter().map(|handle| handle.0).collect(),
        userAddress: user,
        contractAddress: contract,
        contractChainId: U256::from(chain_id),
        extraData: extra_data,
    })
}

/// The proof bytes that go with input handles into a contract:
/// `handle count (1) ‖ signature count (1) ‖ handles (32 each) ‖ signatures (65 each) ‖ extra data`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputProof {
    /// The handles of the whole list, of which a call may use some.
    pub handles: Vec<Handle>,
    /// Coprocessors' signatures, `r ‖ s ‖ v`.
    pub signatures: Vec<[u8; SIGNATURE_LENGTH]>,
    /// Signed with the handles. Clients send the single byte zero.
    pub extra_data: Bytes,
}

impl InputProof {
    /// Number of bytes before the handles.
    pub(crate) const COUNTS: usize = 2;

    /// Length of the part before the extra data.
    pub(crate) fn body_length(handles: u8, signatures: u8) -> usize {
        Self::COUNTS + 32 * usize::from(handles) + SIGNATURE_LENGTH * usize::from(signatures)
    }

    /// The bytes for a contract call.
    ///
    /// # Panics
    /// With more than 255 handles or signatures.
    pub fn encode(&self) -> Bytes {
        let count = |length: usize| u8::try_from(length).expect("a proof counts in single bytes");
        let mut bytes = vec![count(self.handles.len()), count(self.signatures.len())];
        bytes.extend(self.handles.iter().flat_map(|handle| handle.0));
        bytes.extend(self.signatures.iter().flatten());
        bytes.extend(&self.extra_data);
        bytes.into()
    }

    /// Reads the bytes of a contract call. Signatures are not checked.
    ///
    /// # Errors
    /// If there are fewer bytes than the counts announce.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let [handles, signatures, rest @ ..] = bytes else {
            return Err(ProofError::NoCounts(bytes.len()));
        };
        let (handles, signatures) = (*handles, *signatures);
        let expected = Self::body_length(handles, signatures);
        if bytes.len() < expected {
            let found = bytes.len();
            return Err(ProofError::TooShort { handles, signatures, expected, found });
        }
        let (body, extra_data) = rest.split_at(expected - Self::COUNTS);
        let (handle_bytes, signature_bytes) = body.split_at(32 * usize::from(handles));
        Ok(Self {
            handles: handle_bytes
                .chunks_exact(32)
                .map(|word| Handle(B256::from_slice(word)))
                .collect(),
            signatures: signature_bytes
                .chunks_exact(SIGNATURE_LENGTH)
                .map(|bytes| bytes.try_into().expect("the chunk has the signature's length"))
                .collect(),
            extra_data: Bytes::copy_from_slice(extra_data),
        })
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{b256, hex};

    use super::*;
    use crate::HostAddresses;

    /// The worked value of the FHEVM input handle formula.
    #[test]
    fn input_handles_equal_the_worked_value() {
        let blob = blob_hash(&hex!("deadbeef"));
        let acl = HostAddresses::LOCAL.acl;
        assert_eq!(
            input_handle(blob, 0, acl, 31337, FheType::Uint64).0,
            b256!("70d2e447a30533fbf1075e9ddcd83973e8623edb01000000000000007a690500")
        );
    }

    #[test]
    fn proofs_are_read_back() {
        let proof = InputProof {
            handles: vec![Handle(B256::repeat_byte(1)), Handle(B256::repeat_byte(2))],
            signatures: vec![[3; 65]],
            extra_data: Bytes::from_static(&[0]),
        };
        let bytes = proof.encode();
        assert_eq!(bytes.len(), 2 + 64 + 65 + 1);
        let bare = InputProof { extra_data: Bytes::new(), ..proof.clone() };
        assert_eq!(InputProof::decode(&bare.encode()), Ok(bare));
        assert_eq!(InputProof::decode(&bytes), Ok(proof));
        assert!(matches!(InputProof::decode(&bytes[..130]), Err(ProofError::TooShort { .. })));
        assert_eq!(InputProof::decode(&[1]), Err(ProofError::NoCounts(1)));
    }

    #[test]
    fn auxiliary_data_is_packed_in_order() {
        let [a, b, c] = [1, 2, 3].map(Address::repeat_byte);
        let data = auxiliary_data(a, b, c, 31337);
        assert_eq!(data[..20], a[..]);
        assert_eq!(data[20..40], b[..]);
        assert_eq!(data[40..60], c[..]);
        assert_eq!(data[90..], [0x7a, 0x69]);
    }
}
