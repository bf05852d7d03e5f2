//! The EVM factory.

use alloy_evm::{
    Database, EvmEnv, EvmFactory,
    eth::{EthEvm, EthEvmBuilder, EthEvmContext},
    precompiles::PrecompilesMap,
};
use ciphervm_precompiles::{HostConfig, install};
use revm::{
    Inspector,
    context::{BlockEnv, DBErrorMarker, TxEnv, result::EVMError, result::HaltReason},
    inspector::NoOpInspector,
    precompile::{PrecompileSpecId, Precompiles},
    primitives::hardfork::SpecId,
};

/// Makes Ethereum EVMs with the FHEVM host contracts installed. No opcode, transaction type or fee
/// rule is added. The host addresses are warm from the start, as precompiles are.
#[derive(Clone, Debug)]
pub struct CipherEvmFactory {
    host: HostConfig,
}

impl CipherEvmFactory {
    /// A factory whose EVMs have the host contracts of `host`.
    pub const fn new(host: HostConfig) -> Self {
        Self { host }
    }

    fn build<DB: Database, I: Inspector<EthEvmContext<DB>>>(
        &self,
        builder: EthEvmBuilder<DB, I>,
        spec: SpecId,
    ) -> EthEvm<DB, I, PrecompilesMap> {
        let standard = Precompiles::new(PrecompileSpecId::from_spec_id(spec));
        let mut precompiles = PrecompilesMap::from_static(standard);
        install(&mut precompiles, &self.host);
        builder.precompiles(precompiles).build()
    }
}

impl EvmFactory for CipherEvmFactory {
    type Evm<DB: Database, I: Inspector<EthEvmContext<DB>>> = EthEvm<DB, I, PrecompilesMap>;
    type Context<DB: Database> = EthEvmContext<DB>;
    type Tx = TxEnv;
    type Error<DBError: DBErrorMarker> = EVMError<DBError>;
    type HaltReason = HaltReason;
    type Spec = SpecId;
    type BlockEnv = BlockEnv;
    type Precompiles = PrecompilesMap;

    fn create_evm<DB: Database>(&self, db: DB, env: EvmEnv) -> Self::Evm<DB, NoOpInspector> {
        let spec = env.cfg_env.spec;
        self.build(EthEvmBuilder::new(db, env), spec)
    }

    fn create_evm_with_inspector<DB: Database, I: Inspector<EthEvmContext<DB>>>(
        &self,
        db: DB,
        env: EvmEnv,
        inspector: I,
    ) -> Self::Evm<DB, I> {
        let spec = env.cfg_env.spec;
        self.build(EthEvmBuilder::new(db, env).activate_inspector(inspector), spec)
    }
}
