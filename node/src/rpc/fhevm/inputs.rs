//! Encrypted inputs whose values the client hands over in the clear.

use alloy_primitives::{B256, U256, keccak256};
use ciphervm::LOCAL_COPROCESSOR_KEY;
use ciphervm_fhe::{FheType, Handle, MAX_INPUT_INDEX};
use ciphervm_precompiles::{blob_hash, input_digest, input_handle};

use super::{
    super::Rpc,
    payloads::{ClearInput, InputProof, Inputs},
    signatures::sign,
};
use crate::rpc::error::{Answer, failed, invalid};

/// Values in one input, at most.
const MAX_VALUES: usize = MAX_INPUT_INDEX as usize + 1;
/// Bits in one input, at most, in the protocol.
const MAX_BITS: usize = 2_048;

impl Rpc {
    /// Encrypts an input's values natively, unless it was seen before, and signs for its handles.
    pub(super) fn encrypt_input(&self, request: InputProof) -> Answer<Inputs> {
        let chain_id = self.devnet.chain(|chain| chain.chain_id());
        if request.contract_chain_id != U256::from(chain_id) {
            return Err(invalid(format!(
                "the input is for chain {}, and this is chain {chain_id}",
                request.contract_chain_id
            )));
        }
        let host = self.devnet.host();
        let acl = host.addresses.acl;
        if request.mock_data.acl_contract_address != acl {
            return Err(invalid(format!(
                "the input is for the access control list at {}, and that of this chain is at {acl}",
                request.mock_data.acl_contract_address
            )));
        }
        let values = values(&request.mock_data)?;
        let list = &request.ciphertext_with_input_verification;
        let expected = stand_in(&values, &request.mock_data.random);
        if list[..] != expected[..] {
            return Err(invalid(format!(
                "ciphertextWithInputVerification is {list}, and the hash of the values is \
                 {expected}: send the values that it was made of"
            )));
        }
        let blob = blob_hash(list);
        // The indices come second: after the last one they are not asked for another.
        let handles: Vec<Handle> = values
            .iter()
            .zip(0..)
            .map(|((ty, _), index)| input_handle(blob, index, acl, chain_id, *ty))
            .collect();
        self.store_input(&handles, &values)?;
        let digest = input_digest(
            &host.gateway,
            &handles,
            request.user_address,
            request.contract_address,
            chain_id,
            request.extra_data,
        );
        Ok(Inputs { handles, signatures: vec![sign(LOCAL_COPROCESSOR_KEY, digest)?] })
    }

    /// Encrypts values and stores them. The same input has the same handles, and no two
    /// ciphertexts.
    fn store_input(&self, handles: &[Handle], values: &[(FheType, U256)]) -> Answer<()> {
        if self.is_stored(handles)? {
            return Ok(());
        }
        let evaluator = self.devnet.evaluator();
        let list = evaluator.encrypt_inputs(values).map_err(failed)?;
        let records = evaluator.expand_inputs(&list).map_err(failed)?;
        let entries = handles.iter().copied().zip(records).collect();
        match self.devnet.store().insert(entries) {
            // Somebody else sent the same input at the same time, and was first.
            Err(_) if self.is_stored(handles)? => Ok(()),
            result => result.map_err(failed),
        }
    }

    fn is_stored(&self, handles: &[Handle]) -> Answer<bool> {
        for handle in handles {
            if !self.devnet.store().contains(handle).map_err(failed)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// An input's values with their types, checked.
fn values(input: &ClearInput) -> Answer<Vec<(FheType, U256)>> {
    let ClearInput {
        clear_text_values_big_int_hex: values, fhe_types, fhevm_types, random, ..
    } = input;
    let count = values.len();
    if [fhe_types.len(), fhevm_types.len(), random.len()] != [count; 3] {
        return Err(invalid(format!(
            "{count} values, {} and {} types and {} random words: there is one of each for a value",
            fhe_types.len(),
            fhevm_types.len(),
            random.len()
        )));
    }
    if count > MAX_VALUES {
        return Err(invalid(format!(
            "{count} values are more than the {MAX_VALUES} that fit one input: make several inputs"
        )));
    }
    if fhe_types != fhevm_types {
        return Err(invalid(format!(
            "fheTypes {fhe_types:?} and fhevmTypes {fhevm_types:?} are not the same"
        )));
    }
    let values: Vec<_> = fhe_types
        .iter()
        .zip(values)
        .map(|(id, value)| typed(*id, *value))
        .collect::<Answer<_>>()?;
    let bits: usize = values.iter().map(|(ty, _)| 2 * ty.blocks()).sum();
    if bits > MAX_BITS {
        return Err(invalid(format!(
            "{bits} bits are more than the {MAX_BITS} that fit one input: make several inputs"
        )));
    }
    Ok(values)
}

fn typed(id: u8, value: U256) -> Answer<(FheType, U256)> {
    let ty = FheType::from_id(id).ok_or_else(|| {
        let known = FheType::ALL.map(|ty| format!("{} ({ty})", ty.id())).join(", ");
        invalid(format!("{id} is no encrypted type that can be used: there are {known}"))
    })?;
    if value > ty.max_value() {
        return Err(invalid(format!(
            "{value} does not fit {ty}: its largest value is {}",
            ty.max_value()
        )));
    }
    Ok((ty, value))
}

/// What stands for the list of ciphertexts: the hash of type, value in the bytes of the type, and
/// random word of each value. Handles follow from it, so it must name these values and no others.
fn stand_in(values: &[(FheType, U256)], random: &[B256]) -> B256 {
    let mut preimage = Vec::new();
    for ((ty, value), random) in values.iter().zip(random) {
        preimage.push(ty.id());
        preimage.extend(&value.to_be_bytes::<32>()[32 - ty.bits().div_ceil(8)..]);
        preimage.extend(random);
    }
    keccak256(preimage)
}
