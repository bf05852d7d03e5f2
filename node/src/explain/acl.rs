//! The access control list.

use ciphervm_precompiles::AclErrors;

super::errors! { AclErrors::AclErrorsErrors {
    AccountAlreadyBlocked(account) =>
        "the account is on the deny list already",
        "leave the call out";
    AccountNotBlocked(account) =>
        "the account is not on the deny list",
        "leave the call out, or check the address";
    AlreadyDelegatedOrRevokedInSameBlock(delegator, delegate, contractAddress, blockNumber) =>
        "this delegation changed in this block already, and it changes at most once a block",
        "send the second change in a later block";
    DelegateCannotBeContractAddress(contractAddress) =>
        "the delegate is the contract that the delegation is for",
        "name the account that is to decrypt as the delegate";
    DelegateCannotBeWildcard(delegate) =>
        "the delegate is the address that stands for every contract",
        "name one account as the delegate; only the contract can be the wildcard";
    ExpirationDateAlreadySetToSameValue(delegator, delegate, contractAddress, expirationDate) =>
        "the delegation has this expiration date already",
        "leave the call out, or choose another date";
    ExpirationDateInThePast() =>
        "the expiration date is not after the block's timestamp",
        "choose a later date, in seconds since 1970";
    HandlesListIsEmpty() =>
        "no handle was named to be decrypted by everybody",
        "pass at least one handle";
    InvalidationTimestampTooLow() =>
        "signatures up to this time are invalid already",
        "choose a later time, or leave the call out";
    InvalidationTimestampInTheFuture() =>
        "only signatures of the past can be made invalid",
        "pass a time up to the block's timestamp, or 0 for now";
    NotDelegatedYet(delegator, delegate, contractAddress) =>
        "there is no delegation to revoke",
        "check delegate and contract: a delegation for every contract is revoked as such";
    NotPauser(account) =>
        "the account may not pause",
        "send the call from an account of the PauserSet, or have its owner add this one";
    SenderCannotBeContractAddress(contractAddress) =>
        "a contract cannot delegate what it may decrypt as that same contract",
        "send the delegation from the user's account";
    SenderCannotBeDelegate(delegate) =>
        "an account cannot delegate to itself",
        "name another delegate: the sender may decrypt already";
    SenderNotAllowed(sender) =>
        "the sender itself may not use the handle that it grants",
        "grant it in the contract that made it, or have that contract call FHE.allow for the \
         sender first";
    SenderDenied(sender) =>
        "the sender is on the deny list of the access control list",
        "have the owner call unblockAccount";
    EnforcedPause() =>
        "the access control list is paused, and no operation can grant its result",
        "have the owner call unpause";
    ExpectedPause() =>
        "the access control list is not paused",
        "leave the call out";
    OwnableUnauthorizedAccount(account) =>
        "the account is not the owner of the contract",
        "send the call from the account that owner() gives";
    OwnableInvalidOwner(owner) =>
        "the account cannot own the contract",
        "name an owner other than the zero address";
    FailedCall() =>
        "a call inside failed without a reason",
        "send the inner calls one by one to find it";
}}
