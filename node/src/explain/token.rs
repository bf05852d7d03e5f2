//! OpenZeppelin's confidential token, its extensions and hook modules, version 0.5.

use alloy_sol_types::sol;

sol! {
    /// Errors of `token`, `utils` and the votes of OpenZeppelin's confidential contracts.
    interface TokenErrors {
        error ERC7984InvalidReceiver(address receiver);
        error ERC7984InvalidSender(address sender);
        error ERC7984UnauthorizedSpender(address holder, address spender);
        error ERC7984UnauthorizedUseOfEncryptedAmount(bytes32 amount, address user);
        error ERC7984UnauthorizedCaller(address caller);
        error ERC7984UtilsUnauthorizedUseOfEncryptedAmount(bytes32 retval, address to);
        error InvalidUnwrapRequest(bytes32 unwrapRequestId);
        error ERC7984TotalSupplyOverflow();
        error ERC7984UnauthorizedUseOfEncryptedAddress(bytes32 addr, address user);
        error UserRestricted(address account);
        error ERC7984RwaSelfRecoveryNotAllowed();
        error Unauthorized();
        error ERC7984HookedInvalidModule(address module);
        error ERC7984HookedDuplicateModule(address module);
        error ERC7984HookedNonexistentModule(address module);
        error ERC7984HookedExceededMaxModules();
        error ERC7984HookModuleUnauthorizedAccount(address account);
        error ERC7984HookModuleUnauthorizedUseOfEncryptedAmount(bytes32 amount, address user);
        error ERC7984HolderCapHookModuleInvalidMaxHolderCount(uint64 maxHolderCount);
        error ERC7984HolderCapHookModuleTotalSupplyInitialized();
        error HandleAccessManagerNotAllowed(bytes32 handle, address account);
        error VotesExpiredSignature(uint256 expiry);
        error ERC6372InconsistentClock();
        error ERC5805FutureLookup(uint256 timepoint, uint48 clock);
    }
}

super::errors! { TokenErrors::TokenErrorsErrors {
    ERC7984InvalidReceiver(receiver) =>
        "the receiver is the zero address, or a contract that does not take confidential tokens",
        "send to an account, or to a contract with onConfidentialTransferReceived";
    ERC7984InvalidSender(sender) =>
        "tokens cannot be sent or burned from this address",
        "name an account that can hold tokens, and not the zero address";
    ERC7984UnauthorizedSpender(holder, spender) =>
        "the spender is not an operator of the holder, or no longer",
        "have the holder call setOperator(spender, until) with a time in the future";
    ERC7984UnauthorizedUseOfEncryptedAmount(amount, user) about amount =>
        "the caller may not use the handle of the amount",
        "pass a fresh encrypted input with its proof, or have the contract that holds the amount \
         call FHE.allow for the caller";
    ERC7984UnauthorizedCaller(caller) =>
        "the caller may not call this function of the token",
        "call it from the contract that it is for, such as the wrapped ERC-20 token";
    ERC7984UtilsUnauthorizedUseOfEncryptedAmount(retval, to) about retval =>
        "the receiving contract returned an ebool that it may not use itself",
        "return a value that onConfidentialTransferReceived made or was allowed";
    InvalidUnwrapRequest(unwrapRequestId) =>
        "no unwrapping with this id waits to be finalized",
        "take the id from the event of the request, and finalize it once";
    ERC7984TotalSupplyOverflow() =>
        "more would be wrapped than the confidential supply can count",
        "wrap less, or unwrap some first";
    ERC7984UnauthorizedUseOfEncryptedAddress(addr, user) about addr =>
        "the caller may not use the handle of the encrypted address",
        "pass a fresh encrypted input with its proof";
    UserRestricted(account) =>
        "the token restricts this account",
        "have the token's agent lift the restriction";
    ERC7984RwaSelfRecoveryNotAllowed() =>
        "the lost and the new account are the same",
        "name another new account";
    Unauthorized() =>
        "the caller may not do this; in ERC7984ObserverAccess: set an observer of another account",
        "send the call from the account itself";
    ERC7984HookedInvalidModule(module) =>
        "the address is not a hook module",
        "install a contract that implements IERC7984HookModule and says so by ERC-165";
    ERC7984HookedDuplicateModule(module) =>
        "the hook module is installed already",
        "leave the call out";
    ERC7984HookedNonexistentModule(module) =>
        "the hook module is not installed",
        "leave the call out, or check the address";
    ERC7984HookedExceededMaxModules() =>
        "the token has as many hook modules as it may",
        "remove one first";
    ERC7984HookModuleUnauthorizedAccount(account) =>
        "the account is not an agent of the token",
        "send the call from an agent, or have the token's admin add this one";
    ERC7984HookModuleUnauthorizedUseOfEncryptedAmount(amount, user) about amount =>
        "the token may not use the handle that it passes to its hook module",
        "have the contract that made the amount allow the token to use it";
    ERC7984HolderCapHookModuleInvalidMaxHolderCount(maxHolderCount) =>
        "the largest number of holders is zero",
        "allow at least one holder";
    ERC7984HolderCapHookModuleTotalSupplyInitialized() =>
        "the token was minted before the hook module that counts its holders was installed",
        "install the module before the first mint";
    HandleAccessManagerNotAllowed(handle, account) about handle =>
        "the contract gives nobody access to this handle on request, or not the caller",
        "call from an account that _validateHandleAllowance lets through";
    VotesExpiredSignature(expiry) =>
        "the signature of the delegation has expired",
        "sign it again with a later expiry";
    ERC6372InconsistentClock() =>
        "the contract's clock() and CLOCK_MODE() do not fit each other",
        "override both together";
    ERC5805FutureLookup(timepoint, clock) =>
        "votes are asked for at a time that is not over",
        "ask for a time before the clock's";
}}
