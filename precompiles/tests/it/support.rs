//! A chain with the host contracts, inside one transaction.

use alloy_evm::{
    EvmInternals,
    precompiles::{Precompile, PrecompileInput, PrecompilesMap},
};
use alloy_primitives::{Address, B256, Bytes, Log, U256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use ciphervm_fhe::{FheType, Handle, Op};
use ciphervm_precompiles::{
    GenesisParams, HcuReading, HostAddresses, HostConfig, HostContract, genesis, install,
    interface::Acl,
};
use k256::ecdsa::SigningKey;
use revm::{
    Context, MainContext,
    bytecode::Bytecode,
    context::{BlockEnv, CfgEnv, ContextTr, JournalTr, TxEnv},
    database::{CacheDB, EmptyDB},
    precompile::{PrecompileOutput, PrecompileResult, Precompiles},
    state::AccountInfo,
};

pub(crate) const HOST: HostAddresses = HostAddresses::LOCAL;
/// A contract that computes.
pub(crate) const DAPP: Address = Address::repeat_byte(0xda);
/// Another account.
pub(crate) const USER: Address = Address::repeat_byte(0x05);
pub(crate) const GAS: u64 = 10_000_000;

/// Where a contract is.
pub(crate) fn address(contract: HostContract) -> Address {
    match contract {
        HostContract::Executor => HOST.executor,
        HostContract::Acl => HOST.acl,
        HostContract::HcuLimit => HOST.hcu_limit,
        HostContract::InputVerifier => HOST.input_verifier,
        HostContract::KmsVerifier => HOST.kms_verifier,
        HostContract::ProtocolConfig => HOST.protocol_config,
        HostContract::PauserSet => HOST.pauser_set,
        other => panic!("{other:?} has no address here"),
    }
}

type Db = CacheDB<EmptyDB>;

pub(crate) struct Chain {
    pub(crate) context: Context<BlockEnv, TxEnv, CfgEnv, Db>,
    map: PrecompilesMap,
    pub(crate) gas: u64,
    pub(crate) is_static: bool,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self::with(HostConfig::default(), &GenesisParams::default())
    }

    pub(crate) fn with(config: HostConfig, params: &GenesisParams) -> Self {
        let block = BlockEnv {
            number: U256::from(100),
            timestamp: U256::from(1_700_000_000),
            ..BlockEnv::default()
        };
        let mut cfg = CfgEnv::default();
        cfg.chain_id = 31337;
        let context =
            Context::mainnet().with_db(database(&config, params)).with_block(block).with_cfg(cfg);
        Self { context, map: precompiles(&config), gas: GAS, is_static: false }
    }

    /// One call. What it wrote is undone unless it succeeds, as the EVM does it.
    pub(crate) fn call(
        &mut self,
        caller: Address,
        to: Address,
        data: impl AsRef<[u8]>,
    ) -> PrecompileOutput {
        self.try_call(caller, to, to, U256::ZERO, data.as_ref()).expect("not fatal")
    }

    pub(crate) fn try_call(
        &mut self,
        caller: Address,
        target: Address,
        code: Address,
        value: U256,
        data: &[u8],
    ) -> PrecompileResult {
        let checkpoint = self.context.journal_mut().checkpoint();
        let result = self.map.get(&code).expect("a host contract").call(PrecompileInput {
            data,
            gas: self.gas,
            reservoir: 7,
            caller,
            value,
            target_address: target,
            is_static: self.is_static,
            bytecode_address: code,
            internals: EvmInternals::from_context(&mut self.context),
        });
        match &result {
            Ok(output) if output.is_success() => self.context.journal_mut().checkpoint_commit(),
            _ => self.context.journal_mut().checkpoint_revert(checkpoint),
        }
        if let Ok(output) = &result {
            assert_eq!(output.reservoir, 7, "the reservoir passes through");
        }
        result
    }

    /// Writes a word of storage by hand.
    pub(crate) fn store(&mut self, account: Address, key: U256, value: U256) {
        let mut internals = EvmInternals::from_context(&mut self.context);
        internals.sstore(account, key, value).expect("the database has no disk");
    }

    /// What the meter says before a call of the executor.
    pub(crate) fn reading(&mut self, call: &[u8]) -> HcuReading {
        let number = self.context.block.number.to();
        HcuReading::at(self.context.journal_mut(), &HOST, number, call).expect("there is no disk")
    }

    /// Ends the transaction: transient storage is gone.
    pub(crate) fn next_transaction(&mut self) {
        self.context.journal_mut().commit_tx();
    }

    pub(crate) fn logs(&mut self) -> Vec<Log> {
        self.context.journal_mut().take_logs()
    }

    /// An operation by [`DAPP`].
    pub(crate) fn op(&mut self, op: Op, arguments: impl SolValue) -> PrecompileOutput {
        self.op_as(DAPP, op, arguments)
    }

    pub(crate) fn op_as(
        &mut self,
        caller: Address,
        op: Op,
        arguments: impl SolValue,
    ) -> PrecompileOutput {
        self.call(caller, HOST.executor, calldata(op, arguments))
    }

    pub(crate) fn trivial(&mut self, value: u64, ty: FheType) -> B256 {
        let arguments = (U256::from(value), U256::from(ty.id())).abi_encode_params();
        let data = [&Op::TrivialEncrypt.spec().selector[..], &arguments].concat();
        handle(&self.call(DAPP, HOST.executor, data))
    }

    pub(crate) fn view<C: SolCall>(&mut self, to: Address, call: C) -> C::Return {
        let output = self.call(USER, to, call.abi_encode());
        assert!(output.is_success(), "{output:?}");
        C::abi_decode_returns_validate(&output.bytes).expect("the announced types")
    }

    pub(crate) fn is_allowed(&mut self, handle: B256, account: Address) -> bool {
        self.view(HOST.acl, Acl::isAllowedCall { handle, account })
    }
}

pub(crate) fn calldata(op: Op, arguments: impl SolValue) -> Vec<u8> {
    // A tuple with dynamic members encodes as a struct: without the outer offset it is the
    // argument list.
    let encoded = arguments.abi_encode();
    let offset = U256::from(32).to_be_bytes::<32>();
    let dynamic = matches!(op, Op::Sum | Op::IsIn | Op::VerifyInput);
    let encoded =
        if dynamic { encoded.strip_prefix(&offset).expect("an offset") } else { &encoded };
    [&op.spec().selector[..], encoded].concat()
}

pub(crate) fn precompiles(config: &HostConfig) -> PrecompilesMap {
    let mut map = PrecompilesMap::from_static(Precompiles::prague());
    install(&mut map, config);
    map
}

pub(crate) fn database(config: &HostConfig, params: &GenesisParams) -> Db {
    let mut db = CacheDB::new(EmptyDB::default());
    for account in genesis(config, params) {
        let code = Bytecode::new_raw(account.code);
        db.insert_account_info(account.address, AccountInfo::from_bytecode(code));
        for (key, value) in account.storage {
            db.insert_account_storage(account.address, key, value).expect("an empty database");
        }
    }
    db
}

pub(crate) fn handle(output: &PrecompileOutput) -> B256 {
    assert!(output.is_success(), "{output:?}");
    B256::abi_decode_validate(&output.bytes).expect("a word")
}

pub(crate) fn type_of(handle: B256) -> FheType {
    Handle(handle).fhe_type().expect("a usable type")
}

pub(crate) fn assert_reverts(output: &PrecompileOutput, error: impl SolError) {
    assert!(output.is_revert(), "{output:?}");
    assert_eq!(output.bytes, Bytes::from(error.abi_encode()));
}

pub(crate) fn assert_reverts_empty(output: &PrecompileOutput) {
    assert!(output.is_revert() && output.bytes.is_empty(), "{output:?}");
}

/// A key for tests, and its address.
pub(crate) fn signer(seed: u8) -> (SigningKey, Address) {
    let key = SigningKey::from_slice(&[seed; 32]).expect("a scalar");
    let point = key.verifying_key().to_encoded_point(false);
    (key, Address::from_raw_public_key(&point.as_bytes()[1..]))
}

pub(crate) fn sign(key: &SigningKey, digest: B256) -> [u8; 65] {
    let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice()).expect("signs");
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&signature.to_bytes());
    bytes[64] = 27 + recovery.to_byte();
    bytes
}
