//! The same chain once more, without any death: what is in a data directory must be what comes of
//! it.

use std::sync::Arc;

use alloy_consensus::BlockHeader;
use ciphervm::Settlement;
use ciphervm_fhe::{CiphertextStore, Evaluator, Handle, MemoryStore, Record as Ciphertext};
use ciphervm_node::{
    chain::{Attributes, Block, Chain, StateDiff},
    data_dir::{DataDir, Identity},
    journal::Entry,
};
use ciphervm_precompiles::{HostAddresses, HostConfig, Record};

use crate::{CHAIN, node::Home};

const HOSTS: HostAddresses = HostAddresses::LOCAL;

/// How much was compared.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// Transactions whose execution gave the same receipts.
    pub(crate) transactions: usize,
    /// Ciphertexts whose evaluation gave the same bits.
    pub(crate) ciphertexts: usize,
}

/// Executes the transactions of a data directory again, block by block, and evaluates what they
/// record in an empty store, which gets nothing but the encrypted inputs. Every block must have the
/// same hash, and every handle with a grant the same ciphertext.
pub(crate) fn audit(home: &Home, evaluator: Arc<dyn Evaluator>) -> Audit {
    let identity = Identity { chain_id: CHAIN, engine_class: evaluator.class(), profile: None };
    let directory = DataDir::open(&home.data(), &identity).unwrap();
    let (found, again) = (directory.store().unwrap(), Arc::new(MemoryStore::new()));
    let settlement = Settlement::new(HOSTS, evaluator, Arc::clone(&again) as _);
    let entries = directory.journal().unwrap().entries().unwrap();
    let Some((Entry::Genesis(header, diff), entries)) = entries.split_first() else {
        panic!("a chain begins with its first block");
    };
    let host = HostConfig { addresses: HOSTS, ..HostConfig::default() };
    let mut chain = Chain::new(host, CHAIN, (**header).clone(), diff);
    let mut audit = Audit::default();
    for entry in entries {
        match entry {
            Entry::Block(block, diff) => {
                repeat(&mut chain, block, diff);
                let record = Record::from_logs(&HOSTS, block.logs()).unwrap();
                copy_inputs(&record, &found, &*again);
                settlement.settle(block.logs()).unwrap();
                for handle in &record.roots {
                    let digest = |store: &dyn CiphertextStore| {
                        store.get(handle).unwrap().map(|ciphertext| ciphertext.digest)
                    };
                    assert_eq!(digest(&found), digest(&*again), "{handle}");
                    assert!(digest(&found).is_some(), "{handle} was never computed");
                }
                audit.transactions += block.transactions.len();
                audit.ciphertexts += record.roots.len();
            }
            Entry::Edit(diff) => chain.edit(diff),
            Entry::Genesis(..) => panic!("a chain begins once"),
            Entry::Pooled(_) | Entry::Dropped(_) => {}
        }
    }
    audit
}

/// Executes a block's transactions, and compares what comes of them.
fn repeat(chain: &mut Chain, block: &Arc<Block>, diff: &StateDiff) {
    let header = &block.header;
    let attributes = Attributes {
        timestamp: header.timestamp(),
        beneficiary: header.beneficiary(),
        prev_randao: header.mix_hash(),
        gas_limit: header.gas_limit(),
        base_fee: header.base_fee_per_gas(),
    };
    let again = chain.build(&attributes, block.transactions.iter().cloned()).unwrap();
    // The hash covers transactions, receipts and state.
    assert_eq!(again.block.hash(), block.hash(), "block {}", block.number());
    assert_eq!(again.block.receipts, block.receipts);
    chain.push(Arc::clone(block), diff).unwrap();
    assert_eq!(chain.state().root(), header.state_root());
}

/// Copies the encrypted inputs that a block uses.
fn copy_inputs(record: &Record, from: &dyn CiphertextStore, to: &dyn CiphertextStore) {
    let nodes = record.ops.iter().filter_map(|op| record.graph.get(&op.handle));
    let used = nodes.flat_map(|node| node.inputs()).filter(|used| used.input_index().is_some());
    let copy = |handle: Handle| {
        let ciphertext = from.get(&handle).unwrap().expect("an acknowledged input is there");
        (handle, Ciphertext::clone(&ciphertext))
    };
    to.insert(used.map(copy).collect()).unwrap();
}
