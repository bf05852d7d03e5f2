//! What a confidential token costs without FHE: five transactions executed, recorded from their
//! logs and settled on the reference evaluator, ciphertext store on disk included.

use ciphervm_node::{command::demo, machine::Machine};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn token(criterion: &mut Criterion) {
    criterion.bench_function("ERC-7984: deploy, mint, 4 transfers, symbolic", |bencher| {
        bencher.iter_batched(
            || {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let machine = Machine::reference(directory.path()).expect("a machine");
                (directory, machine)
            },
            |(directory, mut machine)| {
                demo::play(&mut machine, |_| {}).expect("the demonstration works");
                // Returned, so that clearing up is not measured.
                (directory, machine)
            },
            BatchSize::PerIteration,
        );
    });
}

criterion_group!(benches, token);
criterion_main!(benches);
