//! What the KMS asks of the chain. Everything that it decides, it decides from the answers.

use std::{fmt, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use ciphervm_fhe::{Handle, Record};

use crate::error::ChainError;

sol! {
    function persistAllowed(bytes32 handle, address account) returns (bool);
    function isAllowedForDecryption(bytes32 handle) returns (bool);
    function isHandleDelegatedForUserDecryption(
        address delegator, address delegate, address contractAddress, bytes32 handle
    ) returns (bool);
    function decryptionSignatureInvalidatedBefore(address account) returns (uint256);
    function getContextSignersAndThresholdFromExtraData(bytes extraData)
        returns (address[] signers, uint256 threshold);
    function isValidSignature(bytes32 digest, bytes signature) returns (bytes4);
}

/// A chain that decryptions are asked of.
pub trait Chain: fmt::Debug + Send + Sync {
    /// The chain as it is now. One request is decided on one state.
    ///
    /// # Errors
    /// If it cannot be had.
    fn state(&self) -> Result<Box<dyn ChainState + '_>, ChainError>;
}

/// A chain as of one block.
pub trait ChainState {
    /// What a contract answers to a read-only call; `None` if the call fails.
    ///
    /// # Errors
    /// If the chain cannot be asked.
    fn call(&self, to: Address, data: Bytes) -> Result<Option<Bytes>, ChainError>;

    /// The time, in seconds since 1970: the later one of the last block's and the machine's.
    fn time(&self) -> u64;

    /// The ciphertext of a handle. Waits for its evaluation.
    ///
    /// # Errors
    /// [`ChainError::NotReady`] if that takes long, [`ChainError::NoCiphertext`] if there is none.
    fn ciphertext(&self, handle: &Handle) -> Result<Arc<Record>, ChainError>;
}

/// Where the contracts are that have a say in decryptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contracts {
    /// The access control list.
    pub acl: Address,
    /// The verifier of the KMS's signatures.
    pub kms_verifier: Address,
}

/// Questions about one state.
pub(crate) struct Questions<'a> {
    pub(crate) state: &'a dyn ChainState,
    pub(crate) contracts: &'a Contracts,
}

impl Questions<'_> {
    /// Whether `account` may use `handle` for good.
    pub(crate) fn persist_allowed(
        &self,
        handle: Handle,
        account: Address,
    ) -> Result<bool, ChainError> {
        self.acl(&persistAllowedCall { handle: handle.0, account })
    }

    /// Whether everybody may know the value.
    pub(crate) fn is_allowed_for_decryption(&self, handle: Handle) -> Result<bool, ChainError> {
        self.acl(&isAllowedForDecryptionCall { handle: handle.0 })
    }

    /// Whether `delegate` may decrypt in the name of `delegator`.
    pub(crate) fn is_delegated(
        &self,
        delegator: Address,
        delegate: Address,
        contract: Address,
        handle: Handle,
    ) -> Result<bool, ChainError> {
        self.acl(&isHandleDelegatedForUserDecryptionCall {
            delegator,
            delegate,
            contractAddress: contract,
            handle: handle.0,
        })
    }

    /// The time before which `user` takes back all signatures.
    pub(crate) fn invalidated_before(&self, user: Address) -> Result<U256, ChainError> {
        self.acl(&decryptionSignatureInvalidatedBeforeCall { account: user })
    }

    /// The signers of the context that extra data name; `None` if there is no such context.
    pub(crate) fn signers(&self, extra_data: Bytes) -> Result<Option<Vec<Address>>, ChainError> {
        let call = getContextSignersAndThresholdFromExtraDataCall { extraData: extra_data };
        let answer = self.state.call(self.contracts.kms_verifier, call.abi_encode().into())?;
        answer.map(|answer| Ok(decode(&call, &answer)?.signers)).transpose()
    }

    /// Whether the contract at `account`, if there is one, accepts a signature (ERC-1271).
    pub(crate) fn accepts(
        &self,
        account: Address,
        digest: B256,
        signature: Bytes,
    ) -> Result<bool, ChainError> {
        let call = isValidSignatureCall { digest, signature };
        let answer = self.state.call(account, call.abi_encode().into())?;
        // An account without code answers nothing.
        let answer =
            answer.and_then(|answer| isValidSignatureCall::abi_decode_returns(&answer).ok());
        Ok(answer.is_some_and(|magic| magic.0 == isValidSignatureCall::SELECTOR))
    }

    fn acl<C: SolCall>(&self, call: &C) -> Result<C::Return, ChainError> {
        let answer = self.state.call(self.contracts.acl, call.abi_encode().into())?;
        let answer = answer.ok_or_else(|| {
            ChainError::Unreachable(format!("the access control list reverted {}", C::SIGNATURE))
        })?;
        decode(call, &answer)
    }
}

fn decode<C: SolCall>(_: &C, answer: &[u8]) -> Result<C::Return, ChainError> {
    C::abi_decode_returns(answer)
        .map_err(|error| ChainError::Unreachable(format!("{}: {error}", C::SIGNATURE)))
}
