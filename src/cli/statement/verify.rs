//! `tallyhouse statement verify`: is this statement the one that the ledger binds?
//!
//! Keys that are given are trusted; those that the house names are said to be its word. Must not:
//! stop at the first thing that does not hold.

use crate::cli::client::{Client, Info};
use crate::cli::exit::Exit;
use crate::cli::key::public_key;
use crate::cli::remote::{Key, Remote};
use crate::cli::{style, verify as verifier};
use crate::domain::statement::Stated;
use crate::proof::base64url;
use crate::proof::jws::Jws;
use crate::proof::keys::PublicKey;
use crate::proof::receipt;
use crate::proof::statement::verify::{self, Opened, StatementError};
use anyhow::Context;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Checks a statement: signature, form, its place under the root, and that the ledger holds it.
///
/// Beside FILE there has to be its .stated.json; a .jws beside a .json is checked too. With --url
/// and --key, the house is asked for its keys and for the receipt; without, give them. Exit code 0:
/// everything holds. 1: something does not. 2: it could not be decided.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse statement verify 7-bakery.jws \
                  --url http://127.0.0.1:7400/v1/demo \\\n    --key keys/bakery.office.pem")]
pub struct Arguments {
    /// The statement, as .jws or .json
    file: PathBuf,
    /// What binds it to the ledger; default: beside it, ending in .stated.json
    #[arg(long, value_name = "FILE")]
    stated: Option<PathBuf>,
    /// The house key that signs statements, in base64url or a file in PEM; default: asked
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    statement_key: Option<String>,
    /// The receipt of the entry that binds the statements; default: asked
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// The ledger's verifier key, or a file that holds it; default: asked
    #[arg(long)]
    vkey: Option<String>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// Print the checks as JSON
    #[arg(long)]
    json: bool,
}

/// What became of a check: why it holds, why not, or why it was not made.
enum Outcome {
    Holds(String),
    Fails(String),
    Open(String),
}

/// Checks so far.
#[derive(Default)]
struct Checks(Vec<(&'static str, Outcome)>);

impl Checks {
    fn holds(&mut self, what: &'static str, note: impl Into<String>) {
        self.0.push((what, Outcome::Holds(note.into())));
    }

    fn fails(&mut self, what: &'static str, why: &dyn std::fmt::Display) {
        self.0.push((what, Outcome::Fails(why.to_string())));
    }

    fn open(&mut self, what: &'static str, why: &dyn std::fmt::Display) {
        self.0.push((what, Outcome::Open(why.to_string())));
    }

    fn take(&mut self, what: &'static str, done: Result<(), StatementError>, note: String) {
        match done {
            Ok(()) => self.holds(what, note),
            Err(error) => self.fails(what, &error),
        }
    }
}

/// Checks, and prints each check.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let house = match arguments.remote.is_given() {
        true => Some(arguments.remote.client()?),
        false => None,
    };
    let info = house.as_ref().map(Client::info).transpose()?;
    let inspection = Inspection {
        arguments,
        house,
        info,
    };
    let checks = inspection.checks()?;
    let outcomes = || checks.0.iter().map(|(_, outcome)| outcome);
    let exit = if outcomes().any(|outcome| matches!(outcome, Outcome::Fails(_))) {
        Exit::Refused
    } else if outcomes().any(|outcome| matches!(outcome, Outcome::Open(_))) {
        Exit::Failed
    } else {
        Exit::Done
    };
    print(&checks, exit, arguments);
    Ok(exit)
}

fn print(checks: &Checks, exit: Exit, arguments: &Arguments) {
    if arguments.json {
        let checks = checks.0.iter().map(|(what, outcome)| {
            let (holds, note) = match outcome {
                Outcome::Holds(note) => (Some(true), note),
                Outcome::Fails(why) => (Some(false), why),
                Outcome::Open(why) => (None, why),
            };
            json!({"check": what, "holds": holds, "note": note})
        });
        let checks: Vec<_> = checks.collect();
        println!("{}", json!({"holds": exit == Exit::Done, "checks": checks}));
        return;
    }
    for (what, outcome) in &checks.0 {
        let (mark, note) = match outcome {
            Outcome::Holds(note) => (style::good("✓"), note),
            Outcome::Fails(why) => (style::bad("✗"), why),
            Outcome::Open(why) => (style::warn("?"), why),
        };
        println!("{mark} {what:<10} {}", style::dim(note));
    }
    let file = arguments.file.display();
    match exit {
        Exit::Done => println!("{} {file}", style::good("holds:")),
        Exit::Refused => println!("{} {file}", style::bad("does not hold:")),
        Exit::Failed => println!("{} {file}", style::warn("not decided:")),
    }
}

struct Inspection<'a> {
    arguments: &'a Arguments,
    house: Option<Client>,
    info: Option<Info>,
}

impl Inspection<'_> {
    fn checks(&self) -> anyhow::Result<Checks> {
        let mut checks = Checks::default();
        let file = &self.arguments.file;
        let bytes = read(file)?;
        let json = match is(file, "jws") {
            true => match self.signature(&mut checks, &bytes)? {
                Some(payload) => payload,
                None => return Ok(checks),
            },
            false => {
                let beside = file.with_extension("jws");
                if beside.is_file() {
                    let payload = self.signature(&mut checks, &read(&beside)?)?;
                    if payload.is_some_and(|payload| payload != bytes) {
                        checks.fails(
                            "signature",
                            &"the signed file beside it says something else",
                        );
                    }
                }
                bytes
            }
        };
        let stated = self.stated()?;
        let opened = match verify::open(&json) {
            Ok(opened) => opened,
            Err(error) => {
                checks.fails("form", &error);
                return Ok(checks);
            }
        };
        let (partner, window) = (opened.statement.partner, opened.statement.identity.window);
        checks.holds(
            "form",
            format!("canonical JSON, {partner} in window {window}"),
        );
        let done = verify::verify_stated(&opened, &stated);
        checks.take(
            "statement",
            done,
            format!("SHA-256 {}…", prefix(&stated.sha256)),
        );
        let done = verify::verify_inclusion(&stated);
        let note = format!("number {} of {}", stated.place + 1, stated.count);
        checks.take(
            "place",
            done,
            format!("{note} under root {}…", prefix(&stated.root)),
        );
        self.ledger(&mut checks, &opened, &stated)?;
        Ok(checks)
    }

    /// Checks a signed file, and answers what it signs, if it is one.
    fn signature(&self, checks: &mut Checks, compact: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
        const WHAT: &str = "signature";
        let jws = match verify::split(compact.trim_ascii_end()) {
            Ok(jws) => jws,
            Err(error) => {
                checks.fails(WHAT, &error);
                return Ok(None);
            }
        };
        match self.statement_key(&jws)? {
            None => checks.open(WHAT, &"no key of the house: give --statement-key or --url"),
            Some((key, whose)) => {
                let done = verify::verify_signature(&jws, &key);
                checks.take(WHAT, done, format!("by {}, {whose}", jws.kid));
            }
        }
        Ok(Some(jws.payload))
    }

    /// The key that should have signed, and who says so.
    fn statement_key(&self, jws: &Jws<'_>) -> anyhow::Result<Option<(PublicKey, &'static str)>> {
        let parse = |text: &str| -> anyhow::Result<PublicKey> {
            let bytes = base64url::decode_array(text.as_bytes())?;
            Ok(PublicKey::register(&bytes)?)
        };
        if let Some(given) = &self.arguments.statement_key {
            let key = parse(&public_key(given)?).context("--statement-key")?;
            return Ok(Some((key, "the key you gave")));
        }
        let keys = self.info.iter().flat_map(|info| &info.house_keys);
        let named = keys.into_iter().find(|key| key.key == jws.kid.key_id());
        let key = named.map(|named| parse(&named.public_key)).transpose()?;
        Ok(key.map(|key| (key, "a key that the house names as its own")))
    }

    fn stated(&self) -> anyhow::Result<Stated> {
        let file = match &self.arguments.stated {
            Some(file) => file.clone(),
            None => self.arguments.file.with_extension("stated.json"),
        };
        let bytes = read(&file).context("what binds the statement is needed too: --stated")?;
        serde_json::from_slice(&bytes).with_context(|| format!("{}", file.display()))
    }

    /// Checks that the ledger's entry holds the root.
    fn ledger(&self, checks: &mut Checks, opened: &Opened, stated: &Stated) -> anyhow::Result<()> {
        const WHAT: &str = "ledger";
        let vkey = match (&self.arguments.vkey, &self.info) {
            (Some(vkey), _) => vkey.clone(),
            (None, Some(info)) => info.vkeys(),
            (None, None) => {
                checks.open(WHAT, &"no verifier key: give --vkey or --url");
                return Ok(());
            }
        };
        let vkeys = verifier::verifier_keys(&vkey)?;
        let receipt = match (&self.arguments.receipt, &self.house) {
            (Some(file), _) => read(file)?,
            (None, Some(house)) if self.arguments.key.is_given() => {
                let signer = self.arguments.key.signer()?;
                house.read_books(&format!("/receipts/{}", stated.entry), &signer)?
            }
            _ => {
                checks.open(WHAT, &"no receipt: give --receipt, or --url and --key");
                return Ok(());
            }
        };
        match receipt::verify(&receipt, &vkeys) {
            Err(error) => checks.fails(WHAT, &error),
            Ok(receipt) => {
                let done = verify::verify_bound(opened, stated, &receipt);
                let size = style::grouped(receipt.checkpoint.size);
                let entry = style::grouped(stated.entry);
                checks.take(
                    WHAT,
                    done,
                    format!("entry {entry} of {size} holds this root"),
                );
            }
        }
        Ok(())
    }
}

fn is(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|found| found == ending)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The first digits of a hash.
fn prefix(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}
