//! The clients that the devnet is tested with, each an npm project of its own, the page, and what
//! runs conformance vectors on other chains.

use std::{path::Path, process::Command};

use anyhow::Result;

use crate::{cargo, process};

/// The folders of `node/tests/clients` that have packages.
const CLIENTS: [&str; 8] = [
    "cleartext",
    "ethers",
    "fhevm-hardhat",
    "fhevm-sdk",
    "foundry",
    "hardhat",
    "relayer-sdk",
    "viem",
];

/// Installs the locked packages of all of them, and builds the page.
///
/// # Errors
/// If npm fails.
pub(crate) fn install(root: &Path) -> Result<()> {
    let clients = root.join("node/tests/clients");
    for client in CLIENTS {
        npm(&clients.join(client), &["ci"])?;
    }
    npm(&root.join("conformance/hardhat"), &["ci"])?;
    let page = root.join("examples/page");
    npm(&page, &["ci"])?;
    npm(&page, &["run", "build"])
}

fn npm(folder: &Path, arguments: &[&str]) -> Result<()> {
    process::run(Command::new("npm").args(arguments).current_dir(folder))
}

/// Installs the clients and runs their tests.
///
/// # Errors
/// If npm or a test fails.
pub(crate) fn test(root: &Path) -> Result<()> {
    install(root)?;
    process::run(require(&mut cargo::clients(root)))
}

/// Has the tests fail without a client, which they would skip otherwise.
pub(crate) fn require(tests: &mut Command) -> &mut Command {
    tests.env("CIPHERVM_CLIENTS", "required")
}
