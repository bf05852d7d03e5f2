//! Lists of encrypted values as clients make them: plain ones, which only their own process
//! trusts, and [proven](proof) ones, which anybody may hand in.

mod client;
mod crs;
mod proof;

pub use client::{ComputeLoad, InputClient};
pub use crs::Crs;
pub use proof::{ProofVerifier, Proven};

use alloy_primitives::U256;
use tfhe::{
    CompactCiphertextList, CompactCiphertextListBuilder, CompactCiphertextListExpander,
    CompactPublicKey, FheBool, FheTypes, FheUint8, FheUint16, FheUint32, FheUint64, FheUint128,
    FheUint160, FheUint256, HlExpandable,
    conformance::ListSizeConstraint,
    integer::{
        IntegerCiphertext, RadixCiphertext, parameters::CompactCiphertextListConformanceParams,
    },
    prelude::{CiphertextList, Tagged},
    safe_serialization::{safe_deserialize_conformant, safe_serialize},
};

use crate::{
    Ciphertext, FheType, MAX_INPUT_INDEX,
    error::CiphertextError,
    keys::{Keyset, ServerKeys},
};

/// Values in one list, at most.
pub const MAX_VALUES: usize = MAX_INPUT_INDEX as usize + 1;

/// Bytes of a serialised list, at most: 2,048 bits need about 40 KB without a proof.
const MAX_LIST_SIZE: u64 = 1 << 20;

/// Encrypts a list of values to the compact public key. This is the client's side: it draws fresh
/// randomness, and its result differs from call to call.
///
/// # Errors
/// If there are more than [`MAX_VALUES`] values.
pub(crate) fn encrypt(
    keyset: &Keyset,
    values: &[(FheType, U256)],
) -> Result<Vec<u8>, CiphertextError> {
    let list = builder(&keyset.public, values)?.build_packed();
    let mut bytes = Vec::new();
    safe_serialize(&list, &mut bytes, MAX_LIST_SIZE)
        .map_err(|error| CiphertextError::Malformed(error.to_string()))?;
    Ok(bytes)
}

/// A list with these values in it.
fn builder(
    key: &CompactPublicKey,
    values: &[(FheType, U256)],
) -> Result<CompactCiphertextListBuilder, CiphertextError> {
    check(values.iter().map(|(ty, _)| *ty))?;
    let mut builder = CompactCiphertextList::builder(key);
    for (ty, value) in values {
        let value = ty.truncate(*value);
        match ty {
            FheType::Bool => builder.push(!value.is_zero()),
            // The number of bits is even, as the list wants it.
            _ => builder
                .push_with_num_bits(crate::circuits::wide(value), ty.bits())
                .map_err(|error| CiphertextError::Malformed(error.to_string()))?,
        };
    }
    Ok(builder)
}

/// Refuses more values than one list may hold, and more bits.
pub(crate) fn check(types: impl ExactSizeIterator<Item = FheType>) -> Result<(), CiphertextError> {
    let (found, limit) = (types.len(), MAX_VALUES);
    if found > limit {
        return Err(CiphertextError::TooMany { found, limit });
    }
    // A block has two bits, and a Bool is a block.
    let (found, limit) = (types.map(|ty| 2 * ty.blocks()).sum(), Crs::BITS);
    if found > limit { Err(CiphertextError::TooManyBits { found, limit }) } else { Ok(()) }
}

/// Checks a serialised list against the parameters and expands it to ciphertexts of the
/// computation parameters, at one bootstrap a block.
///
/// # Errors
/// If the bytes are no conformant list, or hold a value of another kind than encrypted types.
pub(crate) fn expand(
    keys: &ServerKeys,
    bytes: &[u8],
) -> Result<Vec<(FheType, Ciphertext)>, CiphertextError> {
    let constraint =
        ListSizeConstraint::try_size_in_range(0, MAX_VALUES).map_err(CiphertextError::Malformed)?;
    let parameters = CompactCiphertextListConformanceParams::from_parameters_and_size_constraint(
        crate::parameters::public_key(),
        constraint,
    );
    let list: CompactCiphertextList =
        safe_deserialize_conformant(bytes, MAX_LIST_SIZE, &parameters)
            .map_err(CiphertextError::Malformed)?;
    // Before any bootstrap is spent on it.
    types(list.len(), |index| list.get_kind_of(index))?;
    let expanded = list
        .expand_with_key(&keys.high_level)
        .map_err(|error| CiphertextError::Malformed(error.to_string()))?;
    values(&expanded)
}

/// The types of a list's values.
fn types(
    length: usize,
    kind: impl Fn(usize) -> Option<FheTypes>,
) -> Result<Vec<FheType>, CiphertextError> {
    (0..length)
        .map(|index| kind(index).and_then(type_of).ok_or(CiphertextError::Kind { index }))
        .collect()
}

/// The values of an expanded list.
fn values(
    expanded: &CompactCiphertextListExpander,
) -> Result<Vec<(FheType, Ciphertext)>, CiphertextError> {
    (0..expanded.len()).map(|index| value(expanded, index)).collect()
}

fn type_of(kind: FheTypes) -> Option<FheType> {
    Some(match kind {
        FheTypes::Bool => FheType::Bool,
        FheTypes::Uint8 => FheType::Uint8,
        FheTypes::Uint16 => FheType::Uint16,
        FheTypes::Uint32 => FheType::Uint32,
        FheTypes::Uint64 => FheType::Uint64,
        FheTypes::Uint128 => FheType::Uint128,
        FheTypes::Uint160 => FheType::Uint160,
        FheTypes::Uint256 => FheType::Uint256,
        _ => return None,
    })
}

/// One value of an expanded list.
fn value(
    list: &CompactCiphertextListExpander,
    index: usize,
) -> Result<(FheType, Ciphertext), CiphertextError> {
    fn get<T: HlExpandable + Tagged>(
        list: &CompactCiphertextListExpander,
        index: usize,
    ) -> Result<T, CiphertextError> {
        list.get(index)
            .map_err(|error| CiphertextError::Malformed(error.to_string()))?
            .ok_or(CiphertextError::Kind { index })
    }
    let ty = list.get_kind_of(index).and_then(type_of).ok_or(CiphertextError::Kind { index })?;
    let radix = match ty {
        FheType::Bool => {
            RadixCiphertext::from_blocks(vec![get::<FheBool>(list, index)?.into_raw_parts()])
        }
        FheType::Uint8 => get::<FheUint8>(list, index)?.into_raw_parts().0,
        FheType::Uint16 => get::<FheUint16>(list, index)?.into_raw_parts().0,
        FheType::Uint32 => get::<FheUint32>(list, index)?.into_raw_parts().0,
        FheType::Uint64 => get::<FheUint64>(list, index)?.into_raw_parts().0,
        FheType::Uint128 => get::<FheUint128>(list, index)?.into_raw_parts().0,
        FheType::Uint160 => get::<FheUint160>(list, index)?.into_raw_parts().0,
        FheType::Uint256 => get::<FheUint256>(list, index)?.into_raw_parts().0,
    };
    Ok((ty, Ciphertext::Encrypted(radix)))
}
