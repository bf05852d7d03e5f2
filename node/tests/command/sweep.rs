//! `ciphervm sweep`, two or three operations at a time: each takes a second.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use alloy_primitives::B256;
use serde_json::Value;

use super::keys;

/// What a sweep said, and its exit code.
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn start(keys: &Path, state: &Path, options: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ciphervm"))
        .arg("sweep")
        .args([Path::new("--keys"), keys, Path::new("--state"), state])
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn end(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    Said { code: output.status.code(), stdout, stderr }
}

fn sweep(keys: &Path, state: &Path, options: &[&str]) -> Said {
    end(start(keys, state, options))
}

fn read(state: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(state).unwrap()).unwrap()
}

#[test]
fn a_sweep_goes_on_from_its_state() {
    let directory = tempfile::tempdir().unwrap();
    let (keys, state) = (keys(), directory.path().join("state.json"));
    let first = sweep(&keys, &state, &["--seed", "7", "--ops", "2"]);
    assert_eq!((first.code, &first.stderr[..]), (Some(0), ""), "{}", first.stdout);
    assert!(first.stdout.contains("\n2 operations behind "), "{}", first.stdout);
    assert!(first.stdout.contains("0 programs ended, the longest chain 2, 0 failures"));
    assert!(first.stdout.contains("Never drawn: verifyInput"), "{}", first.stdout);
    let kept = read(&state);
    assert_eq!([&kept["operations"], &kept["program"], &kept["seed"]], [2, 0, 7]);

    // The chain begins anew, and what is computed again counts again.
    let second = sweep(&keys, &state, &["--seed", "7", "--ops", "3"]);
    assert_eq!((second.code, &second.stderr[..]), (Some(0), ""), "{}", second.stdout);
    assert!(second.stdout.contains("\n3 operations behind "), "{}", second.stdout);
    let kept = read(&state);
    assert_eq!([&kept["operations"], &kept["program"], &kept["longestChain"]], [3, 0, 2]);

    // What is done needs no more, and says that it is.
    let third = sweep(&keys, &state, &["--seed", "7", "--ops", "3"]);
    assert_eq!((third.code, &third.stderr[..]), (Some(0), ""), "{}", third.stdout);
    assert!(third.stdout.ends_with("Nothing was run: --ops 3 were done before\n"));

    // Nor does a run without time pretend to have found nothing wrong.
    let fourth = sweep(&keys, &state, &["--seed", "7", "--ops", "4", "--hours", "1e-9"]);
    assert_eq!(fourth.code, Some(1), "{}", fourth.stdout);
    assert_eq!(fourth.stderr, "error: nothing was run: --hours were over before it began\n");
    assert_eq!(read(&state)["operations"], 3);

    // A wrong result stays one.
    let mut wrong = read(&state);
    wrong["failures"] = vec!["program 0, operation 1, fheAdd: 1 from []"].into();
    fs::write(&state, wrong.to_string()).unwrap();
    let fifth = sweep(&keys, &state, &["--seed", "7", "--ops", "3"]);
    assert_eq!((fifth.code, &fifth.stderr[..]), (Some(1), "error: 1 wrong results\n"));
    assert!(fifth.stdout.contains("\nWRONG program 0, operation 1, fheAdd"), "{}", fifth.stdout);
    assert!(!fifth.stdout.contains("confidence"), "{}", fifth.stdout);
}

/// They are refused before keys are made, which takes minutes.
#[test]
fn a_state_that_cannot_be_gone_on_from_is_told_of_at_once_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (keys, state) = (directory.path().join("keys"), directory.path().join("state.json"));
    let of_seed_7 = serde_json::json!({
        "format": 2, "seed": 7, "engineClass": B256::ZERO, "program": 0, "operations": 0,
        "bootstrapped": 0, "results": 0, "byOperation": {}, "byResult": {}, "bootstraps": 0,
        "longestChain": 0, "failures": [], "seconds": 0.0,
    });
    let others = [
        ("{\"format\": 2, \"seed\"", "no state of a sweep: EOF while parsing"),
        ("{\"seed\": 7, \"program\": 1}", "a sweep's state of format 1, not 2: name another file"),
        (
            &of_seed_7.to_string(),
            "was begun with --seed 7, not 8: name another file for a new sweep",
        ),
    ];
    for (text, complaint) in others {
        fs::write(&state, text).unwrap();
        let said = sweep(&keys, &state, &["--seed", "8", "--ops", "1"]);
        assert_eq!((said.code, &said.stdout[..]), (Some(1), ""));
        assert!(said.stderr.contains(complaint), "{}", said.stderr);
        assert!(said.stderr.contains(state.to_str().unwrap()), "{}", said.stderr);
        assert_eq!(fs::read_to_string(&state).unwrap(), text);
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "there is the state alone");
}

#[test]
fn a_state_that_cannot_be_written_is_told_of_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let keys = directory.path().join("keys");
    for (state, complaint) in [
        (directory.path().join("nowhere").join("state.json"), "state.json cannot be written: "),
        (directory.path().to_owned(), " cannot be read: "),
    ] {
        let said = sweep(&keys, &state, &["--ops", "1"]);
        assert_eq!((said.code, &said.stdout[..]), (Some(1), ""));
        assert!(said.stderr.contains(complaint), "{}", said.stderr);
    }
    assert!(!keys.exists());
}

#[test]
fn what_was_found_is_printed_although_the_state_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let (keys, folder) = (keys(), directory.path().join("folder"));
    fs::create_dir(&folder).unwrap();
    let state = folder.join("state.json");
    let child = start(&keys, &state, &["--ops", "100"]);
    // It is there before the keys are loaded, and long before something is computed.
    for _ in 0..1_000 {
        if state.exists() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    fs::remove_dir_all(&folder).unwrap();
    let said = end(child);
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    assert!(said.stderr.contains("state.json cannot be written: "), "{}", said.stderr);
    // Nor did it go on for nothing.
    assert!(said.stdout.contains("\n16 operations behind "), "{}", said.stdout);
}

#[test]
fn amounts_that_are_none_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (keys, state) = (directory.path().join("keys"), directory.path().join("state.json"));
    for (options, complaint) in [
        (["--hours", "abc"], "not a number of hours, such as 0.5"),
        (["--hours", "0"], "it must be more than zero"),
        (["--ops", "0"], "0 is not in 1.."),
    ] {
        let said = sweep(&keys, &state, &options);
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains(complaint), "{}", said.stderr);
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
