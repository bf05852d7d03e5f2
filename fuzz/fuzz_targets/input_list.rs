//! A client's list, as the reference engine reads it, is opened to records that can be read back,
//! or refused.
#![no_main]

use std::{cell::OnceCell, thread_local};

use ciphervm_fhe::{Engine, Evaluator, GraphEvaluator, ReferenceEngine};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static EVALUATOR: OnceCell<GraphEvaluator<ReferenceEngine>> = const { OnceCell::new() };
}

fuzz_target!(|bytes: &[u8]| {
    EVALUATOR.with(|evaluator| {
        let new = || GraphEvaluator::new(ReferenceEngine, 1).expect("one thread can be had");
        let Ok(records) = evaluator.get_or_init(new).expand_inputs(bytes) else { return };
        for record in records {
            let value = ReferenceEngine.decode(&record.bytes, record.ty).expect("it was encoded");
            assert!(value <= record.ty.max_value());
        }
    });
});
