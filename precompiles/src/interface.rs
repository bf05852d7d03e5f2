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
        function initializeFromEmptyProxy() external;
        function reinitializeV6() external;
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
        event OwnershipTransferStarted(
            address indexed previousOwner, address indexed newOwner
        );
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

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
        function transferOwnership(address newOwner) external;
        function acceptOwnership() external;
        function renounceOwnership() external;
        function isPauser(address account) external view returns (bool);
        function getPauserSetAddress() external view returns (address);
        function getFHEVMExecutorAddress() external view returns (address);
        function getConfidentialBridgeAddress() external view returns (address);
        function WILDCARD_DELEGATION_ADDRESS() external view returns (address);
        function initializeFromEmptyProxy() external;
        function reinitializeV5() external;
        function getVersion() external pure returns (string);
    }

    /// What every upgradeable host contract has. Here nobody upgrades: see the crate's
    /// documentation.
    interface Upgradeable {
        event Initialized(uint64 version);

        function UPGRADE_INTERFACE_VERSION() external view returns (string);
        function proxiableUUID() external view returns (bytes32);
        function upgradeToAndCall(address newImplementation, bytes data) external payable;
    }

    /// The accounts that may pause the access control list.
    interface PauserSet {
        event AddPauser(address account);
        event RemovePauser(address account);
        event SwapPauser(address oldAccount, address newAccount);

        function addPauser(address account) external;
        function removePauser(address account) external;
        function swapPauser(address oldAccount, address newAccount) external;
        function isPauser(address account) external view returns (bool);
        function getVersion() external pure returns (string);
    }

    /// The HCU meter, besides the functions through which the executor charges, whose signatures
    /// follow from [`ciphervm_fhe::OPS`].
    interface HcuLimit {
        event HCUPerBlockSet(uint48 hcuPerBlock);
        event MaxHCUDepthPerTxSet(uint48 maxHCUDepthPerTx);
        event MaxHCUPerTxSet(uint48 maxHCUPerTx);
        event BlockHCUWhitelistAdded(address indexed account);
        event BlockHCUWhitelistRemoved(address indexed account);

        function initializeFromEmptyProxy(
            uint48 hcuCapPerBlock, uint48 maxHCUDepthPerTx, uint48 maxHCUPerTx
        ) external;
        function reinitializeV4() external;
        function setHCUPerBlock(uint48 hcuPerBlock) external;
        function setMaxHCUDepthPerTx(uint48 maxHCUDepthPerTx) external;
        function setMaxHCUPerTx(uint48 maxHCUPerTx) external;
        function addToBlockHCUWhitelist(address account) external;
        function removeFromBlockHCUWhitelist(address account) external;
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

        event NewContextSet(address[] newSignersSet, uint256 newThreshold);

        function initializeFromEmptyProxy(
            address verifyingContractSource,
            uint64 chainIDSource,
            address[] initialSigners,
            uint256 initialThreshold
        ) external;
        function reinitializeV2(address[] newSignersSet, uint256 threshold) external;
        function defineNewContext(address[] newSignersSet, uint256 newThreshold) external;
        function setThreshold(uint256 threshold) external;
        function verifyInput(
            ContextUserInputs context, bytes32 inputHandle, bytes inputProof
        ) external returns (bytes32);
        function cleanTransientStorage() external;
        function getCoprocessorSigners() external view returns (address[]);
        function getThreshold() external view returns (uint256);
        function isSigner(address account) external view returns (bool);
        function EIP712_INPUT_VERIFICATION_TYPE() external pure returns (string);
        function EIP712_INPUT_VERIFICATION_TYPEHASH() external pure returns (bytes32);
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
        function initializeFromEmptyProxy(
            address verifyingContractSource, uint64 chainIDSource
        ) external;
        function reinitializeV4() external;
        function verifyDecryptionEIP712KMSSignatures(
            bytes32[] handlesList, bytes decryptedResult, bytes decryptionProof
        ) external returns (bool);
        function getKmsSigners() external view returns (address[]);
        function getThreshold() external view returns (uint256);
        function isSigner(address account) external view returns (bool);
        function getCurrentKmsContextId() external view returns (uint256);
        function getSignersForKmsContext(uint256 kmsContextId) external view returns (address[]);
        function getContextSignersAndThresholdFromExtraData(bytes extraData)
            external view returns (address[] signers, uint256 threshold);
        function getProtocolConfigAddress() external view returns (address);
        function EIP712_PUBLIC_DECRYPT_TYPE() external pure returns (string);
        function DECRYPTION_RESULT_TYPEHASH() external pure returns (bytes32);
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

    /// A node of the key management system, as it is read back.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct KmsNode {
        address txSenderAddress;
        address signerAddress;
        string ipAddress;
        string storageUrl;
    }

    /// A node of the key management system, as it is proposed.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct KmsNodeParams {
        address txSenderAddress;
        address signerAddress;
        string ipAddress;
        string storageUrl;
        int32 partyId;
        string mpcIdentity;
        bytes caCert;
        string storagePrefix;
    }

    /// How many nodes must agree, for each purpose.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct KmsThresholds {
        uint256 publicDecryption;
        uint256 userDecryption;
        uint256 kmsGen;
        uint256 mpc;
    }

    /// Measurements of an enclave's software.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct PcrValues {
        bytes pcr0;
        bytes pcr1;
        bytes pcr2;
    }

    /// A generated key's digest. The key's type is an enum with four members.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct KeyDigest {
        uint8 keyType;
        bytes digest;
    }

    /// A node's word for a key of an epoch.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct EpochKeyResult {
        uint256 prepKeygenId;
        uint256 keyId;
        KeyDigest[] keyDigests;
        bytes signature;
    }

    /// A node's word for a common reference string of an epoch.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct EpochCrsResult {
        uint256 crsId;
        uint256 maxBitLength;
        bytes crsDigest;
        bytes signature;
    }

    /// The blocks in which a chain changes its coprocessor.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct ChainUpgradeWindow {
        uint64 chainId;
        uint64 startBlock;
        uint64 endBlock;
    }

    /// Contexts and epochs of the key management system: its nodes, signers and thresholds.
    interface ProtocolConfig {
        event NewKmsContext(
            uint256 indexed contextId,
            uint256 indexed previousContextId,
            KmsNodeParams[] kmsNodeParams,
            KmsThresholds thresholds,
            string softwareVersion,
            PcrValues[] pcrValues
        );
        event NewKmsEpoch(
            uint256 indexed kmsContextId,
            uint256 indexed epochId,
            uint256 previousContextId,
            uint256 previousEpochId,
            uint256 materialBlockNumber
        );
        event ActivateEpoch(
            uint256 indexed kmsContextId,
            uint256 indexed epochId,
            EpochKeyResult[] keys,
            EpochCrsResult[] crsList,
            string[] kmsNodeStorageUrls
        );
        event KmsContextCreationConfirmation(
            uint256 indexed kmsContextId,
            address indexed txSender,
            bool isPreviousTxSender,
            bool isNewTxSender
        );
        event EpochActivationConfirmation(
            uint256 indexed epochId, address indexed signer, bytes32 dataHash
        );
        event KmsContextDestroyed(uint256 indexed kmsContextId);
        event KmsEpochDestroyed(uint256 indexed epochId);
        event CoprocessorUpgradeProposed(
            uint256 indexed proposalId,
            string softwareVersion,
            ChainUpgradeWindow[] chainUpgradeWindows,
            uint64 gwStartBlock
        );
        event PublicDecryptionThresholdUpdated(uint256 indexed kmsContextId, uint256 threshold);
        event UserDecryptionThresholdUpdated(uint256 indexed kmsContextId, uint256 threshold);
        event KmsGenThresholdUpdated(uint256 indexed kmsContextId, uint256 threshold);
        event MpcThresholdUpdated(uint256 indexed kmsContextId, uint256 threshold);
        event MirrorKmsContextAndEpoch(
            uint256 indexed contextId,
            uint256 indexed epochId,
            KmsNodeParams[] kmsNodeParams,
            KmsThresholds thresholds,
            string softwareVersion,
            PcrValues[] pcrValues
        );
        event MirrorKmsEpoch(uint256 indexed contextId, uint256 indexed epochId);

        function initializeFromEmptyProxy(
            KmsNodeParams[] initialKmsNodeParams,
            KmsThresholds initialThresholds,
            string softwareVersion,
            PcrValues[] pcrValues
        ) external;
        function initializeFromCanonical(
            uint256 canonicalContextId,
            uint256 canonicalEpochId,
            KmsNodeParams[] canonicalKmsNodeParams,
            KmsThresholds canonicalThresholds
        ) external;
        function reinitializeV2(
            KmsNodeParams[] kmsNodeParams, string softwareVersion, PcrValues[] pcrValues
        ) external;
        function defineNewKmsContextAndEpoch(
            KmsNodeParams[] kmsNodeParams,
            KmsThresholds thresholds,
            string softwareVersion,
            PcrValues[] pcrValues
        ) external;
        function defineNewEpochForCurrentKmsContext() external;
        function confirmKmsContextCreation(uint256 kmsContextId) external;
        function confirmEpochActivation(
            uint256 epochId, EpochKeyResult[] keys, EpochCrsResult[] crsList
        ) external;
        function destroyKmsContext(uint256 kmsContextId) external;
        function destroyKmsEpoch(uint256 epochId) external;
        function proposeCoprocessorUpgrade(
            uint256 proposalId,
            string softwareVersion,
            ChainUpgradeWindow[] chainUpgradeWindows,
            uint64 gwStartBlock
        ) external;
        function updatePublicDecryptionThresholdForContext(
            uint256 kmsContextId, uint256 threshold
        ) external;
        function updateUserDecryptionThresholdForContext(
            uint256 kmsContextId, uint256 threshold
        ) external;
        function updateKmsGenThresholdForContext(uint256 kmsContextId, uint256 threshold) external;
        function updateMpcThresholdForContext(uint256 kmsContextId, uint256 threshold) external;
        function mirrorKmsContextAndEpoch(
            uint256 contextId,
            uint256 epochId,
            KmsNodeParams[] kmsNodeParams,
            KmsThresholds thresholds,
            string softwareVersion,
            PcrValues[] pcrValues
        ) external;
        function mirrorKmsEpoch(uint256 contextId, uint256 epochId) external;
        function getCurrentKmsContextId() external view returns (uint256);
        function getCurrentKmsContextIdCounter() external view returns (uint256);
        function getCurrentKmsContextAndEpoch()
            external view returns (uint256 contextId, uint256 epochId);
        function getKmsContextAnchor(uint256 contextId)
            external view returns (uint256 emissionBlockNumber, bytes32 contextInfoHash);
        function isValidKmsContext(uint256 kmsContextId) external view returns (bool);
        function isLiveKmsContext(uint256 kmsContextId) external view returns (bool);
        function getContextCreationPreviousTxSenderThreshold(uint256 kmsContextId)
            external view returns (uint256);
        function isValidEpochForContext(uint256 kmsContextId, uint256 epochId)
            external view returns (bool);
        function getKmsSigners() external view returns (address[]);
        function getKmsSignersForContext(uint256 kmsContextId) external view returns (address[]);
        function isKmsSigner(address signer) external view returns (bool);
        function isKmsSignerForContext(uint256 kmsContextId, address signer)
            external view returns (bool);
        function getKmsNodesForContext(uint256 kmsContextId) external view returns (KmsNode[]);
        function isKmsTxSenderForContext(uint256 kmsContextId, address txSender)
            external view returns (bool);
        function getKmsNodeForContext(uint256 kmsContextId, address txSender)
            external view returns (KmsNode);
        function getPublicDecryptionThreshold() external view returns (uint256);
        function getPublicDecryptionThresholdForContext(uint256 kmsContextId)
            external view returns (uint256);
        function getUserDecryptionThreshold() external view returns (uint256);
        function getUserDecryptionThresholdForContext(uint256 kmsContextId)
            external view returns (uint256);
        function getKmsGenThreshold() external view returns (uint256);
        function getKmsGenThresholdForContext(uint256 kmsContextId)
            external view returns (uint256);
        function getMpcThreshold() external view returns (uint256);
        function getMpcThresholdForContext(uint256 kmsContextId) external view returns (uint256);
        function getVersion() external pure returns (string);
    }
}
