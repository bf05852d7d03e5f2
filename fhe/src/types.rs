//! The encrypted types and sets of them.

use std::fmt;

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

/// An encrypted type, with the id it has in handles and calldata
/// (`FheType` in the FHEVM host contracts; the ids that are missing here are reserved there and
/// no operation accepts them).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum FheType {
    /// `ebool`: one bit.
    Bool = 0,
    /// `euint8`.
    Uint8 = 2,
    /// `euint16`.
    Uint16 = 3,
    /// `euint32`.
    Uint32 = 4,
    /// `euint64`.
    Uint64 = 5,
    /// `euint128`.
    Uint128 = 6,
    /// `eaddress`.
    Uint160 = 7,
    /// `euint256`.
    Uint256 = 8,
}

impl FheType {
    /// Every type, by id.
    pub const ALL: [Self; 8] = [
        Self::Bool,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Uint128,
        Self::Uint160,
        Self::Uint256,
    ];

    /// The number of ids that the host contracts' `FheType` enum names. A larger byte is not an
    /// enum value: Solidity panics with code `0x21` on it.
    pub const ENUM_MEMBERS: u8 = 84;

    /// The type with this id, if it is one of those that can be used.
    pub const fn from_id(id: u8) -> Option<Self> {
        Some(match id {
            0 => Self::Bool,
            2 => Self::Uint8,
            3 => Self::Uint16,
            4 => Self::Uint32,
            5 => Self::Uint64,
            6 => Self::Uint128,
            7 => Self::Uint160,
            8 => Self::Uint256,
            _ => return None,
        })
    }

    /// The id in handles and calldata.
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// Width of the clear value in bits.
    pub const fn bits(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Uint8 => 8,
            Self::Uint16 => 16,
            Self::Uint32 => 32,
            Self::Uint64 => 64,
            Self::Uint128 => 128,
            Self::Uint160 => 160,
            Self::Uint256 => 256,
        }
    }

    /// Number of two-bit blocks of the ciphertext; a Bool is one block.
    pub const fn blocks(self) -> usize {
        self.bits().div_ceil(2)
    }

    /// The largest value, `2^bits - 1`.
    pub fn max_value(self) -> U256 {
        U256::MAX >> (256 - self.bits())
    }

    /// The low bits of `value` that fit the type.
    pub fn truncate(self, value: U256) -> U256 {
        value & self.max_value()
    }

    /// Position in a table with one column per type, in the order of [`Self::ALL`].
    pub(crate) const fn column(self) -> usize {
        match self {
            Self::Bool => 0,
            other => other as usize - 1,
        }
    }
}

impl fmt::Display for FheType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("ebool"),
            Self::Uint160 => f.write_str("eaddress"),
            other => write!(f, "euint{}", other.bits()),
        }
    }
}

/// A set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeSet(u16);

impl TypeSet {
    /// No type.
    pub const EMPTY: Self = Self(0);
    /// 8 to 128 bits: the types with arithmetic and order.
    pub const ARITHMETIC: Self = Self::of(&[
        FheType::Uint8,
        FheType::Uint16,
        FheType::Uint32,
        FheType::Uint64,
        FheType::Uint128,
    ]);
    /// 8 to 128 bits, and 256: every integer but addresses.
    pub const INTEGER: Self = Self::ARITHMETIC.with(FheType::Uint256);
    /// Integers and Bool.
    pub const BITWISE: Self = Self::INTEGER.with(FheType::Bool);
    /// Everything but Bool.
    pub const MULTIBIT: Self = Self::INTEGER.with(FheType::Uint160);
    /// Every type.
    pub const ALL: Self = Self::MULTIBIT.with(FheType::Bool);
    /// 8 to 64 bits: the types whose double width is an integer type below 256 bits.
    pub const UP_TO_64: Self =
        Self::of(&[FheType::Uint8, FheType::Uint16, FheType::Uint32, FheType::Uint64]);

    const fn of(types: &[FheType]) -> Self {
        let mut set = Self::EMPTY;
        let mut i = 0;
        while i < types.len() {
            set = set.with(types[i]);
            i += 1;
        }
        set
    }

    const fn with(self, ty: FheType) -> Self {
        Self(self.0 | 1 << ty as u16)
    }

    /// Whether `ty` is in the set.
    pub const fn contains(self, ty: FheType) -> bool {
        self.0 & (1 << ty as u16) != 0
    }

    /// The members, by id.
    pub fn iter(self) -> impl Iterator<Item = FheType> {
        FheType::ALL.into_iter().filter(move |ty| self.contains(*ty))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_reserved_ids_are_refused() {
        for ty in FheType::ALL {
            assert_eq!(FheType::from_id(ty.id()), Some(ty));
            assert_eq!(FheType::ALL[ty.column()], ty);
        }
        for id in [1, 9, 10, 83, 84, 255] {
            assert_eq!(FheType::from_id(id), None);
        }
    }

    #[test]
    fn truncation_keeps_the_low_bits() {
        assert_eq!(FheType::Bool.truncate(U256::from(6)), U256::ZERO);
        assert_eq!(FheType::Uint8.truncate(U256::from(0x1ff)), U256::from(0xff));
        assert_eq!(FheType::Uint256.truncate(U256::MAX), U256::MAX);
    }
}
