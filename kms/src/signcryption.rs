//! Answers for one user's eyes: encrypted to the user's ML-KEM-512 key, and signed inside and out.
//!
//! The format is that of a KMS with a single party, which the WebAssembly module of FHEVM's clients
//! opens:
//!
//! ```text
//! message  = value (little-endian) ‖ type ‖ link
//! sealed   = message ‖ ECDSA signature ‖ hash of the verification key
//! envelope = nonce ‖ ML-KEM-512 ciphertext ‖ AES-256-GCM(shared secret, nonce, sealed)
//! ```
//!
//! Structures are encoded by bincode 1: lengths are little-endian 64-bit numbers.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Nonce},
};
use alloy_primitives::{Address, B256, U256};
use ciphervm_fhe::{FheType, Handle};
use k256::ecdsa::VerifyingKey;
use ml_kem::{
    MlKem512, TryKeyInit,
    kem::{Decapsulate, Kem, KeyExport},
};
use serde::{Deserialize, Serialize};
use sha3::{
    Shake256,
    digest::{ExtendableOutput, Update, XofReader},
};

use crate::{
    error::{AnswerError, OpenError},
    signer::{self, Signer},
};

/// Bytes of an ML-KEM-512 encapsulation key.
const KEY_LENGTH: usize = 800;
/// What stands before a public key as clients send it: tfhe-rs's header of a serialised object of
/// this name, ML-KEM-512's number, and the key's length.
const KEY_HEADER: &[u8; 69] = b"\x03\0\0\0\0\0\0\x000.5\0\0\0\0\x03\0\0\0\0\0\0\x000.1\
    \x13\0\0\0\0\0\0\0UnifiedPublicEncKey\0\0\0\0\0\0\0\0\x20\x03\0\0\0\0\0\0";
/// Separates the hashes of this scheme.
const HASH_DOMAIN: &[u8] = b"SIGNCRYP";
/// Separates the signatures of this scheme.
const SIGNATURE_DOMAIN: &[u8] = b"USER_DEC";

/// A user's secret key.
pub(crate) type SecretKey = <MlKem512 as Kem>::DecapsulationKey;

/// A user's public key.
pub(crate) struct PublicKey {
    key: <MlKem512 as Kem>::EncapsulationKey,
    /// Identifies it in signatures.
    digest: [u8; 32],
}

impl PublicKey {
    pub(crate) fn new(key: <MlKem512 as Kem>::EncapsulationKey) -> Self {
        let digest = hash(&[&(KEY_LENGTH as u64).to_le_bytes(), &key.to_bytes()]);
        Self { key, digest }
    }

    /// Reads a key as clients serialise it. The header, which names versions, may be any.
    pub(crate) fn read(serialised: &[u8]) -> Option<Self> {
        let (_, key) = serialised.split_at_checked(KEY_HEADER.len())?;
        <MlKem512 as Kem>::EncapsulationKey::new_from_slice(key).ok().map(Self::new)
    }

    /// As clients serialise it.
    pub(crate) fn serialise(&self) -> Vec<u8> {
        [&KEY_HEADER[..], &self.key.to_bytes()].concat()
    }
}

/// A clear value, and the handle it was asked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clear {
    pub(crate) handle: Handle,
    pub(crate) ty: FheType,
    pub(crate) value: U256,
}

/// The answer to a request, as it is signed and sent.
#[derive(Serialize, Deserialize)]
struct Payload {
    verification_key: Vec<u8>,
    digest: Vec<u8>,
    signcrypted_ciphertexts: Vec<Signcrypted>,
    party_id: u32,
    degree: u32,
}

#[derive(Serialize, Deserialize)]
struct Signcrypted {
    fhe_type: i32,
    signcrypted_ciphertext: Vec<u8>,
    external_handle: Vec<u8>,
    packing_factor: u32,
}

#[derive(Serialize, Deserialize)]
struct Message {
    value: Vec<u8>,
    fhe_type: i32,
    link: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
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

/// Opens and checks what [`answer`] made for `user` and `link`: every value must be signed by `kms`.
pub(crate) fn open(
    secret: &SecretKey,
    key: &PublicKey,
    kms: Address,
    user: Address,
    link: B256,
    payload: &[u8],
) -> Result<Vec<Clear>, OpenError> {
    let payload: Payload = bincode::deserialize(payload)?;
    let forged = || OpenError::Signature(kms);
    let verification_key = bincode::deserialize::<Vec<u8>>(&payload.verification_key)?;
    let verification_key = VerifyingKey::from_sec1_bytes(&verification_key)
        .ok()
        .filter(|key| signer::address_of(key) == kms)
        .ok_or_else(forged)?;
    let open = |value: &Signcrypted| {
        let envelope: Envelope = bincode::deserialize(&value.signcrypted_ciphertext)?;
        let sealed = decrypt(secret, &envelope).ok_or(OpenError::Key)?;
        let (signed, _) = sealed.split_last_chunk::<32>().ok_or_else(forged)?;
        let (message, signature) = signed.split_last_chunk::<64>().ok_or_else(forged)?;
        let signed = [SIGNATURE_DOMAIN, message, &user[..], &key.digest].concat();
        if !signer::is_message_signed(&verification_key, &signed, signature) {
            return Err(forged());
        }
        let message: Message = bincode::deserialize(message)?;
        if message.link != link[..] {
            return Err(OpenError::Request);
        }
        let handle = B256::try_from(&value.external_handle[..]).map_err(|_| OpenError::Request)?;
        let handle = Handle(handle);
        let ty = handle.fhe_type().filter(|ty| i32::from(ty.id()) == message.fhe_type);
        let clear = U256::try_from_le_slice(&message.value);
        match (ty, clear) {
            (Some(ty), Some(value)) if little_endian(ty, ty.truncate(value)) == message.value => {
                Ok(Clear { handle, ty, value })
            }
            _ => Err(OpenError::Value(handle)),
        }
    };
    payload.signcrypted_ciphertexts.iter().map(open).collect()
}

fn decrypt(secret: &SecretKey, envelope: &Envelope) -> Option<Vec<u8>> {
    let shared = secret.decapsulate_slice(&envelope.encapsulated).ok()?;
    let nonce = Nonce::<Aes256Gcm>::from(envelope.nonce);
    Aes256Gcm::new(&shared).decrypt(&nonce, &envelope.encrypted[..]).ok()
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
        kem_seed: String,
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

    impl Golden {
        fn signer(&self) -> Signer {
            Signer::new(self.kms_key).unwrap()
        }

        fn secret(&self) -> SecretKey {
            let seed = hex::decode(&self.kem_seed).unwrap();
            SecretKey::from_seed(seed[..].try_into().unwrap())
        }

        fn key(&self) -> PublicKey {
            PublicKey::read(&hex::decode(&self.public_key).unwrap()).unwrap()
        }

        fn values(&self) -> Vec<Clear> {
            let value = |(handle, Value { ty, value }): (&Handle, &Value)| Clear {
                handle: *handle,
                ty: FheType::from_id(*ty).unwrap(),
                value: value.parse().unwrap(),
            };
            self.handles.iter().zip(&self.values).map(value).collect()
        }

        fn open(&self, payload: &[u8]) -> Result<Vec<Clear>, OpenError> {
            let (kms, user) = (self.kms_signer, self.user_address);
            open(&self.secret(), &self.key(), kms, user, self.link, payload)
        }
    }

    #[test]
    fn a_key_is_serialised_as_by_clients() {
        let golden = golden();
        let key = PublicKey::new(golden.secret().encapsulation_key().clone());
        assert_eq!(hex::encode(key.serialise()), golden.public_key);
    }

    #[test]
    fn an_answer_is_opened_by_the_key_it_is_encrypted_to() {
        let golden = golden();
        let payload = hex::decode(&golden.payload).unwrap();
        assert_eq!(golden.open(&payload).unwrap(), golden.values());
        let (other, _) = MlKem512::generate_keypair();
        let (kms, user) = (golden.kms_signer, golden.user_address);
        let opened = open(&other, &golden.key(), kms, user, golden.link, &payload);
        assert!(matches!(opened, Err(OpenError::Key)));
    }

    #[test]
    fn an_answer_is_for_one_user_and_one_request_and_by_one_kms() {
        let golden = golden();
        let clear = golden.values()[2];
        let other_user = Address::repeat_byte(9);
        let other_link = B256::repeat_byte(9);
        let other_signer = Signer::new(B256::repeat_byte(9)).unwrap();
        let make = |signer: &Signer, user, link, clear| {
            let payload =
                answer(signer, &golden.key(), user, link, &[clear], Randomness::draw).unwrap();
            golden.open(&payload)
        };
        let (signer, user, link) = (golden.signer(), golden.user_address, golden.link);
        assert_eq!(make(&signer, user, link, clear).unwrap(), [clear]);
        let forged = make(&other_signer, user, link, clear);
        assert!(matches!(forged, Err(OpenError::Signature(kms)) if kms == golden.kms_signer));
        let forged = make(&signer, other_user, link, clear);
        assert!(matches!(forged, Err(OpenError::Signature(_))));
        assert!(matches!(make(&signer, user, other_link, clear), Err(OpenError::Request)));
        // A type that is not the handle's, and a Bool that is none.
        let other_type = Clear { ty: FheType::Uint256, ..clear };
        let opened = make(&signer, user, link, other_type);
        assert!(matches!(opened, Err(OpenError::Value(handle)) if handle == clear.handle));
        let two = Clear { value: U256::from(2), ..golden.values()[0] };
        assert!(matches!(make(&signer, user, link, two), Err(OpenError::Value(_))));
    }

    #[test]
    fn a_damaged_answer_is_refused() {
        let golden = golden();
        let payload = hex::decode(&golden.payload).unwrap();
        for length in 0..payload.len() {
            golden.open(&payload[..length]).unwrap_err();
        }
        // The last envelope, before a handle and three numbers: these are covered by the signature
        // under the whole payload only.
        let end = payload.len() - (8 + 32 + 3 * 4);
        for position in (end - 200..end).step_by(7) {
            let mut damaged = payload.clone();
            damaged[position] ^= 1;
            golden.open(&damaged).unwrap_err();
        }
    }

    #[test]
    fn an_answer_has_the_bytes_that_the_clients_modules_open() {
        let golden = golden();
        let signer = golden.signer();
        assert_eq!(signer.address(), golden.kms_signer);
        let key = golden.key();
        let values = golden.values();
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
        let (signer, key) = (golden.signer(), golden.key());
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
