//! Input proofs, good and bad.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use ciphervm_fhe::Handle;
use ciphervm_precompiles::{Gateway, InputProof, input_digest};
use k256::ecdsa::SigningKey;

use crate::world::CHAIN_ID;

/// How many coprocessors must sign.
pub(crate) const THRESHOLD: u64 = 2;
/// Signing keys: three coprocessors, and a stranger.
const KEYS: [u8; 4] = [1, 2, 3, 4];
const COPROCESSORS: usize = 3;

/// The coprocessors.
pub(crate) fn coprocessors() -> Vec<Address> {
    KEYS[..COPROCESSORS].iter().map(|seed| Address::from_private_key(&key(*seed))).collect()
}

/// What is wrong with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    OtherUser,
    OtherType,
    OtherChain,
    OtherVersion,
    UnknownHandle,
    IndexTooLarge,
    Computed,
    Truncated,
    CountsOnly,
    OneByte,
    Empty,
    NoSignature,
    OneSignature,
    SameSignatureTwice,
    Stranger,
    HighS,
    BadRecovery,
}

/// Every flaw.
pub(crate) const FLAWS: [Flaw; 18] = [
    Flaw::None,
    Flaw::OtherUser,
    Flaw::OtherType,
    Flaw::OtherChain,
    Flaw::OtherVersion,
    Flaw::UnknownHandle,
    Flaw::IndexTooLarge,
    Flaw::Computed,
    Flaw::Truncated,
    Flaw::CountsOnly,
    Flaw::OneByte,
    Flaw::Empty,
    Flaw::NoSignature,
    Flaw::OneSignature,
    Flaw::SameSignatureTwice,
    Flaw::Stranger,
    Flaw::HighS,
    Flaw::BadRecovery,
];

/// The arguments of a call that admits an input.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) handle: B256,
    pub(crate) ty: u8,
    pub(crate) user: Address,
    pub(crate) proof: Bytes,
}

/// Input `index` of list number `list`, for `contract` and `user`, with a flaw. The same list is
/// the same proof, so that the second use of one meets what the first left in transient storage.
pub(crate) fn input(list: u8, index: u8, contract: Address, user: Address, flaw: Flaw) -> Input {
    const TYPES: [u8; 4] = [5, 0, 8, 7];
    let count = list % 4 + 1;
    let index = index % count;
    let chain = if flaw == Flaw::OtherChain { CHAIN_ID + 1 } else { CHAIN_ID };
    let version = u8::from(flaw == Flaw::OtherVersion);
    let make = |index: u8| {
        let mut handle = keccak256([list, index]);
        handle[21] = index;
        handle[22..30].copy_from_slice(&chain.to_be_bytes());
        handle[30] = TYPES[usize::from(index) % 4];
        handle[31] = version;
        handle
    };
    let handles: Vec<B256> = (0..count).map(make).collect();
    let digest = input_digest(
        &Gateway::LOCAL,
        &handles.iter().copied().map(Handle).collect::<Vec<_>>(),
        user,
        contract,
        CHAIN_ID,
        Bytes::from_static(&[0]),
    );
    let signers: &[u8] = match flaw {
        Flaw::NoSignature => &[],
        Flaw::OneSignature => &KEYS[..1],
        Flaw::SameSignatureTwice => &[KEYS[0], KEYS[0]],
        Flaw::Stranger => &[KEYS[0], KEYS[3]],
        // Which two, or all three, depends on the list.
        _ => [&KEYS[..2], &KEYS[1..3], &KEYS[..3]][usize::from(list) % 3],
    };
    let mut signatures: Vec<[u8; 65]> = signers.iter().map(|seed| sign(*seed, digest)).collect();
    match flaw {
        Flaw::HighS => flip(&mut signatures[1]),
        Flaw::BadRecovery => signatures[1][64] = 29,
        _ => {}
    }
    let extra_data = Bytes::from_static(&[0]);
    let proof = InputProof {
        handles: handles.iter().copied().map(Handle).collect(),
        signatures,
        extra_data,
    };
    let proof = proof.encode();
    let kept = match flaw {
        // The extra data and one byte of a signature.
        Flaw::Truncated => proof.len() - 2,
        Flaw::CountsOnly => 2,
        Flaw::OneByte => 1,
        Flaw::Empty => 0,
        _ => proof.len(),
    };
    let mut handle = handles[usize::from(index)];
    match flaw {
        Flaw::UnknownHandle => handle[0] ^= 1,
        Flaw::IndexTooLarge => handle[21] = count,
        Flaw::Computed => handle[21] = 0xff,
        _ => {}
    }
    let ty = handle[30] + u8::from(flaw == Flaw::OtherType);
    let user = if flaw == Flaw::OtherUser { Address::repeat_byte(9) } else { user };
    Input { handle, ty, user, proof: proof.slice(..kept) }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).expect("a small number is a secret key")
}

fn sign(seed: u8, digest: B256) -> [u8; 65] {
    let (signature, recovery) =
        key(seed).sign_prehash_recoverable(&digest[..]).expect("a digest can be signed");
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&signature.to_bytes());
    bytes[64] = 27 + recovery.to_byte();
    bytes
}

/// The other signature of the same key: `s` in the upper half of the group's order.
fn flip(signature: &mut [u8; 65]) {
    const ORDER: U256 = alloy_primitives::uint!(
        0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256
    );
    let s = ORDER - U256::from_be_slice(&signature[32..64]);
    signature[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    signature[64] = 27 + 28 - signature[64];
}
