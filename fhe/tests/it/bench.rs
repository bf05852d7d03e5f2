//! A workbench: values go in encrypted, operations run on an evaluator, results come out clear.

use std::sync::Arc;

use alloy_primitives::{B256, U256, keccak256};
use ciphervm_fhe::{
    CiphertextStore, Engine, Evaluation, EvaluationError, Evaluator, FheType, Graph,
    GraphEvaluator, Handle, MemoryStore, Node, Op, Operand, Profile, Record, ReferenceEngine,
    Rewrites, SimulationEngine, TfheEngine,
};
use ciphervm_kms::{Kms, ReferenceKms, error::DecryptionError, test_keys};

const CHAIN: u64 = 31337;

/// Reads what the simulation stored.
#[derive(Debug)]
struct Simulation(SimulationEngine);

impl Kms for Simulation {
    fn decrypt(&self, record: &Record) -> Result<U256, DecryptionError> {
        Ok(self.0.decode(&record.bytes, record.ty)?.value())
    }
}

pub(crate) struct Bench {
    pub(crate) evaluator: Box<dyn Evaluator>,
    pub(crate) store: MemoryStore,
    kms: Arc<dyn Kms>,
    graph: Graph,
    roots: Vec<Handle>,
    /// Inputs that are encrypted but not stored yet.
    pending: Vec<(Handle, FheType, U256)>,
    names: u64,
}

impl Bench {
    pub(crate) fn reference() -> Self {
        let evaluator = GraphEvaluator::new(ReferenceEngine, 1).unwrap();
        Self::new(Box::new(evaluator), Arc::new(ReferenceKms))
    }

    /// Real FHE on `threads` threads, under the test keyset.
    pub(crate) fn tfhe(threads: usize) -> Self {
        let (keyset, kms) = test_keys();
        let evaluator = GraphEvaluator::new(TfheEngine::new(keyset), threads).unwrap();
        Self::new(Box::new(evaluator), kms)
    }

    /// The circuits on plaintexts, with some rewrites.
    pub(crate) fn simulation(rewrites: Rewrites) -> Self {
        let engine = SimulationEngine::new(Profile::Throughput, rewrites);
        Self::new(Box::new(GraphEvaluator::new(engine, 1).unwrap()), Arc::new(Simulation(engine)))
    }

    fn new(evaluator: Box<dyn Evaluator>, kms: Arc<dyn Kms>) -> Self {
        let (graph, roots, pending) = Default::default();
        Self { evaluator, store: MemoryStore::new(), kms, graph, roots, pending, names: 0 }
    }

    fn name(&mut self) -> B256 {
        self.names += 1;
        keccak256(self.names.to_be_bytes())
    }

    /// A value that a client encrypts.
    pub(crate) fn input(&mut self, ty: FheType, value: U256) -> Operand<Handle> {
        let handle = Handle::input(self.name(), 0, CHAIN, ty);
        self.pending.push((handle, ty, value));
        Operand::Encrypted(handle)
    }

    /// Records an operation whose result is not to be kept.
    pub(crate) fn record(
        &mut self,
        op: Op,
        operands: Vec<Operand<Handle>>,
        result: FheType,
    ) -> Handle {
        let handle = Handle::computed(self.name(), CHAIN, result);
        self.graph.insert(handle, Node::new(op, operands, handle).unwrap());
        handle
    }

    /// Records an operation whose result is to be kept.
    pub(crate) fn keep(&mut self, op: Op, operands: Vec<Operand<Handle>>, ty: FheType) -> Handle {
        let handle = self.record(op, operands, ty);
        self.roots.push(handle);
        handle
    }

    /// What is to be kept.
    pub(crate) fn kept(&self) -> &[Handle] {
        &self.roots
    }

    /// Encrypts and stores the pending inputs.
    pub(crate) fn store_inputs(&mut self) {
        // A list holds 2,048 bits at most, and so eight of the widest values.
        for chunk in self.pending.chunks(8) {
            let values: Vec<_> = chunk.iter().map(|(_, ty, value)| (*ty, *value)).collect();
            let list = self.evaluator.encrypt_inputs(&values).unwrap();
            let records = self.evaluator.expand_inputs(&list).unwrap();
            let handles = chunk.iter().map(|(handle, ..)| *handle);
            self.store.insert(handles.zip(records).collect()).unwrap();
        }
        self.pending.clear();
    }

    /// Computes what is to be kept and is not there yet.
    pub(crate) fn evaluate(&mut self) -> Result<Evaluation, EvaluationError> {
        self.store_inputs();
        let roots = self.roots.iter().copied();
        let live = self
            .graph
            .live(roots, |handle| self.store.contains(handle).map_err(EvaluationError::from))?;
        self.evaluator.evaluate(&live, &self.store)
    }

    pub(crate) fn decrypt(&self, handle: Handle) -> U256 {
        let record = self.store.get(&handle).unwrap().expect("the value was kept");
        self.kms.decrypt(&record).unwrap()
    }
}
