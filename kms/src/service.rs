//! The service: decides from the chain who may know what, decrypts, and signs.

use std::{fmt, sync::Arc};

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue;
use ciphervm_fhe::Handle;

use crate::{
    Kms,
    chain::{Chain, ChainState, Contracts, Questions},
    error::{AnswerError, Refusal},
    messages::{Domains, PublicDecryptVerification},
    request::{
        ExtraData, MAX_CONTRACTS, MAX_DAYS, PublicAnswer, PublicDecryption, UserAnswer,
        UserDecryption, types,
    },
    signcryption::{self, Clear, PublicKey, Randomness},
    signer::{self, Signer},
};

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// A key management service as the relayer talks to it: in this process, or in another one.
pub trait DecryptionService: fmt::Debug + Send + Sync {
    /// Opens values that the chain says everybody may know.
    ///
    /// # Errors
    /// The [`Refusal`].
    fn decrypt_for_all(&self, request: &PublicDecryption) -> Result<PublicAnswer, Refusal>;

    /// Opens values that the chain says the user may know, to that user alone.
    ///
    /// # Errors
    /// The [`Refusal`].
    fn decrypt_for_user(&self, request: &UserDecryption) -> Result<UserAnswer, Refusal>;
}

/// The service in this process. It takes nobody's word for who may know what: it asks the chain.
#[derive(Debug)]
pub struct LocalService {
    kms: Arc<dyn Kms>,
    signer: Signer,
    chain: Arc<dyn Chain>,
    contracts: Contracts,
    domains: Domains,
}

impl LocalService {
    /// A service that decrypts with `kms` what `chain` allows, and signs with `signer`.
    pub const fn new(
        kms: Arc<dyn Kms>,
        signer: Signer,
        chain: Arc<dyn Chain>,
        contracts: Contracts,
        domains: Domains,
    ) -> Self {
        Self { kms, signer, chain, contracts, domains }
    }

    /// The account that signs answers.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// Checks that this signer is one of the context that is asked.
    fn check_context(&self, ask: &Questions<'_>, extra_data: &ExtraData) -> Result<(), Refusal> {
        let signers = ask.signers(extra_data.signed())?;
        match signers {
            Some(signers) if signers.contains(&self.address()) => Ok(()),
            Some(_) => Err(Refusal::NotSigner(self.address())),
            None => Err(Refusal::Context(extra_data.0.clone())),
        }
    }

    fn open(&self, state: &dyn ChainState, handle: &Handle) -> Result<U256, Refusal> {
        let record = state.ciphertext(handle)?;
        // What the store holds under a handle is of the handle's type.
        self.kms.decrypt(&record).map_err(|source| Refusal::Decryption { handle: *handle, source })
    }

    /// Checks who asks: the times, the contracts, the signature.
    fn check_request(&self, ask: &Questions<'_>, request: &UserDecryption) -> Result<(), Refusal> {
        let UserDecryption { contracts, user, start, days, .. } = request;
        if request.chain_id != self.domains.host_chain {
            let (found, expected) = (request.chain_id, self.domains.host_chain);
            return Err(Refusal::Chain { found, expected });
        }
        if contracts.is_empty() || contracts.len() > MAX_CONTRACTS {
            return Err(Refusal::Contracts { found: contracts.len(), limit: MAX_CONTRACTS });
        }
        if *days == 0 || *days > MAX_DAYS {
            return Err(Refusal::Days { found: *days, limit: MAX_DAYS });
        }
        let now = ask.state.time();
        if *start > now {
            return Err(Refusal::NotYet { start: *start, now });
        }
        let end = start.saturating_add(days.saturating_mul(SECONDS_PER_DAY));
        if now >= end {
            return Err(Refusal::Expired { end, now });
        }
        let digest = request.digest(&self.domains);
        if signer::recover(&digest, &request.signature) != Some(*user)
            && !ask.accepts(*user, digest, request.signature.clone())?
        {
            return Err(Refusal::Signature(*user));
        }
        if U256::from(*start) < ask.invalidated_before(*user)? {
            return Err(Refusal::Invalidated { user: *user, start: *start });
        }
        Ok(())
    }
}

/// Checks that the user, or who delegated to the user, may know a contract's value.
fn check_pair(
    ask: &Questions<'_>,
    request: &UserDecryption,
    handle: Handle,
    contract: Address,
) -> Result<(), Refusal> {
    let owner = request.delegator.unwrap_or(request.user);
    if contract == owner {
        return Err(Refusal::UserIsContract(owner));
    }
    if !request.contracts.contains(&contract) {
        return Err(Refusal::UnsignedContract(contract));
    }
    if !ask.persist_allowed(handle, owner)? {
        return Err(Refusal::User { user: owner, handle });
    }
    if !ask.persist_allowed(handle, contract)? {
        return Err(Refusal::Contract { contract, handle });
    }
    if let Some(delegator) = request.delegator
        && !ask.is_delegated(delegator, request.user, contract, handle)?
    {
        return Err(Refusal::NotDelegated { delegator, delegate: request.user, contract, handle });
    }
    Ok(())
}

impl DecryptionService for LocalService {
    fn decrypt_for_all(&self, request: &PublicDecryption) -> Result<PublicAnswer, Refusal> {
        types(&request.handles, self.domains.host_chain)?;
        let state = self.chain.state()?;
        let ask = Questions { state: &*state, contracts: &self.contracts };
        self.check_context(&ask, &request.extra_data)?;
        // All of them before the first is opened.
        for handle in &request.handles {
            if !ask.is_allowed_for_decryption(*handle)? {
                return Err(Refusal::NotPublic(*handle));
            }
        }
        let mut decrypted = Vec::with_capacity(32 * request.handles.len());
        for handle in &request.handles {
            decrypted.extend(self.open(&*state, handle)?.abi_encode());
        }
        let digest = self.domains.answer(&PublicDecryptVerification {
            ctHandles: request.handles.iter().map(|handle| handle.0).collect(),
            decryptedResult: decrypted.clone().into(),
            extraData: request.extra_data.signed(),
        });
        let signature = self.signer.sign(&digest).map_err(AnswerError::from)?;
        Ok(PublicAnswer { decrypted: decrypted.into(), signature: signature.into() })
    }

    fn decrypt_for_user(&self, request: &UserDecryption) -> Result<UserAnswer, Refusal> {
        let handles: Vec<Handle> = request.pairs.iter().map(|pair| pair.handle).collect();
        let types = types(&handles, self.domains.host_chain)?;
        let key = PublicKey::read(&request.public_key)
            .ok_or(Refusal::PublicKey(request.public_key.len()))?;
        let state = self.chain.state()?;
        let ask = Questions { state: &*state, contracts: &self.contracts };
        self.check_request(&ask, request)?;
        self.check_context(&ask, &request.extra_data)?;
        for pair in &request.pairs {
            check_pair(&ask, request, pair.handle, pair.contract)?;
        }
        let mut values = Vec::with_capacity(handles.len());
        for (handle, ty) in handles.iter().zip(types) {
            values.push(Clear { handle: *handle, ty, value: self.open(&*state, handle)? });
        }
        let link = request.link(&self.domains);
        let (signer, user) = (&self.signer, request.user);
        let payload = signcryption::answer(signer, &key, user, link, &values, Randomness::draw)?;
        let payload = payload.into();
        let digest = request.answer_digest(&self.domains, &payload);
        let signature = self.signer.sign(&digest).map_err(AnswerError::from)?;
        Ok(UserAnswer { payload, signature: signature.into() })
    }
}
