//! The ABI of the host contracts besides the executor's operations, whose signatures stand in
//! [`ciphervm_fhe::OPS`].
//!
//! Types that are enums in Solidity are `uint8` in the ABI.

use alloy_sol_types::sol;

sol! {
    /// What the executor offers besides operations.
    interface Executor {
        function getACLAddress() external view returns (address);
        function getHCULimitAddress() external view returns (address);
        function getInputVerifierAddress() external view returns (address);
        function getHandleVersion() external pure returns (uint8);
        function getVersion() external pure returns (string);
    }

    /// The access control list.
    interface Acl {
        event Allowed(address indexed caller, address indexed account, bytes32 handle);
        event AllowedForDecryption(address indexed caller, bytes32[] handlesList);
        event DecryptionSignaturesInvalidated(address indexed account, uint256 timestamp);
        event DelegatedForUserDecryption(
            address indexed delegator,
            address indexed delegate,
            address contractAddress,
            uint64 delegationCounter,
            uint64 oldExpirationDate,
            uint64 newExpirationDate
        );
        event RevokedDelegationForUserDecryption(
            address indexed delegator,
            address indexed delegate,
            address contractAddress,
            uint64 delegationCounter,
            uint64 oldExpirationDate
        );
        event BlockedAccount(address indexed account);
        event UnblockedAccount(address indexed account);
        event Paused(address account);
        event Unpaused(address account);

        function allow(bytes32 handle, address account) external;
        function allowForDecryption(bytes32[] handlesList) external;
        function allowTransient(bytes32 handle, address account) external;
        function isAllowed(bytes32 handle, address account) external view returns (bool);
        function allowedTransient(bytes32 handle, address account) external view returns (bool);
        function persistAllowed(bytes32 handle, address account) external view returns (bool);
        function isAllowedForDecryption(bytes32 handle) external view returns (bool);
        function isAccountDenied(address account) external view returns (bool);
        function cleanTransientStorage() external;
        function delegateForUserDecryption(
            address delegate, address contractAddress, uint64 expirationDate
        ) external;
        function revokeDelegationForUserDecryption(
            address delegate, address contractAddress
        ) external;
        function getUserDecryptionDelegationExpirationDate(
            address delegator, address delegate, address contractAddress
        ) external view returns (uint64);
        function isHandleDelegatedForUserDecryption(
            address delegator, address delegate, address contractAddress, bytes32 handle
        ) external view returns (bool);
        function invalidateDecryptionSignaturesBefore(uint256 timestamp) external;
        function decryptionSignatureInvalidatedBefore(address account)
            external view returns (uint256);
        function multicall(bytes[] data) external returns (bytes[]);
        function pause() external;
        function unpause() external;
        function paused() external view returns (bool);
        function blockAccount(address account) external;
        function unblockAccount(address account) external;
        function owner() external view returns (address);
        function pendingOwner() external view returns (address);
        function getFHEVMExecutorAddress() external view returns (address);
        function getConfidentialBridgeAddress() external view returns (address);
        function getVersion() external pure returns (string);
    }

    /// The HCU meter.
    interface HcuLimit {
        function getGlobalHCUCapPerBlock() external view returns (uint48);
        function getMaxHCUDepthPerTx() external view returns (uint48);
        function getMaxHCUPerTx() external view returns (uint48);
        function isBlockHCUWhitelisted(address account) external view returns (bool);
        function getBlockMeter() external view returns (uint48 blockNumber, uint48 usedHCU);
        function getFHEVMExecutorAddress() external view returns (address);
        function getVersion() external pure returns (string);
    }

    /// The input verifier.
    interface InputVerifier {
        struct ContextUserInputs {
            address userAddress;
            address contractAddress;
        }

        function verifyInput(
            ContextUserInputs context, bytes32 inputHandle, bytes inputProof
        ) external returns (bytes32);
        function cleanTransientStorage() external;
        function getCoprocessorSigners() external view returns (address[]);
        function getThreshold() external view returns (uint256);
        function isSigner(address account) external view returns (bool);
        function eip712Domain() external view returns (
            bytes1 fields,
            string name,
            string version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] extensions
        );
        function getHandleVersion() external pure returns (uint8);
        function getVersion() external pure returns (string);
    }

    /// The KMS verifier.
    interface KmsVerifier {
        function verifyDecryptionEIP712KMSSignatures(
            bytes32[] handlesList, bytes decryptedResult, bytes decryptionProof
        ) external returns (bool);
        function getKmsSigners() external view returns (address[]);
        function getThreshold() external view returns (uint256);
        function isSigner(address account) external view returns (bool);
        function getCurrentKmsContextId() external view returns (uint256);
        function getContextSignersAndThresholdFromExtraData(bytes extraData)
            external view returns (address[] signers, uint256 threshold);
        function getProtocolConfigAddress() external view returns (address);
        function eip712Domain() external view returns (
            bytes1 fields,
            string name,
            string version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] extensions
        );
        function getVersion() external pure returns (string);
    }

    /// Signers and thresholds of the key management system.
    interface ProtocolConfig {
        function getCurrentKmsContextId() external view returns (uint256);
        function getCurrentKmsContextAndEpoch() external view returns (uint256, uint256);
        function isValidKmsContext(uint256 contextId) external view returns (bool);
        function getKmsSigners() external view returns (address[]);
        function isKmsSigner(address account) external view returns (bool);
        function getPublicDecryptionThreshold() external view returns (uint256);
        function getVersion() external pure returns (string);
    }
}
