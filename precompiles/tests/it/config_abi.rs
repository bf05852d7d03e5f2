//! The ABI of the protocol configuration and of the verifiers' administration, against the selectors
//! and topics in the published bindings of the FHEVM host contracts.

use alloy_primitives::{b256, hex};
use alloy_sol_types::{SolError, SolEvent, SolEventInterface, SolInterface};
use ciphervm_precompiles::{
    ConfigErrors as E, InputErrors, KmsErrors,
    interface::{InputVerifier, ProtocolConfig as C},
};

#[test]
fn errors_of_the_configuration_have_the_published_selectors() {
    let published: &[([u8; 4], [u8; 4])] = &[
        (E::DuplicateChainId::SELECTOR, hex!("6c67e470")),
        (E::EmptyChainUpgradeWindows::SELECTOR, hex!("be505044")),
        (E::EmptyEpochActivationAttestation::SELECTOR, hex!("ce9440df")),
        (E::EmptyKmsNodes::SELECTOR, hex!("068c8d40")),
        (E::EmptySoftwareVersion::SELECTOR, hex!("b5489147")),
        (E::EpochActivationAlreadyConfirmed::SELECTOR, hex!("49417636")),
        (E::EpochActivationSignerDoesNotMatchTxSender::SELECTOR, hex!("f1735b46")),
        (E::EpochActivationUnauthorized::SELECTOR, hex!("a3f4afeb")),
        (E::InvalidBlockWindow::SELECTOR, hex!("f219dc0e")),
        (E::InvalidHighThreshold::SELECTOR, hex!("caa814a3")),
        (E::InvalidKmsContext::SELECTOR, hex!("77ddbe81")),
        (E::InvalidKmsEpoch::SELECTOR, hex!("7995bbcf")),
        (E::InvalidNullThreshold::SELECTOR, hex!("36bfb60e")),
        (E::InvalidProposalId::SELECTOR, hex!("0992f7ad")),
        (E::KmsContextCreationAlreadyConfirmed::SELECTOR, hex!("62585cc8")),
        (E::KmsContextCreationUnauthorized::SELECTOR, hex!("b81df8e8")),
        (E::KmsContextNotCreated::SELECTOR, hex!("32c5b9f6")),
        (E::KmsContextNotPending::SELECTOR, hex!("3586efa1")),
        (E::KmsLifecycleOperationInFlight::SELECTOR, hex!("078020be")),
        (E::KmsNodeNullSigner::SELECTOR, hex!("2deccf4d")),
        (E::KmsNodeNullTxSender::SELECTOR, hex!("8466804a")),
        (E::KmsSignerAlreadyRegistered::SELECTOR, hex!("f51af6bb")),
        (E::KmsSignerSetExceedsProofFormatLimit::SELECTOR, hex!("16a72778")),
        (E::KmsTxSenderAlreadyRegistered::SELECTOR, hex!("d18c4ff0")),
        (E::LatestActiveKmsContextCannotBeDestroyed::SELECTOR, hex!("187aeaa8")),
        (E::LatestActiveKmsEpochCannotBeDestroyed::SELECTOR, hex!("f0e781c1")),
        (E::NonIncreasingEpochId::SELECTOR, hex!("e8121f51")),
        (E::NonIncreasingKmsContextId::SELECTOR, hex!("efd55f67")),
        (E::ThresholdExceedsProofFormatLimit::SELECTOR, hex!("22ba52db")),
        (E::ZeroChainId::SELECTOR, hex!("c84885d4")),
        (E::ZeroGwStartBlock::SELECTOR, hex!("17d3e948")),
    ];
    assert_eq!(published.len(), E::ConfigErrorsErrors::COUNT);
    for (ours, published) in published {
        assert_eq!(ours, published);
    }
}

#[test]
fn events_of_the_configuration_have_the_published_topics() {
    let published = [
        (
            C::ActivateEpoch::SIGNATURE_HASH,
            b256!("1a547b42e72cd3dda04e6adccd2200276cfef01fe2138d07f3a7440f416d38bc"),
        ),
        (
            C::CoprocessorUpgradeProposed::SIGNATURE_HASH,
            b256!("c42f1ecac8d4881ef9fd335ca98ee7254a436b92ba874a609e50a7d30c487b8d"),
        ),
        (
            C::EpochActivationConfirmation::SIGNATURE_HASH,
            b256!("7eda6f85e23b7b91c019b0570d02b663606ef9d74594f7e01fcfbdb0f4e954d5"),
        ),
        (
            C::KmsContextCreationConfirmation::SIGNATURE_HASH,
            b256!("b79c48003695b6ebe555afa36fad071deeee75eb3718ad63de5621d35ba44b4f"),
        ),
        (
            C::KmsContextDestroyed::SIGNATURE_HASH,
            b256!("da075d09198d207e3a918d4b8dfc87df2d60a00be703fd39eaac90962da0b7f0"),
        ),
        (
            C::KmsEpochDestroyed::SIGNATURE_HASH,
            b256!("03436013075f8d1abb1781dbcaf418fc76fc797d1ab51c38664c1a51f3cd57f9"),
        ),
        (
            C::KmsGenThresholdUpdated::SIGNATURE_HASH,
            b256!("f21cb37be709148aabebd278543e62d1b1e6a4477fb1cc43e069d3eeb8c87f90"),
        ),
        (
            C::MirrorKmsContextAndEpoch::SIGNATURE_HASH,
            b256!("2ac68f78f4ccde76b64906026d01ff3c42403eb7eef86fe788474a23267d64cf"),
        ),
        (
            C::MirrorKmsEpoch::SIGNATURE_HASH,
            b256!("0a1c24c2ba5e6e1b1a8585795e5b781e372aee1db686247dac7574c10fd735a6"),
        ),
        (
            C::MpcThresholdUpdated::SIGNATURE_HASH,
            b256!("148f9c6cb77d12306b9f596534d14b7aae3e4f98a2dbe3cdb07ea4924c775f12"),
        ),
        (
            C::NewKmsContext::SIGNATURE_HASH,
            b256!("204d6b80121154cd87d99cf54c639a3dd0a53b3084277098de972ebdd34c6be9"),
        ),
        (
            C::NewKmsEpoch::SIGNATURE_HASH,
            b256!("15aaaf475ef407543f5164f57dcf57f7f93816f55bae77ca09efc445ba40eef7"),
        ),
        (
            C::PublicDecryptionThresholdUpdated::SIGNATURE_HASH,
            b256!("d571bf833e41553bbe260e00b3af7a0e91aafd6cdc238a803aa9ac0e73efed65"),
        ),
        (
            C::UserDecryptionThresholdUpdated::SIGNATURE_HASH,
            b256!("90f1918493831c1b6133489743103384c5600eae796eb34c51ea4f2baafa4f94"),
        ),
    ];
    assert_eq!(published.len(), C::ProtocolConfigEvents::COUNT);
    for (ours, published) in published {
        assert_eq!(ours, published);
    }
}

#[test]
fn the_verifiers_administration_has_the_published_selectors() {
    assert_eq!(InputErrors::CoprocessorSignerNull::SELECTOR, hex!("101a729c"));
    assert_eq!(InputErrors::CoprocessorAlreadySigner::SELECTOR, hex!("ae5bcf92"));
    assert_eq!(InputErrors::SignersSetIsEmpty::SELECTOR, hex!("1286e951"));
    assert_eq!(InputErrors::ThresholdIsNull::SELECTOR, hex!("a8f89880"));
    assert_eq!(InputErrors::ThresholdIsAboveNumberOfSigners::SELECTOR, hex!("35194e63"));
    assert_eq!(KmsErrors::DeserializingExtraDataFail::SELECTOR, hex!("8b248b60"));
    assert_eq!(
        InputVerifier::NewContextSet::SIGNATURE_HASH,
        b256!("1dcd7e1de916ad3be0c1097968029899e2e7d0195cfa6967e16520c0e8d07cea")
    );
}
