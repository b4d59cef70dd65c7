//! Publishing: a window's statements and the files made from them, in one folder.
//!
//! ```text
//! windows/<number>/window.json .jws           the house's document, signed
//!                  matrix.csv .xlsx  journal.hledger .beancount
//!                  payments.pain001.xml payments.pain008.xml
//!                  statements/<partner>.json .jws .stated.json .csv .xlsx .pdf .camt053.xml
//!                  summary.json               the head of window.json, for lists of windows
//!                  problems.json              files that could not be made, and why
//!                  pack.zip                   all of them
//! ```
//!
//! A folder is there whole or not at all. Must not: write a statement that the ledger does not
//! bind; what derives from masters may be missing and is made once they are in order.

use super::files;
use crate::domain::ids::{Name, Party, Reference};
use crate::domain::statement::{Identity, LogRange, Savings, Stated, WindowDocument};
use crate::domain::tally::statements::Statements;
use crate::proof::hex;
use crate::proof::jws::{self, Typ};
use crate::proof::keys::Signer;
use crate::proof::merkle::Hash;
use crate::proof::statement::{Canonical, Hashes, write};
use crate::render::master::Masters;
use crate::render::{Sheet, WindowSheet, camt053, csv, journal, pack, pain001, pain008, pdf, xlsx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Why a window's files could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A file or folder failed; nothing is published.
    #[error(
        "a statement file cannot be written: {0}; make room or mend the folder, and settle again"
    )]
    File(#[from] std::io::Error),
    /// What would be published is not what the ledger binds.
    #[error("the statements of window {window} are not those that entry {entry} binds")]
    NotBound {
        /// The window.
        window: u32,
        /// The entry of `issue_statements`.
        entry: u64,
    },
}

/// A file that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Its name in the folder.
    pub file: String,
    /// Why, and what to do.
    pub problem: String,
}

/// What a list of windows says of a published one. It is read instead of the house's document,
/// which may hold a million lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Programme and window.
    pub identity: Identity,
    /// Which entries it rests on.
    pub log: LogRange,
    /// What netting saved.
    pub netting: Savings,
    /// How many parties have a position.
    pub positions: u64,
    /// How many statements there are.
    pub statements: u64,
}

impl Summary {
    fn of(document: &WindowDocument, statements: usize) -> Self {
        Self {
            identity: document.identity.clone(),
            log: document.log.clone(),
            netting: document.netting.clone(),
            positions: document.positions.len() as u64,
            statements: statements as u64,
        }
    }
}

/// What statements are published with.
#[derive(Clone, Copy)]
pub struct Press<'a> {
    /// Where folders of windows are.
    pub dir: &'a Path,
    /// Signs statements.
    pub signer: &'a Signer,
    /// Names and accounts that the ledger binds.
    pub masters: &'a Masters,
    /// Masters that the ledger does not bind, in words.
    pub unbound: &'a [Problem],
    /// Why the house does not pay for a window yet, by its number.
    pub waiting: &'a BTreeMap<u32, String>,
    /// Where the house serves the programme.
    pub address: &'a str,
}

/// What `issue_statements` binds.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The entry.
    pub entry: u64,
    /// The submission's id.
    pub submission: Reference,
    /// The root over the statements.
    pub root: Hash,
    /// SHA-256 of the house's document.
    pub document_sha256: Hash,
}

/// The folder of a window.
pub fn folder(dir: &Path, window: u32) -> PathBuf {
    dir.join(window.to_string())
}

/// The summary of a published window.
///
/// # Errors
/// It cannot be read.
pub fn summary(dir: &Path, window: u32) -> std::io::Result<Summary> {
    read(&folder(dir, window).join("summary.json"))
}

/// The files of a published window that could not be made, and why.
///
/// # Errors
/// They cannot be read.
pub fn problems(dir: &Path, window: u32) -> std::io::Result<Vec<Problem>> {
    match read(&folder(dir, window).join("problems.json")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> std::io::Result<T> {
    serde_json::from_slice(&std::fs::read(path)?).map_err(std::io::Error::other)
}

/// The hashes of all statements of a window, and of the house's document.
pub fn hashes(statements: &Statements<'_>) -> (Hashes, Hash) {
    let written = side_by_side(&statements.partners(), |(name, party)| {
        Ok((*name, write(statements, *party).sha256))
    });
    let written: Vec<(Name, Hash)> = written.expect("nothing is written to a disk here");
    let document = Canonical::of(&statements.document()).sha256;
    (Hashes::new(written), document)
}

/// Writes every file of a window that the ledger binds, and puts the folder in place. Answers the
/// problems that kept files from being made.
///
/// # Errors
/// [`PublishError`], with nothing published.
pub fn publish(
    press: &Press<'_>,
    statements: &Statements<'_>,
    bound: &Bound,
) -> Result<Vec<Problem>, PublishError> {
    let document = statements.document();
    let window = document.identity.window;
    let filled = press.dir.join(format!(".{window}.new"));
    files::empty_folder(&filled)?;
    let done = fill(press, statements, bound, &document, &filled);
    let problems = match done {
        Ok(problems) => problems,
        Err(error) => {
            // What could not be written in full would only take up room.
            let _ = std::fs::remove_dir_all(&filled);
            return Err(error);
        }
    };
    files::publish(&filled, &folder(press.dir, window))?;
    Ok(problems)
}

fn fill(
    press: &Press<'_>,
    statements: &Statements<'_>,
    bound: &Bound,
    document: &WindowDocument,
    filled: &Path,
) -> Result<Vec<Problem>, PublishError> {
    let window = document.identity.window;
    let partners = statements.partners();
    let written = side_by_side(&partners, |(name, party)| {
        let canonical = write(statements, *party);
        let file = |ending: &str| filled.join("statements").join(format!("{name}.{ending}"));
        let signed = jws::sign(Typ::Statement, &canonical.json, press.signer);
        files::write(&file("jws"), signed.as_bytes())?;
        files::write(&file("json"), &canonical.json)?;
        Ok((*name, canonical.sha256))
    })?;
    let hashes = Hashes::new(written);
    let canonical = Canonical::of(document);
    if hashes.root() != bound.root || canonical.sha256 != bound.document_sha256 {
        let entry = bound.entry;
        return Err(PublishError::NotBound { window, entry });
    }
    let stated = hashes.stated(window, bound.entry, bound.submission);
    let both: Vec<_> = partners.iter().zip(&stated).collect();
    side_by_side(&both, |((_, party), stated)| {
        derive(press, statements, *party, stated, filled)
    })?;
    let signed = jws::sign(Typ::Statement, &canonical.json, press.signer);
    files::write(&filled.join("window.json"), &canonical.json)?;
    files::write(&filled.join("window.jws"), signed.as_bytes())?;
    let summary = Canonical::of(&Summary::of(document, partners.len())).json;
    files::write(&filled.join("summary.json"), &summary)?;
    let sheet = WindowSheet {
        document,
        sha256: &hex::encode(&canonical.sha256),
        masters: press.masters,
        address: press.address,
    };
    files::write(&filled.join("matrix.csv"), &csv::matrix(&sheet))?;
    files::write(
        &filled.join("matrix.xlsx"),
        &xlsx::matrix(&sheet).map_err(std::io::Error::other)?,
    )?;
    let books = journal::hledger(&sheet, true);
    files::write(&filled.join("journal.hledger"), books.as_bytes())?;
    let books = journal::beancount(&sheet, true);
    files::write(&filled.join("journal.beancount"), books.as_bytes())?;
    let problems = money_files(press, &sheet, filled)?;
    zip(filled)?;
    Ok(problems)
}

/// The files for one partner that are made from its statement.
fn derive(
    press: &Press<'_>,
    statements: &Statements<'_>,
    party: Party,
    stated: &Stated,
    filled: &Path,
) -> std::io::Result<()> {
    let statement = statements.statement(party);
    let sheet = Sheet {
        statement: &statement,
        stated,
        masters: press.masters,
        address: press.address,
    };
    let name = statement.partner;
    let file = |ending: &str| filled.join("statements").join(format!("{name}.{ending}"));
    files::write(&file("stated.json"), &Canonical::of(stated).json)?;
    files::write(&file("csv"), &csv::statement(&sheet))?;
    files::write(
        &file("xlsx"),
        &xlsx::statement(&sheet).map_err(std::io::Error::other)?,
    )?;
    files::write(&file("pdf"), &pdf::statement(&sheet))?;
    files::write(&file("camt053.xml"), &camt053::statement(&sheet))
}

/// The files for the bank. Where one cannot be made, it is left out, and why is written down.
fn money_files(
    press: &Press<'_>,
    sheet: &WindowSheet<'_>,
    filled: &Path,
) -> std::io::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    let made = [
        ("payments.pain001.xml", pain001::payments(sheet)),
        ("payments.pain008.xml", pain008::collections(sheet)),
    ];
    let waiting = press.waiting.get(&sheet.document.identity.window);
    for (name, made) in made {
        match made {
            Ok(Some(_)) if waiting.is_some() && name.ends_with("pain001.xml") => {
                problems.extend(waiting.map(|reason| Problem {
                    file: name.to_owned(),
                    problem: reason.clone(),
                }));
            }
            Ok(Some(bytes)) => files::write(&filled.join(name), &bytes)?,
            Ok(None) => {}
            Err(error) => problems.push(Problem {
                file: name.to_owned(),
                problem: error.to_string(),
            }),
        }
    }
    if !problems.is_empty() {
        problems.extend_from_slice(press.unbound);
        files::write(
            &filled.join("problems.json"),
            &Canonical::of(&problems).json,
        )?;
    }
    Ok(problems)
}

/// Makes what is missing in the folder of a published window once masters are in order. Answers the
/// problems that are left.
///
/// # Errors
/// A file cannot be read or written.
pub fn complete(press: &Press<'_>, window: u32) -> Result<Vec<Problem>, PublishError> {
    let folder = folder(press.dir, window);
    let noted = folder.join("problems.json");
    if !noted.exists() {
        return Ok(Vec::new());
    }
    let json = std::fs::read(folder.join("window.json"))?;
    let document: WindowDocument = serde_json::from_slice(&json).map_err(std::io::Error::other)?;
    let sheet = WindowSheet {
        document: &document,
        sha256: &hex::encode(&Canonical::of(&document).sha256),
        masters: press.masters,
        address: press.address,
    };
    let problems = money_files(press, &sheet, &folder)?;
    if problems.is_empty() {
        zip(&folder)?;
        std::fs::remove_file(&noted)?;
    }
    Ok(problems)
}

/// Packs all files of a folder.
fn zip(folder: &Path) -> std::io::Result<()> {
    let mut packed = Vec::new();
    for (inside, folder) in [
        ("", folder.to_owned()),
        ("statements/", folder.join("statements")),
    ] {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let own = ["pack.zip", "problems.json", "summary.json"];
            if let Some(name) = name.filter(|name| path.is_file() && !own.contains(name)) {
                packed.push((format!("{inside}{name}"), std::fs::read(&path)?));
            }
        }
    }
    files::write(&folder.join("pack.zip"), &pack::zip(&packed))
}

/// Does one piece of work for each item on all cores; answers in the order of the items.
fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> std::io::Result<R> + Sync,
) -> std::io::Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let failed: Mutex<Option<std::io::Error>> = Mutex::new(None);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(place) else {
                        return;
                    };
                    match work(item) {
                        Ok(result) => results.lock().expect(UNPOISONED).push((place, result)),
                        Err(error) => {
                            failed.lock().expect(UNPOISONED).get_or_insert(error);
                            return;
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = failed.into_inner().expect(UNPOISONED) {
        return Err(error);
    }
    let mut results = results.into_inner().expect(UNPOISONED);
    results.sort_unstable_by_key(|(place, _)| *place);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

const UNPOISONED: &str = "a panic here ends the scope";
