//! Evaluation that is checked: every result is decrypted and compared with what the operation means
//! on plaintexts.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{
    CiphertextError, CiphertextStore, Evaluation, EvaluationError, Evaluator, FheType, GraphError,
    Handle, Live, MemoryStore, Node, Op, Operand, Record, StoreError, StoreSize, reference,
};
use ciphervm_kms::Kms;

/// An [`Evaluator`] that checks another one. The first operation whose result is wrong is an error,
/// and nothing is stored then.
///
/// It keeps intermediate results in memory until they are compared, half a megabyte for 64
/// encrypted bits, and it decrypts everything: it is for development only.
#[derive(Debug)]
pub struct CompareEvaluator {
    real: Arc<dyn Evaluator>,
    kms: Arc<dyn Kms>,
}

impl CompareEvaluator {
    /// Checks what `real` computes. `kms` has its secret key.
    pub fn new(real: Arc<dyn Evaluator>, kms: Arc<dyn Kms>) -> Self {
        Self { real, kms }
    }

    /// Compares every operation, operands before results.
    fn check(&self, live: &Live, store: &dyn CiphertextStore) -> Result<(), EvaluationError> {
        let mut values = BTreeMap::new();
        for (handle, node) in &live.nodes {
            let wrong = |reason| EvaluationError::Wrong { op: node.op, handle: *handle, reason };
            for needed in node.inputs().chain([*handle]) {
                if let Entry::Vacant(value) = values.entry(needed) {
                    value.insert(self.decrypt(&needed, store).map_err(wrong)?);
                }
            }
            compare(*handle, node, &values).map_err(wrong)?;
        }
        Ok(())
    }

    fn decrypt(&self, handle: &Handle, store: &dyn CiphertextStore) -> Result<U256, String> {
        let record = store.get(handle).map_err(|error| error.to_string())?;
        let record = record.ok_or_else(|| GraphError::Unknown(*handle).to_string())?;
        let value = self.kms.decrypt(&record);
        value.map_err(|error| format!("the ciphertext of {handle} cannot be decrypted: {error}"))
    }
}

/// Compares the value of `node`'s result with the one that follows from its operands.
fn compare(handle: Handle, node: &Node, values: &BTreeMap<Handle, U256>) -> Result<(), String> {
    let operand = |operand: &Operand<Handle>| match operand {
        Operand::Encrypted(handle) => Operand::Encrypted(values[handle]),
        Operand::Scalar(word) => Operand::Scalar(*word),
    };
    let operands: Vec<_> = node.operands.iter().map(operand).collect();
    let found = values[&handle];
    let expected = match (node.op, &operands[..]) {
        // Which value it is only the key decides.
        (Op::Rand, _) if found <= node.result.max_value() => found,
        (Op::RandBounded, [Operand::Scalar(bound), _]) if found < *bound => found,
        _ => reference::evaluate(node.op, &operands, node.operand, node.result),
    };
    if found == expected {
        return Ok(());
    }
    let show = |operand: &Operand<Handle>| match operand {
        Operand::Encrypted(handle) => format!("{} of {handle}", values[handle]),
        Operand::Scalar(word) => format!("the scalar {word}"),
    };
    let operands: Vec<_> = node.operands.iter().map(show).collect();
    let ty = node.result;
    Err(format!(
        "it gives {found}, and should give {expected} as {ty}, from {}",
        operands.join(", ")
    ))
}

impl Evaluator for CompareEvaluator {
    fn class(&self) -> B256 {
        self.real.class()
    }

    fn evaluate(
        &self,
        live: &Live,
        store: &dyn CiphertextStore,
    ) -> Result<Evaluation, EvaluationError> {
        let keep = live.nodes.iter().map(|(handle, _)| *handle).collect();
        let scratch = Layered { below: store, above: MemoryStore::new() };
        let mut evaluation = self.real.evaluate(&Live { keep, ..live.clone() }, &scratch)?;
        self.check(live, &scratch)?;
        evaluation.stored.retain(|(handle, _)| live.keep.contains(handle));
        let mut records = Vec::new();
        for (handle, _) in &evaluation.stored {
            let record = scratch.above.get(handle)?.ok_or(GraphError::Unknown(*handle))?;
            records.push((*handle, Record::clone(&record)));
        }
        store.insert(records)?;
        Ok(evaluation)
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.real.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        self.real.expand_inputs(list)
    }
}

/// A store on top of another one, which stays as it is.
#[derive(Debug)]
struct Layered<'a> {
    below: &'a dyn CiphertextStore,
    above: MemoryStore,
}

impl CiphertextStore for Layered<'_> {
    fn get(&self, handle: &Handle) -> Result<Option<Arc<Record>>, StoreError> {
        match self.above.get(handle)? {
            Some(record) => Ok(Some(record)),
            None => self.below.get(handle),
        }
    }

    fn contains(&self, handle: &Handle) -> Result<bool, StoreError> {
        Ok(self.above.contains(handle)? || self.below.contains(handle)?)
    }

    fn insert(&self, records: Vec<(Handle, Record)>) -> Result<(), StoreError> {
        self.above.insert(records)
    }

    fn size(&self) -> Result<StoreSize, StoreError> {
        let (below, above) = (self.below.size()?, self.above.size()?);
        Ok(StoreSize { records: below.records + above.records, bytes: below.bytes + above.bytes })
    }
}

#[cfg(test)]
mod tests {
    use ciphervm_fhe::{Graph, GraphEvaluator, ReferenceEngine};
    use ciphervm_kms::ReferenceKms;

    use super::*;

    /// Changes the value of one result.
    #[derive(Debug)]
    struct Faulty {
        inner: GraphEvaluator<ReferenceEngine>,
        wrong: Option<(Handle, u8)>,
    }

    impl Evaluator for Faulty {
        fn class(&self) -> B256 {
            self.inner.class()
        }

        fn evaluate(
            &self,
            live: &Live,
            store: &dyn CiphertextStore,
        ) -> Result<Evaluation, EvaluationError> {
            let scratch = Layered { below: store, above: MemoryStore::new() };
            let evaluation = self.inner.evaluate(live, &scratch)?;
            for (handle, _) in &evaluation.stored {
                let right = Record::clone(&scratch.above.get(handle)?.unwrap());
                let record = match self.wrong {
                    Some((wrong, value)) if wrong == *handle => reference(wrong, value),
                    _ => right,
                };
                store.insert(vec![(*handle, record)])?;
            }
            Ok(evaluation)
        }

        fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
            self.inner.encrypt_inputs(values)
        }

        fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
            self.inner.expand_inputs(list)
        }
    }

    fn handle(name: u8) -> Handle {
        Handle::computed(B256::repeat_byte(name), 31337, FheType::Uint8)
    }

    /// A record of the reference engine, whose input lists hold plain values.
    fn reference(handle: Handle, value: u8) -> Record {
        let evaluator = GraphEvaluator::new(ReferenceEngine, 1).unwrap();
        let values = [(handle.fhe_type().unwrap(), U256::from(value))];
        let list = evaluator.encrypt_inputs(&values).unwrap();
        evaluator.expand_inputs(&list).unwrap().remove(0)
    }

    /// `4 = (1 + 2) * 2`, and `5` random below 16: `1` is there already, `3` is the sum.
    fn live() -> (Live, MemoryStore) {
        let store = MemoryStore::new();
        store.insert(vec![(handle(1), reference(handle(1), 200))]).unwrap();
        let (encrypted, scalar) = (
            |name| Operand::Encrypted(handle(name)),
            |value: u64| Operand::Scalar(U256::from(value)),
        );
        let mut graph = Graph::default();
        for (name, op, operands) in [
            (2, Op::TrivialEncrypt, vec![scalar(100)]),
            (3, Op::Add, vec![encrypted(1), encrypted(2)]),
            (4, Op::Mul, vec![encrypted(3), scalar(2)]),
            (5, Op::RandBounded, vec![scalar(16), scalar(7)]),
        ] {
            let result = handle(name);
            graph.insert(result, Node::new(op, operands, result).unwrap());
        }
        let settled = |handle: &Handle| store.contains(handle).map_err(EvaluationError::from);
        (graph.live([handle(4), handle(5)], settled).unwrap(), store)
    }

    fn compare_with(wrong: Option<(Handle, u8)>) -> CompareEvaluator {
        let inner = GraphEvaluator::new(ReferenceEngine, 1).unwrap();
        CompareEvaluator::new(Arc::new(Faulty { inner, wrong }), Arc::new(ReferenceKms))
    }

    #[test]
    fn what_agrees_is_stored_and_intermediate_results_are_not() {
        let (live, store) = live();
        let evaluation = compare_with(None).evaluate(&live, &store).unwrap();
        assert_eq!(evaluation.operations, 4);
        let stored: Vec<_> = evaluation.stored.iter().map(|(handle, _)| *handle).collect();
        assert_eq!(stored, [handle(4), handle(5)]);
        assert_eq!(store.size().unwrap().records, 3);
        let record = store.get(&handle(4)).unwrap().unwrap();
        assert_eq!(ReferenceKms.decrypt(&record).unwrap(), U256::from(88));
    }

    #[test]
    fn the_first_difference_is_reported_and_nothing_is_stored() {
        let (live, store) = live();
        let error = compare_with(Some((handle(3), 45))).evaluate(&live, &store).unwrap_err();
        let expected = format!(
            "operation fheAdd for {} is wrong: it gives 45, and should give 44 as euint8, \
             from 200 of {}, 100 of {}",
            handle(3),
            handle(1),
            handle(2)
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(store.size().unwrap().records, 1);
    }

    #[test]
    fn a_random_value_may_be_any_in_its_range_and_none_beyond() {
        let (live, store) = live();
        compare_with(Some((handle(5), 15))).evaluate(&live, &store).unwrap();
        let (live, store) = self::live();
        let error = compare_with(Some((handle(5), 16))).evaluate(&live, &store).unwrap_err();
        assert!(error.to_string().contains("fheRandBounded"), "{error}");
    }
}
