//! Key files: Ed25519 private keys as PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` makes and
//! reads them (RFC 8410, without the public key, which OpenSSL refuses to read).
//!
//! A key file is created with mode 0600, is whole or absent, and is never overwritten. One that
//! others may read is refused. The name of the file is the key's name: `<author>.<key id>.pem`
//! holds the key with the `kid` `<author>/<key id>`. What a key may do is no matter of this module:
//! the ledger tells.

pub use super::key_name::{KeyName, KeyNameError};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{self, DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// No key file is longer; a longer file is something else.
const FILE_BYTES_MAX: usize = 4_096;

/// A private key with its name. It shows its name alone when printed, and is wiped when dropped.
pub struct NamedKey {
    /// Whose key it is.
    pub name: KeyName,
    /// The key.
    pub signing_key: SigningKey,
}

/// Why a key file could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file is not named like a key.
    #[error(transparent)]
    Name(#[from] KeyNameError),
    /// A file of that name is there already; it was left as it is.
    #[error("{path} exists already and is never overwritten: choose another key id")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner may use the file.
    #[error("{path} may be used by others (mode {mode:04o}): run chmod 600 {path}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds no Ed25519 private key.
    #[error("{path} holds no Ed25519 private key in PKCS#8 PEM: {reason}")]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        reason: &'static str,
        /// What the decoder says, where it was asked.
        source: Option<pkcs8::Error>,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes for a new key")]
    Randomness(#[source] getrandom::Error),
    /// A file could not be read or written.
    #[error("cannot {doing} {path}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl fmt::Debug for NamedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("NamedKey")
            .field(&self.name.kid())
            .finish()
    }
}

impl NamedKey {
    /// Makes a new key and its file `<author>.<key id>.pem` in `folder`, which must exist.
    ///
    /// # Errors
    /// As [`create`].
    pub fn create(folder: &Path, name: KeyName) -> Result<Self, KeyFileError> {
        let signing_key = create(&folder.join(name.file_name()))?;
        Ok(Self { name, signing_key })
    }

    /// Reads a key file; its name becomes the key's name.
    ///
    /// # Errors
    /// The file is not named like a key, or as [`load`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let name = KeyName::from_path(path)?;
        Ok(Self {
            name,
            signing_key: load(path)?,
        })
    }
}

/// Makes a new random key and writes it to `path` with mode 0600. When this returns, the file is
/// durable; after a crash it is whole or absent.
///
/// # Errors
/// The file exists (it is left untouched), cannot be written, or there are no random bytes.
pub fn create(path: &Path) -> Result<SigningKey, KeyFileError> {
    let mut keypair = KeypairBytes {
        secret_key: [0; 32],
        public_key: None,
    };
    let filled = getrandom::fill(&mut keypair.secret_key).map_err(KeyFileError::Randomness);
    let pem = filled.map(|()| {
        keypair
            .to_pkcs8_pem(LineEnding::LF)
            .expect("32 bytes always fit a PKCS#8 document")
    });
    let signing_key = SigningKey::from_bytes(&keypair.secret_key);
    keypair.secret_key.zeroize();
    write_new(path, pem?.as_bytes())?;
    Ok(signing_key)
}

/// Reads a private key, whatever the name of its file.
///
/// # Errors
/// The file cannot be read, may be used by others than its owner, or holds something else.
pub fn load(path: &Path) -> Result<SigningKey, KeyFileError> {
    let failed = |source| KeyFileError::File {
        doing: "read",
        path: path.to_owned(),
        source,
    };
    let not_a_key = |reason, source| KeyFileError::NotAKey {
        path: path.to_owned(),
        reason,
        source,
    };

    // The open file is asked, not the path: nobody can exchange it in between.
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(not_a_key("it is not a regular file", None));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }

    // Room for the whole file from the start, so that growing leaves no copy of a secret behind.
    let mut pem = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX + 1));
    let limit = u64::try_from(FILE_BYTES_MAX + 1).expect("a small constant");
    file.take(limit).read_to_end(&mut pem).map_err(failed)?;
    if pem.len() > FILE_BYTES_MAX {
        return Err(not_a_key("it is too long", None));
    }
    let text = str::from_utf8(&pem).map_err(|_| not_a_key("it is not text", None))?;
    let mut keypair = KeypairBytes::from_pkcs8_pem(text)
        .map_err(|source| not_a_key("it cannot be decoded", Some(source)))?;
    let signing_key = SigningKey::from_bytes(&keypair.secret_key);
    keypair.secret_key.zeroize();
    match &keypair.public_key {
        Some(public_key) if public_key.0 != signing_key.verifying_key().to_bytes() => Err(
            not_a_key("its public key belongs to another private key", None),
        ),
        _ => Ok(signing_key),
    }
}

/// Writes a file that must not exist yet: whole or absent, and durable on return.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(KeyFileError::Randomness)?;
    let draft = path.with_extension(format!("{:016x}.draft", u64::from_le_bytes(suffix)));
    let linked = write_draft(&draft, bytes).and_then(|()| {
        // A link, unlike a rename, never replaces a file. If we stop before it, the draft holds a
        // key that nobody has seen; it may be deleted.
        fs::hard_link(&draft, path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => KeyFileError::Exists {
                path: path.to_owned(),
            },
            _ => KeyFileError::File {
                doing: "create",
                path: path.to_owned(),
                source,
            },
        })
    });
    let removed = fs::remove_file(&draft);
    linked?;
    removed.map_err(|source| KeyFileError::File {
        doing: "remove",
        path: draft,
        source,
    })?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| KeyFileError::File {
            doing: "sync",
            path: folder.to_owned(),
            source,
        })
}

fn write_draft(draft: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|source| KeyFileError::File {
            doing: "write",
            path: draft.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::Signer;

    /// The example of RFC 8410, section 10.3, and what OpenSSL says is its public key.
    const RFC_8410_PEM: &str = "\
        -----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    const RFC_8410_PUBLIC: [u8; 32] = [
        0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b,
        0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31,
        0x66, 0xe1,
    ];

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn file_with_mode(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn reason_not_a_key(text: &str) -> &'static str {
        let folder = folder();
        let path = file_with_mode(folder.path(), "a.b.pem", text, 0o600);
        match load(&path) {
            Err(KeyFileError::NotAKey { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_new_key_is_private_named_and_read_back() {
        let folder = folder();
        let name = KeyName::from_kid("grocery/till-1").unwrap();
        let made = NamedKey::create(folder.path(), name).unwrap();
        let path = folder.path().join("grocery.till-1.pem");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o600
        );
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{text}");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no draft is left"
        );

        let read = NamedKey::load(&path).unwrap();
        assert_eq!(read.name.kid(), "grocery/till-1");
        let signature = read.signing_key.sign(b"points");
        made.signing_key
            .verifying_key()
            .verify_strict(b"points", &signature)
            .unwrap();
        assert_eq!(format!("{read:?}"), "NamedKey(\"grocery/till-1\")");
    }

    #[test]
    fn two_new_keys_differ() {
        let folder = folder();
        let first = create(&folder.path().join("house.a.pem")).unwrap();
        let second = create(&folder.path().join("house.b.pem")).unwrap();
        assert_ne!(first.to_bytes(), second.to_bytes());
    }

    #[test]
    fn a_key_file_is_never_overwritten() {
        let folder = folder();
        let path = folder.path().join("house.govern-1.pem");
        create(&path).unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(create(&path), Err(KeyFileError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn the_example_of_rfc_8410_is_read() {
        let folder = folder();
        let path = file_with_mode(folder.path(), "bakery.main.pem", RFC_8410_PEM, 0o400);
        let key = NamedKey::load(&path).unwrap();
        assert_eq!(key.signing_key.verifying_key().to_bytes(), RFC_8410_PUBLIC);
    }

    #[test]
    fn a_key_file_that_others_may_use_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o601, 0o666] {
            let folder = folder();
            let path = file_with_mode(folder.path(), "bakery.main.pem", RFC_8410_PEM, mode);
            let error = load(&path).unwrap_err();
            assert!(matches!(error, KeyFileError::Exposed { .. }), "{error}");
            let advice = format!("run chmod 600 {}", path.display());
            assert!(error.to_string().ends_with(&advice), "{error}");
        }
    }

    #[test]
    fn what_holds_no_key_is_refused() {
        let cut = &RFC_8410_PEM[..RFC_8410_PEM.len() - 40];
        for text in ["", "hello", cut, &RFC_8410_PEM.replace("PRIVATE", "PUBLIC")] {
            assert_eq!(reason_not_a_key(text), "it cannot be decoded", "{text}");
        }
        assert_eq!(
            reason_not_a_key(&"x".repeat(FILE_BYTES_MAX + 1)),
            "it is too long"
        );
        let folder = folder();
        assert!(matches!(
            load(folder.path()),
            Err(KeyFileError::NotAKey { .. })
        ));
        let absent = load(&folder.path().join("a.b.pem"));
        assert!(matches!(
            absent,
            Err(KeyFileError::File { doing: "read", .. })
        ));
    }

    #[test]
    fn a_public_key_of_another_private_key_is_refused() {
        let stranger = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
        let public_key = Some(pkcs8::PublicKeyBytes(stranger));
        let keypair = KeypairBytes {
            secret_key: [9; 32],
            public_key,
        };
        let pem = keypair.to_pkcs8_pem(LineEnding::LF).unwrap();
        assert_eq!(
            reason_not_a_key(&pem),
            "its public key belongs to another private key"
        );
    }
}
