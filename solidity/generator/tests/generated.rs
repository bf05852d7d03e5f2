//! The committed Solidity library is what the table of operations gives. With
//! `UPDATE_SOLIDITY=1`, which `cargo xtask solidity` sets, it is written instead.

use std::{env, fs, path::Path};

#[test]
fn the_committed_library_is_what_the_table_gives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let update = env::var_os("UPDATE_SOLIDITY").is_some();
    for (name, text) in solidity_generator::render() {
        let path = folder.join(name);
        if update {
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        // Not `assert_eq`: it would print thousands of lines.
        assert!(committed == text, "{name} is stale: run `cargo xtask solidity` and commit it");
    }
}
