//! The example runs, on real ciphertexts.

use std::process::Command;

#[test]
fn the_example_decrypts_what_its_contract_computed() {
    let output = Command::new(env!("CARGO_BIN_EXE_embed")).output().expect("the example starts");
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert!(stdout.ends_with(" bytes decrypt to 42\n"), "{stdout}");
}
