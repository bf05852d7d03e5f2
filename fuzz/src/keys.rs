//! Key files: a byte for the kind, and the file. Digests are made to fit, for whoever can write the
//! file can write its manifest.
//!
//! A file is refused or read. With a secret key that was read something is decrypted, whatever comes
//! of it. Server keys compute a bootstrap when they are read, but only their head is among the
//! inputs, which is refused. A proof with a public key and a reference string takes seconds, so
//! `proven_list` makes some with those of the test keyset alone.

use std::{
    cell::OnceCell,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy_primitives::{B256, U256, keccak256};
use ciphervm_fhe::{
    Crs, Evaluator, FheType, GraphEvaluator, InputClient, Record, TfheEngine, keys::Keyset,
    parameters,
};
use ciphervm_kms::{KeyDirectory, Kms, cache_dir, test_crs, test_keys};
use serde_json::json;
use tempfile::TempDir;

use crate::{Seed, Target, Verdict, bytes::Bytes};

/// Key files.
pub const TARGET: Target = Target { name: "keys", run, seeds, words, runs: 200 };

/// The kinds of files.
const MANIFEST: u8 = 0;
const SECRET_KEY: u8 = 1;
const PUBLIC_KEY: u8 = 2;
const REFERENCE_STRING: u8 = 3;
const SERVER_KEYS: u8 = 4;
const KINDS: [u8; 5] = [MANIFEST, SECRET_KEY, PUBLIC_KEY, REFERENCE_STRING, SERVER_KEYS];

thread_local! {
    static PLACE: OnceCell<Place> = const { OnceCell::new() };
}

/// Where files lie, and what is tried on a secret key.
struct Place {
    directory: TempDir,
    keyset: Arc<Keyset>,
    record: Record,
}

/// Reads a key file, and decrypts with a secret key.
///
/// # Panics
/// If files cannot be written.
pub fn run(data: &[u8]) -> Verdict {
    let mut data = Bytes(data);
    let kind = data.pick(&KINDS);
    PLACE.with(|place| place.get_or_init(Place::new).read(kind, data.0))
}

impl Place {
    fn new() -> Self {
        let keyset = test_keys().0;
        let evaluator = GraphEvaluator::new(TfheEngine::new(Arc::clone(&keyset)), 1);
        let evaluator = evaluator.expect("a thread can be had");
        let list = evaluator.encrypt_inputs(&[(FheType::Bool, U256::ONE)]);
        let records = list.and_then(|list| evaluator.expand_inputs(&list));
        let record = records.expect("one value is within all limits").remove(0);
        let directory = tempfile::tempdir().expect("there is a place for temporary files");
        Self { directory, keyset, record }
    }

    fn read(&self, kind: u8, file: &[u8]) -> Verdict {
        let path = |name: &str| self.directory.path().join(name);
        match kind {
            MANIFEST => {
                write(&path("manifest.json"), file);
                Verdict::of(KeyDirectory::open(self.directory.path()).is_ok())
            }
            SECRET_KEY => {
                write(&path("manifest.json"), manifest(keccak256(file)).as_bytes());
                write(&path("secret.key"), file);
                let directory = KeyDirectory::open(self.directory.path());
                let kms = directory.and_then(|directory| directory.kms(&self.keyset));
                // Whether it is the right key, only the answer could tell.
                let _ = kms.as_ref().map(|kms| kms.decrypt(&self.record));
                Verdict::of(kms.is_ok())
            }
            PUBLIC_KEY => Verdict::of(InputClient::read(file, test_crs().bytes()).is_ok()),
            REFERENCE_STRING => {
                write(&path("crs"), &[&keccak256(file)[..], file].concat());
                Verdict::of(Crs::load(&path("crs")).is_ok())
            }
            _ => {
                write(&path("server.keys"), file);
                Verdict::of(Keyset::load(&path("server.keys"), keccak256(file)).is_ok())
            }
        }
    }
}

/// Writes a file that only its owner may read.
fn write(path: &Path, bytes: &[u8]) {
    let written = fs::write(path, bytes)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)));
    written.expect("temporary files can be written");
}

fn manifest(secret_key: B256) -> String {
    let manifest = json!({
        "format": 1,
        "parameters": parameters::NAME,
        "origin": "public-seed",
        "secret_key": { "digest": secret_key, "size": 1 },
        "server_keys": { "digest": B256::ZERO, "size": 1 },
    });
    manifest.to_string()
}

/// The manifest is committed. The keys come from the test keyset, which everybody has.
fn seeds() -> Vec<Seed> {
    let input = |kind: u8, file: &[u8]| [&[kind], file].concat();
    let public = test_keys().0.public_key().expect("the test key can be written");
    let file = |name: &str| fs::read(directory().join(name)).expect("the test keyset is there");
    let mut server = file("server.keys");
    server.truncate(4_096);
    vec![
        Seed::valid("manifest", input(MANIFEST, manifest(B256::ZERO).as_bytes())),
        Seed::refused("manifest-of-nothing", input(MANIFEST, b"{}")),
        Seed::valid("secret-key", input(SECRET_KEY, &file("secret.key"))).local(),
        Seed::valid("public-key", input(PUBLIC_KEY, &public)).local(),
        Seed::valid("reference-string", input(REFERENCE_STRING, test_crs().bytes())).local(),
        Seed::refused("head-of-the-server-keys", input(SERVER_KEYS, &server)).local(),
    ]
}

fn directory() -> PathBuf {
    let name = format!("{}-{}", parameters::TFHE_VERSION, parameters::NAME);
    cache_dir().expect("the test keyset lies there").join("test-keys").join(name)
}

fn words() -> Vec<Vec<u8>> {
    ["\"format\":", "\"random\"", "\"size\":18446744073709551615", "null", "-1", "\"0x\""]
        .map(|word| word.as_bytes().to_vec())
        .to_vec()
}
