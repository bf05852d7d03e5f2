//! What `ciphervm devnet` and `ciphervm sweep` make of their options.

mod sweep;

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ciphervm_fhe::parameters;
use ciphervm_kms::{cache_dir, test_keys};

/// What a devnet said.
struct Said {
    success: bool,
    stdout: String,
    stderr: String,
}

/// Starts a devnet on plaintexts, and ends it once it listens, if it comes that far.
fn devnet(options: &[&str]) -> Said {
    run(&[&["--evaluator", "reference"], options].concat())
}

/// Starts a devnet, and ends it once it listens, if it comes that far.
fn run(options: &[&str]) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ciphervm"))
        .args(["devnet", "--port", "0"])
        .args(options)
        .env("RUST_LOG", "warn")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut stdout = String::new();
    while output.read_line(&mut stdout).unwrap() > 0 {
        if stdout.lines().last().is_some_and(|line| line.starts_with("Listening on ")) {
            let process = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        }
    }
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    Said { success: child.wait().unwrap().success(), stdout, stderr }
}

/// The directory of the test keyset, which is there once it is loaded.
fn keys() -> PathBuf {
    test_keys();
    let name = format!("{}-{}", parameters::TFHE_VERSION, parameters::NAME);
    cache_dir().unwrap().join("test-keys").join(name)
}

#[test]
fn limits_that_contradict_each_other_are_refused_by_name() {
    for (options, complaint) in [
        (
            &["--hcu-per-transaction", "1000000"][..],
            "error: --hcu-per-transaction 1000000 is below --hcu-depth 5000000: raise the one, or \
             lower the other\n",
        ),
        (
            &["--hcu-per-block", "19999999"],
            "error: --hcu-per-block 19999999 is below --hcu-per-transaction 20000000: raise the \
             one, or lower the other\n",
        ),
        (
            &["--hcu-per-block", "281474976710656"],
            "error: --hcu-per-transaction, --hcu-depth or --hcu-per-block: a limit of \
             281474976710656 HCU is more than the meter can hold: 281474976710655 at most\n",
        ),
    ] {
        let said = devnet(options);
        assert_eq!((said.success, &said.stderr[..]), (false, complaint), "{options:?}");
    }
    let said = devnet(&["--hcu-per-transaction", "1000000", "--hcu-depth", "1000000"]);
    assert_eq!((said.success, &said.stderr[..]), (true, ""));
}

fn on(directory: &Path, options: &[&str]) -> Said {
    devnet(&[&["--data-dir", directory.to_str().unwrap()][..], options].concat())
}

#[test]
fn options_that_come_too_late_for_the_first_block_are_told_of() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let said = on(&data, &["--balance", "7", "--accounts", "2"]);
    assert_eq!((said.success, &said.stderr[..]), (true, ""));
    assert!(said.stdout.contains("Accounts, with 7 ETH each at the start;"), "{}", said.stdout);
    // The same again is nothing new.
    assert_eq!(on(&data, &["--balance", "7", "--accounts", "2"]).stderr, "");

    let late = [
        ("--balance", "8", "--balance of 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 is 7, not 8"),
        ("--gas-limit", "30000001", "--gas-limit is 30000000, not 30000001"),
        ("--base-fee", "1", "--base-fee is 1000000000, not 1"),
        ("--hcu-per-transaction", "21000000", "--hcu-per-transaction is 20000000, not 21000000"),
        ("--hcu-depth", "4", "--hcu-depth is 5000000, not 4"),
        ("--hcu-per-block", "22000000", "--hcu-per-block is 281474976710655, not 22000000"),
        ("--timestamp", "5", ", not 5"),
    ];
    let options =
        ["--accounts", "2"].into_iter().chain(late.iter().flat_map(|late| [late.0, late.1]));
    let said = on(&data, &options.collect::<Vec<_>>());
    assert!(said.success, "{}", said.stderr);
    assert!(said.stderr.contains("its first block stays as it is"), "{}", said.stderr);
    for (flag, _, told) in late {
        assert!(said.stderr.contains(flag) && said.stderr.contains(told), "{}", said.stderr);
    }
    // What is said of the accounts is true.
    assert!(said.stdout.contains("Accounts, with 7 ETH each at the start;"), "{}", said.stdout);
    // Those that were not there have nothing, and others have something: no one number is true.
    let said = on(&data, &["--balance", "7", "--accounts", "3"]);
    assert!(said.stderr.contains("is 0, not 7"), "{}", said.stderr);
    assert!(said.stdout.contains("Accounts; everybody knows"), "{}", said.stdout);
}

#[test]
fn nobody_takes_a_devnet_for_a_place_to_keep_secrets() {
    let said = devnet(&[]);
    assert!(said.stdout.contains("decrypts for anybody, for development only"), "{}", said.stdout);
}

#[test]
fn numbers_for_prometheus_are_there_when_they_are_wanted() {
    for (options, wanted) in [(&["--metrics"][..], true), (&[], false)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ciphervm"))
            .args(["devnet", "--evaluator", "reference", "--port", "0", "--quiet"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Listening on ").unwrap();
        let answer = ureq::get(format!("http://{address}/metrics")).call();
        let text = answer.ok().map(|mut answer| answer.body_mut().read_to_string().unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(text.is_some(), wanted, "{text:?}");
        for name in ["ciphervm_head_block 0", "ciphervm_running_steps 0"] {
            assert!(text.as_ref().is_none_or(|text| text.contains(name)), "{text:?}");
        }
    }
}

#[test]
fn verification_tells_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let verify = || {
        let output = Command::new(env!("CARGO_BIN_EXE_ciphervm"))
            .args(["verify", "--evaluator", "reference", "--data-dir"])
            .arg(&path)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (success, error) = verify();
    assert!(!success && error.contains("is no data directory of a devnet"), "{error}");
    assert!(devnet(&["--data-dir", path.to_str().unwrap()]).success);
    let (success, error) = verify();
    assert!(!success && error.contains("there is no block up to number"), "{error}");
}

/// Ciphertexts of one profile are not computed on under the other.
#[test]
fn a_directory_is_for_one_profile_of_circuits() {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("data");
    let keys = keys();
    let with = |options: &[&str]| {
        let places = ["--data-dir", data.to_str().unwrap(), "--keys", keys.to_str().unwrap()];
        run(&[&places, options].concat())
    };
    let said = with(&["--profile", "latency"]);
    assert_eq!((said.success, &said.stderr[..]), (true, ""));
    assert!(said.stdout.contains(", circuits for latency\n"), "{}", said.stdout);

    let said = with(&[]);
    let complaint = "holds ciphertexts by circuits for latency, not for throughput: start with \
                     --profile latency, or choose another --data-dir\n";
    assert!(!said.success && said.stderr.ends_with(complaint), "{}", said.stderr);
    // Nor are they plaintexts, whose circuits nobody asks for.
    let said = with(&["--evaluator", "reference"]);
    assert!(!said.success && said.stderr.contains("--evaluator and --profile"), "{}", said.stderr);

    let said = with(&["--profile", "latency"]);
    assert_eq!((said.success, &said.stderr[..]), (true, ""));
}
