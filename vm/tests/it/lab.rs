//! The test bench: a chain, its settlement and its input service, on plaintexts and in memory.

use std::{path::Path, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::{SolCall, SolConstructor, SolError, sol};
use ciphervm::{
    Block, Call, Chain, EncryptedInput, InputService, LOCAL_COPROCESSOR_KEY, Outcome, Receipt,
    Settled, Settlement,
    fhe::{
        Engine, Evaluator, FheType, GraphEvaluator, Handle, MemoryStore, ReferenceEngine, StoreSize,
    },
    precompiles::{GenesisParams, HostAddresses, HostConfig, interface::Acl},
};

pub(crate) const HOST: HostAddresses = HostAddresses::LOCAL;
pub(crate) const OWNER: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub(crate) const ALICE: Address = Address::repeat_byte(0xa1);
pub(crate) const BOB: Address = Address::repeat_byte(0xb0);
pub(crate) const CAROL: Address = Address::repeat_byte(0xca);

sol! {
    #[derive(Debug, PartialEq, Eq)]
    interface Probe {
        error Rolledback(bytes32 handle);
        error SenderNotAllowedToUseHandle(bytes32 handle, address sender);

        function store(uint64 value) external returns (bytes32);
        function grant(uint64 value) external returns (bytes32);
        function grantThenRevert(uint64 value) external;
        function grantInnerRevert(uint64 value) external returns (bytes32);
        function makeTransient(uint64 value) external returns (bytes32);
        function useTransient() external returns (bytes32);
        function useForeign(bytes32 handle) external returns (bytes32);
        function addTwice(uint64 a, uint64 b) external returns (bytes32, bytes32);
        function deadWork(uint64 a) external returns (bytes32);
        function addInputs(bytes32 a, bytes32 b, bytes proof) external returns (bytes32);
        function publish(uint64 value) external returns (bytes32);
        function stored() external view returns (bytes32);
        function sum() external view returns (bytes32);
    }

    #[derive(Debug, PartialEq, Eq)]
    interface Token {
        constructor(address owner, string name, string symbol, string uri);

        event ConfidentialTransfer(
            address indexed from, address indexed to, bytes32 indexed amount
        );

        error OwnableUnauthorizedAccount(address account);

        function mint(address to, bytes32 amount, bytes inputProof) external returns (bytes32);
        function confidentialTransfer(address to, bytes32 amount, bytes inputProof)
            external returns (bytes32);
        function confidentialBalanceOf(address account) external view returns (bytes32);
        function confidentialTotalSupply() external view returns (bytes32);
    }
}

/// A chain whose blocks are settled as they are sealed.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) chain: Chain,
    pub(crate) settlement: Settlement,
    pub(crate) inputs: InputService,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let host = HostConfig::default();
        let chain = Chain::new(host, &GenesisParams::default());
        let (evaluator, store) = (evaluator(), Arc::new(MemoryStore::new()));
        let inputs = InputService::new(
            host,
            chain.chain_id(),
            Arc::clone(&evaluator),
            Arc::clone(&store) as _,
            LOCAL_COPROCESSOR_KEY,
        )
        .expect("a secret key");
        let settlement = Settlement::new(host.addresses, evaluator, store);
        Self { chain, settlement, inputs }
    }

    /// A bench with a [`Probe`].
    pub(crate) fn with_probe() -> (Self, Address) {
        let mut lab = Self::new();
        let probe = lab.deploy(creation_code("Probe"));
        (lab, probe)
    }

    /// A bench with a [`Token`] that [`OWNER`] mints.
    pub(crate) fn with_token() -> (Self, Address) {
        let mut lab = Self::new();
        let constructor = Token::constructorCall {
            owner: OWNER,
            name: "Test".to_owned(),
            symbol: "TEST".to_owned(),
            uri: String::new(),
        };
        let code = [&creation_code("ConfidentialToken")[..], &constructor.abi_encode()].concat();
        let token = lab.deploy(code);
        (lab, token)
    }

    pub(crate) fn deploy(&mut self, creation_code: impl Into<Bytes>) -> Address {
        let (block, _) = self.execute(&[Call::deploy(OWNER, creation_code)]);
        let receipt = &block.receipts[0];
        assert!(receipt.is_success(), "{receipt:?}");
        receipt.contract.expect("a deployment has an address")
    }

    /// Executes calls in one block and settles it.
    pub(crate) fn execute(&mut self, calls: &[Call]) -> (Block, Settled) {
        let block = self.chain.execute(calls).expect("valid transactions");
        let settled = self.settlement.settle(block.logs()).expect("settles");
        (block, settled)
    }

    /// Executes one call in a block of its own, however it ends.
    pub(crate) fn send(
        &mut self,
        from: Address,
        to: Address,
        call: &impl SolCall,
    ) -> (Receipt, Settled) {
        let (mut block, settled) = self.execute(&[Call::new(from, to, call.abi_encode())]);
        (block.receipts.remove(0), settled)
    }

    /// Executes one call, which must succeed, in a block of its own.
    pub(crate) fn done<C: SolCall>(&mut self, from: Address, to: Address, call: &C) -> C::Return {
        returned::<C>(&self.send(from, to, call).0)
    }

    /// Reads from a contract.
    pub(crate) fn view<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        let call = Call::new(OWNER, to, call.abi_encode());
        returned::<C>(&self.chain.call(&call).expect("a valid call"))
    }

    /// Whether the access control list has a grant for good.
    pub(crate) fn persists(&self, handle: B256, account: Address) -> bool {
        self.view(HOST.acl, &Acl::persistAllowedCall { handle, account })
    }

    /// The value of a handle, if it has a ciphertext.
    pub(crate) fn clear(&self, handle: B256) -> Option<U256> {
        let record = self.settlement.store().get(&Handle(handle)).expect("a sound store")?;
        Some(ReferenceEngine.decode(&record.bytes, record.ty).expect("a plaintext"))
    }

    pub(crate) fn size(&self) -> StoreSize {
        self.settlement.store().size().expect("a sound store")
    }

    /// Encrypts 64-bit values for `user` to pass to `contract`.
    pub(crate) fn encrypt(
        &self,
        contract: Address,
        user: Address,
        values: &[u64],
    ) -> EncryptedInput {
        let values: Vec<_> =
            values.iter().map(|value| (FheType::Uint64, U256::from(*value))).collect();
        self.inputs.encrypt(contract, user, &values).expect("few values")
    }
}

pub(crate) fn evaluator() -> Arc<dyn Evaluator> {
    Arc::new(GraphEvaluator::new(ReferenceEngine, 1).expect("threads"))
}

/// Creation code from the committed artifacts.
pub(crate) fn creation_code(name: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../solidity/artifacts")
        .join(name)
        .with_extension("json");
    let text = std::fs::read_to_string(path).expect("a committed artifact");
    let artifact: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    artifact["bytecode"].as_str().expect("bytecode").parse().expect("hexadecimal")
}

/// A selector-led call without a Solidity interface of its own: an executor operation whose
/// arguments are all words.
pub(crate) fn operation(op: ciphervm::fhe::Op, words: &[U256]) -> Vec<u8> {
    let words = words.iter().flat_map(U256::to_be_bytes::<32>);
    op.spec().selector.into_iter().chain(words).collect()
}

/// What a call that succeeded returned.
pub(crate) fn returned<C: SolCall>(receipt: &Receipt) -> C::Return {
    match &receipt.outcome {
        Outcome::Success(data) => C::abi_decode_returns_validate(data).expect("the ABI's types"),
        other => panic!("{} ended with {other:?}", C::SIGNATURE),
    }
}

pub(crate) fn assert_reverts(receipt: &Receipt, error: &impl SolError) {
    assert_eq!(receipt.outcome, Outcome::Revert(error.abi_encode().into()));
    assert!(receipt.logs.is_empty());
}
