//! `tallyhouse-verify statement`: is this the statement that the ledger binds?

use super::audited::{self, Pinned};
use crate::audit::Verdict;
use crate::audit::statements::{Rebuilt, Wanted};
use crate::cli::exit::Exit;
use crate::cli::style;
use crate::domain::ids::Name;
use crate::domain::statement::{
    STATEMENT_FORMAT, Stated, Statement, WINDOW_FORMAT, WindowDocument,
};
use crate::proof::base64url;
use crate::proof::hex::encode as hex;
use crate::proof::jws::{Jws, STATEMENT_BYTES_MAX, Typ};
use crate::proof::keys::{Kid, PublicKey};
use crate::proof::merkle::{leaf_hash, verify_inclusion};
use crate::proof::statement::Canonical;
use anyhow::Context;
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::DecodePublicKey as _;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Longest file of what binds a statement.
const STATED_BYTES_MAX: usize = 1 << 20;
/// Longest public key file.
const KEY_BYTES_MAX: usize = 4_096;

/// Checks a statement: its form, signature, what binds it, and with the ledger every byte of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse-verify statement bakery.jws \
                  --stated bakery.stated.json --ledger entries.ndjson --vkey ledger.vkey")]
pub struct Arguments {
    /// The statement, as .json or as .jws; or the house's document of a window
    file: PathBuf,
    /// What binds it to the ledger: the .stated.json beside it
    #[arg(long, value_name = "FILE")]
    stated: Option<PathBuf>,
    /// The house's public key that signed it: PEM, 43 characters of base64url, or a file of either
    #[arg(long, allow_hyphen_values = true)]
    key: Option<String>,
    /// The ledger, as for `ledger`: the statement is written again from its entries
    #[arg(long, value_name = "PATH")]
    ledger: Option<PathBuf>,
    #[command(flatten)]
    pinned: Pinned,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// A statement as it was handed in.
struct Given {
    canonical: Canonical,
    value: Value,
    wanted: Wanted,
    origin: String,
    jws: Option<Vec<u8>>,
}

/// What was checked and what was found.
#[derive(Default)]
struct Report {
    checked: Vec<&'static str>,
    findings: Vec<String>,
}

impl Report {
    /// Notes a check and what it finds.
    fn check(&mut self, what: &'static str, held: bool, finding: impl FnOnce() -> String) {
        match held {
            true => self.checked.push(what),
            false => self.findings.push(format!("{what}: {}", finding())),
        }
    }
}

/// Checks the statement and prints what was found.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let bytes = super::read(&arguments.file, STATEMENT_BYTES_MAX)?;
    let mut report = Report::default();
    let given = match read(&bytes) {
        Ok(given) => given,
        Err(error) => {
            report.findings.push(format!("form: {error:#}"));
            return Ok(print(arguments, None, &report));
        }
    };
    report.checked.push("form");
    let stated = match &arguments.stated {
        Some(path) => Some(super::read(path, STATED_BYTES_MAX)?),
        None => None,
    };
    anyhow::ensure!(
        stated.is_some() || arguments.key.is_some() || arguments.ledger.is_some(),
        "there is nothing to compare it with: give --stated, --key or --ledger"
    );
    let stated = stated.and_then(|bytes| check_stated(&given, &bytes, &mut report));
    if let Some(key) = &arguments.key {
        let key = public_key(key)?;
        let jws = given
            .jws
            .as_deref()
            .context("a .json has no signature: give the .jws")?;
        report.check("signature", is_signed(jws, None, &key), || {
            "not made by the given key".to_owned()
        });
    }
    if let Some(path) = &arguments.ledger {
        let wanted = given.wanted.clone();
        let audited = audited::audit(path, &arguments.pinned, |replay| replay.want(wanted))?;
        let held = audited.verdict.as_ref().is_some_and(Verdict::holds);
        report.check("ledger", held, || {
            let finding = audited::findings(&audited).first();
            finding.map(ToString::to_string).unwrap_or_default()
        });
        if held {
            let rebuilt = audited.replay.rebuilt().with_context(|| {
                let window = given.wanted.window;
                format!(
                    "the ledger binds no such statement of window {window}, or your saved \
                         state is past it: audit without --state"
                )
            })?;
            check_ledger(&given, stated.as_ref(), rebuilt, &mut report);
        }
    }
    Ok(print(arguments, Some(&given), &report))
}

/// Reads a statement in either form; it has to be written in its one form.
fn read(bytes: &[u8]) -> anyhow::Result<Given> {
    let is_jws = !bytes.starts_with(b"{");
    let json = match is_jws {
        true => Jws::parse(bytes.trim_ascii_end(), Typ::Statement)?.payload,
        false => bytes.to_vec(),
    };
    let value: Value = serde_json::from_slice(&json).context("not JSON")?;
    let canonical = Canonical::of(&value);
    anyhow::ensure!(canonical.json == json, "not in the form of RFC 8785");
    let (partner, identity) = match value["format"].as_str() {
        Some(STATEMENT_FORMAT) => {
            let statement: Statement = serde_json::from_slice(&json).context("not a statement")?;
            anyhow::ensure!(Canonical::of(&statement) == canonical, "not its only form");
            (Some(statement.partner), statement.identity)
        }
        Some(WINDOW_FORMAT) => {
            let document: WindowDocument =
                serde_json::from_slice(&json).context("not a document of a window")?;
            anyhow::ensure!(Canonical::of(&document) == canonical, "not its only form");
            (None, document.identity)
        }
        _ => anyhow::bail!("not a statement of format {STATEMENT_FORMAT} or {WINDOW_FORMAT}"),
    };
    Ok(Given {
        canonical,
        value,
        wanted: Wanted {
            window: identity.window,
            partner,
        },
        origin: identity.origin,
        jws: is_jws.then(|| bytes.trim_ascii_end().to_vec()),
    })
}

/// The hash is the one that is bound, and the proof leads to the root.
fn check_stated(given: &Given, bytes: &[u8], report: &mut Report) -> Option<Stated> {
    let stated: Stated = match serde_json::from_slice(bytes) {
        Ok(stated) => stated,
        Err(error) => {
            report.findings.push(format!("stated: {error}"));
            return None;
        }
    };
    let name = |partner: Option<Name>| partner.map_or("house".to_owned(), |name| name.to_string());
    let of = (stated.window, name(Some(stated.partner)));
    let own = (given.wanted.window, name(given.wanted.partner));
    report.check("stated window and partner", of == own, || {
        format!("expected {own:?}, found {of:?}")
    });
    let own = hex(&given.canonical.sha256);
    report.check("hash", own == stated.sha256, || {
        format!("expected {}, found {own}", stated.sha256)
    });
    let root = audited::parse_hex(&stated.root);
    let proof: Option<Vec<_>> = stated
        .proof
        .iter()
        .map(|hash| audited::parse_hex(hash))
        .collect();
    let leaf = leaf_hash(&given.canonical.sha256);
    let (place, count) = (stated.place, stated.count);
    let leads = root
        .zip(proof)
        .is_some_and(|(root, proof)| verify_inclusion(&leaf, place, count, &proof, &root));
    report.check("inclusion", leads, || {
        format!("the proof does not lead to the root {}", stated.root)
    });
    Some(stated)
}

/// Everything once more from the entries.
fn check_ledger(given: &Given, stated: Option<&Stated>, rebuilt: &Rebuilt, report: &mut Report) {
    let same = rebuilt.canonical == given.canonical;
    report.check("every byte", same, || {
        let own = serde_json::from_slice(&rebuilt.canonical.json).unwrap_or(Value::Null);
        first_difference(&own, &given.value, "")
            .unwrap_or_else(|| format!("it is not the one of {}", given.origin))
    });
    if let Some(stated) = stated {
        let same = rebuilt.stated.as_ref() == Some(stated);
        report.check("what binds it", same, || {
            let own = serde_json::to_value(&rebuilt.stated).unwrap_or(Value::Null);
            let found = serde_json::to_value(stated).unwrap_or(Value::Null);
            first_difference(&own, &found, "").unwrap_or_default()
        });
    }
    if let Some(jws) = &given.jws {
        let made = rebuilt.keys.iter().any(|key| {
            PublicKey::register(&key.public)
                .is_ok_and(|public| is_signed(jws, Some(&key.kid), &public))
        });
        report.check("signature", made, || {
            let kids: Vec<&str> = rebuilt.keys.iter().map(|key| &*key.kid).collect();
            let kids = kids.join(", ");
            format!("not by a house key with the scope operate that was good then: {kids}")
        });
    }
}

/// Where two documents differ first.
fn first_difference(expected: &Value, found: &Value, path: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(own), Value::Object(other)) => {
            let names = own.keys().chain(other.keys());
            names.into_iter().find_map(|name| {
                let null = &Value::Null;
                let (a, b) = (
                    own.get(name).unwrap_or(null),
                    other.get(name).unwrap_or(null),
                );
                first_difference(a, b, &format!("{path}/{name}"))
            })
        }
        (Value::Array(own), Value::Array(other)) if own.len() == other.len() => {
            let pairs = own.iter().zip(other).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (a, b))| first_difference(a, b, &format!("{path}/{at}")))
        }
        _ if expected == found => None,
        _ => {
            let short = |value: &Value| value.to_string().chars().take(200).collect::<String>();
            let (expected, found) = (short(expected), short(found));
            Some(format!("at {path}: expected {expected}, found {found}"))
        }
    }
}

fn is_signed(jws: &[u8], kid: Option<&str>, key: &PublicKey) -> bool {
    Jws::parse(jws, Typ::Statement).is_ok_and(|jws| {
        let named = kid.is_none_or(|kid| Kid::parse(kid).is_ok_and(|kid| kid == jws.kid));
        named && jws.verify(key)
    })
}

fn public_key(argument: &str) -> anyhow::Result<PublicKey> {
    let bytes = |text: &str| base64url::decode_array::<32>(text.as_bytes()).ok();
    let bytes = match bytes(argument) {
        Some(bytes) => bytes,
        None => {
            let text = super::read_text(argument.as_ref(), KEY_BYTES_MAX)?;
            match bytes(text.trim()) {
                Some(bytes) => bytes,
                None => VerifyingKey::from_public_key_pem(text.trim())
                    .map(|key| key.to_bytes())
                    .map_err(|error| anyhow::anyhow!("--key: no public key: {error}"))?,
            }
        }
    };
    PublicKey::register(&bytes).context("--key")
}

fn print(arguments: &Arguments, given: Option<&Given>, report: &Report) -> Exit {
    let holds = report.findings.is_empty();
    let with_ledger = report.checked.contains(&"every byte");
    if arguments.json {
        let result = json!({
            "holds": holds,
            "window": given.map(|given| given.wanted.window),
            "partner": given.and_then(|given| given.wanted.partner),
            "sha256": given.map(|given| hex(&given.canonical.sha256)),
            "checked": report.checked,
            "ledger_compared": with_ledger,
            "findings": report.findings,
        });
        println!("{result}");
    } else {
        let of = given.map_or_else(String::new, |given| {
            let partner = given.wanted.partner;
            let whose = partner.map_or("the house".to_owned(), |name| name.to_string());
            format!(
                "window {} of {whose}, {}",
                given.wanted.window, given.origin
            )
        });
        match holds {
            true => println!("{} {of}", style::good("holds:")),
            false => println!("{} {of}", style::bad("does not hold:")),
        }
        for finding in &report.findings {
            println!("  {} {finding}", style::bad("finding:"));
        }
        println!("  {} {}", style::dim("checked"), report.checked.join(", "));
        if !with_ledger {
            let note = "not compared: everything rests on the word of the house";
            println!("  {} {}", style::dim("ledger "), style::warn(note));
        }
    }
    match holds {
        true => Exit::Done,
        false => Exit::Refused,
    }
}
