//! Evaluation that is checked: every result is decrypted and compared with what the operation means
//! on plaintexts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{
    Bundle, BundleError, CiphertextError, Evaluator, Execution, FheType, Kernel, Op, Operand,
    Record, Rewrites, Source, Work,
};
use ciphervm_kms::Kms;

/// An [`Evaluator`] that checks another one. The first step whose result is wrong is an error, and
/// what depends on it is not computed.
///
/// It decrypts everything: it is for development only.
#[derive(Debug)]
pub struct CompareEvaluator {
    real: Arc<dyn Evaluator>,
    kms: Arc<dyn Kms>,
    /// Prepared conditions, which are no values to decrypt, by digest.
    conditions: Mutex<BTreeMap<B256, U256>>,
}

/// Conditions that are remembered. One is needed for as long as its choices run.
const CONDITIONS: usize = 10_000;

impl CompareEvaluator {
    /// Checks what `real` computes. `kms` has its secret key.
    pub fn new(real: Arc<dyn Evaluator>, kms: Arc<dyn Kms>) -> Self {
        Self { real, kms, conditions: Mutex::default() }
    }

    /// Compares every step of a bundle, operands before results. `results` are those of all steps.
    fn check(
        &self,
        bundle: &Bundle,
        inputs: &[Arc<Record>],
        results: &[Vec<Record>],
    ) -> Result<(), BundleError> {
        for (step, work) in bundle.steps.iter().enumerate() {
            let wrong = |reason| BundleError::Wrong { step, reason };
            let value = |operand: &Operand<Source>| match *operand {
                Operand::Scalar(value) => Ok(value),
                Operand::Encrypted(Source::Input(input)) => self.value(&inputs[input]),
                Operand::Encrypted(Source::Result { step, result }) => {
                    self.value(&results[step][result])
                }
            };
            let operands = work.operands.iter().map(value).collect::<Result<Vec<_>, _>>();
            let operands = operands.map_err(wrong)?;
            if work.kernel == Kernel::Prepare {
                self.remember(results[step][0].digest, operands[0]);
            }
            let found = results[step].iter().map(|record| self.value(record));
            let found = found.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
            compare(work, &operands, &found).map_err(wrong)?;
        }
        Ok(())
    }

    fn value(&self, record: &Record) -> Result<U256, String> {
        if let Some(condition) = self.lock().get(&record.digest) {
            return Ok(*condition);
        }
        self.kms.decrypt(record).map_err(|error| format!("it cannot be decrypted: {error}"))
    }

    fn remember(&self, digest: B256, condition: U256) {
        let mut conditions = self.lock();
        if conditions.len() >= CONDITIONS {
            conditions.pop_first();
        }
        conditions.insert(digest, condition);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<B256, U256>> {
        self.conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Compares the results of a step with those that follow from its operands.
fn compare(work: &Work, operands: &[U256], found: &[U256]) -> Result<(), String> {
    let expected = match (&work.kernel, operands, found) {
        // Which value it is only the key decides.
        (Kernel::Op { op: Op::Rand, result, .. }, _, [value]) if *value <= result.max_value() => {
            found.to_vec()
        }
        (Kernel::Op { op: Op::RandBounded, .. }, [bound, _], [value]) if value < bound => {
            found.to_vec()
        }
        (kernel, ..) => kernel.reference(operands)?,
    };
    if found == expected {
        return Ok(());
    }
    let show = |values: &[U256]| {
        let values: Vec<_> = values.iter().map(U256::to_string).collect();
        values.join(", ")
    };
    let types: Vec<_> = work.kernel.results().iter().map(FheType::to_string).collect();
    Err(format!(
        "it gives {}, and should give {} as {}, from {}",
        show(found),
        show(&expected),
        types.join(", "),
        show(operands)
    ))
}

impl Evaluator for CompareEvaluator {
    fn class(&self) -> B256 {
        self.real.class()
    }

    fn rewrites(&self) -> Rewrites {
        self.real.rewrites()
    }

    fn threads(&self) -> usize {
        self.real.threads()
    }

    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        self.real.spawn(job);
    }

    fn execute(&self, bundle: &Bundle, inputs: &[Arc<Record>]) -> Result<Execution, BundleError> {
        bundle.check(self.class(), inputs)?;
        // The results of all steps are wanted, and then the bundle's own outputs.
        let counts: Vec<_> = bundle.steps.iter().map(|work| work.kernel.results().len()).collect();
        let all = counts.iter().enumerate().flat_map(|(step, count)| {
            (0..*count).map(move |result| Source::Result { step, result })
        });
        let outputs = all.chain(bundle.outputs.iter().copied()).collect();
        let mut execution = self.real.execute(&Bundle { outputs, ..bundle.clone() }, inputs)?;
        let mut records = std::mem::take(&mut execution.outputs).into_iter();
        let results: Vec<Vec<Record>> =
            counts.iter().map(|count| records.by_ref().take(*count).collect()).collect();
        self.check(bundle, inputs, &results)?;
        Ok(Execution { outputs: records.collect(), ..execution })
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.real.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        self.real.expand_inputs(list)
    }
}

#[cfg(test)]
mod tests {
    use ciphervm_fhe::{
        CiphertextStore, EvaluationError, Graph, GraphEvaluator, Handle, Live, MemoryStore, Node,
        ReferenceEngine,
    };
    use ciphervm_kms::ReferenceKms;

    use super::*;

    /// Changes the results of one operation.
    #[derive(Debug)]
    struct Faulty {
        inner: GraphEvaluator<ReferenceEngine>,
        wrong: Option<(Op, u8)>,
    }

    impl Evaluator for Faulty {
        fn class(&self) -> B256 {
            self.inner.class()
        }

        fn rewrites(&self) -> Rewrites {
            self.inner.rewrites()
        }

        fn threads(&self) -> usize {
            self.inner.threads()
        }

        fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
            self.inner.spawn(job);
        }

        fn execute(
            &self,
            bundle: &Bundle,
            inputs: &[Arc<Record>],
        ) -> Result<Execution, BundleError> {
            let mut execution = self.inner.execute(bundle, inputs)?;
            for (output, record) in bundle.outputs.iter().zip(&mut execution.outputs) {
                let Source::Result { step, .. } = *output else { continue };
                if let Kernel::Op { op, .. } = bundle.steps[step].kernel
                    && let Some((wrong, value)) = self.wrong
                    && wrong == op
                {
                    *record = reference(handle(0), value);
                }
            }
            Ok(execution)
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

    fn compare_with(wrong: Option<(Op, u8)>) -> CompareEvaluator {
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
        let error = compare_with(Some((Op::Add, 45))).evaluate(&live, &store).unwrap_err();
        let expected = format!(
            "operation fheAdd for {} is wrong: it gives 45, and should give 44 as euint8, from \
             200, 100",
            handle(3)
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(store.size().unwrap().records, 1);
    }

    #[test]
    fn a_random_value_may_be_any_in_its_range_and_none_beyond() {
        let (live, store) = live();
        compare_with(Some((Op::RandBounded, 15))).evaluate(&live, &store).unwrap();
        let (live, store) = self::live();
        let error = compare_with(Some((Op::RandBounded, 16))).evaluate(&live, &store).unwrap_err();
        assert!(error.to_string().contains("fheRandBounded"), "{error}");
    }
}
