//! The committed contracts of models are what the models give. With `UPDATE_SOLIDITY=1`, which
//! `cargo xtask solidity` sets, they are written instead.

use std::{env, fs, path::Path};

use applications::inference::{Model, render};

#[test]
fn the_committed_contracts_are_what_the_models_give() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../solidity/contracts");
    let update = env::var_os("UPDATE_SOLIDITY").is_some();
    for model in Model::all().unwrap() {
        let path = folder.join(&model.contract).with_extension("sol");
        let text = render(&model);
        if update {
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, text, "run `cargo xtask solidity` and commit what it writes");
    }
}
