//! A client's list as the reference engine reads it: it is opened to records that can be read back,
//! or refused.

use std::cell::OnceCell;

use alloy_primitives::U256;
use ciphervm_fhe::{Engine, Evaluator, FheType, GraphEvaluator, MAX_INPUT_VALUES, ReferenceEngine};

use crate::{Seed, Target, Verdict, no_words};

/// Lists of the reference engine.
pub const TARGET: Target = Target { name: "input_list", run, seeds, words: no_words, runs: 20_000 };

thread_local! {
    static EVALUATOR: OnceCell<GraphEvaluator<ReferenceEngine>> = const { OnceCell::new() };
}

/// Opens bytes as a list.
///
/// # Panics
/// If a value is outside of its type.
pub fn run(data: &[u8]) -> Verdict {
    EVALUATOR.with(|evaluator| {
        let new = || GraphEvaluator::new(ReferenceEngine, 1).expect("one thread can be had");
        let records = evaluator.get_or_init(new).expand_inputs(data);
        let records = match records {
            Ok(records) => records,
            Err(_) => return Verdict::Refused,
        };
        assert!(records.len() <= MAX_INPUT_VALUES, "{} values in a list", records.len());
        for record in records {
            let value = ReferenceEngine.decode(&record.bytes, record.ty);
            let value = value.expect("what was encoded can be decoded");
            assert!(value <= record.ty.max_value(), "{value} is no {}", record.ty);
        }
        Verdict::Accepted
    })
}

fn seeds() -> Vec<Seed> {
    let list = |values: &[(FheType, U256)]| {
        ReferenceEngine.encrypt_inputs(values).expect("the list is within its limits")
    };
    let all = FheType::ALL.map(|ty| (ty, ty.max_value()));
    vec![
        Seed::valid("nothing", list(&[])),
        Seed::valid("one-value", list(&[(FheType::Uint64, U256::from(1000))])),
        Seed::valid("the-largest-of-each-type", list(&all)),
        Seed::refused("half-a-value", &list(&all)[..50]),
    ]
}
