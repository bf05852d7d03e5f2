//! The protocol configuration: contexts and epochs of the KMS.

use ciphervm_precompiles::ConfigErrors;

super::errors! { ConfigErrors::ConfigErrorsErrors {
    EmptyKmsNodes() =>
        "no KMS node is proposed",
        "name at least one node";
    KmsSignerSetExceedsProofFormatLimit(signerCount, maxAllowed) =>
        "more nodes are proposed than a decryption proof can count signatures of",
        "propose fewer nodes";
    InvalidNullThreshold(thresholdName) =>
        "a threshold is zero",
        "require at least one node";
    ThresholdExceedsProofFormatLimit(thresholdName, threshold, maxAllowed) =>
        "a threshold is above the signatures that a decryption proof can count",
        "lower the threshold";
    InvalidHighThreshold(thresholdName, threshold, nodeCount) =>
        "a threshold is above the number of nodes",
        "lower the threshold, or propose more nodes";
    KmsNodeNullTxSender() =>
        "a node has the zero address as its sender of transactions",
        "name each node's sender";
    KmsNodeNullSigner() =>
        "a node has the zero address as its signer",
        "name each node's signer";
    KmsTxSenderAlreadyRegistered(txSender) =>
        "two nodes have the same sender of transactions",
        "give each node a sender of its own";
    KmsSignerAlreadyRegistered(signer) =>
        "two nodes have the same signer",
        "give each node a signer of its own";
    InvalidKmsContext(kmsContextId) =>
        "the KMS context does not exist, or is not in a state for this",
        "take the number from getCurrentKmsContextId";
    InvalidKmsEpoch(epochId) =>
        "the KMS epoch does not exist, or is not in a state for this",
        "take the number from getCurrentKmsContextAndEpoch";
    LatestActiveKmsContextCannotBeDestroyed(kmsContextId) =>
        "the KMS context is the current one",
        "activate another context first";
    LatestActiveKmsEpochCannotBeDestroyed(epochId) =>
        "the KMS epoch is the current one",
        "activate another epoch first";
    KmsContextNotPending(kmsContextId) =>
        "the KMS context waits for no confirmation of its creation",
        "check the number: the context was confirmed, destroyed, or never proposed";
    KmsContextNotCreated(kmsContextId) =>
        "the creation of the epoch's KMS context is not confirmed",
        "have its nodes call confirmKmsContextCreation first";
    KmsLifecycleOperationInFlight(kmsContextId, epochId) =>
        "an earlier change of the KMS context or epoch has not settled",
        "confirm or destroy it first";
    KmsContextCreationUnauthorized(caller, kmsContextId) =>
        "the caller is the sender of no node of the current or the new KMS context",
        "send the confirmation from a node's sender of transactions";
    KmsContextCreationAlreadyConfirmed(txSender, kmsContextId) =>
        "the caller has confirmed this KMS context already",
        "leave the call out and wait for the other nodes";
    EpochActivationUnauthorized(caller, epochId) =>
        "the caller is the sender of no node of the epoch's KMS context",
        "send the confirmation from a node's sender of transactions";
    EpochActivationAlreadyConfirmed(signer, epochId) =>
        "the signer has confirmed this epoch already",
        "leave the call out and wait for the other nodes";
    EmptyEpochActivationAttestation(epochId) =>
        "the confirmation attests no keys, or no reference strings",
        "pass both lists";
    EpochActivationSignerDoesNotMatchTxSender(signer, txSender) =>
        "the attestation is signed by another node's signer than the caller's",
        "sign with the key of the node that sends the transaction";
    NonIncreasingKmsContextId(contextId, latestActiveKmsContextId) =>
        "numbers of KMS contexts only grow",
        "pass a number above the latest";
    NonIncreasingEpochId(epochId, currentEpochId) =>
        "numbers of epochs only grow",
        "pass a number above the current one";
    InvalidProposalId() =>
        "the proposal has the number zero",
        "give it a number above zero";
    EmptySoftwareVersion() =>
        "the proposal names no software version",
        "name the version";
    EmptyChainUpgradeWindows() =>
        "the proposal names no chain",
        "name at least one chain with its window of blocks";
    ZeroGwStartBlock() =>
        "the proposal names block zero of the gateway",
        "name the block of the gateway at which the change begins";
    ZeroChainId() =>
        "a chain of the proposal has the id zero",
        "name the chain's id";
    DuplicateChainId(chainId) =>
        "the proposal names a chain twice",
        "name each chain once";
    InvalidBlockWindow(chainId, startBlock, endBlock) =>
        "the chain's window does not end after it starts",
        "name a last block above the first one";
}}
