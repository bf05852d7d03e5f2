//! Attestations of keys, by which the nodes of a context activate an epoch.
//!
//! Each node signs every key and every common reference string of the epoch with EIP-712, in this
//! contract's own domain on this chain. When all signers of the context attested the same, the
//! epoch and the context become current.

use alloy_primitives::{Address, B256, Bytes, LogData, U256, keccak256};
use alloy_sol_types::{SolEvent, SolValue};

use super::{
    Field,
    context::{Context, State},
    epoch::{self, Epoch},
    params::size_of_texts,
};
use crate::{
    calldata::Arguments,
    ecdsa,
    errors::ConfigErrors,
    frame::{Abort, Frame, Outcome},
    interface::ProtocolConfig as C,
};

/// Type of the domain.
const DOMAIN: &str =
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
/// Type of a key's digest.
const KEY_DIGEST: &str = "KeyDigest(uint8 keyType,bytes digest)";
/// Type of a key's attestation, which the type of digests follows.
const KEY: &str =
    "KeygenVerification(uint256 prepKeygenId,uint256 keyId,KeyDigest[] keyDigests,bytes extraData)";
/// Type of a common reference string's attestation.
const CRS: &str =
    "CrsgenVerification(uint256 crsId,uint256 maxBitLength,bytes crsDigest,bytes extraData)";

/// Version of the extra data that names context and epoch.
const EXTRA_DATA: u8 = 2;

/// Number of key types.
const KEY_TYPES: u64 = 4;

/// Bytes per word.
const WORD: usize = 32;

/// A key, as a node attests it.
struct Key<'a> {
    preparation: U256,
    id: U256,
    digests: Vec<(U256, &'a [u8])>,
    signature: &'a [u8],
}

/// A common reference string, as a node attests it.
struct Crs<'a> {
    id: U256,
    max_bits: U256,
    digest: &'a [u8],
    signature: &'a [u8],
}

/// `confirmEpochActivation`
pub(super) fn confirm(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.uint(0)?;
    let (key_count, key_elements) = arguments.array(1, 1)?;
    let (crs_count, crs_elements) = arguments.array(2, 1)?;
    let epoch = Epoch::at(frame, id)?;
    if epoch.state(frame)? != epoch::State::Pending {
        return Err(epoch.invalid());
    }
    let context = epoch.context(frame)?;
    let context = Context::at(frame, context)?;
    let caller = frame.caller();
    if !context.is_sender(frame, caller)? {
        return Err(Abort::revert(ConfigErrors::EpochActivationUnauthorized {
            caller,
            epochId: id,
        }));
    }
    if context.state(frame)? == State::Pending {
        return Err(Abort::revert(ConfigErrors::KmsContextNotCreated { kmsContextId: context.id }));
    }
    if !context.is_live(frame)? {
        return Err(context.invalid());
    }
    if key_count == 0 || crs_count == 0 {
        return Err(Abort::revert(ConfigErrors::EmptyEpochActivationAttestation { epochId: id }));
    }

    let signer = context.signer_of(frame, caller)?;
    let attestor = Attestor::new(frame, signer, context.id, id)?;
    let mut keys = Vec::with_capacity(key_count);
    let mut key_hashes = Vec::with_capacity(key_count);
    for element in 0..key_count {
        let key = Key::read(key_elements.tuple(element)?)?;
        key_hashes.push(attestor.check_key(frame, &key)?);
        keys.push(key);
    }
    let mut crs_list = Vec::with_capacity(crs_count);
    let mut crs_hashes = Vec::with_capacity(crs_count);
    for element in 0..crs_count {
        let crs = Crs::read(crs_elements.tuple(element)?)?;
        crs_hashes.push(attestor.check_crs(frame, &crs)?);
        crs_list.push(crs);
    }
    let attested = frame.keccak(&(key_hashes, crs_hashes).abi_encode_params())?;

    let votes = epoch.vote(frame, signer, attested)?;
    let address = frame.config().addresses.protocol_config;
    frame.emit(
        address,
        &C::EpochActivationConfirmation { epochId: id, signer, dataHash: attested },
    )?;
    if votes == U256::from(context.signers().len(frame)?) {
        context.set_state(frame, State::Active)?;
        Field::CurrentContext.store(frame, context.id)?;
        epoch.activate(frame, context.id)?;
        announce(frame, context, id, &keys, &crs_list)?;
    }
    Ok(())
}

/// Logs that the epoch is active, with everything attested and where the nodes store it.
fn announce(
    frame: &mut Frame<'_>,
    context: Context,
    epoch: U256,
    keys: &[Key<'_>],
    crs_list: &[Crs<'_>],
) -> Outcome {
    let urls = context.storage_urls(frame)?;
    let size = 3 * WORD
        + urls.iter().map(|url| WORD + size_of_texts(&[url])).sum::<usize>()
        + keys.iter().map(Key::size).fold(WORD, usize::saturating_add)
        + crs_list.iter().map(Crs::size).fold(WORD, usize::saturating_add);
    frame.charge_memory(0, size)?;
    let bytes = Bytes::copy_from_slice;
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            let digests: Vec<_> =
                key.digests.iter().map(|(ty, digest)| (*ty, bytes(digest))).collect();
            (key.preparation, key.id, digests, bytes(key.signature))
        })
        .collect();
    let crs_list: Vec<_> = crs_list
        .iter()
        .map(|crs| (crs.id, crs.max_bits, bytes(crs.digest), bytes(crs.signature)))
        .collect();
    let data = (keys, crs_list, urls).abi_encode_params();
    let topics = vec![C::ActivateEpoch::SIGNATURE_HASH, context.id.into(), epoch.into()];
    let address = frame.config().addresses.protocol_config;
    frame.log(address, LogData::new_unchecked(topics, data.into()))
}

/// Who must have signed, in which domain, for which epoch.
struct Attestor {
    signer: Address,
    domain: B256,
    /// Hash of the extra data.
    extra_data: B256,
}

impl Attestor {
    fn new(frame: &mut Frame<'_>, signer: Address, context: U256, epoch: U256) -> Outcome<Self> {
        let mut extra_data = vec![EXTRA_DATA];
        extra_data.extend(context.to_be_bytes::<WORD>());
        extra_data.extend(epoch.to_be_bytes::<WORD>());
        let extra_data = frame.keccak(&extra_data)?;
        let address = frame.config().addresses.protocol_config;
        let chain_id = U256::from(frame.chain_id());
        let names = (keccak256(DOMAIN), keccak256("ProtocolConfig"), keccak256("1"));
        let domain = (names.0, names.1, names.2, chain_id, address).abi_encode();
        Ok(Self { signer, domain: frame.keccak(&domain)?, extra_data })
    }

    /// What is attested of a key: the hash of its numbers and digests.
    fn check_key(&self, frame: &mut Frame<'_>, key: &Key<'_>) -> Outcome<B256> {
        let ty = keccak256(KEY_DIGEST);
        let mut digests = Vec::with_capacity(WORD * key.digests.len());
        for (key_type, digest) in &key.digests {
            let digest = frame.keccak(digest)?;
            digests.extend(frame.keccak(&(ty, *key_type, digest).abi_encode())?);
        }
        let digests = frame.keccak(&digests)?;
        let ty = keccak256([KEY, KEY_DIGEST].concat());
        let message = (ty, key.preparation, key.id, digests, self.extra_data).abi_encode();
        self.check(frame, &message, key.signature)?;
        frame.keccak(&(key.preparation, key.id, digests).abi_encode())
    }

    /// What is attested of a common reference string: the hash of its numbers and its digest.
    fn check_crs(&self, frame: &mut Frame<'_>, crs: &Crs<'_>) -> Outcome<B256> {
        let digest = frame.keccak(crs.digest)?;
        let message = (keccak256(CRS), crs.id, crs.max_bits, digest, self.extra_data).abi_encode();
        self.check(frame, &message, crs.signature)?;
        frame.charge_memory(0, 5 * WORD + crs.digest.len())?;
        let digest = Bytes::copy_from_slice(crs.digest);
        frame.keccak(&(crs.id, crs.max_bits, digest).abi_encode_params())
    }

    fn check(&self, frame: &mut Frame<'_>, message: &[u8], signature: &[u8]) -> Outcome {
        let message = frame.keccak(message)?;
        let digest = frame.keccak(&[&[0x19, 0x01], &self.domain[..], &message[..]].concat())?;
        let signer = ecdsa::recover(frame, digest, signature)?;
        if signer != self.signer {
            return Err(Abort::revert(ConfigErrors::EpochActivationSignerDoesNotMatchTxSender {
                signer,
                txSender: frame.caller(),
            }));
        }
        Ok(())
    }
}

impl<'a> Key<'a> {
    fn read(members: Arguments<'a>) -> Outcome<Self> {
        let (length, elements) = members.array(2, 1)?;
        let digests = (0..length).map(|element| {
            let digest = elements.tuple(element)?;
            let key_type = digest.uint(0)?;
            if key_type >= U256::from(KEY_TYPES) {
                return Err(Abort::empty());
            }
            Ok((key_type, digest.bytes(1)?))
        });
        Ok(Self {
            preparation: members.uint(0)?,
            id: members.uint(1)?,
            digests: digests.collect::<Outcome<_>>()?,
            signature: members.bytes(3)?,
        })
    }

    /// Its size in the ABI, with its offset.
    fn size(&self) -> usize {
        let digests = self.digests.iter().map(|(_, digest)| 3 * WORD + size_of_texts(&[digest]));
        digests.fold(6 * WORD + size_of_texts(&[self.signature]), usize::saturating_add)
    }
}

impl<'a> Crs<'a> {
    fn read(members: Arguments<'a>) -> Outcome<Self> {
        Ok(Self {
            id: members.uint(0)?,
            max_bits: members.uint(1)?,
            digest: members.bytes(2)?,
            signature: members.bytes(3)?,
        })
    }

    /// Its size in the ABI, with its offset.
    fn size(&self) -> usize {
        5 * WORD + size_of_texts(&[self.digest, self.signature])
    }
}
