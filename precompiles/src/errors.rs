//! The custom errors of the host contracts, and the errors of this crate's own functions.

use alloy_primitives::B256;
use alloy_sol_types::sol;
use ciphervm_fhe::GraphError;

sol! {
    /// Errors of the executor.
    #[derive(Debug, PartialEq, Eq)]
    interface ExecutorErrors {
        /// `account` may not use `handle`.
        error ACLNotAllowed(bytes32 handle, address account);
        /// The scalar divisor is zero in the operands' type.
        error DivisionByZero();
        /// Encrypted operands differ in type.
        error IncompatibleTypes();
        /// A cast to the same type, or an input of another type than announced.
        error InvalidType();
        /// The operation takes a scalar there.
        error IsNotScalar();
        /// The bound is not a power of two.
        error NotPowerOfTwo();
        /// The scalar byte is neither 0 nor 1.
        error ScalarByteIsNotBoolean();
        /// The scalar byte of `fheMulDiv` is neither 1 nor 3.
        error InvalidMulDivScalarByte();
        /// The operation does not exist for the type.
        error UnsupportedType();
        /// The bound is above the number of values of the type.
        error UpperBoundAboveMaxTypeValue();
        /// The collection has too many elements.
        error FHECollectionSizeInvalid(uint256 size, uint256 limit);
        /// An operand's position does not fit the bitmap of operands. Never given: collections
        /// have at most 100 elements, and the bitmap has 256 bits.
        error BoundaryBitPositionOverflow(uint256 position);
    }

    /// Errors of the access control list.
    #[derive(Debug, PartialEq, Eq)]
    interface AclErrors {
        /// The account is denied already.
        error AccountAlreadyBlocked(address account);
        /// The account is not denied.
        error AccountNotBlocked(address account);
        /// A delegation changes at most once a block.
        error AlreadyDelegatedOrRevokedInSameBlock(
            address delegator, address delegate, address contractAddress, uint256 blockNumber
        );
        /// The delegate is the contract itself.
        error DelegateCannotBeContractAddress(address contractAddress);
        /// The delegate is the wildcard address.
        error DelegateCannotBeWildcard(address delegate);
        /// The delegation has this expiration date already.
        error ExpirationDateAlreadySetToSameValue(
            address delegator, address delegate, address contractAddress, uint256 expirationDate
        );
        /// The expiration date is not in the future.
        error ExpirationDateInThePast();
        /// No handle was named.
        error HandlesListIsEmpty();
        /// Signatures are invalidated up to this time already.
        error InvalidationTimestampTooLow();
        /// Only the past can be invalidated.
        error InvalidationTimestampInTheFuture();
        /// There is no delegation to revoke.
        error NotDelegatedYet(address delegator, address delegate, address contractAddress);
        /// The account may not pause.
        error NotPauser(address account);
        /// The caller delegates for itself as a contract.
        error SenderCannotBeContractAddress(address contractAddress);
        /// The caller delegates to itself.
        error SenderCannotBeDelegate(address delegate);
        /// The caller may not use the handle.
        error SenderNotAllowed(address sender);
        /// The caller is on the deny list.
        error SenderDenied(address sender);
        /// The contract is paused.
        error EnforcedPause();
        /// The contract is not paused.
        error ExpectedPause();
        /// The account is not the owner.
        error OwnableUnauthorizedAccount(address account);
        /// The account cannot be the owner. Never given: a nomination may name any account, the
        /// zero address included, and only the nominated account becomes the owner.
        error OwnableInvalidOwner(address owner);
        /// An inner call failed without a reason.
        error FailedCall();
    }

    /// Errors that several host contracts share: who administers them, and that nobody upgrades
    /// them.
    #[derive(Debug, PartialEq, Eq)]
    interface HostErrors {
        /// The sender does not own the access control list, which makes the owner of all host
        /// contracts.
        error NotHostOwner(address sender);
        /// The contract is initialized already.
        error InvalidInitialization();
        /// The contract is past the state in which an empty proxy leaves it.
        error NotInitializingFromEmptyProxy();
        /// The function answers only where no proxy stands in front.
        error UUPSUnauthorizedCallContext();
        /// The contract cannot be replaced by this one.
        error ERC1967InvalidImplementation(address implementation);
    }

    /// Errors of the set of pausers.
    #[derive(Debug, PartialEq, Eq)]
    interface PauserErrors {
        /// The account is a pauser already.
        error AccountAlreadyPauser(address account);
        /// The account is not a pauser.
        error AccountNotPauser(address account);
        /// The zero address cannot be a pauser.
        error InvalidNullPauser();
    }

    /// Errors of the HCU meter.
    #[derive(Debug, PartialEq, Eq)]
    interface HcuErrors {
        /// Only the executor may charge.
        error CallerMustBeFHEVMExecutorContract();
        /// The block's budget is spent.
        error HCUBlockLimitExceeded();
        /// The transaction's budget is spent.
        error HCUTransactionLimitExceeded();
        /// The longest chain of dependent operations is too expensive.
        error HCUTransactionDepthLimitExceeded();
        /// An operand is the zero handle.
        error InvalidZeroHandle();
        /// The operation has no price for the type.
        error UnsupportedOperation();
        /// The operation has no price for this scalar byte.
        error OnlyScalarOperationsAreSupported();
        /// The account is exempt from the block's budget already.
        error AlreadyBlockHCUWhitelisted(address account);
        /// The account is not exempt from the block's budget.
        error NotBlockHCUWhitelisted(address account);
        /// A block's budget must be at least a transaction's.
        error HCUPerBlockBelowMaxPerTx();
        /// A transaction's budget must be at least that of its longest chain.
        error MaxHCUPerTxBelowDepth();
    }

    /// Errors of the input verifier.
    #[derive(Debug, PartialEq, Eq)]
    interface InputErrors {
        /// The proof is shorter than its counts say.
        error DeserializingInputProofFail();
        /// The proof is empty.
        error EmptyInputProof();
        /// The handle carries another chain's id.
        error InvalidChainId();
        /// The proof holds no handle at the handle's index.
        error InvalidIndex();
        /// The proof holds another handle at that index.
        error InvalidInputHandle();
        /// A handle of the proof has an unknown version.
        error InvalidHandleVersion();
        /// A signature is by somebody who is no signer.
        error InvalidSigner(address signer);
        /// Fewer signatures than the threshold.
        error SignatureThresholdNotReached(uint256 signatures);
        /// No signature.
        error ZeroSignature();
        /// Too few distinct signers.
        error SignaturesVerificationFailed();
        /// The zero address is proposed as a signer.
        error CoprocessorSignerNull();
        /// A signer is proposed twice.
        error CoprocessorAlreadySigner();
        /// No signer is proposed.
        error SignersSetIsEmpty();
        /// The proposed threshold is zero.
        error ThresholdIsNull();
        /// The proposed threshold is above the number of signers.
        error ThresholdIsAboveNumberOfSigners();
        /// Declared by the public contract, which never gives it.
        error NotASigner();
    }

    /// Errors of the KMS verifier.
    #[derive(Debug, PartialEq, Eq)]
    interface KmsErrors {
        /// A signature is by somebody who is no signer.
        error KMSInvalidSigner(address signer);
        /// The proof is shorter than its counts say.
        error DeserializingDecryptionProofFail();
        /// The proof is empty.
        error EmptyDecryptionProof();
        /// Fewer signatures than the threshold.
        error KMSSignatureThresholdNotReached(uint256 signatures);
        /// No signature.
        error KMSZeroSignature();
        /// The extra data has another length than its version says.
        error DeserializingExtraDataFail();
        /// The extra data has a version that is not known.
        error UnsupportedExtraDataVersion(uint8 version);
    }

    /// Errors of the protocol configuration.
    #[derive(Debug, PartialEq, Eq)]
    interface ConfigErrors {
        /// No node is proposed.
        error EmptyKmsNodes();
        /// More nodes than a decryption proof can count signatures of.
        error KmsSignerSetExceedsProofFormatLimit(uint256 signerCount, uint256 maxAllowed);
        /// The threshold is zero.
        error InvalidNullThreshold(string thresholdName);
        /// The threshold is above what a decryption proof can count.
        error ThresholdExceedsProofFormatLimit(
            string thresholdName, uint256 threshold, uint256 maxAllowed
        );
        /// The threshold is above the number of nodes.
        error InvalidHighThreshold(string thresholdName, uint256 threshold, uint256 nodeCount);
        /// A node has no sender of transactions.
        error KmsNodeNullTxSender();
        /// A node has no signer.
        error KmsNodeNullSigner();
        /// Two nodes have one sender of transactions.
        error KmsTxSenderAlreadyRegistered(address txSender);
        /// Two nodes have one signer.
        error KmsSignerAlreadyRegistered(address signer);
        /// The context does not exist, or is not in a state for this.
        error InvalidKmsContext(uint256 kmsContextId);
        /// The epoch does not exist, or is not in a state for this.
        error InvalidKmsEpoch(uint256 epochId);
        /// The current context cannot be destroyed.
        error LatestActiveKmsContextCannotBeDestroyed(uint256 kmsContextId);
        /// The current epoch cannot be destroyed.
        error LatestActiveKmsEpochCannotBeDestroyed(uint256 epochId);
        /// The context waits for no confirmation of its creation.
        error KmsContextNotPending(uint256 kmsContextId);
        /// The context's creation is not confirmed.
        error KmsContextNotCreated(uint256 kmsContextId);
        /// A change of context or epoch has not settled.
        error KmsLifecycleOperationInFlight(uint256 kmsContextId, uint256 epochId);
        /// The caller belongs neither to the current nor to the new context.
        error KmsContextCreationUnauthorized(address caller, uint256 kmsContextId);
        /// The caller confirmed already.
        error KmsContextCreationAlreadyConfirmed(address txSender, uint256 kmsContextId);
        /// The caller does not belong to the epoch's context.
        error EpochActivationUnauthorized(address caller, uint256 epochId);
        /// The signer confirmed already.
        error EpochActivationAlreadyConfirmed(address signer, uint256 epochId);
        /// An attestation of keys or of a reference string is missing.
        error EmptyEpochActivationAttestation(uint256 epochId);
        /// The attestation is not by the caller's signer.
        error EpochActivationSignerDoesNotMatchTxSender(address signer, address txSender);
        /// Context numbers only grow.
        error NonIncreasingKmsContextId(uint256 contextId, uint256 latestActiveKmsContextId);
        /// Epoch numbers only grow.
        error NonIncreasingEpochId(uint256 epochId, uint256 currentEpochId);
        /// A proposal needs a number.
        error InvalidProposalId();
        /// A proposal needs a version.
        error EmptySoftwareVersion();
        /// A proposal needs a chain.
        error EmptyChainUpgradeWindows();
        /// A proposal needs a block of the gateway.
        error ZeroGwStartBlock();
        /// A chain of the proposal has number zero.
        error ZeroChainId();
        /// A chain is proposed twice.
        error DuplicateChainId(uint64 chainId);
        /// A window ends before it starts.
        error InvalidBlockWindow(uint64 chainId, uint64 startBlock, uint64 endBlock);
    }

    /// Errors of signature recovery.
    #[derive(Debug, PartialEq, Eq)]
    interface EcdsaErrors {
        /// No key made this signature.
        error ECDSAInvalidSignature();
        /// The signature is not 65 bytes long.
        error ECDSAInvalidSignatureLength(uint256 length);
        /// The signature's `s` is in the upper half of the group order.
        error ECDSAInvalidSignatureS(bytes32 s);
    }
}

/// Logs of a receipt that the host contracts cannot have emitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The data of an event does not have the event's types.
    #[error("log {index} has topic {topic} of a host contract, but its data does not fit it")]
    Malformed {
        /// Position among the logs.
        index: usize,
        /// The event's topic.
        topic: B256,
    },
    /// An operation's operands make no node.
    #[error("log {index}: {source}")]
    Graph {
        /// Position among the logs.
        index: usize,
        /// Why.
        source: GraphError,
    },
}

/// Limits on homomorphic work that the owner of the meter could not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HcuLimitsError {
    /// A limit does not fit the meter.
    #[error("a limit of {limit} HCU is more than the meter can hold: {largest} at most")]
    TooLarge {
        /// The limit.
        limit: u64,
        /// The largest one.
        largest: u64,
    },
    /// A transaction could not use what a chain of operations in it may.
    #[error(
        "a chain of operations may use {depth_per_tx} HCU and its whole transaction only {per_tx}: \
         lower the limit of depth, or raise that of transactions"
    )]
    TransactionBelowDepth {
        /// For a chain of operations.
        depth_per_tx: u64,
        /// For a transaction.
        per_tx: u64,
    },
    /// A block could not use what a transaction in it may.
    #[error(
        "a transaction may use {per_tx} HCU and its whole block only {per_block}: lower the limit \
         of transactions, or raise that of blocks"
    )]
    BlockBelowTransaction {
        /// For a transaction.
        per_tx: u64,
        /// For a block.
        per_block: u64,
    },
}

/// Bytes are not an input proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The counts at the front do not fit the length.
    #[error(
        "an input proof for {handles} handles with {signatures} signatures has at least {expected} bytes, found {found}"
    )]
    TooShort {
        /// Number of handles announced.
        handles: u8,
        /// Number of signatures announced.
        signatures: u8,
        /// Bytes needed for them.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// Not even the counts are there.
    #[error("an input proof begins with two counts, found {0} bytes")]
    NoCounts(usize),
}
