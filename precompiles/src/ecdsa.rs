//! Recovery of signers, with the rules and errors of OpenZeppelin's `ECDSA` library.

use alloy_primitives::{Address, B256, U256, uint};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use crate::{
    errors::EcdsaErrors,
    frame::{Abort, Frame, Outcome},
};

/// Length of a signature: `r ‖ s ‖ v`.
pub(crate) const SIGNATURE_LENGTH: usize = 65;

/// Half the order of secp256k1's group. Larger `s` are refused, so that nobody can turn a
/// signature into a second one.
const HALF_ORDER: U256 =
    uint!(0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0_U256);

/// Who signed `digest`.
///
/// # Errors
/// The signature has the wrong length, a high `s`, or was made by no key (which includes a `v`
/// other than 27 and 28).
pub(crate) fn recover(frame: &mut Frame<'_>, digest: B256, signature: &[u8]) -> Outcome<Address> {
    let signature: &[u8; SIGNATURE_LENGTH] = signature.try_into().map_err(|_| {
        Abort::revert(EcdsaErrors::ECDSAInvalidSignatureLength {
            length: U256::from(signature.len()),
        })
    })?;
    let s = B256::from_slice(&signature[32..64]);
    if U256::from_be_bytes(s.0) > HALF_ORDER {
        return Err(Abort::revert(EcdsaErrors::ECDSAInvalidSignatureS { s }));
    }
    frame.charge_recovery()?;
    signer(digest, signature).ok_or_else(|| Abort::revert(EcdsaErrors::ECDSAInvalidSignature {}))
}

/// Who signed `digest`, if anybody can have.
fn signer(digest: B256, signature: &[u8; SIGNATURE_LENGTH]) -> Option<Address> {
    let recovery = match signature[64] {
        27 => RecoveryId::new(false, false),
        28 => RecoveryId::new(true, false),
        _ => return None,
    };
    let signature = Signature::from_slice(&signature[..64]).ok()?;
    let key = VerifyingKey::recover_from_prehash(digest.as_slice(), &signature, recovery).ok()?;
    let point = key.to_encoded_point(false);
    // The first byte says that both coordinates follow.
    Some(Address::from_raw_public_key(&point.as_bytes()[1..]))
}
