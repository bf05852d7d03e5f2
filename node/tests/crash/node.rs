//! The devnet as a process, which dies when it is told to.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a call may take before the test fails: longer than any of them waits for ciphertexts.
const DEADLINE: Duration = Duration::from_secs(660);

/// A data directory, how to start a devnet on it, and what all of these wrote to stderr.
pub(crate) struct Home {
    directory: TempDir,
    evaluator: Vec<String>,
}

impl Home {
    /// Nothing yet, for the reference evaluator.
    pub(crate) fn reference() -> Self {
        Self::new(&["--evaluator", "reference"])
    }

    /// Nothing yet, for real FHE under the keys in a directory.
    pub(crate) fn tfhe(keys: &Path) -> Self {
        Self::new(&["--evaluator", "tfhe", "--threads", "2", "--keys", keys.to_str().unwrap()])
    }

    fn new(evaluator: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let evaluator = evaluator.iter().map(ToString::to_string).collect();
        Self { directory, evaluator }
    }

    /// Another home with the same data.
    pub(crate) fn copy(&self) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let copy = Self { directory, evaluator: self.evaluator.clone() };
        fs::create_dir(copy.data()).unwrap();
        for entry in fs::read_dir(self.data()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.data().join(entry.file_name())).unwrap();
        }
        copy
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("stderr")
    }

    /// What was written to stderr so far.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Checks that no devnet complained, and none panicked.
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.stderr(), "");
    }

    /// Starts a process that does not answer yet.
    pub(crate) fn spawn(&self, flags: &[&str]) -> Starting {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ciphervm"))
            .args(["devnet", "--quiet", "--port", "0", "--data-dir"])
            .arg(self.data())
            .args(&self.evaluator)
            .args(flags)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Starting { child, stdout }
    }

    /// Starts a devnet.
    pub(crate) fn start(&self, flags: &[&str]) -> Node {
        self.spawn(flags).ready().unwrap_or_else(|code| {
            panic!("the devnet ended with {code:?}: {}", self.stderr());
        })
    }
}

/// A process that may be a devnet soon.
pub(crate) struct Starting {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Starting {
    /// Kills it wherever it is.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it answers. If it ends instead, its exit code.
    pub(crate) fn ready(mut self) -> Result<Node, Option<i32>> {
        let mut line = String::new();
        let address = loop {
            line.clear();
            if self.stdout.read_line(&mut line).unwrap() == 0 {
                return Err(self.child.wait().unwrap().code());
            }
            if let Some(address) = line.trim().strip_prefix("Listening on ") {
                break address;
            }
        };
        let agent = ureq::Agent::config_builder();
        let agent = agent.http_status_as_error(false).timeout_global(Some(DEADLINE));
        Ok(Node {
            url: format!("http://{address}"),
            agent: agent.build().into(),
            child: Mutex::new(self.child),
            _stdout: self.stdout,
        })
    }
}

/// A devnet that answers.
pub(crate) struct Node {
    url: String,
    agent: ureq::Agent,
    child: Mutex<Child>,
    /// Open, for the process to write to.
    _stdout: BufReader<ChildStdout>,
}

/// Why a call has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The process died before it answered.
    Gone,
    /// It answered with an error.
    Refused(String),
}

impl Node {
    /// Calls a method.
    pub(crate) fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Result<T, Failure> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut response = self.agent.post(&self.url).send_json(request).map_err(gone)?;
        let mut answer: Value = response.body_mut().read_json().map_err(gone)?;
        if let Some(error) = answer.get("error") {
            return Err(Failure::Refused(error["message"].as_str().unwrap().to_owned()));
        }
        Ok(serde_json::from_value(answer["result"].take()).unwrap())
    }

    /// Calls a method of a devnet that is to live.
    pub(crate) fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> T {
        self.call(method, params).unwrap_or_else(|failure| panic!("{method}: {failure:?}"))
    }

    /// Kills the process: no signal handler, no destructor.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Has the process end as it does at the user's Ctrl-C.
    pub(crate) fn stop(self) {
        let mut child = self.child.lock().unwrap();
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(child.wait().unwrap().success());
    }
}

impl Drop for Node {
    /// A test that fails leaves no process behind.
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A call that takes too long is no call of a process that died.
fn gone(error: ureq::Error) -> Failure {
    assert!(!matches!(error, ureq::Error::Timeout(_)), "no answer in {DEADLINE:?}");
    Failure::Gone
}
