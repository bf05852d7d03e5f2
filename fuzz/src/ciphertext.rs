//! Stored ciphertexts: a byte for the engine, one for the type, and what a store holds. They are
//! refused, or read and written back as they were.

use alloy_primitives::U256;
use ciphervm_fhe::{
    Ciphertext, CiphertextError, Engine, FheType, Profile, ReferenceEngine, Rewrites,
    SimulationEngine,
};

use crate::{Seed, Target, Verdict, bytes::Bytes, no_words};

/// Stored ciphertexts.
pub const TARGET: Target =
    Target { name: "ciphertext", run, seeds, words: no_words, runs: 300_000 };

const SIMULATION: SimulationEngine = SimulationEngine::new(Profile::Throughput, Rewrites::ALL);

/// An engine's number.
const REAL: u8 = 0;
const REFERENCE: u8 = 1;
const SIMULATED: u8 = 2;

/// Reads bytes as a ciphertext.
///
/// # Panics
/// If they are not written back as they were.
pub fn run(data: &[u8]) -> Verdict {
    let mut data = Bytes(data);
    let engine = data.pick(&[REAL, REFERENCE, SIMULATED]);
    let ty = data.pick(&FheType::ALL);
    let written = match engine {
        REAL => written(Ciphertext::decode(data.0, ty), Ciphertext::encode),
        REFERENCE => written(ReferenceEngine.decode(data.0, ty), |value| {
            assert!(*value <= ty.max_value(), "{value} is no {ty}");
            ReferenceEngine.encode(value)
        }),
        _ => written(SIMULATION.decode(data.0, ty), |value| SIMULATION.encode(value)),
    };
    if let Some(written) = &written {
        assert_eq!(written, data.0, "a ciphertext of type {ty} is written in another way");
    }
    Verdict::of(written.is_some())
}

/// What was read, written again; nothing if it was refused.
fn written<T>(
    read: Result<T, CiphertextError>,
    write: impl FnOnce(&T) -> Result<Vec<u8>, CiphertextError>,
) -> Option<Vec<u8>> {
    Some(write(&read.ok()?).expect("what is read may be stored"))
}

fn seeds() -> Vec<Seed> {
    let input = |engine: u8, ty: FheType, bytes: &[u8]| {
        let position = FheType::ALL.iter().position(|other| *other == ty);
        [&[engine, position.expect("it is one of them") as u8], bytes].concat()
    };
    let constant =
        |value: U256| Ciphertext::Constant(value).encode().expect("a constant has no noise");
    let mut seeds = Vec::new();
    for ty in FheType::ALL {
        let largest = constant(ty.max_value());
        seeds.push(Seed::valid(format!("constant-{ty}"), input(REAL, ty, &largest)));
        seeds.push(Seed::valid(format!("plaintext-{ty}"), input(REFERENCE, ty, &largest)));
        let list = SIMULATION.encrypt_inputs(&[(ty, ty.max_value())]);
        let values = list.and_then(|list| SIMULATION.expand_inputs(&list));
        for (_, value) in values.expect("the list is within its limits") {
            let bytes = SIMULATION.encode(&value).expect("an input may be stored");
            seeds.push(Seed::valid(format!("simulated-{ty}"), input(SIMULATED, ty, &bytes)));
        }
    }
    // A block is a degree, a noise level and 2,049 words. Without noise it is a constant.
    let mut block = vec![1];
    block.resize(1 + 16_394, 0);
    seeds.push(Seed::valid("a-block-of-zero", input(REAL, FheType::Bool, &block)).local());
    block[2] = 1;
    block[3..].iter_mut().zip(0_u8..=u8::MAX).for_each(|(byte, value)| *byte = value);
    seeds.push(Seed::valid("a-block-with-noise", input(REAL, FheType::Bool, &block)).local());
    seeds
}
