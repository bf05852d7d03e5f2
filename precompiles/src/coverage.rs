//! The ABI of the public host contracts, function by function, and what becomes of each here.

use Status::{Implemented, Refused};

/// A host contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HostContract {
    /// `FHEVMExecutor`
    Executor,
    /// `ACL`
    Acl,
    /// `HCULimit`
    HcuLimit,
    /// `InputVerifier`
    InputVerifier,
    /// `KMSVerifier`
    KmsVerifier,
    /// `ProtocolConfig`
    ProtocolConfig,
    /// `PauserSet`
    PauserSet,
}

impl HostContract {
    /// Every host contract.
    pub const ALL: [Self; 7] = [
        Self::Executor,
        Self::Acl,
        Self::HcuLimit,
        Self::InputVerifier,
        Self::KmsVerifier,
        Self::ProtocolConfig,
        Self::PauserSet,
    ];

    /// The name of the public contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Executor => "FHEVMExecutor",
            Self::Acl => "ACL",
            Self::HcuLimit => "HCULimit",
            Self::InputVerifier => "InputVerifier",
            Self::KmsVerifier => "KMSVerifier",
            Self::ProtocolConfig => "ProtocolConfig",
            Self::PauserSet => "PauserSet",
        }
    }
}

/// What becomes of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// It answers as in the public contract, refusals included.
    Implemented,
    /// It reverts without data, as a function that does not exist. The reason.
    Refused(&'static str),
}

/// One function of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Covered {
    /// The contract that has it.
    pub contract: HostContract,
    /// Its selector.
    pub selector: [u8; 4],
    /// Its name and argument types.
    pub signature: &'static str,
    /// What becomes of it.
    pub status: Status,
}

/// A row without its contract.
type Row = (u32, &'static str, Status);

/// Every function of every host contract, as published for protocol 0.14.
pub fn coverage() -> impl Iterator<Item = Covered> {
    CONTRACTS.iter().flat_map(|(contract, rows)| {
        rows.iter().map(|(selector, signature, status)| Covered {
            contract: *contract,
            selector: selector.to_be_bytes(),
            signature,
            status: *status,
        })
    })
}

const CONTRACTS: &[(HostContract, &[Row])] = &[
    (HostContract::Executor, EXECUTOR),
    (HostContract::Executor, UPGRADEABLE),
    (HostContract::Acl, ACL),
    (HostContract::Acl, UPGRADEABLE),
    (HostContract::HcuLimit, HCU_LIMIT),
    (HostContract::HcuLimit, UPGRADEABLE),
    (HostContract::InputVerifier, INPUT_VERIFIER),
    (HostContract::InputVerifier, UPGRADEABLE),
    (HostContract::KmsVerifier, KMS_VERIFIER),
    (HostContract::KmsVerifier, UPGRADEABLE),
    (HostContract::ProtocolConfig, PROTOCOL_CONFIG),
    (HostContract::ProtocolConfig, UPGRADEABLE),
    (HostContract::PauserSet, PAUSER_SET),
];

/// What the proxy standard adds to every contract but `PauserSet`.
const UPGRADEABLE: &[Row] = &[
    (0x4f1ef286, "upgradeToAndCall(address,bytes)", Implemented),
    (0x52d1902d, "proxiableUUID()", Implemented),
    (0xad3cb1cc, "UPGRADE_INTERFACE_VERSION()", Implemented),
];

const EXECUTOR: &[Row] = &[
    (
        0xe6317df5,
        "verifyInput((address,address),bytes32,bytes)",
        Refused("belongs to the InputVerifier, whose interface the published list shows here"),
    ),
    (0x39f73810, "initializeFromEmptyProxy()", Implemented),
    (0xf5d0b2d5, "reinitializeV6()", Implemented),
    (0x117b2f38, "fheAdd(bytes32,bytes32,bytes1)", Implemented),
    (0x182b6d98, "fheSub(bytes32,bytes32,bytes1)", Implemented),
    (0x57f0a568, "fheMul(bytes32,bytes32,bytes1)", Implemented),
    (0x5a53accb, "fheDiv(bytes32,bytes32,bytes1)", Implemented),
    (0xcf4d18aa, "fheRem(bytes32,bytes32,bytes1)", Implemented),
    (0xd99882d5, "fheBitAnd(bytes32,bytes32,bytes1)", Implemented),
    (0x63a2db29, "fheBitOr(bytes32,bytes32,bytes1)", Implemented),
    (0x8b49ceb4, "fheBitXor(bytes32,bytes32,bytes1)", Implemented),
    (0xccc480a1, "fheShl(bytes32,bytes32,bytes1)", Implemented),
    (0x91f98ffe, "fheShr(bytes32,bytes32,bytes1)", Implemented),
    (0x6754b360, "fheRotl(bytes32,bytes32,bytes1)", Implemented),
    (0xc021329e, "fheRotr(bytes32,bytes32,bytes1)", Implemented),
    (0xf77f3f1d, "fheEq(bytes32,bytes32,bytes1)", Implemented),
    (0xd8092cbc, "fheNe(bytes32,bytes32,bytes1)", Implemented),
    (0x1391547f, "fheGe(bytes32,bytes32,bytes1)", Implemented),
    (0x85362ee7, "fheGt(bytes32,bytes32,bytes1)", Implemented),
    (0x7513a404, "fheLe(bytes32,bytes32,bytes1)", Implemented),
    (0x72107681, "fheLt(bytes32,bytes32,bytes1)", Implemented),
    (0x04559f71, "fheMin(bytes32,bytes32,bytes1)", Implemented),
    (0x36318d64, "fheMax(bytes32,bytes32,bytes1)", Implemented),
    (0xd580c063, "fheNeg(bytes32)", Implemented),
    (0xf51ccfb0, "fheNot(bytes32)", Implemented),
    (0x7702dcff, "fheIfThenElse(bytes32,bytes32,bytes32)", Implemented),
    (0xd75d6e8a, "fheRand(uint8)", Implemented),
    (0x48eef47e, "fheRandBounded(uint256,uint8)", Implemented),
    (0x04a8d199, "fheSum(bytes32[],uint8)", Implemented),
    (0x73729f60, "fheIsIn(bytes32,bytes32[],uint8)", Implemented),
    (0x94fdeb20, "fheMulDiv(bytes32,bytes32,bytes32,bytes1)", Implemented),
    (0x1c89ee44, "cast(bytes32,uint8)", Implemented),
    (0x9cd07acb, "trivialEncrypt(uint256,uint8)", Implemented),
    (0x08bf832a, "verifyInput(bytes32,address,bytes,uint8)", Implemented),
    (0xf6859bdc, "getACLAddress()", Implemented),
    (0xe0786972, "getHCULimitAddress()", Implemented),
    (0xa8c7c2c1, "getInputVerifierAddress()", Implemented),
    (0x7a297f4b, "getHandleVersion()", Implemented),
    (0x0d8e6e2c, "getVersion()", Implemented),
];

const ACL: &[Row] = &[
    (0x39f73810, "initializeFromEmptyProxy()", Implemented),
    (0x6292d95e, "reinitializeV5()", Implemented),
    (0x79ba5097, "acceptOwnership()", Implemented),
    (0xb9496b62, "allow(bytes32,address)", Implemented),
    (0xfadd2246, "allowForDecryption(bytes32[])", Implemented),
    (0x9718b695, "invalidateDecryptionSignaturesBefore(uint256)", Implemented),
    (0x3e395cec, "allowTransient(bytes32,address)", Implemented),
    (0x04f61a95, "delegateForUserDecryption(address,address,uint64)", Implemented),
    (0x669e6316, "revokeDelegationForUserDecryption(address,address)", Implemented),
    (0x8456cb59, "pause()", Implemented),
    (0x3f4ba83a, "unpause()", Implemented),
    (0x3f462dbe, "getUserDecryptionDelegationExpirationDate(address,address,address)", Implemented),
    (0x0dff1525, "decryptionSignatureInvalidatedBefore(address)", Implemented),
    (0x74b79a5a, "allowedTransient(bytes32,address)", Implemented),
    (0x57ad16cc, "getConfidentialBridgeAddress()", Implemented),
    (0x268d6d31, "getFHEVMExecutorAddress()", Implemented),
    (0x2490fc9a, "getPauserSetAddress()", Implemented),
    (0x82027b6d, "isAllowed(bytes32,address)", Implemented),
    (0xc0d02943, "isAllowedForDecryption(bytes32)", Implemented),
    (
        0xd09c0dee,
        "isHandleDelegatedForUserDecryption(address,address,address,bytes32)",
        Implemented,
    ),
    (0x1e2f86ba, "persistAllowed(bytes32,address)", Implemented),
    (0x9edc01ec, "isAccountDenied(address)", Implemented),
    (0x7c0a893d, "blockAccount(address)", Implemented),
    (0x4d78fdc6, "unblockAccount(address)", Implemented),
    (0x46fbf68e, "isPauser(address)", Implemented),
    (0x35334c23, "cleanTransientStorage()", Implemented),
    (0x0d8e6e2c, "getVersion()", Implemented),
    (0xac9650d8, "multicall(bytes[])", Implemented),
    (0x8da5cb5b, "owner()", Implemented),
    (0xe30c3978, "pendingOwner()", Implemented),
    (0x5c975abb, "paused()", Implemented),
    (0xf2fde38b, "transferOwnership(address)", Implemented),
    (0x715018a6, "renounceOwnership()", Implemented),
    (0xd2870421, "WILDCARD_DELEGATION_ADDRESS()", Implemented),
];

const HCU_LIMIT: &[Row] = &[
    (0x196a456d, "initializeFromEmptyProxy(uint48,uint48,uint48)", Implemented),
    (0x123abb28, "reinitializeV4()", Implemented),
    (0xc1390c34, "checkHCUForFheAdd(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0xd633c96b, "checkHCUForFheSub(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x818f4d69, "checkHCUForFheMul(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x9b3f781a, "checkHCUForFheDiv(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x3311b1bc, "checkHCUForFheRem(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0xc8de4352, "checkHCUForFheBitAnd(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0xc0c5df7c, "checkHCUForFheBitOr(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x9f9259bb, "checkHCUForFheBitXor(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0xf7d198f8, "checkHCUForFheShl(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x07ccdf61, "checkHCUForFheShr(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x5f76eb30, "checkHCUForFheRotl(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x8629f545, "checkHCUForFheRotr(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x60e12189, "checkHCUForFheEq(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x6bad18b6, "checkHCUForFheNe(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0xc277a936, "checkHCUForFheGe(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x458fb277, "checkHCUForFheGt(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x38bd17e5, "checkHCUForFheLe(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x3bb7d5a3, "checkHCUForFheLt(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x04553fb6, "checkHCUForFheMin(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x968302d7, "checkHCUForFheMax(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0x497c22c5, "checkHCUForFheNeg(uint8,bytes32,bytes32,address)", Implemented),
    (0x2dcbc5d1, "checkHCUForFheNot(uint8,bytes32,bytes32,address)", Implemented),
    (0x69931afb, "checkHCUForCast(uint8,bytes32,bytes32,address)", Implemented),
    (0xb78bef59, "checkHCUForTrivialEncrypt(uint8,bytes32,address)", Implemented),
    (
        0x2e3c3906,
        "checkHCUForIfThenElse(uint8,bytes32,bytes32,bytes32,bytes32,address)",
        Implemented,
    ),
    (0xd5b8b8f3, "checkHCUForFheRand(uint8,bytes32,address)", Implemented),
    (0x6cf0bd25, "checkHCUForFheRandBounded(uint8,bytes32,address)", Implemented),
    (0xb9662554, "checkHCUForFheSum(uint8,bytes32[],bytes32,address)", Implemented),
    (0x3bbcc4b2, "checkHCUForFheIsIn(uint8,bytes32,bytes32[],bytes32,address)", Implemented),
    (0x0d81a3f1, "checkHCUForFheMulDiv(uint8,bytes1,bytes32,bytes32,bytes32,address)", Implemented),
    (0xa036ea2e, "setHCUPerBlock(uint48)", Implemented),
    (0x5c414b57, "setMaxHCUDepthPerTx(uint48)", Implemented),
    (0xab394755, "setMaxHCUPerTx(uint48)", Implemented),
    (0x6fd65e4d, "addToBlockHCUWhitelist(address)", Implemented),
    (0x28677ca7, "removeFromBlockHCUWhitelist(address)", Implemented),
    (0x268d6d31, "getFHEVMExecutorAddress()", Implemented),
    (0x0d8e6e2c, "getVersion()", Implemented),
    (0xb59547b8, "getGlobalHCUCapPerBlock()", Implemented),
    (0x1e24aa49, "getMaxHCUDepthPerTx()", Implemented),
    (0xc13c1971, "getMaxHCUPerTx()", Implemented),
    (0xede8776e, "isBlockHCUWhitelisted(address)", Implemented),
    (0x9f4b9937, "getBlockMeter()", Implemented),
];

const INPUT_VERIFIER: &[Row] = &[
    (0x54130ccd, "EIP712_INPUT_VERIFICATION_TYPE()", Implemented),
    (0x8b218123, "EIP712_INPUT_VERIFICATION_TYPEHASH()", Implemented),
    (0x35334c23, "cleanTransientStorage()", Implemented),
    (0xda53c47d, "defineNewContext(address[],uint256)", Implemented),
    (0x84b0196e, "eip712Domain()", Implemented),
    (0x9164d0ae, "getCoprocessorSigners()", Implemented),
    (0x7a297f4b, "getHandleVersion()", Implemented),
    (0xe75235b8, "getThreshold()", Implemented),
    (0x0d8e6e2c, "getVersion()", Implemented),
    (0x5eed7675, "initializeFromEmptyProxy(address,uint64,address[],uint256)", Implemented),
    (0x7df73e27, "isSigner(address)", Implemented),
    (0xe7d9e407, "reinitializeV2(address[],uint256)", Implemented),
    (0x960bfe04, "setThreshold(uint256)", Implemented),
    (0xe6317df5, "verifyInput((address,address),bytes32,bytes)", Implemented),
];

const KMS_VERIFIER: &[Row] = &[
    (0x7d15c9cf, "DECRYPTION_RESULT_TYPEHASH()", Implemented),
    (0x2eafb7db, "EIP712_PUBLIC_DECRYPT_TYPE()", Implemented),
    (0x84b0196e, "eip712Domain()", Implemented),
    (0xb7f47bd6, "getContextSignersAndThresholdFromExtraData(bytes)", Implemented),
    (0x976f3eb9, "getCurrentKmsContextId()", Implemented),
    (0x7eaac8f2, "getKmsSigners()", Implemented),
    (0xba82b011, "getProtocolConfigAddress()", Implemented),
    (0x724f190b, "getSignersForKmsContext(uint256)", Implemented),
    (0xe75235b8, "getThreshold()", Implemented),
    (0x0d8e6e2c, "getVersion()", Implemented),
    (0x755169d1, "initializeFromEmptyProxy(address,uint64)", Implemented),
    (0x7df73e27, "isSigner(address)", Implemented),
    (0x123abb28, "reinitializeV4()", Implemented),
    (0x78542ead, "verifyDecryptionEIP712KMSSignatures(bytes32[],bytes,bytes)", Implemented),
];

const PROTOCOL_CONFIG: &[Row] = &[
    (
        0x4cb950e1,
        "confirmEpochActivation(uint256,(uint256,uint256,(uint8,bytes)[],bytes)[],\
         (uint256,uint256,bytes,bytes)[])",
        Implemented,
    ),
    (0xd9be2de4, "confirmKmsContextCreation(uint256)", Implemented),
    (0x1ce3f9bc, "defineNewEpochForCurrentKmsContext()", Implemented),
    (
        0x976c98b5,
        "defineNewKmsContextAndEpoch((address,address,string,string,int32,string,bytes,\
         string)[],(uint256,uint256,uint256,uint256),string,(bytes,bytes,bytes)[])",
        Implemented,
    ),
    (0xc0ae64f7, "destroyKmsContext(uint256)", Implemented),
    (0xc2580a2d, "destroyKmsEpoch(uint256)", Implemented),
    (0x3e6316ea, "getContextCreationPreviousTxSenderThreshold(uint256)", Implemented),
    (0x65b394af, "getCurrentKmsContextAndEpoch()", Implemented),
    (0x976f3eb9, "getCurrentKmsContextId()", Implemented),
    (0x9d1b1be1, "getCurrentKmsContextIdCounter()", Implemented),
    (0xc999a8b4, "getKmsContextAnchor(uint256)", Implemented),
    (0xb4722bc4, "getKmsGenThreshold()", Implemented),
    (0x41ad069c, "getKmsGenThresholdForContext(uint256)", Implemented),
    (0x31ff41c8, "getKmsNodeForContext(uint256,address)", Implemented),
    (0xf9c670c3, "getKmsNodesForContext(uint256)", Implemented),
    (0x7eaac8f2, "getKmsSigners()", Implemented),
    (0x5bff76d9, "getKmsSignersForContext(uint256)", Implemented),
    (0x26cf5def, "getMpcThreshold()", Implemented),
    (0x47e82295, "getMpcThresholdForContext(uint256)", Implemented),
    (0x2a388998, "getPublicDecryptionThreshold()", Implemented),
    (0xc3aaaa5a, "getPublicDecryptionThresholdForContext(uint256)", Implemented),
    (0xc2b42986, "getUserDecryptionThreshold()", Implemented),
    (0x281e8bfe, "getUserDecryptionThresholdForContext(uint256)", Implemented),
    (0x0d8e6e2c, "getVersion()", Implemented),
    (
        0x16d4eb6f,
        "initializeFromCanonical(uint256,uint256,(address,address,string,string,int32,\
         string,bytes,string)[],(uint256,uint256,uint256,uint256))",
        Implemented,
    ),
    (
        0x221cdd4e,
        "initializeFromEmptyProxy((address,address,string,string,int32,string,bytes,\
         string)[],(uint256,uint256,uint256,uint256),string,(bytes,bytes,bytes)[])",
        Implemented,
    ),
    (0x203d0114, "isKmsSigner(address)", Implemented),
    (0x9447cfd4, "isKmsSignerForContext(uint256,address)", Implemented),
    (0x46c5bbbd, "isKmsTxSenderForContext(uint256,address)", Implemented),
    (0xee7d52d1, "isLiveKmsContext(uint256)", Implemented),
    (0xcceac019, "isValidEpochForContext(uint256,uint256)", Implemented),
    (0xbf9b16c8, "isValidKmsContext(uint256)", Implemented),
    (
        0xbc4d07c2,
        "mirrorKmsContextAndEpoch(uint256,uint256,(address,address,string,string,int32,\
         string,bytes,string)[],(uint256,uint256,uint256,uint256),string,(bytes,bytes,\
         bytes)[])",
        Implemented,
    ),
    (0x8e97cb60, "mirrorKmsEpoch(uint256,uint256)", Implemented),
    (
        0xccbf8199,
        "proposeCoprocessorUpgrade(uint256,string,(uint64,uint64,uint64)[],uint64)",
        Implemented,
    ),
    (
        0x77af6987,
        "reinitializeV2((address,address,string,string,int32,string,bytes,string)[],\
         string,(bytes,bytes,bytes)[])",
        Implemented,
    ),
    (0xb0b461c4, "updateKmsGenThresholdForContext(uint256,uint256)", Implemented),
    (0x77d38e24, "updateMpcThresholdForContext(uint256,uint256)", Implemented),
    (0x06834d1d, "updatePublicDecryptionThresholdForContext(uint256,uint256)", Implemented),
    (0xb181cda7, "updateUserDecryptionThresholdForContext(uint256,uint256)", Implemented),
];

const PAUSER_SET: &[Row] = &[
    (0x82dc1ec4, "addPauser(address)", Implemented),
    (0x6b2c0f55, "removePauser(address)", Implemented),
    (0x5c1d802b, "swapPauser(address,address)", Implemented),
    (0x46fbf68e, "isPauser(address)", Implemented),
    (0x0d8e6e2c, "getVersion()", Implemented),
];

#[cfg(test)]
mod tests {
    use alloy_primitives::{hex, keccak256};

    use super::*;

    #[test]
    fn selectors_are_those_of_the_signatures() {
        for covered in coverage() {
            let hash = keccak256(covered.signature);
            assert_eq!(hex::encode(covered.selector), hex::encode(&hash[..4]), "{covered:?}");
        }
    }
}
