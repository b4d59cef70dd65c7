//! Reads masters from a folder, one TOML file a party, and keeps those that the ledger vouches for.
//!
//! A partner's master counts only if its SHA-256 is the one that `partner_set` logged: whoever can
//! write the folder can keep a partner from being paid, but not have it paid elsewhere. The house's
//! own master is bound by nothing but the folder's permissions, because the ledger knows no hash of
//! it. Must not: make, change or log a master.

use crate::domain::governance::{Governance, PARTNERS_MAX};
use crate::domain::ids::{HOUSE, Name};
use crate::proof::hex;
use crate::render::master::Master;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use crate::render::master::Masters;

/// The most masters of a folder: each partner's, and the house's.
pub const FILES_MAX: usize = PARTNERS_MAX + 1;
/// Longest file of a master, in bytes.
pub const FILE_BYTES_MAX: usize = 65_536;

/// Why masters cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MastersError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// More files than parties.
    #[error("{path} holds more than {FILES_MAX} masters: remove those of no party")]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
    /// No master is that long.
    #[error("{path} is longer than {FILE_BYTES_MAX} bytes: it must hold one master alone")]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// The file's name is no party's.
    #[error("{path} is not named like a party: call it <party>.toml, such as house.toml")]
    NotNamed {
        /// The file.
        path: PathBuf,
    },
    /// The text is no TOML, or names an unknown member, or lacks one.
    #[error("{path} holds no master: correct what is named here")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// The file holds the master of someone else.
    #[error("{path} holds the master of {party}: rename the file, or correct party in it")]
    OtherParty {
        /// The file.
        path: PathBuf,
        /// The party that it names.
        party: Name,
    },
}

/// A master that the ledger does not vouch for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unbound {
    /// Whose master it is said to be.
    pub party: Name,
    /// What is wrong.
    pub reason: UnboundReason,
    /// SHA-256 of the master in the file.
    pub in_file: [u8; 32],
    /// What the ledger holds, if it holds one.
    pub in_ledger: Option<[u8; 32]>,
}

/// Why a master does not count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnboundReason {
    /// The ledger has no such partner: register it, or remove the file.
    NotRegistered,
    /// The ledger has another hash: find out who changed what, and log the new one if it is right.
    Differs,
    /// The partner was registered without a hash: log it with `partner_set`.
    MissingHash,
}

impl UnboundReason {
    /// The word used in logs and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotRegistered => "not_registered",
            Self::Differs => "differs",
            Self::MissingHash => "missing_hash",
        }
    }
}

impl std::fmt::Display for Unbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let party = &self.party;
        match self.reason {
            UnboundReason::NotRegistered => {
                write!(f, "{party} is no partner of this ledger: remove its master")
            }
            UnboundReason::Differs => write!(
                f,
                "the master of {party} has the hash {} and the ledger holds {}: find out who \
                 changed what; if the file is right, log its hash with partner_set",
                hex::encode(&self.in_file),
                hex::encode(&self.in_ledger.unwrap_or_default())
            ),
            UnboundReason::MissingHash => write!(
                f,
                "the ledger has no hash for the master of {party}: log {} with partner_set",
                hex::encode(&self.in_file)
            ),
        }
    }
}

/// Reads all masters of a folder. One that does not exist holds none.
///
/// # Errors
/// The folder cannot be read, or as [`files`] and [`read`], for the first file by name.
pub fn load(dir: &Path) -> Result<Masters, MastersError> {
    let files = files(dir)?;
    let masters = files.iter().map(|file| {
        let master = read(file)?;
        Ok((master.party, master))
    });
    masters.collect()
}

/// The files of masters in a folder, by name: `*.toml`, without those that begin with a dot. A
/// folder that does not exist holds none.
///
/// # Errors
/// The folder cannot be read, or holds more than [`FILES_MAX`].
pub fn files(dir: &Path) -> Result<Vec<PathBuf>, MastersError> {
    let failed = |source| MastersError::Read {
        path: dir.to_owned(),
        source,
    };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if !name.ends_with(b".toml") || name.starts_with(b".") {
            continue;
        }
        if files.len() == FILES_MAX {
            let path = dir.to_owned();
            return Err(MastersError::TooMany { path });
        }
        files.push(path);
    }
    files.sort();
    Ok(files)
}

/// Reads one master from `<party>.toml`.
///
/// # Errors
/// The file cannot be read, is longer than [`FILE_BYTES_MAX`], is not named like a party, holds no
/// master, or one of another party.
pub fn read(path: &Path) -> Result<Master, MastersError> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let party = stem.and_then(|stem| Name::parse(stem).ok());
    let party = party.ok_or_else(|| MastersError::NotNamed {
        path: path.to_owned(),
    })?;
    let text = read_bounded(path)?;
    let master: Master = toml::from_slice(&text).map_err(|source| MastersError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    if master.party != party {
        return Err(MastersError::OtherParty {
            path: path.to_owned(),
            party: master.party,
        });
    }
    Ok(master)
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, MastersError> {
    let limit = u64::try_from(FILE_BYTES_MAX + 1).expect("a small constant");
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut text));
    let path = path.to_owned();
    match read {
        Ok(bytes) if bytes > FILE_BYTES_MAX => Err(MastersError::TooLong { path }),
        Ok(_) => Ok(text),
        Err(source) => Err(MastersError::Read { path, source }),
    }
}

/// Parts masters into those that count, the house's among them, and those that the ledger does not
/// vouch for, by party.
#[must_use]
pub fn bound(masters: Masters, governance: &Governance) -> (Masters, Vec<Unbound>) {
    let mut bound = BTreeMap::new();
    let mut unbound = Vec::new();
    for (party, master) in masters {
        match unbound_reason(&master, governance) {
            None => {
                bound.insert(party, master);
            }
            Some((reason, in_ledger)) => unbound.push(Unbound {
                party,
                reason,
                in_file: master.sha256(),
                in_ledger,
            }),
        }
    }
    (bound, unbound)
}

fn unbound_reason(
    master: &Master,
    governance: &Governance,
) -> Option<(UnboundReason, Option<[u8; 32]>)> {
    if master.party.as_str() == HOUSE {
        return None;
    }
    let party = governance.party(&master.party);
    let Some(partner) = party.and_then(|party| governance.partner(party)) else {
        return Some((UnboundReason::NotRegistered, None));
    };
    match partner.master_sha256 {
        Some(logged) if logged == master.sha256() => None,
        Some(logged) => Some((UnboundReason::Differs, Some(logged))),
        None => Some((UnboundReason::MissingHash, None)),
    }
}

#[cfg(test)]
mod tests;
