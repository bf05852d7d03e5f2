//! A trace from logs.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Log, U256};
use alloy_sol_types::SolEvent;
use ciphervm::Accounts;
use ciphervm_fhe::{
    FheType, GraphError, Handle, Measured, Node, Op, Operand as Argument, reference,
};
use ciphervm_precompiles::{HostAddresses, Record, RecordError, RecordedOp, interface::Acl};

use super::{Evaluated, Grant, GrantKind, Operand, Operation, Status, TransactionTrace};

/// A transaction as it was executed.
#[derive(Clone, Copy, Debug)]
pub struct Executed<'a> {
    /// Its hash.
    pub hash: B256,
    /// Number of its block.
    pub block_number: u64,
    /// Whether it succeeded.
    pub success: bool,
    /// Gas used.
    pub gas_used: u64,
    /// Its logs.
    pub logs: &'a [Log],
    /// What its block recorded. The same operation in two transactions of a block has one handle,
    /// so one of them can make the other's result live.
    pub block: &'a Record,
    /// Whether the block is settled.
    pub settled: bool,
    /// What its evaluation took, if that is known.
    pub accounts: Option<Accounts>,
}

/// What a node knows of a handle besides the chain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// What its computation took.
    pub measured: Option<Measured>,
    /// The clear value of its ciphertext, on a node that may decrypt for anybody.
    pub value: Option<U256>,
}

impl TransactionTrace {
    /// Traces a transaction of a chain whose host contracts are at `hosts`. Only handles of the
    /// transaction are asked of `known`.
    ///
    /// Intermediate results have no ciphertext to decrypt. If all operands of one have known
    /// values, so has the result, from the operation's plaintext semantics.
    ///
    /// # Errors
    /// If a log of a host contract cannot have been emitted by it.
    pub fn new(
        hosts: &HostAddresses,
        transaction: &Executed<'_>,
        known: impl Fn(&Handle) -> Known,
    ) -> Result<Self, RecordError> {
        let record = Record::from_logs(hosts, transaction.logs.iter())?;
        let mut tracer = Tracer {
            live: live(transaction.block),
            settled: transaction.settled,
            known,
            first: BTreeMap::new(),
            values: BTreeMap::new(),
        };
        let operations = record.ops.iter().enumerate().map(|(index, op)| {
            let node = record.graph.get(&op.handle).expect("every operation has its node");
            tracer.operation(index, op, node)
        });
        Ok(Self {
            transaction_hash: transaction.hash,
            block_number: transaction.block_number,
            status: if transaction.success { Status::Success } else { Status::Failure },
            gas_used: transaction.gas_used,
            hcu: record.hcu,
            hcu_depth: depth(&record),
            evaluation: transaction.accounts.map(evaluated),
            operations: operations.collect(),
            grants: grants(hosts, transaction.logs),
        })
    }
}

fn evaluated(accounts: Accounts) -> Evaluated {
    let Accounts { live, dead, shared, bootstraps, depth, elapsed, .. } = accounts;
    Evaluated { live, dead, shared, bootstraps, depth, ms: elapsed.as_secs_f64() * 1e3 }
}

/// What a block computes: what was granted for good, and its ancestors in the block.
fn live(block: &Record) -> BTreeSet<Handle> {
    let from_outside = |handle: &Handle| Ok::<_, GraphError>(block.graph.get(handle).is_none());
    let live = block.graph.live(block.roots.iter().copied(), from_outside);
    let live = live.expect("a handle that the block did not make is from outside");
    live.nodes.into_iter().map(|(handle, _)| handle).collect()
}

/// The most expensive chain of dependent operations, as the HCU meter counts: values from outside
/// the transaction begin at zero.
fn depth(record: &Record) -> u64 {
    let mut depths: BTreeMap<Handle, u64> = BTreeMap::new();
    for op in &record.ops {
        let node = record.graph.get(&op.handle).into_iter();
        let below = node.flat_map(Node::inputs).filter_map(|input| depths.get(&input)).max();
        let depth = below.copied().unwrap_or_default().saturating_add(op.hcu);
        depths.insert(op.handle, depth);
    }
    depths.into_values().max().unwrap_or_default()
}

struct Tracer<K> {
    live: BTreeSet<Handle>,
    settled: bool,
    known: K,
    /// The operation that first made a handle.
    first: BTreeMap<Handle, usize>,
    values: BTreeMap<Handle, Option<U256>>,
}

impl<K: Fn(&Handle) -> Known> Tracer<K> {
    fn operation(&mut self, index: usize, op: &RecordedOp, node: &Node) -> Operation {
        let first = *self.first.entry(op.handle).or_insert(index);
        let repeats = (first != index).then_some(first);
        // What it took counts once.
        let measured = match repeats {
            None => (self.known)(&op.handle).measured,
            Some(_) => None,
        };
        let live = self.live.contains(&op.handle);
        let operands = (0..node.operands.len()).map(|i| self.operand(node, i)).collect();
        Operation {
            index,
            name: op.op.name().to_owned(),
            caller: op.caller,
            handle: op.handle,
            ty: node.result.to_string(),
            operands,
            hcu: op.hcu,
            repeats,
            bootstraps: measured.map(|measured| measured.bootstraps),
            ms: measured.map(|measured| measured.elapsed.as_secs_f64() * 1e3),
            live,
            settled: live && self.settled,
            value: self.result(op.handle, node).map(|value| plain(node.result, value)),
        }
    }

    fn operand(&mut self, node: &Node, position: usize) -> Operand {
        match node.operands[position] {
            Argument::Encrypted(handle) => {
                let ty = handle.fhe_type();
                let value = self.value(handle).zip(ty).map(|(value, ty)| plain(ty, value));
                let ty = ty.map_or_else(|| "unknown".to_owned(), |ty| ty.to_string());
                Operand::Encrypted { handle, ty, value }
            }
            Argument::Scalar(word) => {
                let last = position + 1 == node.operands.len();
                let seed = last && matches!(node.op, Op::Rand | Op::RandBounded);
                let scalar = if seed { format!("{word:#x}") } else { plain(node.operand, word) };
                Operand::Scalar { scalar }
            }
        }
    }

    /// The clear value of a handle, if it is known already or has a ciphertext.
    fn value(&mut self, handle: Handle) -> Option<U256> {
        *self.values.entry(handle).or_insert_with(|| (self.known)(&handle).value)
    }

    /// The clear value of an operation's result.
    fn result(&mut self, handle: Handle, node: &Node) -> Option<U256> {
        let value = self.value(handle).or_else(|| self.derive(node));
        self.values.insert(handle, value);
        value
    }

    /// What an operation makes of its operands' clear values. Of random values only the ciphertext
    /// knows.
    fn derive(&mut self, node: &Node) -> Option<U256> {
        if matches!(node.op, Op::Rand | Op::RandBounded) {
            return None;
        }
        let operands: Option<Vec<_>> = node
            .operands
            .iter()
            .map(|operand| match operand {
                Argument::Encrypted(handle) => self.value(*handle).map(Argument::Encrypted),
                Argument::Scalar(word) => Some(Argument::Scalar(*word)),
            })
            .collect();
        Some(reference::evaluate(node.op, &operands?, node.operand, node.result))
    }
}

/// A clear value as its type is written.
fn plain(ty: FheType, value: U256) -> String {
    match ty {
        FheType::Bool if value <= U256::ONE => (!value.is_zero()).to_string(),
        FheType::Uint160 if value <= ty.max_value() => Address::from_word(value.into()).to_string(),
        _ => value.to_string(),
    }
}

fn grants(hosts: &HostAddresses, logs: &[Log]) -> Vec<Grant> {
    let mut grants = Vec::new();
    for log in logs.iter().filter(|log| log.address == hosts.acl) {
        if let Ok(Log { data: event, .. }) = Acl::Allowed::decode_log(log) {
            let (handle, account) = (Handle(event.handle), Some(event.account));
            grants.push(Grant { handle, account, kind: GrantKind::Allow, caller: event.caller });
        } else if let Ok(Log { data: event, .. }) = Acl::AllowedForDecryption::decode_log(log) {
            grants.extend(event.handlesList.into_iter().map(|handle| Grant {
                handle: Handle(handle),
                account: None,
                kind: GrantKind::AllowForDecryption,
                caller: event.caller,
            }));
        }
    }
    grants
}
