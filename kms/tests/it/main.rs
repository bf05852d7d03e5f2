//! Key directories: reproducible, private, and trusted only as far as their digests go.

mod service;

use std::{fs, os::unix::fs::PermissionsExt};

use ciphervm_fhe::{FheType, KeyError, Record, parameters};
use ciphervm_kms::{
    KeyDirectory, Kms, Origin, ReferenceKms, TEST_SEED, cache_dir,
    error::{DecryptionError, DirectoryError},
    test_crs, test_keys,
};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// One keyset serves all of these, for generation takes seconds.
#[test]
fn a_key_directory_is_reproducible_private_and_checked() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("keys");
    assert!(matches!(KeyDirectory::open(&path), Err(DirectoryError::Missing(_))));

    // The published seed gives the keyset that every test uses.
    let mut stages = 0;
    let directory =
        KeyDirectory::generate_from_public_seed(&path, &TEST_SEED, |_| stages += 1).unwrap();
    assert_eq!(stages, 2);
    assert_eq!(directory.manifest().origin, Origin::PublicSeed);
    let keyset = directory.keyset().unwrap();
    assert_eq!(keyset.class(), test_keys().0.class());
    directory.kms(&keyset).unwrap();

    // It is not overwritten.
    let again = KeyDirectory::generate(&path, |_| {});
    assert!(matches!(again, Err(DirectoryError::Exists(_))));

    // Only the owner reads the secret key, or it is not used.
    let secret = path.join("secret.key");
    assert_eq!(mode(&secret), 0o600);
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(directory.kms(&keyset), Err(DirectoryError::Permissions { mode: 0o640, .. })));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();

    // A flipped bit is noticed in either file.
    let damage = |name: &str| {
        let file = path.join(name);
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).unwrap();
    };
    damage("secret.key");
    let refused = directory.kms(&keyset);
    assert!(matches!(refused, Err(DirectoryError::Key(KeyError::Digest { .. }))));
    damage("server.keys");
    let refused = directory.keyset();
    assert!(matches!(refused, Err(DirectoryError::Key(KeyError::Digest { .. }))));

    // A manifest of another parameter set or version is refused with its name.
    let manifest = path.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    for (from, to) in [("\"format\": 1", "\"format\": 2"), ("V1_5_META", "V9_9_META"), ("{", "[")] {
        fs::write(&manifest, text.replacen(from, to, 1)).unwrap();
        assert!(matches!(KeyDirectory::open(&path), Err(DirectoryError::Manifest { .. })), "{to}");
    }

    // Without a manifest the directory holds no keyset: generation was cut short.
    fs::remove_file(&manifest).unwrap();
    assert!(matches!(KeyDirectory::open(&path), Err(DirectoryError::Missing(_))));
}

#[test]
fn ciphertexts_of_another_class_are_not_decrypted() {
    let (_, kms) = test_keys();
    let record = Record::new(FheType::Uint8, alloy_primitives::B256::ZERO, vec![0; 33]);
    for kms in [&*kms as &dyn Kms, &ReferenceKms] {
        assert!(matches!(kms.decrypt(&record), Err(DecryptionError::EngineClass { .. })));
    }
}

#[test]
fn a_reference_string_is_drawn_once_kept_and_checked() {
    let drawn = test_crs();
    let name = format!("{}-{}", parameters::TFHE_VERSION, parameters::NAME);
    let source = cache_dir().unwrap().join("test-keys").join(name);
    let parent = tempfile::tempdir().unwrap();
    for file in ["manifest.json", "crs.2048"] {
        fs::copy(source.join(file), parent.path().join(file)).unwrap();
    }
    let directory = KeyDirectory::open(parent.path()).unwrap();
    let kept = directory.crs(|| panic!("there is one")).unwrap();
    assert_eq!(kept.bytes(), drawn.bytes());

    let path = parent.path().join("crs.2048");
    let bytes = fs::read(&path).unwrap();
    let refusal = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        match directory.crs(|| panic!("there is one")) {
            Err(DirectoryError::Key(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let mut flipped = bytes.clone();
    flipped[1_000_000] ^= 1;
    assert!(matches!(refusal(&flipped), KeyError::Digest { .. }));
    assert!(matches!(refusal(&bytes[..bytes.len() - 1]), KeyError::Digest { .. }));
    assert!(matches!(refusal(&bytes[..10]), KeyError::Format { .. }));
}
