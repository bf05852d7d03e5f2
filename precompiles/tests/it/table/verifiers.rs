//! The verifiers and the protocol configuration: that their tables are complete.

use alloy_primitives::{FixedBytes, hex};
use alloy_sol_types::{SolCall, SolType, abi::TokenSeq};
use ciphervm_precompiles::{
    ConfigErrors, EcdsaErrors, InputErrors, KmsErrors,
    interface::{InputVerifier, KmsVerifier, ProtocolConfig, Upgradeable},
};

use super::{
    input_verifier, kms_verifier, protocol_config, protocol_config_activation,
    protocol_config_lifecycle, *,
};

/// Functions that never succeed.
const NEVER: &[&str] = &["initialize", "reinitialize"];

impl Case {
    /// Several results.
    pub(crate) fn returns_params<T: SolValue>(mut self, values: T) -> Self
    where
        for<'a> <T::SolType as SolType>::Token<'a>: TokenSeq<'a>,
    {
        self.end = Some(End::Returns(values.abi_encode_params().into()));
        self
    }
}

/// What `eip712Domain` answers.
pub(super) fn domain(
    name: &str,
    contract: Address,
) -> (FixedBytes<1>, String, String, U256, Address, B256, Vec<U256>) {
    let fields = FixedBytes::new([0x0f]);
    (fields, name.into(), "1".into(), U256::from(10901), contract, B256::ZERO, vec![])
}

/// The functions of the proxy standard.
pub(super) fn upgrades(to: Address) -> Vec<Case> {
    let upgrade = Upgradeable::upgradeToAndCallCall { newImplementation: USER, data: Bytes::new() }
        .abi_encode();
    vec![
        case("upgradeToAndCall by a stranger", to, upgrade.clone())
            .reverts(HostErrors::NotHostOwner { sender: DAPP }),
        case("upgradeToAndCall by the owner", to, upgrade.clone())
            .by(owner())
            .reverts(HostErrors::ERC1967InvalidImplementation { implementation: USER }),
        case("upgradeToAndCall, malformed", to, &upgrade[..67]).reverts_empty(),
        case("proxiableUUID", to, Upgradeable::proxiableUUIDCall {}.abi_encode())
            .reverts(HostErrors::UUPSUnauthorizedCallContext {}),
        case("UPGRADE_INTERFACE_VERSION", to, {
            Upgradeable::UPGRADE_INTERFACE_VERSIONCall {}.abi_encode()
        })
        .returns("5.0.0".to_owned()),
    ]
}

#[test]
fn every_case_of_the_verifiers_holds() {
    let cases = [
        input_verifier::cases(),
        kms_verifier::cases(),
        protocol_config::cases(),
        protocol_config_lifecycle::cases(),
        protocol_config_activation::cases(),
    ];
    let ran: Vec<_> = cases.into_iter().flat_map(run).collect();
    println!("{} cases", ran.len());
    let alias = HOST.kms_verifier_alias.expect("the local addresses have one");
    for (to, selectors, signatures) in [
        (
            HOST.input_verifier,
            InputVerifier::InputVerifierCalls::SELECTORS,
            InputVerifier::InputVerifierCalls::SIGNATURES,
        ),
        (
            HOST.kms_verifier,
            KmsVerifier::KmsVerifierCalls::SELECTORS,
            KmsVerifier::KmsVerifierCalls::SIGNATURES,
        ),
        (
            alias,
            KmsVerifier::KmsVerifierCalls::SELECTORS,
            KmsVerifier::KmsVerifierCalls::SIGNATURES,
        ),
        (
            HOST.protocol_config,
            ProtocolConfig::ProtocolConfigCalls::SELECTORS,
            ProtocolConfig::ProtocolConfigCalls::SIGNATURES,
        ),
    ] {
        for (selector, signature) in selectors.iter().zip(signatures) {
            let succeeds = !NEVER.iter().any(|never| signature.starts_with(never));
            let shown = ran.iter().any(|ran| {
                ran.to == to
                    && ran.selector == *selector
                    && matches!(ran.end, End::Returns(_)) == succeeds
            });
            assert!(shown, "{to} {signature}");
        }
    }
    let never: Vec<_> =
        NEVER_GIVEN.iter().map(|signature| keccak256(signature)[..4].to_vec()).collect();
    for selectors in [
        InputErrors::InputErrorsErrors::SELECTORS,
        KmsErrors::KmsErrorsErrors::SELECTORS,
        EcdsaErrors::EcdsaErrorsErrors::SELECTORS,
        ConfigErrors::ConfigErrorsErrors::SELECTORS,
        HostErrors::HostErrorsErrors::SELECTORS,
    ] {
        for selector in selectors {
            let given = ran
                .iter()
                .any(|ran| matches!(&ran.end, End::Reverts(data) if data.starts_with(selector)));
            let expected = !never.iter().any(|never| never == selector);
            assert_eq!(given, expected, "{}", hex::encode(selector));
        }
    }
}
