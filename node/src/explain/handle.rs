//! What the handle itself says about why it cannot be used.

use ciphervm_fhe::{HANDLE_VERSION, Handle};

use super::{Context, Text};

/// What is wrong with a handle besides a missing grant, and the fix.
pub(super) fn fault(handle: Handle, context: &Context<'_>) -> Option<(Text, Text)> {
    let malformed = malformed(handle, context.chain_id);
    if malformed.is_some() {
        return malformed;
    }
    if let Some(index) = handle.input_index() {
        return Some((
            format!(
                "the handle is value {index} of an encrypted input, neither verified in this \
                 transaction nor allowed before"
            )
            .into(),
            "pass it with its proof and take it with FHE.fromExternal; to use it in later \
             transactions, call FHE.allowThis then"
                .into(),
        ));
    }
    if let Some(store) = context.store
        && matches!(store.contains(&handle), Ok(false))
    {
        return Some((
            "no ciphertext has this handle: nothing made it, or the transaction that did granted \
             it to nobody for good"
                .into(),
            "call FHE.allowThis in the transaction that makes it, and read it from contracts only"
                .into(),
        ));
    }
    None
}

/// What is wrong with a handle by itself on chain `chain_id`, and the fix.
pub(crate) fn malformed(handle: Handle, chain_id: u64) -> Option<(Text, Text)> {
    let copy = || Text::from("pass handles as contracts or the relayer returned them");
    if handle.is_zero() {
        return Some((
            "the handle is zero: a variable that was never set".into(),
            "set the variable first, such as with FHE.asEuint64(0)".into(),
        ));
    }
    if handle.version() != HANDLE_VERSION {
        let version = handle.version();
        return Some((format!("the handle has the unknown version {version}").into(), copy()));
    }
    if handle.fhe_type().is_none() {
        let id = handle.type_id();
        return Some((format!("the handle's type byte {id} is no encrypted type").into(), copy()));
    }
    let found = handle.chain_id();
    if found != chain_id {
        return Some((
            format!("the handle belongs to chain {found}, and this chain is {chain_id}").into(),
            "make the value on this chain: handles do not cross chains".into(),
        ));
    }
    None
}
