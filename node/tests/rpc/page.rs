//! The page of the documentation on JSON-RPC, made from what the devnet answers.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, sync::Arc};

use ciphervm_node::rpc;

use crate::Node;

/// The page, from the crate's folder.
const PAGE: &str = "../docs/reference/rpc.md";

#[test]
fn the_page_on_json_rpc_is_up_to_date() {
    let node = Node::in_memory();
    let module = rpc::module(Arc::clone(&node.devnet)).unwrap();
    let mut methods: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in module.method_names() {
        let namespace = name.split_once('_').map_or(name, |(namespace, _)| namespace);
        methods.entry(namespace).or_default().push(name);
    }
    let mut page = "\
# JSON-RPC

The methods that `ciphervm devnet` answers, by HTTP and WebSocket. Those of `cipher_` are ours, and for development only; the README describes them. Those of `fhevm_` are what FHEVM's plugin for Hardhat asks for. The rest are those of Ethereum nodes, and the cheats of Hardhat and Anvil.

This page is generated: `UPDATE_DOCS=1 cargo test -p ciphervm-node --test rpc page`.

| namespace | methods |
|---|---|
"
    .to_owned();
    for (namespace, mut names) in methods {
        names.sort_unstable();
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(page, "| {namespace} | {} |", names.join(", "));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        fs::write(&path, &page).expect("a page");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/rpc.md is out of date; regenerate it with \
         `UPDATE_DOCS=1 cargo test -p ciphervm-node --test rpc page`"
    );
}
