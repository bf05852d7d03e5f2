//! A chain with everything that the generated contracts need, and the checks of what they return.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolEvent, SolValue, sol};
use ciphervm::{Block, Call, Chain, InputService, LOCAL_COPROCESSOR_KEY, Outcome, Settlement};
use ciphervm_fhe::{
    CiphertextStore, Evaluator, FheType, GraphEvaluator, Handle, MemoryStore, ReferenceEngine,
};
use ciphervm_kms::{Kms, ReferenceKms};
use ciphervm_precompiles::{
    GenesisParams, HostAddresses, HostConfig, decryption_digest, interface::Acl,
};
use k256::ecdsa::SigningKey;

use crate::{
    calls::{self, Check, Contract, Need},
    expected::{fhe_type, value},
};

sol! {
    function setLeft(uint256[8] values) external;
    function setRight(uint256[8] values) external;
    function provideInputs(bytes32[8] inputs, bytes proof) external;
    function provideDecryption(bytes32[] handles, bytes result, bytes proof) external;
    event PublicDecryptionVerified(bytes32[] handlesList, bytes abiEncodedCleartexts);
}

const USER: Address = Address::repeat_byte(0xaa);
/// Nobody grants it anything.
const STRANGER: Address = address!("0x000000000000000000000000000000000000dead");
const TYPES: usize = FheType::ALL.len();

/// Two clear values of each type.
pub(crate) struct Values {
    pub(crate) left: [U256; TYPES],
    pub(crate) right: [U256; TYPES],
}

impl Values {
    /// Different bits at every width, none of them zero.
    pub(crate) fn spread(seed: u8) -> [U256; TYPES] {
        let bits = U256::from_be_bytes(keccak256([seed]).0) | U256::ONE;
        FheType::ALL.map(|ty| ty.truncate(bits))
    }

    pub(crate) fn zeros() -> [U256; TYPES] {
        [U256::ZERO; TYPES]
    }

    pub(crate) fn largest() -> [U256; TYPES] {
        FheType::ALL.map(FheType::max_value)
    }
}

pub(crate) struct Stage {
    chain: Chain,
    inputs: InputService,
    settlement: Settlement,
    signer: SigningKey,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let host = HostConfig::default();
        let signer = SigningKey::from_slice(&[7; 32]).unwrap();
        let public = signer.verifying_key().to_encoded_point(false);
        let kms_signers = vec![Address::from_raw_public_key(&public.as_bytes()[1..])];
        let params = GenesisParams { kms_signers, kms_threshold: 1, ..GenesisParams::default() };
        let chain = Chain::new(host, &params);
        let evaluator: Arc<dyn Evaluator> =
            Arc::new(GraphEvaluator::new(ReferenceEngine, 1).unwrap());
        let store: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());
        let (id, key) = (chain.chain_id(), LOCAL_COPROCESSOR_KEY);
        let inputs =
            InputService::new(host, id, Arc::clone(&evaluator), Arc::clone(&store), key).unwrap();
        let settlement = Settlement::new(HostAddresses::LOCAL, evaluator, store);
        Self { chain, inputs, settlement, signer }
    }

    /// Deploys the contract, gives it what it needs, and checks every word that its runs return.
    pub(crate) fn play(&mut self, contract: &Contract, values: &Values) -> usize {
        let name = &contract.name;
        let block = self.execute(Call::deploy(USER, contract.bytecode.clone()), name);
        let address = block.receipts[0].contract.unwrap();
        let left = setLeftCall { values: values.left }.abi_encode();
        let right = setRightCall { values: values.right }.abi_encode();
        for data in [left, right] {
            self.execute(Call::new(USER, address, data), name);
        }
        match contract.needs {
            Some(Need::Inputs) => self.provide_inputs(address, values),
            Some(Need::Decryption) => self.provide_decryption(address),
            None => {}
        }
        for (index, calls) in contract.runs.iter().enumerate() {
            let run = format!("run{index}");
            let selector = &keccak256(format!("{run}()"))[..4];
            let call = Call::new(USER, address, selector.to_vec());
            let block = self.execute(call, &format!("{name}.{run}"));
            let Outcome::Success(data) = &block.receipts[0].outcome else { unreachable!() };
            let words = Vec::<B256>::abi_decode(data).unwrap();
            assert_eq!(words.len(), calls.len(), "{name}.{run}");
            for (call, word) in calls.iter().zip(words) {
                self.check(call, word, address, &block, values);
            }
        }
        contract.runs.iter().map(Vec::len).sum()
    }

    /// Executes a call, which must succeed, and settles its block.
    fn execute(&mut self, call: Call, what: &str) -> Block {
        let block = self.chain.execute(&[call]).unwrap();
        assert!(block.receipts[0].is_success(), "{what}: {:?}", block.receipts[0].outcome);
        self.settlement.settle(block.logs()).unwrap();
        block
    }

    fn provide_inputs(&mut self, contract: Address, values: &Values) {
        let typed: Vec<_> = FheType::ALL.into_iter().zip(values.left).collect();
        let input = self.inputs.encrypt(contract, USER, &typed).unwrap();
        let handles: Vec<_> = input.handles.iter().map(|handle| handle.0).collect();
        let inputs = handles.try_into().expect("one input of each type");
        let call = provideInputsCall { inputs, proof: input.proof };
        self.execute(Call::new(USER, contract, call.abi_encode()), "inputs");
    }

    /// A decryption that is vouched for. Before it, one that is not: the runs must refuse it.
    fn provide_decryption(&mut self, contract: Address) {
        let handle = Handle::computed(B256::repeat_byte(1), self.chain.chain_id(), FheType::Uint8);
        let result = Bytes::from(U256::from(42).abi_encode());
        let gateway = HostConfig::default().gateway;
        let digest = decryption_digest(&gateway, &[handle], result.clone(), Bytes::new());
        let (signature, recovery) = self.signer.sign_prehash_recoverable(&digest[..]).unwrap();
        let proof: Vec<u8> =
            [&[1][..], &signature.to_bytes()[..], &[27 + recovery.to_byte()]].concat();
        for forged in [true, false] {
            let result = if forged { U256::from(43).abi_encode().into() } else { result.clone() };
            let handles = vec![handle.0];
            let call = provideDecryptionCall { handles, result, proof: proof.clone().into() };
            self.execute(Call::new(USER, contract, call.abi_encode()), "decryption");
            let run = Call::new(USER, contract, keccak256("run0()")[..4].to_vec());
            assert_ne!(self.chain.call(&run).unwrap().is_success(), forged);
        }
    }

    fn check(
        &self,
        call: &calls::Call,
        word: B256,
        contract: Address,
        block: &Block,
        values: &Values,
    ) {
        let name = &call.function;
        let handle = Handle(word);
        match &call.check {
            Check::Value { operation, operands, ty } => {
                let ty = fhe_type(ty);
                assert_eq!(handle.fhe_type(), Some(ty), "{name}");
                let expected = value(operation, operands, ty, values);
                assert_eq!(self.decrypt(handle, name), expected, "{name}");
            }
            Check::Random { bound, ty } => {
                let ty = fhe_type(ty);
                assert_eq!(handle.fhe_type(), Some(ty), "{name}");
                let largest = bound.map_or(ty.max_value(), |bound| U256::from(bound - 1));
                assert!(self.decrypt(handle, name) <= largest, "{name}");
            }
            Check::Clear { word: expected } => {
                assert_eq!(U256::from_be_bytes(word.0), U256::from(*expected), "{name}");
            }
            Check::Granted { account, granted } => {
                let account = match account.as_str() {
                    "contract" => contract,
                    number => Address::from_word(number.parse::<U256>().unwrap().into()),
                };
                assert_eq!(self.is_allowed(word, account), *granted, "{name}");
                assert!(!self.is_allowed(word, STRANGER), "{name}");
            }
            Check::Public { public } => {
                let query = Acl::isAllowedForDecryptionCall { handle: word };
                assert_eq!(self.ask(query), *public, "{name}");
            }
            Check::Verified => {
                let verified = |log| PublicDecryptionVerified::decode_log(log).is_ok();
                assert!(block.logs().flatten().any(verified), "{name}");
            }
        }
    }

    fn decrypt(&self, handle: Handle, name: &str) -> U256 {
        assert!(self.is_allowed(handle.0, USER), "{name} is granted to the sender");
        let record = self.settlement.store().get(&handle).unwrap();
        let record = record.unwrap_or_else(|| panic!("{name} has no ciphertext"));
        ReferenceKms.decrypt(&record).unwrap()
    }

    fn is_allowed(&self, handle: B256, account: Address) -> bool {
        self.ask(Acl::persistAllowedCall { handle, account })
    }

    fn ask<C: SolCall<Return = bool>>(&self, query: C) -> bool {
        let acl = HostAddresses::LOCAL.acl;
        let receipt = self.chain.call(&Call::new(USER, acl, query.abi_encode())).unwrap();
        let Outcome::Success(data) = receipt.outcome else { panic!("{}", C::SIGNATURE) };
        C::abi_decode_returns(&data).unwrap()
    }
}
