//! Inputs with proofs.

use alloy_primitives::{Address, Bytes, hex};
use ciphervm::error::InputError;
use ciphervm_precompiles::InputProof;
use serde_json::{Value, json};

use super::{Relayer, error::ApiError, fields::Fields};

/// Bytes of a list with its proof, at most. One of 2,048 bits has 25 KB.
const MAX_LIST: usize = 1 << 20;

/// A list that a client made, for a user to pass to a contract.
pub(super) struct Submission {
    contract: Address,
    user: Address,
    list: Bytes,
}

impl Relayer {
    /// Reads a request.
    ///
    /// # Errors
    /// If it makes no sense.
    pub(super) fn submission(&self, body: &Value) -> Result<Submission, ApiError> {
        let mut fields = Fields::of(body)?;
        let submission = Submission {
            contract: fields.address("contractAddress"),
            user: fields.address("userAddress"),
            list: fields.bytes("ciphertextWithInputVerification", MAX_LIST),
        };
        self.chain_id(&mut fields, "contractChainId");
        let extra_data = fields.extra_data();
        if !matches!(&extra_data.0[..], [] | [0]) {
            fields.reject("extraData", "is not 0x00, which is all that inputs have");
        }
        fields.finish()?;
        Ok(submission)
    }

    /// Checks a list and its proof.
    ///
    /// # Errors
    /// If it could not be checked. A list that is refused is an answer.
    pub(super) fn prove(&self, submission: &Submission) -> Result<Value, ApiError> {
        let Submission { contract, user, list } = submission;
        let input = match self.devnet.inputs().submit(*contract, *user, list) {
            Ok(input) => input,
            Err(InputError::Ciphertext(reason)) => {
                let reason = reason.to_string();
                tracing::debug!(%contract, %user, %reason, "an input is refused");
                return Ok(json!({ "accepted": false, "extraData": "0x00", "reason": reason }));
            }
            Err(error @ InputError::NoKeys) => return Err(ApiError::refused(error.to_string())),
            Err(error) => return Err(ApiError::internal(error.to_string())),
        };
        let proof = InputProof::decode(&input.proof)
            .map_err(|error| ApiError::internal(error.to_string()))?;
        let signatures: Vec<String> = proof.signatures.iter().map(hex::encode_prefixed).collect();
        Ok(json!({
            "accepted": true,
            "handles": input.handles,
            "signatures": signatures,
            "extraData": proof.extra_data,
        }))
    }

    /// Reads the id of the chain that a request is for, and notes if it is not this one.
    pub(super) fn chain_id(&self, fields: &mut Fields<'_>, name: &str) -> u64 {
        fields.chain_id(name, self.devnet.chain(|chain| chain.chain_id()))
    }
}
