//! Shifts and rotations, by amounts modulo the width.
//!
//! tfhe-rs shifts an amount beyond the width to zero, FHEVM takes it modulo the width, so the
//! amount is cut to the bits that count first.

use tfhe::integer::{RadixCiphertext, ServerKey};

use super::{Constant, Encrypted, Outcome, trivial};
use crate::circuits::SHAPE;
use crate::{Ciphertext, FheType, keys::ServerKeys, reference};

macro_rules! shift {
    ($name:ident, $encrypted:ident, $scalar:ident) => {
        pub(crate) fn $name(
            keys: &ServerKeys,
            x: &[&Ciphertext],
            ty: FheType,
            _: FheType,
        ) -> Outcome {
            let key = keys.integer();
            Ok(Encrypted(match x {
                [Encrypted(a), Encrypted(by)] => key.$encrypted(a, &amount(key, by, ty)),
                [Encrypted(a), Constant(by)] => key.$scalar(a, reference::amount(*by, ty) as u64),
                [Constant(a), Encrypted(by)] => {
                    key.$encrypted(&trivial(key, *a, ty), &amount(key, by, ty))
                }
                _ => return Err(SHAPE),
            }))
        }
    };
}

shift!(shl, left_shift_parallelized, scalar_left_shift_parallelized);
shift!(shr, right_shift_parallelized, scalar_right_shift_parallelized);
shift!(rotl, rotate_left_parallelized, scalar_rotate_left_parallelized);
shift!(rotr, rotate_right_parallelized, scalar_rotate_right_parallelized);

/// The low `log2(bits)` bits of an encrypted amount. Whole blocks are dropped for free; where the
/// number of bits is odd, the top block keeps one of its two, which costs a bootstrap.
fn amount(key: &ServerKey, by: &RadixCiphertext, ty: FheType) -> RadixCiphertext {
    let bits = ty.bits().ilog2() as usize;
    let cut = key.trim_radix_blocks_msb(by, ty.blocks() - bits.div_ceil(2));
    if bits.is_multiple_of(2) {
        return cut;
    }
    let mask = u8::try_from(ty.bits() - 1).expect("256 bits have an even number of amount bits");
    key.scalar_bitand_parallelized(&cut, mask)
}
