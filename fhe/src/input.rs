//! Lists of encrypted values as clients make them.

use alloy_primitives::U256;
use tfhe::{
    CompactCiphertextList, CompactCiphertextListExpander, FheBool, FheTypes, FheUint, FheUint8Id,
    FheUint16Id, FheUint32Id, FheUint64Id, FheUint128Id, FheUint160Id, FheUint256Id,
    conformance::ListSizeConstraint,
    integer::{
        IntegerCiphertext, RadixCiphertext, parameters::CompactCiphertextListConformanceParams,
    },
    prelude::CiphertextList,
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
    if values.len() > MAX_VALUES {
        return Err(CiphertextError::TooMany { found: values.len(), limit: MAX_VALUES });
    }
    let mut builder = CompactCiphertextList::builder(&keyset.public);
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
    let mut bytes = Vec::new();
    safe_serialize(&builder.build_packed(), &mut bytes, MAX_LIST_SIZE)
        .map_err(|error| CiphertextError::Malformed(error.to_string()))?;
    Ok(bytes)
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
    let constraint = ListSizeConstraint::try_size_in_range(0, MAX_VALUES)
        .map_err(|error| CiphertextError::Malformed(error.to_string()))?;
    let parameters = CompactCiphertextListConformanceParams::from_parameters_and_size_constraint(
        crate::parameters::public_key(),
        constraint,
    );
    let list: CompactCiphertextList =
        safe_deserialize_conformant(bytes, MAX_LIST_SIZE, &parameters)
            .map_err(CiphertextError::Malformed)?;
    let expanded = list
        .expand_with_key(&keys.high_level)
        .map_err(|error| CiphertextError::Malformed(error.to_string()))?;
    (0..expanded.len()).map(|index| value(&expanded, index)).collect()
}

/// One value of an expanded list.
fn value(
    list: &CompactCiphertextListExpander,
    index: usize,
) -> Result<(FheType, Ciphertext), CiphertextError> {
    let missing = CiphertextError::Kind { index };
    let malformed = |error: tfhe::Error| CiphertextError::Malformed(error.to_string());
    macro_rules! unsigned {
        ($ty:ident) => {{
            let value: FheUint<$ty> = list.get(index).map_err(malformed)?.ok_or(missing)?;
            Ciphertext::Encrypted(value.into_raw_parts().0)
        }};
    }
    let (ty, ciphertext) = match list.get_kind_of(index) {
        Some(FheTypes::Bool) => {
            let value: FheBool = list.get(index).map_err(malformed)?.ok_or(missing)?;
            let block = value.into_raw_parts();
            (FheType::Bool, Ciphertext::Encrypted(RadixCiphertext::from_blocks(vec![block])))
        }
        Some(FheTypes::Uint8) => (FheType::Uint8, unsigned!(FheUint8Id)),
        Some(FheTypes::Uint16) => (FheType::Uint16, unsigned!(FheUint16Id)),
        Some(FheTypes::Uint32) => (FheType::Uint32, unsigned!(FheUint32Id)),
        Some(FheTypes::Uint64) => (FheType::Uint64, unsigned!(FheUint64Id)),
        Some(FheTypes::Uint128) => (FheType::Uint128, unsigned!(FheUint128Id)),
        Some(FheTypes::Uint160) => (FheType::Uint160, unsigned!(FheUint160Id)),
        Some(FheTypes::Uint256) => (FheType::Uint256, unsigned!(FheUint256Id)),
        _ => return Err(missing),
    };
    Ok((ty, ciphertext))
}
