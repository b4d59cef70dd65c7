//! Reads key files for commands: as signers, and as public keys.

use crate::platform::keys::NamedKey;
use crate::proof::base64url;
use crate::proof::keys::{Kid, Signer};
use anyhow::Context;
use std::path::{Path, PathBuf};

/// The signer in a key file; its name follows from the file's.
///
/// # Errors
/// The file cannot be read, is readable by others, or holds no key.
pub fn signer(path: &Path) -> anyhow::Result<Signer> {
    let key = NamedKey::load(path).with_context(|| format!("key file {}", path.display()))?;
    to_signer(&key)
}

/// The signer of a key.
///
/// # Errors
/// Never for a key that was created or loaded: its name is checked.
pub fn to_signer(key: &NamedKey) -> anyhow::Result<Signer> {
    let kid = Kid::parse(&key.name.kid())?;
    Ok(Signer::new(kid, &key.signing_key.to_bytes()))
}

/// The public key in base64url, as submissions write it.
pub fn public_key(signer: &Signer) -> String {
    base64url::encode(&signer.public_key().to_bytes())
}

/// The key file of an author in a folder: the first by name of `<author>.<key id>.pem`.
///
/// # Errors
/// The folder cannot be read.
pub fn find(folder: &Path, author: &str) -> anyhow::Result<Option<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let prefix = format!("{author}.");
    let mut found: Option<PathBuf> = None;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let fits = name.is_some_and(|name| name.starts_with(&prefix) && name.ends_with(".pem"));
        if fits && found.as_ref().is_none_or(|first| path < *first) {
            found = Some(path);
        }
    }
    Ok(found)
}
