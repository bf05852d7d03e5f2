//! Everything in one process: chain, evaluator, ciphertext store, inputs, and the KMS.

use std::{path::Path, sync::Arc, thread::available_parallelism};

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, anyhow, ensure};
use ciphervm::{
    Block, Call, Chain, InputService, LOCAL_COPROCESSOR_KEY, Outcome, Settled, Settlement,
};
use ciphervm_fhe::{
    CachedStore, CiphertextStore, DatabaseStore, Evaluator, GraphEvaluator, Handle, MemoryStore,
    Node, Record as Ciphertext, ReferenceEngine, TfheEngine, keys::Keyset,
};
use ciphervm_kms::{Kms, ReferenceKms};
use ciphervm_precompiles::{GenesisParams, HostConfig, Record, interface::Acl};
use clap::ValueEnum;

/// Memory for recently used ciphertexts.
pub(crate) const CACHE_BYTES: u64 = 256 << 20;

/// What operations are computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvaluatorKind {
    /// Real FHE on ciphertexts.
    Tfhe,
    /// Plaintexts: instant, and nothing is secret. For development only.
    Reference,
}

/// A whole confidential chain in one process.
#[derive(Debug)]
pub struct Machine {
    chain: Chain,
    settlement: Settlement,
    inputs: InputService,
    kms: Arc<dyn Kms>,
    host: HostConfig,
    /// Blocks, and the roots of their commitments.
    blocks: Vec<(Block, B256)>,
}

impl Machine {
    /// A chain that computes on plaintexts, its ciphertext store in `directory`.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub fn reference(directory: &Path) -> Result<Self> {
        let evaluator = GraphEvaluator::new(ReferenceEngine, 1)?;
        Self::new(Arc::new(evaluator), Arc::new(ReferenceKms), directory)
    }

    /// A chain that computes on ciphertexts with `threads` threads, its ciphertext store in
    /// `directory`.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub fn tfhe(
        keyset: Arc<Keyset>,
        kms: Arc<dyn Kms>,
        threads: usize,
        directory: &Path,
    ) -> Result<Self> {
        let evaluator = GraphEvaluator::new(TfheEngine::new(keyset), threads)?;
        Self::new(Arc::new(evaluator), kms, directory)
    }

    fn new(evaluator: Arc<dyn Evaluator>, kms: Arc<dyn Kms>, directory: &Path) -> Result<Self> {
        let database = DatabaseStore::open(&directory.join("ciphertexts.redb"))?;
        let store: Arc<dyn CiphertextStore> = Arc::new(CachedStore::new(database, CACHE_BYTES));
        let host = HostConfig::default();
        let chain = Chain::new(host, &GenesisParams::default());
        let inputs = InputService::new(
            host,
            chain.chain_id(),
            Arc::clone(&evaluator),
            Arc::clone(&store),
            LOCAL_COPROCESSOR_KEY,
        )?;
        let settlement = Settlement::new(host.addresses, evaluator, store);
        Ok(Self { chain, settlement, inputs, kms, host, blocks: Vec::new() })
    }

    /// As many threads as there are cores.
    pub fn default_threads() -> usize {
        available_parallelism().map_or(1, usize::from)
    }

    /// The chain.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The input service.
    pub const fn inputs(&self) -> &InputService {
        &self.inputs
    }

    /// The ciphertext store.
    pub fn store(&self) -> &dyn CiphertextStore {
        &**self.settlement.store()
    }

    /// Executes calls in one block and settles it.
    ///
    /// # Errors
    /// If a call is invalid, or settlement fails. A call that reverts is no error here.
    pub fn execute(&mut self, calls: &[Call]) -> Result<(Block, Settled)> {
        let block = self.chain.execute(calls)?;
        let settled = self.settlement.settle(block.logs())?;
        let commitment = self.settlement.commitment(block.logs())?;
        self.blocks.push((block.clone(), commitment.root));
        Ok((block, settled))
    }

    /// Computes all ciphertexts once more, in an empty store that gets nothing but the encrypted
    /// inputs, and compares each block's commitment. Returns how many ciphertexts these were.
    ///
    /// # Errors
    /// If anything cannot be computed, or comes out different.
    pub fn verify(&self) -> Result<usize> {
        let evaluator = Arc::clone(self.settlement.scheduler().evaluator());
        let again: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());
        let settlement = Settlement::new(self.host.addresses, evaluator, Arc::clone(&again));
        let mut ciphertexts = 0;
        for (block, root) in &self.blocks {
            let record = Record::from_logs(&self.host.addresses, block.logs().flatten())?;
            let nodes = record.ops.iter().filter_map(|op| record.graph.get(&op.handle));
            for input in nodes.flat_map(Node::inputs).filter(|input| input.input_index().is_some())
            {
                let input_record = self.store().get(&input)?.context("an input is not there")?;
                again.insert(vec![(input, Ciphertext::clone(&input_record))])?;
            }
            settlement.settle(block.logs())?;
            let commitment = settlement.commitment(block.logs())?;
            let (number, found) = (block.number, commitment.root);
            ensure!(found == *root, "block {number} had the root {root}, and now has {found}");
            ciphertexts += commitment.ciphertexts.len();
        }
        Ok(ciphertexts)
    }

    /// Reads from a contract.
    ///
    /// # Errors
    /// If the call does not succeed or returns something else than its ABI says.
    pub fn read<C: SolCall>(&self, from: Address, to: Address, call: &C) -> Result<C::Return> {
        let receipt = self.chain.call(&Call::new(from, to, call.abi_encode()))?;
        match receipt.outcome {
            Outcome::Success(data) => Ok(C::abi_decode_returns(&data)?),
            other => Err(anyhow!("{} ended with {other:?}", C::SIGNATURE)),
        }
    }

    /// Decrypts a value for `user`, if the ACL on chain grants it to them for good.
    ///
    /// # Errors
    /// If it does not, or there is no ciphertext.
    pub fn decrypt_for(&self, user: Address, handle: Handle) -> Result<U256> {
        let query = Acl::persistAllowedCall { handle: handle.0, account: user };
        let allowed = self.read(user, self.host.addresses.acl, &query)?;
        ensure!(allowed, "{user} may not decrypt {handle}: the ACL has no grant");
        let record = self
            .store()
            .get(&handle)?
            .with_context(|| format!("handle {handle} has no ciphertext"))?;
        Ok(self.kms.decrypt(&record)?)
    }
}
