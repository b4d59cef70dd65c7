//! `tallyhouse sign`: makes an envelope of a submission in JSON, filling in what is missing.
//!
//! What is given is never changed: members keep their order, and only absent ones are added.

use super::client::Client;
use super::exit::Exit;
use super::remote::{Key, Remote};
use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use crate::proof::jws::{self, PAYLOAD_BYTES_MAX, Typ};
use crate::proof::keys::Signer;
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// How long a submission may wait for acceptance if it does not say, in seconds.
const VALIDITY_S: u64 = 900;

/// Signs a submission: JSON in, compact JWS out.
///
/// The input is a whole submission, a list of ops, or one op. Missing `ledger`, `submission`,
/// `valid_until` and op ids are filled in. Exit code 0: signed. 2: not signed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  echo '{\"op\":\"issue\",\"member\":\"m-7\",\"points\":120}' |\n    \
                  tallyhouse sign --url http://127.0.0.1:7400/v1/demo \
                  --key keys/grocery.till-1.pem"
)]
pub struct Arguments {
    /// The submission in JSON; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// The ledger's origin; asked of the house if absent in the input too
    #[arg(long, value_name = "ORIGIN")]
    ledger: Option<String>,
    /// Print the envelope and the submission's id as JSON
    #[arg(long)]
    json: bool,
}

/// Signs and prints the envelope.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let input = read(&arguments.file)?;
    let submission = complete(parse(&input)?, || match &arguments.ledger {
        Some(ledger) => Ok(Ledger {
            origin: ledger.clone(),
            now: Micros(Clock::Real.now_us()),
        }),
        None => Ledger::ask(&arguments.remote.client()?),
    })?;
    let compact = envelope(&submission, &signer)?;
    if arguments.json {
        println!(
            "{}",
            json!({"submission": submission["submission"], "envelope": compact})
        );
    } else {
        println!("{compact}");
    }
    Ok(Exit::Done)
}

/// What of a ledger is needed to complete a submission.
pub struct Ledger {
    /// Its origin.
    pub origin: String,
    /// Its present.
    pub now: Micros,
}

impl Ledger {
    /// Asks the house.
    ///
    /// # Errors
    /// The house does not answer.
    pub fn ask(client: &Client) -> anyhow::Result<Self> {
        Ok(Self {
            origin: client.info()?.origin,
            now: client.now()?,
        })
    }
}

/// The text of a file, or of standard input for `-`.
pub fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().lock().read_to_string(&mut text);
        read.context("cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// A submission from JSON: a whole one, a list of ops, or one op.
///
/// # Errors
/// The text is none of these.
pub fn parse(text: &str) -> anyhow::Result<Map<String, Value>> {
    let value: Value = serde_json::from_str(text).context("the input is not JSON")?;
    let ops = match value {
        Value::Object(submission) if submission.contains_key("ops") => return Ok(submission),
        Value::Object(op) if op.contains_key("op") => vec![Value::Object(op)],
        Value::Array(ops) => ops,
        _ => anyhow::bail!("the input is no submission, no list of ops and no op"),
    };
    Ok(of_ops(ops))
}

/// A submission of these ops, with everything else missing.
pub fn of_ops(ops: Vec<Value>) -> Map<String, Value> {
    Map::from_iter([("ops".to_owned(), Value::Array(ops))])
}

/// Adds what a submission lacks. The ledger is asked only if something of it is missing.
///
/// # Errors
/// The ledger cannot be asked, or an op is no object.
pub fn complete(
    mut submission: Map<String, Value>,
    ledger: impl FnOnce() -> anyhow::Result<Ledger>,
) -> anyhow::Result<Map<String, Value>> {
    let mut complete = Map::new();
    if !submission.contains_key("ledger") || !submission.contains_key("valid_until") {
        let ledger = ledger()?;
        let until = ledger.now.plus_seconds(VALIDITY_S).to_rfc3339_seconds();
        complete.insert("ledger".to_owned(), Value::String(ledger.origin));
        complete.insert("valid_until".to_owned(), Value::String(until));
    }
    complete.insert("submission".to_owned(), Value::String(new_id()));
    let ops = submission.get_mut("ops").and_then(Value::as_array_mut);
    for op in ops.context("ops is a list")? {
        let op = op.as_object_mut().context("each op is an object")?;
        if !op.contains_key("id") {
            op.insert("id".to_owned(), Value::String(new_id()));
        }
    }
    complete.extend(submission);
    Ok(complete)
}

/// Signs a submission.
///
/// # Errors
/// It is too large.
pub fn envelope(submission: &Map<String, Value>, signer: &Signer) -> anyhow::Result<String> {
    let payload = serde_json::to_vec(submission)?;
    anyhow::ensure!(
        payload.len() <= PAYLOAD_BYTES_MAX,
        "the submission has {} bytes, at most {PAYLOAD_BYTES_MAX}; send fewer ops in each",
        payload.len()
    );
    Ok(jws::sign(Typ::Submission, &payload, signer))
}

/// A new ULID: unique, and in order of time.
pub fn new_id() -> String {
    ulid::Ulid::generate().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> anyhow::Result<Ledger> {
        let (origin, now) = ("h/p-0123abcd".to_owned(), Micros::from_seconds(0));
        Ok(Ledger { origin, now })
    }

    #[test]
    fn what_is_given_stays_and_what_is_missing_is_added() {
        let whole = r#"{"valid_until":"2030-01-01T00:00:00Z","ops":[{"op":"release","id":"r"}]}"#;
        let done = complete(parse(whole).unwrap(), ledger).unwrap();
        assert_eq!(done["ledger"], "h/p-0123abcd");
        assert_eq!(done["valid_until"], "2030-01-01T00:00:00Z");
        assert_eq!(done["ops"][0]["id"], "r");
        assert_eq!(done["submission"].as_str().unwrap().len(), 26);
        for text in [r#"{"op":"release"}"#, r#"[{"op":"release"}]"#] {
            let done = complete(parse(text).unwrap(), ledger).unwrap();
            assert_eq!(done["ops"][0]["id"].as_str().unwrap().len(), 26);
            assert_eq!(done["valid_until"], "1970-01-01T00:15:00Z");
        }
    }

    #[test]
    fn what_is_no_submission_is_refused() {
        for text in ["", "7", "{}", r#"{"ops":7}"#, r#"{"ops":[7]}"#] {
            let done = parse(text).and_then(|submission| complete(submission, ledger));
            assert!(done.is_err(), "{text}");
        }
    }
}
