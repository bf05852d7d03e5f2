//! The book: mdBook renders `docs/` to `target/book`.

use std::{path::Path, process::Command};

/// Renders the book. mdBook is a program of its own: `cargo install mdbook --locked`.
pub(crate) fn render(root: &Path) -> Command {
    let mut command = Command::new("mdbook");
    command.args(["build", "docs"]).current_dir(root);
    command
}

/// Whether mdBook is installed.
pub(crate) fn can_render() -> bool {
    Command::new("mdbook").arg("--version").output().is_ok_and(|output| output.status.success())
}
