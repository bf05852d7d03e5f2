//! The ABI, against selectors published for the FHEVM host contracts.

use std::collections::BTreeSet;

use alloy_primitives::{b256, hex};
use alloy_sol_types::{SolError, SolEvent, SolInterface};
use ciphervm_fhe::OPS;
use ciphervm_precompiles::{
    AclErrors, Covered, EcdsaErrors, ExecutorErrors, HcuErrors, HostContract, HostErrors,
    InputErrors, KmsErrors, coverage,
    interface::{Acl, Executor, HcuLimit, InputVerifier, KmsVerifier, PauserSet, ProtocolConfig},
};

/// [`coverage`] carries the published selectors; the interfaces are written apart from it.
#[test]
fn functions_have_the_published_selectors() {
    let published = |contract| {
        let of = move |covered: &Covered| covered.contract == contract;
        coverage().filter(of).map(|covered| covered.selector).collect::<BTreeSet<_>>()
    };
    for (contract, selectors) in [
        (HostContract::Executor, Executor::ExecutorCalls::SELECTORS),
        (HostContract::Acl, Acl::AclCalls::SELECTORS),
        (HostContract::HcuLimit, HcuLimit::HcuLimitCalls::SELECTORS),
        (HostContract::PauserSet, PauserSet::PauserSetCalls::SELECTORS),
        (HostContract::InputVerifier, InputVerifier::InputVerifierCalls::SELECTORS),
        (HostContract::KmsVerifier, KmsVerifier::KmsVerifierCalls::SELECTORS),
        (HostContract::ProtocolConfig, ProtocolConfig::ProtocolConfigCalls::SELECTORS),
    ] {
        let published = published(contract);
        for selector in selectors {
            assert!(published.contains(selector), "{contract:?} {}", hex::encode(selector));
        }
    }
    let executor = published(HostContract::Executor);
    assert!(OPS.iter().all(|spec| executor.contains(&spec.selector)));
    assert_eq!(published(HostContract::Acl).len(), Acl::AclCalls::COUNT + 3);
    assert_eq!(published(HostContract::HcuLimit).len(), HcuLimit::HcuLimitCalls::COUNT + 30 + 3);
}

#[test]
fn errors_have_the_published_selectors() {
    assert_eq!(ExecutorErrors::ACLNotAllowed::SELECTOR, hex!("9de3392c"));
    assert_eq!(ExecutorErrors::DivisionByZero::SELECTOR, hex!("23d359a3"));
    assert_eq!(ExecutorErrors::IncompatibleTypes::SELECTOR, hex!("1f3158c7"));
    assert_eq!(ExecutorErrors::InvalidType::SELECTOR, hex!("b9688461"));
    assert_eq!(ExecutorErrors::IsNotScalar::SELECTOR, hex!("4f224e53"));
    assert_eq!(ExecutorErrors::NotPowerOfTwo::SELECTOR, hex!("24e8e742"));
    assert_eq!(ExecutorErrors::ScalarByteIsNotBoolean::SELECTOR, hex!("df7bf325"));
    assert_eq!(ExecutorErrors::InvalidMulDivScalarByte::SELECTOR, hex!("53457c63"));
    assert_eq!(ExecutorErrors::UnsupportedType::SELECTOR, hex!("c6de466a"));
    assert_eq!(ExecutorErrors::UpperBoundAboveMaxTypeValue::SELECTOR, hex!("c7dadf45"));
    assert_eq!(ExecutorErrors::FHECollectionSizeInvalid::SELECTOR, hex!("eeaf669a"));
    assert_eq!(AclErrors::AccountAlreadyBlocked::SELECTOR, hex!("4099a803"));
    assert_eq!(AclErrors::AccountNotBlocked::SELECTOR, hex!("64a5cb46"));
    assert_eq!(AclErrors::AlreadyDelegatedOrRevokedInSameBlock::SELECTOR, hex!("f0ec8aec"));
    assert_eq!(AclErrors::DelegateCannotBeContractAddress::SELECTOR, hex!("adf169da"));
    assert_eq!(AclErrors::DelegateCannotBeWildcard::SELECTOR, hex!("829d7e30"));
    assert_eq!(AclErrors::ExpirationDateAlreadySetToSameValue::SELECTOR, hex!("39a48202"));
    assert_eq!(AclErrors::ExpirationDateInThePast::SELECTOR, hex!("15515f1a"));
    assert_eq!(AclErrors::HandlesListIsEmpty::SELECTOR, hex!("70bd1996"));
    assert_eq!(AclErrors::InvalidationTimestampTooLow::SELECTOR, hex!("832306ac"));
    assert_eq!(AclErrors::InvalidationTimestampInTheFuture::SELECTOR, hex!("9018203f"));
    assert_eq!(AclErrors::NotDelegatedYet::SELECTOR, hex!("c227e905"));
    assert_eq!(AclErrors::NotPauser::SELECTOR, hex!("206a346e"));
    assert_eq!(AclErrors::SenderCannotBeContractAddress::SELECTOR, hex!("61241b58"));
    assert_eq!(AclErrors::SenderCannotBeDelegate::SELECTOR, hex!("230daafc"));
    assert_eq!(AclErrors::SenderNotAllowed::SELECTOR, hex!("d0d25976"));
    assert_eq!(AclErrors::SenderDenied::SELECTOR, hex!("a7820abe"));
    assert_eq!(AclErrors::FailedCall::SELECTOR, hex!("d6bda275"));
    assert_eq!(AclErrors::EnforcedPause::SELECTOR, hex!("d93c0665"));
    assert_eq!(AclErrors::ExpectedPause::SELECTOR, hex!("8dfc202b"));
    assert_eq!(AclErrors::OwnableUnauthorizedAccount::SELECTOR, hex!("118cdaa7"));
    assert_eq!(HcuErrors::CallerMustBeFHEVMExecutorContract::SELECTOR, hex!("31a81a81"));
    assert_eq!(HcuErrors::HCUBlockLimitExceeded::SELECTOR, hex!("ad251174"));
    assert_eq!(HcuErrors::HCUTransactionLimitExceeded::SELECTOR, hex!("77e3c293"));
    assert_eq!(HcuErrors::HCUTransactionDepthLimitExceeded::SELECTOR, hex!("fc344870"));
    assert_eq!(HcuErrors::InvalidZeroHandle::SELECTOR, hex!("34e45d7b"));
    assert_eq!(HcuErrors::UnsupportedOperation::SELECTOR, hex!("9ba6061b"));
    assert_eq!(HcuErrors::OnlyScalarOperationsAreSupported::SELECTOR, hex!("6aa9eb05"));
    assert_eq!(HcuErrors::AlreadyBlockHCUWhitelisted::SELECTOR, hex!("f99c4fd1"));
    assert_eq!(HcuErrors::NotBlockHCUWhitelisted::SELECTOR, hex!("e3cc3418"));
    assert_eq!(HcuErrors::HCUPerBlockBelowMaxPerTx::SELECTOR, hex!("04acca2f"));
    assert_eq!(HcuErrors::MaxHCUPerTxBelowDepth::SELECTOR, hex!("afb1633c"));
    assert_eq!(ExecutorErrors::BoundaryBitPositionOverflow::SELECTOR, hex!("0b4ba29e"));
    assert_eq!(HostErrors::NotHostOwner::SELECTOR, hex!("21bfda10"));
    assert_eq!(HostErrors::InvalidInitialization::SELECTOR, hex!("f92ee8a9"));
    assert_eq!(InputErrors::DeserializingInputProofFail::SELECTOR, hex!("1817ecd7"));
    assert_eq!(InputErrors::EmptyInputProof::SELECTOR, hex!("b2481d16"));
    assert_eq!(InputErrors::InvalidChainId::SELECTOR, hex!("7a47c9a2"));
    assert_eq!(InputErrors::InvalidIndex::SELECTOR, hex!("63df8171"));
    assert_eq!(InputErrors::InvalidInputHandle::SELECTOR, hex!("0258df88"));
    assert_eq!(InputErrors::InvalidHandleVersion::SELECTOR, hex!("5f7e1b54"));
    assert_eq!(InputErrors::NotASigner::SELECTOR, hex!("da0357f7"));
    assert_eq!(InputErrors::InvalidSigner::SELECTOR, hex!("bf18af43"));
    assert_eq!(InputErrors::SignatureThresholdNotReached::SELECTOR, hex!("b95ffe0c"));
    assert_eq!(InputErrors::ZeroSignature::SELECTOR, hex!("b30a3242"));
    assert_eq!(InputErrors::SignaturesVerificationFailed::SELECTOR, hex!("4b506ccd"));
    assert_eq!(KmsErrors::KMSInvalidSigner::SELECTOR, hex!("6475522d"));
    assert_eq!(KmsErrors::DeserializingDecryptionProofFail::SELECTOR, hex!("8d9c3069"));
    assert_eq!(KmsErrors::EmptyDecryptionProof::SELECTOR, hex!("fb6ee246"));
    assert_eq!(KmsErrors::KMSSignatureThresholdNotReached::SELECTOR, hex!("a9c7f24c"));
    assert_eq!(KmsErrors::KMSZeroSignature::SELECTOR, hex!("5704836e"));
    assert_eq!(KmsErrors::UnsupportedExtraDataVersion::SELECTOR, hex!("2139cc2c"));
    assert_eq!(EcdsaErrors::ECDSAInvalidSignature::SELECTOR, hex!("f645eedf"));
    assert_eq!(EcdsaErrors::ECDSAInvalidSignatureLength::SELECTOR, hex!("fce698f7"));
    assert_eq!(EcdsaErrors::ECDSAInvalidSignatureS::SELECTOR, hex!("d78bce0c"));
}

#[test]
fn events_have_the_published_topics() {
    assert_eq!(
        Acl::Allowed::SIGNATURE_HASH,
        b256!("e2e1decee6e05ee246cd7c7f1337d25cdfd41dcbdcf8c57b61630be56cc7366a")
    );
    assert_eq!(
        Acl::AllowedForDecryption::SIGNATURE_HASH,
        b256!("d913ac93a959116526793ef772233273d5249597d33cddfdc34f29920541fd0a")
    );
    assert_eq!(
        Acl::DecryptionSignaturesInvalidated::SIGNATURE_HASH,
        b256!("f1b88c0a8124fa1aeb743677c229b610ff4d00ceb3df459794e540d7b9a52a3d")
    );
    assert_eq!(
        Acl::DelegatedForUserDecryption::SIGNATURE_HASH,
        b256!("527b025d7ff06689c1ab9d32dfd7881c964cce72ce8ac5b2fe1d3be8cfda5bfc")
    );
    assert_eq!(
        Acl::RevokedDelegationForUserDecryption::SIGNATURE_HASH,
        b256!("7aca80b6b7928b9038f186e3d9922a0fc5d52c398fbf144725c142c52a5277e4")
    );
    assert_eq!(
        Acl::BlockedAccount::SIGNATURE_HASH,
        b256!("8632489584ac3cfc9b78cc6c2197c31ca9e3821bfa5ca5c9af28917b92db24d9")
    );
    assert_eq!(
        HcuLimit::HCUPerBlockSet::SIGNATURE_HASH,
        b256!("c1f1fcaa898aae2263dded712e1798083fca9272ff803ee4150ce48f8619891a")
    );
    assert_eq!(
        HcuLimit::MaxHCUDepthPerTxSet::SIGNATURE_HASH,
        b256!("5511b1851fc40a2629c855bab7adce3276c470d8190eb01431e418dc2af13e8e")
    );
    assert_eq!(
        HcuLimit::MaxHCUPerTxSet::SIGNATURE_HASH,
        b256!("64cb9e7ae6497c59080cdbc048552e123d52aa4240e137758a173582786961ca")
    );
    assert_eq!(
        HcuLimit::BlockHCUWhitelistAdded::SIGNATURE_HASH,
        b256!("cca1d46384cdbbeef2f9daddb76db138101c9905f818d867b630195c128d3c66")
    );
    assert_eq!(
        HcuLimit::BlockHCUWhitelistRemoved::SIGNATURE_HASH,
        b256!("92fc97af15002646cea63c7633bb375b82db7cde7b480c75fe6341dacc292c81")
    );
    assert_eq!(
        Acl::UnblockedAccount::SIGNATURE_HASH,
        b256!("a885a62df16bfeabc96ed9b845b30dd4038f039ca1679490125c314222355e3f")
    );
}
