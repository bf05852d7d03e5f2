//! Answers for one user's eyes: encrypted to the user's ML-KEM-512 key, and signed inside and out.
//!
//! The format is that of a KMS with a single party, which the WebAssembly module of FHEVM's clients
//! opens:
//!
//! ```text
//! message  = value (little-endian) ‖ type ‖ link
//! sealed   = message ‖ ECDSA signature ‖ hash of the verification key
//! answer   = nonce ‖ ML-KEM-512 ciphertext ‖ AES-256-GCM(shared secret, nonce, sealed)
//! ```
//!
//! Structures are encoded by bincode 1: lengths are little-endian 64-bit numbers.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Nonce},
};
use alloy_primitives::{Address, B256, U256};
use ciphervm_fhe::{FheType, Handle};
use ml_kem::{MlKem512, TryKeyInit, kem::Kem};
use serde::Serialize;
use sha3::{
    Shake256,
    digest::{ExtendableOutput, Update, XofReader},
};

use crate::{error::AnswerError, signer::Signer};

/// Bytes of an ML-KEM-512 encapsulation key.
const KEY_LENGTH: usize = 800;
/// Bytes of a public key as clients send it: tfhe-rs's header of a serialised object, and the key.
const SERIALISED_KEY_LENGTH: usize = 869;
/// Separates the hashes of this scheme.
const HASH_DOMAIN: &[u8] = b"SIGNCRYP";
/// Separates the signatures of this scheme.
const SIGNATURE_DOMAIN: &[u8] = b"USER_DEC";

/// A user's public key.
pub(crate) struct PublicKey {
    key: <MlKem512 as Kem>::EncapsulationKey,
    /// Identifies it in signatures.
    digest: [u8; 32],
}

impl PublicKey {
    /// Reads a key as clients serialise it.
    pub(crate) fn read(serialised: &[u8]) -> Option<Self> {
        if serialised.len() != SERIALISED_KEY_LENGTH {
            return None;
        }
        let bytes = &serialised[SERIALISED_KEY_LENGTH - KEY_LENGTH..];
        let key = <MlKem512 as Kem>::EncapsulationKey::new_from_slice(bytes).ok()?;
        let digest = hash(&[&(KEY_LENGTH as u64).to_le_bytes(), bytes]);
        Some(Self { key, digest })
    }
}

/// A clear value, and the handle it was asked by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clear {
    pub(crate) handle: Handle,
    pub(crate) ty: FheType,
    pub(crate) value: U256,
}

/// The answer to a request, as it is signed and sent.
#[derive(Serialize)]
struct Payload {
    verification_key: Vec<u8>,
    digest: Vec<u8>,
    signcrypted_ciphertexts: Vec<Signcrypted>,
    party_id: u32,
    degree: u32,
}

#[derive(Serialize)]
struct Signcrypted {
    fhe_type: i32,
    signcrypted_ciphertext: Vec<u8>,
    external_handle: Vec<u8>,
    packing_factor: u32,
}

#[derive(Serialize)]
struct Message {
    value: Vec<u8>,
    fhe_type: i32,
    link: Vec<u8>,
}

#[derive(Serialize)]
struct Envelope {
    nonce: [u8; 12],
    encapsulated: Vec<u8>,
    encrypted: Vec<u8>,
}

/// What is drawn anew for each value.
pub(crate) struct Randomness {
    nonce: [u8; 12],
    /// What ML-KEM makes the shared secret from.
    message: [u8; 32],
}

impl Randomness {
    /// From the operating system.
    pub(crate) fn draw() -> Result<Self, AnswerError> {
        let mut drawn = Self { nonce: [0; 12], message: [0; 32] };
        getrandom::fill(&mut drawn.nonce)
            .and_then(|()| getrandom::fill(&mut drawn.message))
            .map_err(|error| AnswerError::Randomness(error.to_string()))?;
        Ok(drawn)
    }
}

/// Encrypts clear values to `user`'s key. `link` ties the answer to the request.
pub(crate) fn answer(
    signer: &Signer,
    key: &PublicKey,
    user: Address,
    link: B256,
    values: &[Clear],
    mut draw: impl FnMut() -> Result<Randomness, AnswerError>,
) -> Result<Vec<u8>, AnswerError> {
    let verification_key = bincode::serialize(&signer.public_key())?;
    let mut seal = |clear: &Clear| -> Result<Signcrypted, AnswerError> {
        let fhe_type = i32::from(clear.ty.id());
        let message = bincode::serialize(&Message {
            value: little_endian(clear.ty, clear.value),
            fhe_type,
            link: link.to_vec(),
        })?;
        let signed = [SIGNATURE_DOMAIN, &message, &user[..], &key.digest].concat();
        let signature = signer.sign_message(&signed)?;
        let sealed = [&message[..], &signature, &hash(&[&verification_key])].concat();
        Ok(Signcrypted {
            fhe_type,
            signcrypted_ciphertext: encrypt(key, &draw()?, &sealed)?,
            external_handle: clear.handle.0.to_vec(),
            packing_factor: 1,
        })
    };
    Ok(bincode::serialize(&Payload {
        signcrypted_ciphertexts: values.iter().map(&mut seal).collect::<Result<_, _>>()?,
        verification_key,
        digest: link.to_vec(),
        party_id: 1,
        degree: 0,
    })?)
}

/// As many bytes as the type needs, a byte for a Bool.
fn little_endian(ty: FheType, value: U256) -> Vec<u8> {
    value.to_le_bytes::<32>()[..ty.bits().div_ceil(8)].to_vec()
}

fn encrypt(key: &PublicKey, drawn: &Randomness, sealed: &[u8]) -> Result<Vec<u8>, AnswerError> {
    let Randomness { nonce, message } = *drawn;
    let (encapsulated, secret) = key.key.encapsulate_deterministic(&message.into());
    let cipher = Aes256Gcm::new(&secret);
    let encrypted = cipher
        .encrypt(&Nonce::<Aes256Gcm>::from(nonce), sealed)
        .map_err(|_| AnswerError::Encryption)?;
    Ok(bincode::serialize(&Envelope { nonce, encapsulated: encapsulated.to_vec(), encrypted })?)
}

/// The scheme's hash: 32 bytes of SHAKE256.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Shake256::default();
    hasher.update(HASH_DOMAIN);
    for part in parts {
        hasher.update(part);
    }
    let mut digest = [0; 32];
    hasher.finalize_xof().read(&mut digest);
    digest
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;
    use serde::Deserialize;

    use super::*;

    /// See `source` in the file.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Golden {
        public_key: String,
        kms_key: B256,
        kms_signer: Address,
        user_address: Address,
        link: B256,
        handles: Vec<Handle>,
        values: Vec<Value>,
        payload: String,
    }

    #[derive(Deserialize)]
    struct Value {
        #[serde(rename = "type")]
        ty: u8,
        value: String,
    }

    fn golden() -> Golden {
        serde_json::from_str(include_str!("../tests/vectors/user-decryption.json")).unwrap()
    }

    #[test]
    fn an_answer_has_the_bytes_that_the_clients_modules_open() {
        let golden = golden();
        let signer = Signer::new(golden.kms_key).unwrap();
        assert_eq!(signer.address(), golden.kms_signer);
        let key = PublicKey::read(&hex::decode(&golden.public_key).unwrap()).unwrap();
        let values: Vec<Clear> = golden
            .handles
            .iter()
            .zip(&golden.values)
            .map(|(handle, Value { ty, value })| Clear {
                handle: *handle,
                ty: FheType::from_id(*ty).unwrap(),
                value: value.parse().unwrap(),
            })
            .collect();
        assert_eq!(values.len(), 8, "a value of each type");
        let mut index = 0;
        let draw = || {
            index += 1;
            Ok(Randomness { nonce: [0x7f + index; 12], message: [index; 32] })
        };
        let user = golden.user_address;
        let payload = answer(&signer, &key, user, golden.link, &values, draw).unwrap();
        assert_eq!(hex::encode(payload), golden.payload);
    }

    #[test]
    fn no_two_answers_are_equal() {
        let golden = golden();
        let signer = Signer::new(golden.kms_key).unwrap();
        let key = PublicKey::read(&hex::decode(&golden.public_key).unwrap()).unwrap();
        let handle = golden.handles[0];
        let clear = Clear { handle, ty: FheType::Bool, value: U256::ONE };
        let make = || {
            let user = golden.user_address;
            answer(&signer, &key, user, golden.link, &[clear], Randomness::draw).unwrap()
        };
        assert_ne!(make(), make());
    }

    #[test]
    fn a_public_key_of_another_length_or_with_numbers_out_of_range_is_refused() {
        let bytes = hex::decode(golden().public_key).unwrap();
        assert!(PublicKey::read(&bytes).is_some());
        assert!(PublicKey::read(&bytes[1..]).is_none());
        assert!(PublicKey::read(&[]).is_none());
        let mut wrong = bytes;
        wrong[100..200].fill(0xff);
        assert!(PublicKey::read(&wrong).is_none());
    }
}
