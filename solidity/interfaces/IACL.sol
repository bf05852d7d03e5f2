// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title The access control list
/// @notice Who may use and decrypt which handle.
interface IACL {
    /// @notice `account` may use `handle` for good.
    event Allowed(address indexed caller, address indexed account, bytes32 handle);
    /// @notice Everyone may decrypt these handles.
    event AllowedForDecryption(address indexed caller, bytes32[] handlesList);
    /// @notice The delegate may decrypt for the delegator what belongs to both them and the contract.
    event DelegatedForUserDecryption(
        address indexed delegator,
        address indexed delegate,
        address contractAddress,
        uint64 delegationCounter,
        uint64 oldExpirationDate,
        uint64 newExpirationDate
    );
    /// @notice The delegate may no longer.
    event RevokedDelegationForUserDecryption(
        address indexed delegator,
        address indexed delegate,
        address contractAddress,
        uint64 delegationCounter,
        uint64 oldExpirationDate
    );

    /// @notice The account may not use the handle.
    error SenderNotAllowed(address sender);
    /// @notice The account is on the deny list.
    error SenderDenied(address account);
    /// @notice There is nothing to allow.
    error HandlesListIsEmpty();
    /// @notice A delegation ends after the present.
    error ExpirationDateInThePast();
    /// @notice The delegation already ends then.
    error ExpirationDateAlreadySetToSameValue(
        address delegator, address delegate, address contractAddress, uint256 expirationDate
    );
    /// @notice A delegation changes once a block.
    error AlreadyDelegatedOrRevokedInSameBlock(
        address delegator, address delegate, address contractAddress, uint256 blockNumber
    );
    /// @notice There is no delegation to revoke.
    error NotDelegatedYet(address delegator, address delegate, address contractAddress);
    /// @notice A contract does not delegate in its own context.
    error SenderCannotBeContractAddress(address contractAddress);
    /// @notice Nobody delegates to themselves.
    error SenderCannotBeDelegate(address delegate);
    /// @notice The delegate is not the contract.
    error DelegateCannotBeContractAddress(address contractAddress);

    /// @notice Lets `account` use the handle for good.
    function allow(bytes32 handle, address account) external;
    /// @notice Lets `account` use the handle until the transaction ends.
    function allowTransient(bytes32 handle, address account) external;
    /// @notice Lets everyone decrypt the handles.
    function allowForDecryption(bytes32[] calldata handlesList) external;
    /// @notice Ends all transient grants.
    function cleanTransientStorage() external;
    /// @notice Whether `account` may use the handle now.
    function isAllowed(bytes32 handle, address account) external view returns (bool);
    /// @notice Whether `account` may use the handle until the transaction ends.
    function allowedTransient(bytes32 handle, address account) external view returns (bool);
    /// @notice Whether `account` may use the handle for good.
    function persistAllowed(bytes32 handle, address account) external view returns (bool);
    /// @notice Whether everyone may decrypt the handle.
    function isAllowedForDecryption(bytes32 handle) external view returns (bool);
    /// @notice Whether the account is on the deny list.
    function isAccountDenied(address account) external view returns (bool);

    /// @notice Lets `delegate` decrypt, until `expirationDate` (Unix time), what both the sender
    /// and `contractAddress` may.
    function delegateForUserDecryption(address delegate, address contractAddress, uint64 expirationDate) external;
    /// @notice Ends the delegation.
    function revokeDelegationForUserDecryption(address delegate, address contractAddress) external;
    /// @notice When the delegation ends; 0 if there is none.
    function getUserDecryptionDelegationExpirationDate(
        address delegator,
        address delegate,
        address contractAddress
    ) external view returns (uint64);
    /// @notice Whether `delegate` may decrypt the handle for `delegator` now.
    function isHandleDelegatedForUserDecryption(
        address delegator,
        address delegate,
        address contractAddress,
        bytes32 handle
    ) external view returns (bool);

    /// @notice Refuses decryption requests that the sender signed before `timestamp` (protocol 0.14).
    function invalidateDecryptionSignaturesBefore(uint256 timestamp) external;
    /// @notice Before when the account's signatures are refused (protocol 0.14).
    function decryptionSignatureInvalidatedBefore(address account) external view returns (uint256);

    /// @notice Makes several calls of this contract as the sender.
    function multicall(bytes[] calldata data) external payable returns (bytes[] memory results);
    /// @notice Whether grants are paused.
    function paused() external view returns (bool);
    /// @notice The owner of the host contracts.
    function owner() external view returns (address);
    /// @notice The executor.
    function getFHEVMExecutorAddress() external view returns (address);
    /// @notice The name and version.
    function getVersion() external pure returns (string memory);
}
