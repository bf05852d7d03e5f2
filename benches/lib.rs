//! Benchmarks. Run `cargo bench -p benches`; what each measures stands at its head.
