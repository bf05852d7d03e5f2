//! What users sign to see values, and what the local KMS and coprocessor sign.

use alloy_primitives::{Address, B256, Bytes, Signature, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolStruct;
use ciphervm_fhe::Handle;
use ciphervm_kms::LOCAL_KMS_KEY;
use ciphervm_precompiles::{Domain, decryption_digest};

use super::{super::Rpc, payloads::Results};
use crate::rpc::error::{Answer, failed, invalid};

impl Rpc {
    /// Refuses unless `account` signed a request, in the domain of decryptions on this chain.
    pub(super) fn require_signature(
        &self,
        request: &impl SolStruct,
        signature: &Bytes,
        account: Address,
    ) -> Answer<()> {
        let domain = Domain {
            chain_id: self.devnet.chain(|chain| chain.chain_id()),
            ..Domain::decryption(&self.devnet.host().gateway)
        };
        let signer = Signature::try_from(&signature[..])
            .and_then(|signature| signature.recover_address_from_prehash(&domain.digest(request)))
            .map_err(|error| invalid(format!("signature {signature} is none: {error}")))?;
        if signer != account {
            return Err(failed(format!(
                "the request is signed by {signer}, not by {account}: sign exactly what is sent, \
                 with the key of {account}"
            )));
        }
        Ok(())
    }

    /// Signs that handles decrypt to `result`, as the key management system.
    pub(super) fn attest_decryption(
        &self,
        handles: &[Handle],
        result: Bytes,
        extra_data: Bytes,
    ) -> Answer<Bytes> {
        sign(
            LOCAL_KMS_KEY,
            decryption_digest(&self.devnet.host().gateway, handles, result, extra_data),
        )
    }

    /// Signs that handles decrypt to whatever the caller says.
    pub(super) fn attest_results(&self, results: Results) -> Answer<Vec<String>> {
        let Results { handles_bytes32_hex: handles, clear_text_values_hex: values, extra_data } =
            results;
        if handles.len() != values.len() {
            return Err(invalid(format!(
                "{} handles and {} clear values: give one value for each handle",
                handles.len(),
                values.len()
            )));
        }
        for (handle, value) in handles.iter().zip(&values) {
            let ty = self.check_handle(*handle)?;
            if *value > ty.max_value() {
                return Err(invalid(format!(
                    "{value} does not fit {handle}, an {ty}: its largest value is {}",
                    ty.max_value()
                )));
            }
        }
        let signature = self.attest_decryption(&handles, words(&values), extra_data)?;
        Ok(vec![signature.to_string()])
    }
}

/// Clear values as contracts decode them: a word each.
pub(super) fn words(values: &[U256]) -> Bytes {
    values.iter().flat_map(U256::to_be_bytes::<32>).collect()
}

/// `r ‖ s ‖ v`, with `v` 27 or 28.
pub(super) fn sign(key: B256, digest: B256) -> Answer<Bytes> {
    let signer = PrivateKeySigner::from_bytes(&key).map_err(failed)?;
    Ok(signer.sign_hash_sync(&digest).map_err(failed)?.as_bytes().into())
}
