//! Pages of the documentation that are made from the code.

use std::{env, fs, path::Path};

/// Writes a page of `docs/reference` if `UPDATE_DOCS` is 1.
///
/// # Panics
/// If it is not what is written there.
pub(crate) fn assert_written(name: &str, page: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference");
    let path = folder.join(name);
    if env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(&path, page).expect("a page");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/{name} is out of date; regenerate it with \
         `UPDATE_DOCS=1 cargo test --workspace --test it page`"
    );
}
