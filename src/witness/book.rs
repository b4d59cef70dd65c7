//! The book of a witness: for each log, the last checkpoint that it cosigned.
//!
//! ```text
//! <dir>/lock                              held by the one witness that writes here
//! <dir>/logs/<SHA-256 of origin>/last     the last checkpoint: the log's signatures and ours
//! <dir>/logs/<…>/evidence/<sort>-<hash>   that checkpoint, an empty line, and a signed one that
//!                                         cannot follow it: sort fork or inconsistent
//! ```
//!
//! A checkpoint is durable here before its cosignature leaves: a witness that forgets may say yes
//! to two histories. Crash points: before the rename the book says what it said, and nobody was
//! answered; after it the checkpoint is there, and the log asks again.
//!
//! Must not: answer two requests for one log at a time, or forget what it refused.

use crate::platform::files;
use crate::proof::add_checkpoint::{AddCheckpoint, AddCheckpointError, origin_hash};
use crate::proof::checkpoint::{Checkpoint, Extensions};
use crate::proof::cosignature::{WitnessSigner, cosigned_by};
use crate::proof::note::VerifierKey;
use crate::proof::witnessed::{self, Refusal, Standing, claimed_origin};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Most checkpoints of each sort that are kept as evidence for one log.
const KEPT_MAX: usize = 16;

/// The memory of a witness.
pub struct Book {
    signer: WitnessSigner,
    /// By the hash of the origin.
    logs: BTreeMap<String, Log>,
    /// Held while the book is open.
    _lock: File,
}

struct Log {
    origin: String,
    keys: Vec<VerifierKey>,
    folder: PathBuf,
    last: Mutex<Last>,
}

struct Last {
    standing: Standing,
    note: Option<String>,
}

/// Why a book cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Another witness writes there.
    #[error("another witness runs in {0}; two would forget what the other cosigned")]
    Taken(PathBuf),
    /// What is kept of a log is not what was written.
    #[error("{file} is not what this witness wrote: {reason}; restore it before you go on")]
    Changed {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be used.
    #[error("{path} cannot be used")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum NotCosigned {
    /// The request has not the form of one.
    #[error(transparent)]
    Malformed(#[from] AddCheckpointError),
    /// The log is not one of those that are witnessed here.
    #[error("this witness does not know that log")]
    UnknownLog,
    /// The rules of a witness say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be made durable, so nothing was said.
    #[error("the checkpoint cannot be kept")]
    File(#[from] io::Error),
}

impl Book {
    /// Opens the book in a folder, for the logs of these keys; keys of one origin are of one log.
    ///
    /// # Errors
    /// [`BookError`].
    pub fn open(
        folder: &Path,
        signer: WitnessSigner,
        keys: impl IntoIterator<Item = VerifierKey>,
    ) -> Result<Self, BookError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| BookError::File { path, source }
        };
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        let lock = folder.join("lock");
        let file = File::create(&lock).map_err(at(&lock))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => BookError::Taken(folder.to_owned()),
            TryLockError::Error(source) => at(&lock)(source),
        })?;
        let mut by_origin: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for key in keys {
            by_origin
                .entry(key.name().to_owned())
                .or_default()
                .push(key);
        }
        let mut logs = BTreeMap::new();
        for (origin, keys) in by_origin {
            let hash = origin_hash(&origin);
            let folder = folder.join("logs").join(&hash);
            std::fs::create_dir_all(&folder).map_err(at(&folder))?;
            let last = Mutex::new(last(&folder, &origin, &signer)?);
            let log = Log {
                origin,
                keys,
                folder,
                last,
            };
            logs.insert(hash, log);
        }
        Ok(Self {
            signer,
            logs,
            _lock: file,
        })
    }

    /// The key that cosignatures verify with.
    pub fn signer(&self) -> &WitnessSigner {
        &self.signer
    }

    /// How many logs are witnessed.
    pub fn logs(&self) -> usize {
        self.logs.len()
    }

    /// The last cosigned checkpoint of the log with this origin hash.
    pub fn shown(&self, origin_hash: &str) -> Option<String> {
        let log = self.logs.get(origin_hash)?;
        let last = log.last.lock().expect("nobody panics in here");
        last.note.clone()
    }

    /// Decides about a request, keeps the checkpoint durably, and gives the cosignature line.
    ///
    /// # Errors
    /// [`NotCosigned`].
    pub fn add(&self, body: &[u8], now_s: u64) -> Result<String, NotCosigned> {
        let request = AddCheckpoint::parse(body)?;
        let origin = claimed_origin(&request.checkpoint)?;
        let log = self.logs.get(&origin_hash(origin));
        let log = log.ok_or(NotCosigned::UnknownLog)?;
        let mut last = log.last.lock().expect("nobody panics in here");
        let judged = witnessed::judge(&request, &log.origin, &log.keys, last.standing);
        let (text, standing) = judged
            .inspect_err(|refusal| log.keep_evidence(refusal, &request, last.note.as_deref()))?;
        let line = self.signer.cosign(text, now_s);
        let is_new = last.note.is_none() || standing != last.standing;
        if is_new {
            // The log's signatures as they came: they are what holds the log to it.
            let note = format!("{}{line}", request.checkpoint);
            files::write(&log.file(), note.as_bytes())?;
            (last.standing, last.note) = (standing, Some(note));
        }
        Ok(line)
    }
}

impl Log {
    fn file(&self) -> PathBuf {
        self.folder.join("last")
    }

    /// Keeps what the log signed and cannot follow, beside what it signed before. Another root for
    /// one size proves a fork by itself and is counted apart, so that worthless proofs, which
    /// anybody can send, do not displace it.
    fn keep_evidence(&self, refusal: &Refusal, request: &AddCheckpoint, last: Option<&str>) {
        let sort = match refusal {
            Refusal::OtherRoot(_) => "fork",
            Refusal::Inconsistent => "inconsistent",
            _ => return,
        };
        let Some(last) = last else {
            return;
        };
        let origin = self.origin.as_str();
        tracing::error!(origin, %refusal, "a log asks for what contradicts its history");
        if let Err(error) = self.keep(sort, last, &request.checkpoint) {
            tracing::error!(%error, "the evidence cannot be kept");
        }
    }

    /// Keeps two notes in one file, named after the second's text: once, and while there is room.
    fn keep(&self, sort: &str, last: &str, refused: &str) -> io::Result<()> {
        let folder = self.folder.join("evidence");
        std::fs::create_dir_all(&folder)?;
        let text = refused.split("\n\n").next().unwrap_or(refused);
        let digest = blake3::hash(text.as_bytes()).to_hex();
        let file = folder.join(format!("{sort}-{}", &digest[..16]));
        let mut kept = 0;
        for entry in std::fs::read_dir(&folder)? {
            let name = entry?.file_name();
            kept += usize::from(name.to_string_lossy().starts_with(sort));
        }
        match file.exists() || kept >= KEPT_MAX {
            true => Ok(()),
            false => files::write(&file, format!("{last}\n{refused}").as_bytes()),
        }
    }
}

/// What the book says about a log. It is believed only with our own cosignature on it.
fn last(folder: &Path, origin: &str, signer: &WitnessSigner) -> Result<Last, BookError> {
    let file = folder.join("last");
    let note = match std::fs::read_to_string(&file) {
        Ok(note) => note,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Last {
                standing: Standing::NONE,
                note: None,
            });
        }
        Err(source) => return Err(BookError::File { path: file, source }),
    };
    let changed = |reason: String| BookError::Changed {
        file: file.clone(),
        reason,
    };
    let known = std::slice::from_ref(signer.verifier_key());
    let cosigned = cosigned_by(note.as_bytes(), known);
    let cosigned = cosigned.map_err(|error| changed(error.to_string()))?;
    if cosigned.is_empty() {
        return Err(changed(
            "it is not cosigned by this witness's key".to_owned(),
        ));
    }
    let text = note.split_once("\n\n").map_or("", |(text, _)| text);
    let checkpoint = Checkpoint::parse(&format!("{text}\n"), Extensions::Tolerated);
    let checkpoint = checkpoint.map_err(|error| changed(error.to_string()))?;
    if checkpoint.origin != origin {
        return Err(changed(format!("it is of {}", checkpoint.origin)));
    }
    let Checkpoint { size, root, .. } = checkpoint;
    Ok(Last {
        standing: Standing { size, root },
        note: Some(note),
    })
}
