//! Proofs that were tampered with, and calldata that nobody would send.

use alloy_primitives::U256;
use ciphervm_precompiles::{
    GenesisParams,
    interface::{InputVerifier, KmsVerifier, ProtocolConfig},
};
use proptest::prelude::*;

use crate::{decryption, inputs, support::*};

/// What is done to a proof.
#[derive(Clone, Debug)]
enum Tampering {
    /// A byte is another one.
    Change(prop::sample::Index, u8),
    /// A byte is missing.
    Remove(prop::sample::Index),
    /// A byte is too much.
    Insert(prop::sample::Index, u8),
    /// The end is missing.
    Cut(prop::sample::Index),
}

impl Tampering {
    fn apply(&self, proof: &[u8]) -> Vec<u8> {
        let mut proof = proof.to_vec();
        match self {
            Self::Change(index, mask) => {
                let index = index.index(proof.len());
                proof[index] ^= mask;
            }
            Self::Remove(index) => drop(proof.remove(index.index(proof.len()))),
            Self::Insert(index, byte) => proof.insert(index.index(proof.len() + 1), *byte),
            Self::Cut(index) => proof.truncate(index.index(proof.len())),
        }
        proof
    }
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        6 => (index(), 1u8..).prop_map(|(index, mask)| Tampering::Change(index, mask)),
        1 => index().prop_map(Tampering::Remove),
        1 => (index(), any::<u8>()).prop_map(|(index, byte)| Tampering::Insert(index, byte)),
        1 => index().prop_map(Tampering::Cut),
    ]
}

#[test]
fn every_changed_byte_of_an_input_proof_is_noticed() {
    let proof = inputs::proof_by(&[1, 3]).encode();
    let mut chain = inputs::chain();
    let input = inputs::handles()[0];
    for index in 0..proof.len() {
        for mask in [1, 0x80, 0xff] {
            let mut changed = proof.to_vec();
            changed[index] ^= mask;
            let output = inputs::admit(&mut chain, input, &changed);
            assert!(output.is_revert(), "byte {index}: {output:?}");
        }
    }
    assert!(inputs::admit(&mut chain, input, &proof).is_success());
}

#[test]
fn every_changed_byte_of_a_decryption_proof_is_noticed() {
    let proof = decryption::proof_by(&[1, 3], &[0]);
    let mut chain = decryption::chain();
    let accepted = U256::ONE.to_be_bytes::<32>();
    for index in 0..proof.len() {
        for mask in [1, 0x80, 0xff] {
            let mut changed = proof.clone();
            changed[index] ^= mask;
            let output = decryption::verify(&mut chain, changed);
            assert!(output.is_revert() || output.bytes[..] != accepted, "byte {index}");
        }
    }
    assert_eq!(decryption::verify(&mut chain, proof).bytes[..], accepted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn tampered_input_proofs_are_never_accepted(
        steps in prop::collection::vec(tampering(), 1..4),
    ) {
        let proof = inputs::proof_by(&[1, 3]).encode();
        let tampered = steps.iter().fold(proof.to_vec(), |proof, step| {
            if proof.is_empty() { proof } else { step.apply(&proof) }
        });
        prop_assume!(tampered != proof[..]);
        let mut chain = inputs::chain();
        for input in inputs::handles() {
            prop_assert!(inputs::admit(&mut chain, input, &tampered).is_revert());
        }
        prop_assert!(inputs::admit(&mut chain, inputs::handles()[0], &proof).is_success());
    }

    #[test]
    fn tampered_decryption_proofs_are_never_accepted(
        steps in prop::collection::vec(tampering(), 1..4),
        with_extra_data in any::<bool>(),
    ) {
        let extra_data: &'static [u8] = if with_extra_data { &[0, 5] } else { &[] };
        let proof = decryption::proof_by(&[1, 3], extra_data);
        let tampered = steps.iter().fold(proof.clone(), |proof, step| {
            if proof.is_empty() { proof } else { step.apply(&proof) }
        });
        prop_assume!(tampered != proof);
        let mut chain = decryption::chain();
        let accepted = U256::ONE.to_be_bytes::<32>();
        let output = decryption::verify(&mut chain, tampered);
        prop_assert!(output.is_revert() || output.bytes[..] != accepted);
        let output = decryption::verify(&mut chain, proof);
        prop_assert_eq!(&output.bytes[..], &accepted[..]);
    }

    /// Words that are often small, so that they lead somewhere as offsets and lengths.
    #[test]
    fn calldata_of_any_kind_ends_orderly(
        contract in 0usize..4,
        function in any::<prop::sample::Index>(),
        words in prop::collection::vec(
            prop_oneof![
                8 => (0u64..16).prop_map(|word| U256::from(32 * word)),
                4 => (0u64..300).prop_map(U256::from),
                1 => any::<[u64; 4]>().prop_map(U256::from_limbs),
                2 => (0u64..4).prop_map(|id| (U256::from(7) << 248) + U256::from(id)),
                2 => (0u64..4).prop_map(|id| (U256::from(8) << 248) + U256::from(id)),
                1 => Just(U256::MAX),
            ],
            0..40,
        ),
        cut in 0usize..32,
        by_owner in any::<bool>(),
    ) {
        let (to, selectors) = [
            (HOST.input_verifier, InputVerifier::InputVerifierCalls::SELECTORS),
            (HOST.kms_verifier, KmsVerifier::KmsVerifierCalls::SELECTORS),
            (HOST.kms_verifier_alias.expect("there is one"), KmsVerifier::KmsVerifierCalls::SELECTORS),
            (HOST.protocol_config, ProtocolConfig::ProtocolConfigCalls::SELECTORS),
        ][contract];
        let mut data = function.get(selectors).to_vec();
        data.extend(words.iter().flat_map(|word| word.to_be_bytes::<32>()));
        data.truncate(data.len().saturating_sub(cut).max(4));
        let caller = if by_owner { GenesisParams::default().owner } else { USER };
        let mut chain = Chain::new();
        let output = chain.try_call(caller, to, to, U256::ZERO, &data);
        prop_assert!(output.is_ok(), "{:?}", output);
    }
}
