//! Decryptions, for whoever may see the values by the access control list as it is now.

use alloy_primitives::{Address, U256};
use ciphervm_fhe::Handle;
use ciphervm_kms::{DelegatedUserDecryptRequestVerification, UserDecryptRequestVerification};
use ciphervm_precompiles::interface::Acl;

use super::{
    super::{Rpc, view::View},
    payloads::{
        DelegatedUserDecryption, Pair, PublicDecrypted, PublicDecryption, UserDecrypted,
        UserDecryption, Validity,
    },
    signatures::words,
};
use crate::{
    devnet::now,
    rpc::error::{Answer, failed, invalid},
};

/// Contracts in one request, at most.
const MAX_CONTRACTS: usize = 10;
/// Days that a request may be valid, at most.
const MAX_DAYS: u64 = 365;
const SECONDS_A_DAY: u64 = 24 * 60 * 60;
/// Bits in one request, at most.
const MAX_BITS: usize = 2_048;

impl Rpc {
    /// The clear value of a handle. Waits for the ciphertext if it may still come.
    pub(super) fn clear_value(&self, handle: Handle) -> Answer<U256> {
        self.check_handle(handle)?;
        let record = self.ciphertext(handle)?;
        self.devnet.kms().decrypt(&record).map_err(failed)
    }

    pub(super) fn decrypt_for_user(&self, request: UserDecryption) -> Answer<UserDecrypted> {
        let UserDecryption {
            handle_contract_pairs: pairs,
            request_validity: validity,
            contracts_chain_id,
            contract_addresses: contracts,
            user_address: user,
            signature,
            public_key,
            extra_data,
        } = request;
        self.check_request(&pairs, &contracts, validity, contracts_chain_id)?;
        let view = self.view(None)?;
        self.check_readable(&view, &pairs, user)?;
        self.check_not_invalidated(&view, user, validity)?;
        let message = UserDecryptRequestVerification {
            publicKey: public_key,
            contractAddresses: contracts,
            startTimestamp: validity.start_timestamp,
            durationDays: validity.duration_days,
            extraData: extra_data,
        };
        self.require_signature(&message, &signature, user)?;
        self.decrypt_pairs(&pairs)
    }

    pub(super) fn decrypt_for_delegate(
        &self,
        request: DelegatedUserDecryption,
    ) -> Answer<UserDecrypted> {
        let DelegatedUserDecryption {
            handle_contract_pairs: pairs,
            request_validity: validity,
            contracts_chain_id,
            contract_addresses: contracts,
            delegator_address: delegator,
            delegate_address: delegate,
            signature,
            public_key,
            extra_data,
        } = request;
        self.check_request(&pairs, &contracts, validity, contracts_chain_id)?;
        let view = self.view(None)?;
        self.check_readable(&view, &pairs, delegator)?;
        self.check_not_invalidated(&view, delegate, validity)?;
        for Pair { handle, contract_address } in &pairs {
            let question = Acl::isHandleDelegatedForUserDecryptionCall {
                delegator,
                delegate,
                contractAddress: *contract_address,
                handle: handle.0,
            };
            if !self.ask(&view, &question)? {
                return Err(failed(format!(
                    "{delegator} did not delegate the decryption of handle {handle} of contract \
                     {contract_address} to {delegate}, or no longer: call \
                     ACL.delegateForUserDecryption"
                )));
            }
        }
        let message = DelegatedUserDecryptRequestVerification {
            publicKey: public_key,
            contractAddresses: contracts,
            delegatorAddress: delegator,
            startTimestamp: validity.start_timestamp,
            durationDays: validity.duration_days,
            extraData: extra_data,
        };
        self.require_signature(&message, &signature, delegate)?;
        self.decrypt_pairs(&pairs)
    }

    pub(super) fn decrypt_for_all(&self, request: PublicDecryption) -> Answer<PublicDecrypted> {
        let handles = request.ciphertext_handles;
        self.check_bits(handles.iter())?;
        let view = self.view(None)?;
        for handle in &handles {
            if !self.ask(&view, &Acl::isAllowedForDecryptionCall { handle: handle.0 })? {
                return Err(failed(format!(
                    "handle {handle} is not allowed for public decryption: call \
                     FHE.makePubliclyDecryptable in the contract that has it"
                )));
            }
        }
        let values = handles.iter().map(|handle| self.clear_value(*handle));
        let result = words(&values.collect::<Answer<Vec<_>>>()?);
        let signature = self.attest_decryption(&handles, result.clone(), request.extra_data)?;
        Ok(PublicDecrypted { decrypted_value: result, signatures: vec![signature] })
    }

    fn decrypt_pairs(&self, pairs: &[Pair]) -> Answer<UserDecrypted> {
        let values = pairs.iter().map(|pair| self.clear_value(pair.handle));
        Ok(UserDecrypted::new(values.collect::<Answer<_>>()?))
    }

    /// What a request says of itself, whoever makes it.
    fn check_request(
        &self,
        pairs: &[Pair],
        contracts: &[Address],
        validity: Validity,
        asked: U256,
    ) -> Answer<()> {
        let chain_id = self.devnet.chain(|chain| chain.chain_id());
        if asked != U256::from(chain_id) {
            return Err(invalid(format!(
                "the request is for contracts of chain {asked}, and this is chain {chain_id}"
            )));
        }
        if contracts.is_empty() || contracts.len() > MAX_CONTRACTS {
            return Err(invalid(format!(
                "contractAddresses has {} contracts: a request is for 1 to {MAX_CONTRACTS}",
                contracts.len()
            )));
        }
        for Pair { handle, contract_address } in pairs {
            if !contracts.contains(contract_address) {
                return Err(invalid(format!(
                    "contract {contract_address} of handle {handle} is not in contractAddresses: \
                     sign for it, too"
                )));
            }
        }
        check_validity(validity, now())?;
        self.check_bits(pairs.iter().map(|pair| &pair.handle))
    }

    fn check_bits<'a>(&self, handles: impl Iterator<Item = &'a Handle>) -> Answer<()> {
        let types = handles.map(|handle| self.check_handle(*handle));
        let types = types.collect::<Answer<Vec<_>>>()?;
        if types.is_empty() {
            return Err(invalid("the request has no handles: name one at least"));
        }
        let bits: usize = types.iter().map(|ty| 2 * ty.blocks()).sum();
        if bits > MAX_BITS {
            return Err(invalid(format!(
                "{bits} bits are more than the {MAX_BITS} of one request: make several requests"
            )));
        }
        Ok(())
    }

    /// Whether user and contract of each pair may use the handle.
    fn check_readable(&self, view: &View, pairs: &[Pair], user: Address) -> Answer<()> {
        for Pair { handle, contract_address: contract } in pairs {
            if user == *contract {
                return Err(invalid(format!(
                    "user and contract are both {user}: a contract cannot be its own user"
                )));
            }
            for (kind, account) in [("user", user), ("contract", *contract)] {
                let question = Acl::persistAllowedCall { handle: handle.0, account };
                if !self.ask(view, &question)? {
                    return Err(failed(format!(
                        "{kind} {account} is not allowed handle {handle}: grant it with \
                         FHE.allow in the contract that has it"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Whether the account that signs took its earlier signatures back.
    fn check_not_invalidated(
        &self,
        view: &View,
        account: Address,
        validity: Validity,
    ) -> Answer<()> {
        let question = Acl::decryptionSignatureInvalidatedBeforeCall { account };
        let before = self.ask(view, &question)?;
        let start = validity.start_timestamp;
        if start < before {
            return Err(failed(format!(
                "{account} invalidated its signatures before {before}, and the request starts at \
                 {start}: sign another"
            )));
        }
        Ok(())
    }
}

/// By the clock of the machine, as with a public relayer, and not by that of the chain, which
/// tests move.
fn check_validity(validity: Validity, now: u64) -> Answer<()> {
    let Validity { start_timestamp: start, duration_days: days } = validity;
    if days.is_zero() || days > U256::from(MAX_DAYS) {
        return Err(invalid(format!(
            "durationDays is {days}: a request is valid for 1 to {MAX_DAYS} days"
        )));
    }
    if start > U256::from(now) {
        return Err(failed(format!(
            "the request is valid from {start}, and it is {now}: send it later"
        )));
    }
    let end = start + days * U256::from(SECONDS_A_DAY);
    if end <= U256::from(now) {
        return Err(failed(format!("the request expired at {end}, and it is {now}: sign another")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_valid_from_its_start_until_its_end() {
        let check = |start: U256, days: u64, now| {
            let days = U256::from(days);
            check_validity(Validity { start_timestamp: start, duration_days: days }, now)
        };
        let start = U256::from(1_000_000);
        assert!(check(start, 1, 1_000_000).is_ok());
        assert!(check(start, 1, 1_086_399).is_ok());
        assert!(check(start, 365, 1_000_000 + 365 * 86_400 - 1).is_ok());
        for (start, days, now, complaint) in [
            (start, 1, 999_999, "send it later"),
            (start, 1, 1_086_400, "expired at 1086400"),
            (start, 0, 1_000_000, "durationDays is 0"),
            (start, 366, 1_000_000, "durationDays is 366"),
            (U256::MAX, 365, u64::MAX, "send it later"),
        ] {
            let error = check(start, days, now).unwrap_err();
            assert!(error.message().contains(complaint), "{error}");
        }
    }
}
