//! A devnet in a process of its own.

use std::{
    io::{BufRead, BufReader},
    net::Ipv4Addr,
    path::PathBuf,
    process::{self, Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU8, Ordering},
};

use ciphervm_fhe::parameters;
use ciphervm_kms::{cache_dir, test_crs, test_keys};

/// Runs until it is dropped.
pub(crate) struct Devnet {
    process: Child,
    /// Open as long as the process may write to it.
    _output: BufReader<ChildStdout>,
    address: String,
}

impl Devnet {
    /// With the reference evaluator.
    pub(crate) fn on_plaintexts() -> Self {
        Self::start(&["--evaluator", "reference"])
    }

    /// With the test keyset, and patience for a machine that does much else.
    pub(crate) fn on_ciphertexts() -> Self {
        let keys = test_keys_path();
        let keys = keys.to_str().expect("the cache has a name in UTF-8");
        Self::start(&["--keys", keys, "--settle-timeout", "900"])
    }

    /// With these options besides.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::run("devnet", options)
    }

    /// Another command that says where it listens.
    pub(crate) fn run(command: &str, options: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ciphervm"))
            .args([command, "--quiet"])
            // Unless the test needs a certain one.
            .args(if options.contains(&"--port") { &[][..] } else { &["--port", "0"] })
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut output = BufReader::new(process.stdout.take().expect("it is a pipe"));
        let address = (&mut output)
            .lines()
            .find_map(|line| Some(line.ok()?.strip_prefix("Listening on ")?.to_owned()))
            .expect("it says where it listens");
        Self { process, _output: output, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

/// A loopback address at which all ports are free: every process of tests has its own, and in it
/// every devnet. Linux answers at all of 127.0.0.0/8.
pub(crate) fn own_address() -> String {
    static STARTED: AtomicU8 = AtomicU8::new(1);
    let [_, second, third, fourth] = process::id().to_be_bytes();
    let second = second.wrapping_add(STARTED.fetch_add(1, Ordering::Relaxed).wrapping_mul(64));
    Ipv4Addr::new(127, second, third, fourth).to_string()
}

/// Where the test keyset is, which is generated if it is not there yet.
pub(crate) fn test_keys_path() -> PathBuf {
    test_keys();
    // Made once, and not by each devnet that a test starts.
    test_crs();
    let name = format!("{}-{}", parameters::TFHE_VERSION, parameters::NAME);
    cache_dir().expect("there is a cache, for the keyset is in it").join("test-keys").join(name)
}
