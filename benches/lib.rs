//! Benchmarks, such as `cargo bench --workspace --bench circuits`. What each measures stands at its head.
