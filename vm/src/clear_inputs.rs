//! Inputs whose proofs carry their values in the clear: what clients for test stacks on clear
//! values make.
//!
//! Such a client encrypts nothing. It makes up the list of ciphertexts, signs as the coprocessor,
//! whose key is published, and puts the values, a word each, where the proof has its extra data.
//! The input verifier takes it for what it is signed as, and the executor logs it. There is no
//! ciphertext then, so one is made from the values before anything is computed.

use alloy_primitives::{Log, U256};
use alloy_sol_types::{SolEvent, sol};
use ciphervm_fhe::{CiphertextStore, Evaluator, FheType, Handle};
use ciphervm_precompiles::{HostAddresses, InputProof};

use crate::error::SettlementError;

sol! {
    event VerifyInput(
        address indexed caller,
        bytes32 inputHandle,
        address userAddress,
        bytes inputProof,
        uint8 inputType,
        bytes32 result
    );
}

/// Encrypts and stores what inputs in these logs carry in the clear, where there is no ciphertext
/// yet.
///
/// # Errors
/// If a value cannot be encrypted, or the store fails.
pub(crate) fn store_clear_inputs<'a>(
    hosts: &HostAddresses,
    evaluator: &dyn Evaluator,
    store: &dyn CiphertextStore,
    logs: impl Iterator<Item = &'a Log>,
) -> Result<(), SettlementError> {
    let of_executor = logs.filter(|log| log.address == hosts.executor);
    for event in of_executor.filter_map(|log| VerifyInput::decode_log_data(&log.data).ok()) {
        let Some(inputs) = clear_values(&event.inputProof) else { continue };
        let mut missing = Vec::new();
        for (handle, ty, value) in inputs {
            if !store.contains(&handle)? {
                missing.push((handle, (ty, value)));
            }
        }
        let (handles, values): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        if !handles.is_empty() {
            let list = evaluator.encrypt_inputs(&values)?;
            let records = evaluator.expand_inputs(&list)?;
            store.insert(handles.into_iter().zip(records).collect())?;
        }
    }
    Ok(())
}

/// The values that a proof carries, if it does: a word for each handle, which fits its type.
fn clear_values(proof: &[u8]) -> Option<Vec<(Handle, FheType, U256)>> {
    let InputProof { handles, extra_data, .. } = InputProof::decode(proof).ok()?;
    if extra_data.len() != 32 * handles.len() {
        return None;
    }
    let values = extra_data.chunks_exact(32).map(U256::from_be_slice);
    let typed = handles.into_iter().zip(values).map(|(handle, value)| {
        let ty = handle.fhe_type()?;
        (value <= ty.max_value()).then_some((handle, ty, value))
    });
    typed.collect()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{B256, Bytes};

    use super::*;

    #[test]
    fn only_a_word_that_fits_for_each_handle_is_a_clear_value() {
        let handles = [(0, FheType::Bool), (1, FheType::Uint8)]
            .map(|(index, ty)| Handle::input(B256::repeat_byte(7), index, 31337, ty));
        let read = |extra_data: Vec<u8>| {
            let extra_data = Bytes::from(extra_data);
            let proof = InputProof { handles: handles.to_vec(), extra_data, ..Default::default() };
            clear_values(&proof.encode())
        };
        let words = |values: [u64; 2]| {
            values.iter().flat_map(|value| U256::from(*value).to_be_bytes::<32>()).collect()
        };
        let [flag, byte] = handles;
        let expected =
            vec![(flag, FheType::Bool, U256::ONE), (byte, FheType::Uint8, U256::from(255))];
        assert_eq!(read(words([1, 255])), Some(expected));
        for other in [words([2, 255]), words([1, 256]), vec![0], vec![0; 32], vec![0; 65]] {
            assert_eq!(read(other), None);
        }
        assert_eq!(clear_values(&[1]), None);
    }
}
