//! Homomorphic complexity units (HCU): the price of an operation in FHEVM's own meter.
//!
//! The numbers are those of the `HCULimit` host contract, protocol 0.13 and 0.14. A zero means
//! that the type is not supported.

use crate::FheType;

/// Price per type, in the order of [`FheType::ALL`].
pub type PerType = [u32; 8];

/// Price per type and size tier: up to 10, 30, 60 elements, and more.
pub type PerTier = [PerType; 4];

/// How an operation is priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HcuRow {
    /// Not metered.
    Free,
    /// By type alone.
    Flat(PerType),
    /// By type, and by whether an operand is a scalar.
    Scalar {
        /// With a scalar operand.
        scalar: PerType,
        /// With encrypted operands only.
        encrypted: PerType,
    },
    /// By type and number of elements.
    Tiered(PerTier),
}

impl HcuRow {
    /// The price of an operation on `ty` with or without a scalar operand, over `elements`
    /// elements (for collections). `None` if the type is not supported.
    pub fn price(&self, ty: FheType, scalar: bool, elements: usize) -> Option<u64> {
        let per_type = match self {
            Self::Free => return Some(0),
            Self::Flat(row) => row,
            Self::Scalar { scalar: row, .. } if scalar => row,
            Self::Scalar { encrypted, .. } => encrypted,
            Self::Tiered(tiers) => {
                &tiers[match elements {
                    0..=10 => 0,
                    11..=30 => 1,
                    31..=60 => 2,
                    _ => 3,
                }]
            }
        };
        match per_type[ty.column()] {
            0 => None,
            price => Some(price.into()),
        }
    }
}

/// 8 to 128 bits.
const fn arithmetic(p: [u32; 5]) -> PerType {
    [0, p[0], p[1], p[2], p[3], p[4], 0, 0]
}

/// 8 to 128 and 256 bits.
const fn integer(p: [u32; 6]) -> PerType {
    [0, p[0], p[1], p[2], p[3], p[4], 0, p[5]]
}

/// Bool, 8 to 128 and 256 bits.
const fn bitwise(p: [u32; 7]) -> PerType {
    [p[0], p[1], p[2], p[3], p[4], p[5], 0, p[6]]
}

const fn by_scalar(scalar: PerType, encrypted: PerType) -> HcuRow {
    HcuRow::Scalar { scalar, encrypted }
}

pub(super) const ADD: HcuRow = by_scalar(
    arithmetic([84_000, 93_000, 95_000, 133_000, 172_000]),
    arithmetic([88_000, 93_000, 125_000, 162_000, 259_000]),
);
pub(super) const SUB: HcuRow = by_scalar(
    arithmetic([84_000, 93_000, 95_000, 133_000, 172_000]),
    arithmetic([91_000, 93_000, 125_000, 162_000, 260_000]),
);
pub(super) const MUL: HcuRow = by_scalar(
    arithmetic([122_000, 193_000, 265_000, 365_000, 696_000]),
    arithmetic([150_000, 222_000, 328_000, 596_000, 1_686_000]),
);
pub(super) const DIV: HcuRow =
    by_scalar(arithmetic([210_000, 302_000, 438_000, 715_000, 1_225_000]), [0; 8]);
pub(super) const REM: HcuRow =
    by_scalar(arithmetic([440_000, 580_000, 792_000, 1_153_000, 1_943_000]), [0; 8]);
pub(super) const BIT_AND: HcuRow = by_scalar(
    bitwise([22_000, 31_000, 31_000, 32_000, 34_000, 37_000, 38_000]),
    bitwise([25_000, 31_000, 31_000, 32_000, 34_000, 37_000, 38_000]),
);
pub(super) const BIT_OR: HcuRow = by_scalar(
    bitwise([22_000, 30_000, 30_000, 32_000, 34_000, 37_000, 38_000]),
    bitwise([24_000, 30_000, 31_000, 32_000, 34_000, 37_000, 38_000]),
);
pub(super) const BIT_XOR: HcuRow = by_scalar(
    bitwise([22_000, 31_000, 31_000, 32_000, 34_000, 37_000, 39_000]),
    bitwise([22_000, 31_000, 31_000, 32_000, 34_000, 37_000, 39_000]),
);
pub(super) const SHL: HcuRow = by_scalar(
    integer([32_000, 32_000, 32_000, 34_000, 37_000, 39_000]),
    integer([92_000, 125_000, 162_000, 208_000, 272_000, 378_000]),
);
pub(super) const SHR: HcuRow = by_scalar(
    integer([32_000, 32_000, 32_000, 34_000, 37_000, 38_000]),
    integer([91_000, 123_000, 163_000, 209_000, 272_000, 369_000]),
);
pub(super) const ROTL: HcuRow = by_scalar(
    integer([31_000, 31_000, 32_000, 34_000, 37_000, 38_000]),
    integer([91_000, 125_000, 163_000, 209_000, 278_000, 378_000]),
);
pub(super) const ROTR: HcuRow = by_scalar(
    integer([31_000, 31_000, 32_000, 34_000, 37_000, 40_000]),
    integer([93_000, 125_000, 160_000, 209_000, 283_000, 375_000]),
);
pub(super) const EQ: HcuRow = by_scalar(
    [25_000, 55_000, 55_000, 82_000, 83_000, 117_000, 117_000, 118_000],
    [26_000, 55_000, 83_000, 86_000, 120_000, 122_000, 137_000, 152_000],
);
pub(super) const NE: HcuRow = by_scalar(
    [23_000, 55_000, 55_000, 83_000, 84_000, 117_000, 117_000, 117_000],
    [23_000, 55_000, 83_000, 85_000, 118_000, 122_000, 136_000, 150_000],
);
pub(super) const GE: HcuRow = by_scalar(
    arithmetic([52_000, 55_000, 84_000, 116_000, 149_000]),
    arithmetic([63_000, 84_000, 118_000, 152_000, 210_000]),
);
pub(super) const GT: HcuRow = by_scalar(
    arithmetic([52_000, 55_000, 84_000, 117_000, 150_000]),
    arithmetic([59_000, 84_000, 118_000, 152_000, 218_000]),
);
pub(super) const LE: HcuRow = by_scalar(
    arithmetic([58_000, 58_000, 84_000, 119_000, 150_000]),
    arithmetic([58_000, 83_000, 117_000, 149_000, 218_000]),
);
pub(super) const LT: HcuRow = by_scalar(
    arithmetic([52_000, 58_000, 83_000, 118_000, 149_000]),
    arithmetic([59_000, 84_000, 117_000, 146_000, 215_000]),
);
pub(super) const MIN: HcuRow = by_scalar(
    arithmetic([84_000, 88_000, 117_000, 150_000, 186_000]),
    arithmetic([119_000, 146_000, 182_000, 219_000, 289_000]),
);
pub(super) const MAX: HcuRow = by_scalar(
    arithmetic([89_000, 89_000, 117_000, 149_000, 180_000]),
    arithmetic([121_000, 145_000, 180_000, 218_000, 290_000]),
);
pub(super) const NEG: HcuRow =
    HcuRow::Flat(integer([79_000, 93_000, 95_000, 131_000, 168_000, 269_000]));
pub(super) const NOT: HcuRow = HcuRow::Flat(bitwise([2, 9, 16, 32, 63, 130, 130]));
pub(super) const CAST: HcuRow = HcuRow::Flat(bitwise([32, 32, 32, 32, 32, 32, 32]));
pub(super) const TRIVIAL_ENCRYPT: HcuRow = HcuRow::Flat([32, 32, 32, 32, 32, 32, 32, 32]);
pub(super) const IF_THEN_ELSE: HcuRow =
    HcuRow::Flat([55_000, 55_000, 55_000, 55_000, 55_000, 57_000, 83_000, 108_000]);
pub(super) const RAND: HcuRow =
    HcuRow::Flat(bitwise([19_000, 23_000, 23_000, 24_000, 24_000, 25_000, 30_000]));
pub(super) const RAND_BOUNDED: HcuRow =
    HcuRow::Flat(integer([23_000, 23_000, 24_000, 24_000, 25_000, 30_000]));
/// 64 and 128 bits have three tiers: sums there stop at 60 elements.
pub(super) const SUM: HcuRow = HcuRow::Tiered([
    arithmetic([90_900, 95_000, 116_000, 139_000, 219_000]),
    arithmetic([127_000, 136_000, 164_000, 216_000, 355_000]),
    arithmetic([148_000, 162_000, 205_000, 306_000, 552_000]),
    arithmetic([159_000, 184_000, 281_000, 306_000, 552_000]),
]);
/// From 64 bits on there are three tiers: sets there stop at 60 elements.
pub(super) const IS_IN: HcuRow = HcuRow::Tiered([
    [0, 71_300, 103_000, 137_000, 218_000, 256_000, 286_000, 321_000],
    [0, 148_000, 218_000, 300_000, 492_000, 535_000, 584_000, 586_000],
    [0, 247_000, 378_000, 531_000, 879_000, 921_000, 885_000, 943_000],
    [0, 374_000, 605_000, 827_000, 879_000, 921_000, 885_000, 943_000],
]);
pub(super) const MUL_DIV: HcuRow = by_scalar(
    [0, 495_000, 703_000, 1_080_000, 1_921_000, 0, 0, 0],
    [0, 524_000, 766_000, 1_311_000, 2_911_000, 0, 0, 0],
);
