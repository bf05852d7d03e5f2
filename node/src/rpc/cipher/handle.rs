//! What there is to know of a handle.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use alloy_sol_types::SolCall;
use ciphervm_fhe::{FheType, Handle, Record as Ciphertext};
use ciphervm_precompiles::interface::Acl;
use serde::{Deserialize, Serialize};

use super::super::{
    Rpc,
    error::{Answer, failed, invalid, not_found},
    view::View,
};
use crate::{
    devnet::{CiphertextError, DevnetError, Mentions, Producer},
    explain,
};

/// What there is to know of a handle.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandleInfo {
    handle: Handle,
    #[serde(rename = "type")]
    ty: String,
    chain_id: u64,
    kind: Kind,
    /// The position in the input list of an encrypted input.
    index: Option<u8>,
    /// What made the result of an operation, if a transaction of this chain did.
    producer: Option<Producer>,
    /// The ciphertext's digest, if it is there.
    digest: Option<B256>,
    /// The ciphertext's size, if it is there.
    bytes: Option<usize>,
    /// Who may use it for good.
    allowed: Vec<Address>,
    /// Whether anybody may decrypt it.
    allowed_for_decryption: bool,
}

/// What a handle is of.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Computed,
    Input,
}

impl Rpc {
    /// The type of a handle of this chain.
    pub(in crate::rpc) fn check_handle(&self, handle: Handle) -> Answer<FheType> {
        let chain_id = self.devnet.chain(|chain| chain.chain_id());
        match (explain::malformed(handle, chain_id), handle.fhe_type()) {
            (None, Some(ty)) => Ok(ty),
            (Some((cause, fix)), _) => Err(invalid(format!("{cause}; {fix}"))),
            (None, None) => Err(invalid("the handle is of no encrypted type")),
        }
    }

    /// The ciphertext of a handle of this chain. Waits for it if it may still come.
    pub(in crate::rpc) fn ciphertext(&self, handle: Handle) -> Answer<Arc<Ciphertext>> {
        self.devnet.ciphertext(handle).map_err(|error| match error {
            CiphertextError::Missing(why) => not_found(why),
            CiphertextError::Settler(error) => DevnetError::from(error).into(),
            CiphertextError::Store(error) => failed(error),
        })
    }

    pub(super) fn handle_info(&self, handle: Handle) -> Answer<HandleInfo> {
        let ty = self.check_handle(handle)?;
        let stored = self.devnet.store().get(&handle).map_err(failed)?;
        let Mentions { producer, allowed: mentioned, .. } = self.devnet.mentions(handle);
        let view = self.view(None)?;
        let mut allowed = Vec::new();
        for account in mentioned {
            // The state has the last word: it may have been edited since.
            if self.ask(&view, &Acl::persistAllowedCall { handle: handle.0, account })? {
                allowed.push(account);
            }
        }
        let public = Acl::isAllowedForDecryptionCall { handle: handle.0 };
        Ok(HandleInfo {
            handle,
            ty: ty.to_string(),
            chain_id: handle.chain_id(),
            kind: if handle.input_index().is_some() { Kind::Input } else { Kind::Computed },
            index: handle.input_index(),
            producer,
            digest: stored.as_ref().map(|record| record.digest),
            bytes: stored.as_ref().map(|record| record.bytes.len()),
            allowed,
            allowed_for_decryption: self.ask(&view, &public)?,
        })
    }

    /// What the access control list answers.
    pub(in crate::rpc) fn ask<C: SolCall>(&self, view: &View, question: &C) -> Answer<C::Return> {
        let request = TransactionRequest::default()
            .to(self.devnet.host().addresses.acl)
            .input(question.abi_encode().into());
        let prepared = self.prepare(view, request, EvmOverrides::default())?;
        C::abi_decode_returns(&self.call(view, prepared)?).map_err(failed)
    }
}
