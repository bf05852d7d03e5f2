//! What the plugin sends and gets. Names are the plugin's.

use alloy_primitives::{Address, B256, Bytes, U256, hex::encode_prefixed};
use ciphervm_fhe::Handle;
use serde::{Deserialize, Serialize};

/// An input to be encrypted. There is no proof in it: the values come in the clear.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::rpc) struct InputProof {
    pub(super) contract_address: Address,
    pub(super) user_address: Address,
    /// Stands for the list of ciphertexts: the handles follow from it.
    pub(super) ciphertext_with_input_verification: Bytes,
    pub(super) contract_chain_id: U256,
    pub(super) extra_data: Bytes,
    pub(super) mock_data: ClearInput,
}

/// The values of an input.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClearInput {
    pub(super) clear_text_values_big_int_hex: Vec<U256>,
    pub(super) fhe_types: Vec<u8>,
    pub(super) fhevm_types: Vec<u8>,
    pub(super) acl_contract_address: Address,
    /// Makes two inputs with equal values different.
    #[serde(rename = "random32List")]
    pub(super) random: Vec<B256>,
}

/// An input's handles, and the coprocessors' signatures under them.
#[derive(Clone, Debug, Serialize)]
pub(in crate::rpc) struct Inputs {
    pub(super) handles: Vec<Handle>,
    pub(super) signatures: Vec<Bytes>,
}

/// A handle, and the contract that it belongs to.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pair {
    pub(super) handle: Handle,
    pub(super) contract_address: Address,
}

/// From when, in seconds since 1970, and for how long a request is valid.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Validity {
    pub(super) start_timestamp: U256,
    pub(super) duration_days: U256,
}

/// A user's request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::rpc) struct UserDecryption {
    pub(super) handle_contract_pairs: Vec<Pair>,
    pub(super) request_validity: Validity,
    pub(super) contracts_chain_id: U256,
    pub(super) contract_addresses: Vec<Address>,
    pub(super) user_address: Address,
    pub(super) signature: Bytes,
    pub(super) public_key: Bytes,
    pub(super) extra_data: Bytes,
}

/// A request on behalf of another.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::rpc) struct DelegatedUserDecryption {
    pub(super) handle_contract_pairs: Vec<Pair>,
    pub(super) request_validity: Validity,
    pub(super) contracts_chain_id: U256,
    pub(super) contract_addresses: Vec<Address>,
    pub(super) delegator_address: Address,
    pub(super) delegate_address: Address,
    pub(super) signature: Bytes,
    pub(super) public_key: Bytes,
    pub(super) extra_data: Bytes,
}

/// Clear values for one user.
#[derive(Clone, Debug, Serialize)]
pub(in crate::rpc) struct UserDecrypted {
    payload: ClearValues,
    /// Zero: nobody checks a signature under clear values.
    signature: B256,
}

#[derive(Clone, Debug, Serialize)]
struct ClearValues {
    decrypted_values: Vec<String>,
}

impl UserDecrypted {
    pub(super) fn new(values: Vec<U256>) -> Self {
        let decrypted_values = values.into_iter().map(hex).collect();
        Self { payload: ClearValues { decrypted_values }, signature: B256::ZERO }
    }
}

/// A request for handles that everybody may read.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::rpc) struct PublicDecryption {
    pub(super) ciphertext_handles: Vec<Handle>,
    pub(super) extra_data: Bytes,
}

/// Clear values for everybody: a word each.
#[derive(Clone, Debug, Serialize)]
pub(in crate::rpc) struct PublicDecrypted {
    pub(super) decrypted_value: Bytes,
    pub(super) signatures: Vec<Bytes>,
}

/// What handles are said to decrypt to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::rpc) struct Results {
    pub(super) handles_bytes32_hex: Vec<Handle>,
    pub(super) clear_text_values_hex: Vec<U256>,
    pub(super) extra_data: Bytes,
}

/// A clear value in the fewest bytes, of which there is at least one.
pub(super) fn hex(value: U256) -> String {
    let bytes = value.to_be_bytes_trimmed_vec();
    encode_prefixed(if bytes.is_empty() { &[0u8][..] } else { &bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_values_have_whole_bytes() {
        for (value, text) in [(0, "0x00"), (1, "0x01"), (255, "0xff"), (4096, "0x1000")] {
            assert_eq!(hex(U256::from(value)), text);
        }
        assert_eq!(hex(U256::MAX).len(), 66);
    }
}
