//! The secret by which a node and a KMS in another process know each other.

use std::{
    fmt, fs,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use alloy_primitives::{hex, keccak256};
use anyhow::{Context, Result, anyhow, ensure};
use ciphervm_kms::cache_dir;

/// 32 random bytes in hexadecimal.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Where the token is, unless the command line says otherwise.
    ///
    /// # Errors
    /// If there is no cache directory.
    pub fn default_path() -> Result<PathBuf> {
        Ok(cache_dir()?.join("kms.token"))
    }

    /// Reads a token's file.
    ///
    /// # Errors
    /// If there is none, it holds no token, or others than its owner could read it.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let missing = || format!("no token in {shown}: `ciphervm kms` writes it when it starts");
        let mode = fs::metadata(path).with_context(missing)?.permissions().mode() & 0o777;
        ensure!(
            mode & 0o077 == 0,
            "{shown} has permissions {mode:o}, and others could read it; run: chmod 600 {shown}"
        );
        let text = fs::read_to_string(path).with_context(missing)?;
        let token = text.trim();
        ensure!(
            hex::decode(token).is_ok_and(|bytes| bytes.len() == 32),
            "{shown} holds no token: remove it, and `ciphervm kms` writes another"
        );
        Ok(Self(token.to_owned()))
    }

    /// Reads a token's file, or writes one with a new token, for its owner only.
    ///
    /// # Errors
    /// If it can be neither read nor written.
    pub fn read_or_create(path: &Path) -> Result<Self> {
        if !path.exists() {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
            }
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
            let created =
                fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let mut file = created.with_context(|| path.display().to_string())?;
            file.write_all(hex::encode(bytes).as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| path.display().to_string())?;
        }
        Self::read(path)
    }

    /// The value of the header that shows it.
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Whether a header shows this token. The time that it takes tells nothing about the token: it
    /// compares hashes.
    pub(crate) fn is_shown_by(&self, header: &[u8]) -> bool {
        keccak256(header) == keccak256(self.header())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
