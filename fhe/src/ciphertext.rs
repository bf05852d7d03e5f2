//! Ciphertexts in memory and as bytes.

use std::slice;

use alloy_primitives::U256;
use tfhe::{
    core_crypto::prelude::{CiphertextModulus, LweCiphertextOwned},
    integer::{IntegerCiphertext, RadixCiphertext},
    shortint::{
        AtomicPatternKind, Ciphertext as Block, PBSOrder,
        ciphertext::{Degree, NoiseLevel},
        parameters::{CarryModulus, MessageModulus},
    },
};

use crate::{
    FheType,
    circuits::{self, algebra::MAX_STORED_NOISE},
    error::CiphertextError,
    keys::Keyset,
    parameters,
};

/// Values that a block can hold: two bits of message.
const MESSAGE_MODULUS: u64 = 4;
/// Values that a block's carry space can hold: two bits.
const CARRY_MODULUS: u64 = 4;
/// A stored block's value is at most this: the carry space is empty.
const MAX_DEGREE: u64 = MESSAGE_MODULUS - 1;
/// The degree of a prepared condition's block.
const MAX_CONDITION: u64 = 7;
/// A stored block is no noisier than the sum of two bootstraps' results.
const MAX_NOISE_LEVEL: u64 = MAX_STORED_NOISE;

/// Distance between the encodings of two values of a block: the padding bit is the highest, the four
/// bits of the value follow.
const UNIT: u64 = 1 << 59;

/// First byte of an encoded ciphertext: what the rest is.
const TAG_CONSTANT: u8 = 0;
const TAG_ENCRYPTED: u8 = 1;
const TAG_CONDITION: u8 = 2;

/// A value on which operations work.
///
/// A constant is public: it comes from a `trivialEncrypt` or from operations on such values alone.
/// It is kept in the clear so that every operation that meets it can use a scalar circuit.
#[derive(Clone, Debug)]
pub enum Ciphertext {
    /// A public constant, within its type.
    Constant(U256),
    /// Two-bit blocks, least significant first; a Bool is one block.
    Encrypted(RadixCiphertext),
    /// A condition that is prepared for choices ([`Kernel::Prepare`](crate::Kernel::Prepare)): no
    /// number, and never the value of a handle.
    Condition(Block),
}

impl Ciphertext {
    /// The same value with no block noisier than a fresh bootstrap's result, at a bootstrap for each
    /// one that is. Only such a value may be decrypted.
    #[must_use]
    pub fn clean(&self, keys: &Keyset) -> Self {
        match self {
            Self::Encrypted(radix) if radix.blocks().iter().any(is_noisy) => {
                circuits::clean(&keys.server, self)
            }
            _ => self.clone(),
        }
    }

    /// The bytes that are stored, hashed and compared between nodes.
    ///
    /// A constant is 33 bytes. An encrypted value is, per block, a byte of degree, a byte of noise
    /// level, and the LWE ciphertext's words in little-endian order, mask before body: 16,394
    /// bytes a block. A prepared condition is one such block.
    ///
    /// # Errors
    /// If a block has a carry, or more noise than level 2.
    pub fn encode(&self) -> Result<Vec<u8>, CiphertextError> {
        let (tag, highest, blocks) = match self {
            Self::Constant(value) => {
                let mut bytes = vec![TAG_CONSTANT];
                bytes.extend(value.to_be_bytes::<32>());
                return Ok(bytes);
            }
            Self::Encrypted(radix) => (TAG_ENCRYPTED, MAX_DEGREE, radix.blocks()),
            Self::Condition(block) => (TAG_CONDITION, MAX_CONDITION, slice::from_ref(block)),
        };
        let mut bytes = Vec::with_capacity(1 + blocks.len() * block_size());
        bytes.push(tag);
        for block in blocks {
            let (degree, noise) = (block.degree.get(), block.noise_level().get());
            if degree > highest || noise > MAX_NOISE_LEVEL {
                return Err(CiphertextError::Malformed(format!(
                    "a block has degree {degree} and noise level {noise}"
                )));
            }
            // Neither is more than 7, so a byte holds them.
            bytes.push(degree as u8);
            bytes.push(noise as u8);
            bytes.extend(block.ct.as_ref().iter().flat_map(|word| word.to_le_bytes()));
        }
        Ok(bytes)
    }

    /// Reads what [`Self::encode`] wrote, trusting nothing: length, type, degrees and noise levels
    /// are checked.
    ///
    /// # Errors
    /// [`CiphertextError::Malformed`].
    pub fn decode(bytes: &[u8], ty: FheType) -> Result<Self, CiphertextError> {
        let malformed = |reason: String| CiphertextError::Malformed(reason);
        match bytes.split_first() {
            Some((&TAG_CONSTANT, rest)) => {
                let value = U256::try_from_be_slice(rest)
                    .filter(|value| rest.len() == 32 && *value <= ty.max_value())
                    .ok_or_else(|| malformed(format!("not a constant of type {ty}")))?;
                Ok(Self::Constant(value))
            }
            Some((&TAG_ENCRYPTED, rest)) => {
                let expected = ty.blocks() * block_size();
                if rest.len() != expected {
                    return Err(malformed(format!(
                        "{} bytes, and {ty} has {expected}",
                        rest.len()
                    )));
                }
                let blocks = rest
                    .chunks_exact(block_size())
                    .map(|block| decode_block(block, MAX_DEGREE))
                    .collect::<Result<_, _>>()?;
                Ok(Self::Encrypted(RadixCiphertext::from_blocks(blocks)))
            }
            Some((&TAG_CONDITION, block)) if ty == FheType::Bool && block.len() == block_size() => {
                Ok(Self::Condition(decode_block(block, MAX_CONDITION)?))
            }
            _ => Err(malformed("unknown form".to_owned())),
        }
    }
}

fn is_noisy(block: &Block) -> bool {
    block.noise_level() > NoiseLevel::NOMINAL
}

/// Bytes of an encoded block.
fn block_size() -> usize {
    2 + parameters::lwe_dimension().to_lwe_size().0 * size_of::<u64>()
}

fn decode_block(bytes: &[u8], highest: u64) -> Result<Block, CiphertextError> {
    let (degree, noise) = (u64::from(bytes[0]), bytes[1]);
    let noise = match noise {
        0 => NoiseLevel::ZERO,
        1 => NoiseLevel::NOMINAL,
        2 => NoiseLevel::NOMINAL + NoiseLevel::NOMINAL,
        _ => return Err(CiphertextError::Malformed(format!("a block has noise level {noise}"))),
    };
    if degree > highest {
        return Err(CiphertextError::Malformed(format!("a block has degree {degree}")));
    }
    let words: Vec<u64> = bytes[2..]
        .chunks_exact(size_of::<u64>())
        .map(|word| u64::from_le_bytes(word.try_into().expect("the chunk is eight bytes long")))
        .collect();
    let (body, mask) = words.split_last().expect("a ciphertext has a body");
    // What has no noise is a constant in the clear, exactly encoded.
    let exact = body % UNIT == 0 && body / UNIT <= degree && mask.iter().all(|word| *word == 0);
    if noise == NoiseLevel::ZERO && !exact {
        return Err(CiphertextError::Malformed("a block without noise is no constant".to_owned()));
    }
    Ok(Block::new(
        LweCiphertextOwned::from_container(words, CiphertextModulus::new_native()),
        Degree::new(degree),
        noise,
        MessageModulus(MESSAGE_MODULUS),
        CarryModulus(CARRY_MODULUS),
        AtomicPatternKind::Standard(PBSOrder::KeyswitchBootstrap),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_round_trip() {
        let bytes = Ciphertext::Constant(U256::from(200)).encode().unwrap();
        let Ok(Ciphertext::Constant(value)) = Ciphertext::decode(&bytes, FheType::Uint8) else {
            panic!("not a constant")
        };
        assert_eq!(value, U256::from(200));
    }

    #[test]
    fn malformed_bytes_are_refused() {
        let constant = Ciphertext::Constant(U256::from(200)).encode().unwrap();
        let mut encrypted = vec![TAG_ENCRYPTED];
        encrypted.resize(1 + block_size(), 0);
        assert!(Ciphertext::decode(&encrypted, FheType::Bool).is_ok());

        let mut high_degree = encrypted.clone();
        high_degree[1] = 4;
        let mut noisy = encrypted.clone();
        noisy[2] = 2;
        assert!(Ciphertext::decode(&noisy, FheType::Bool).is_ok());
        noisy[2] = 3;
        let mut masked = encrypted.clone();
        masked[3] = 1;
        let mut inexact = encrypted.clone();
        *inexact.last_mut().unwrap() = 1;
        for (bytes, ty) in [
            (&constant[..], FheType::Bool),
            (&constant[..32], FheType::Uint8),
            (&encrypted[..], FheType::Uint8),
            (&encrypted[..100], FheType::Bool),
            (&high_degree[..], FheType::Bool),
            (&noisy[..], FheType::Bool),
            (&masked[..], FheType::Bool),
            (&inexact[..], FheType::Bool),
            (&[7], FheType::Bool),
            (&[], FheType::Bool),
        ] {
            let refused = Ciphertext::decode(bytes, ty);
            assert!(matches!(refused, Err(CiphertextError::Malformed(_))), "{ty}");
        }
    }
}
