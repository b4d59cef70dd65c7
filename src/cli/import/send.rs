//! Sends runs one after the other, so that every run is in the ledger exactly once.
//!
//! # Why nothing is lost or doubled
//! A run's submission id follows from the file alone, and the ledger takes an author's submission
//! id once. So for every run there are two cases, and the ledger itself tells them apart:
//! - its id is in the ledger: it is not sent; its receipt is read instead, and every op in it is
//!   compared with the file. Rows that it lacks, appended since, are sent as a run of their own;
//! - its id is not there: the run is signed and sent until it is answered. If an earlier attempt
//!   arrived after all, the ledger answers `submission_id_reused`, and that is the first case.
//!
//! An import that was stopped anywhere, on either side, is therefore continued by the same command.
//! Only the beginning of a file can be in the ledger already, so after the first run that is not
//! there, no further one is looked up before it is sent.
//!
//! # Time
//! `valid_until` differs from attempt to attempt, and so do the bytes; that is why the id and not
//! the bytes decides. On a simulated ledger the clock is moved to a run's latest purchase before
//! the run is sent, and again after the house was away: a restarted house has forgotten a clock
//! that no entry holds.

use super::run::Run;
use crate::cli::client::{Backoff, Client, ClientError};
use crate::cli::sign;
use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use crate::proof::base64url;
use crate::proof::entry::EntryRef;
use crate::proof::keys::Signer;
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// How long a signed run may wait for acceptance, in seconds.
const VALIDITY_S: u64 = 3_600;
/// How often a run is signed again because the clock went past it.
const SIGNINGS_MAX: u32 = 8;

/// Sends runs to one programme.
pub struct Sender<'a> {
    /// Of the programme.
    pub client: &'a Client,
    /// The ledger's origin.
    pub origin: String,
    /// The import's name.
    pub name: &'a str,
    /// Moves the clock of a simulated ledger; nothing on a real one.
    pub clock_key: Option<&'a Signer>,
    /// How long to go on while the house is busy or away.
    pub patience: Duration,
    /// Where the ledger's clock stands at least, as far as is known.
    clock: Option<Micros>,
    /// Whether runs so far were in the ledger already.
    continuing: bool,
}

/// What became of a run.
pub enum Sent {
    /// It is in the ledger: results by op id, and whether it was there before.
    Answered {
        /// The results, by op id.
        results: HashMap<String, Value>,
        /// Whether an earlier import sent it.
        before: bool,
    },
    /// The house refused all of it: code and words.
    Refused(String),
}

impl<'a> Sender<'a> {
    /// A sender that has sent nothing yet.
    pub fn new(
        client: &'a Client,
        origin: String,
        name: &'a str,
        clock_key: Option<&'a Signer>,
        patience: Duration,
    ) -> Self {
        Self {
            client,
            origin,
            name,
            clock_key,
            patience,
            clock: None,
            continuing: true,
        }
    }

    /// Brings a run into the ledger, if it is not there.
    ///
    /// # Errors
    /// The house was away for too long, or the run is in the ledger with other content.
    pub fn send(&mut self, run: &Run, signer: &Signer) -> anyhow::Result<Sent> {
        let id = run.submission(self.name);
        if self.continuing {
            if let Some(results) = self.look_up(run, signer, &id)? {
                return Ok(Sent::Answered {
                    results,
                    before: true,
                });
            }
            self.continuing = false;
        }
        let mut backoff = Backoff::new(self.patience);
        let mut signings = 0;
        loop {
            let error = match self.attempt(run, signer, &id) {
                Ok(receipt) => {
                    let results = results(&receipt)?;
                    let before = false;
                    return Ok(Sent::Answered { results, before });
                }
                Err(error) => error,
            };
            match error.code() {
                Some("submission_id_reused") => {
                    let found = self.look_up(run, signer, &id)?;
                    let results = found.context("the house knows the submission and has it not")?;
                    let before = true;
                    return Ok(Sent::Answered { results, before });
                }
                Some("envelope_expired" | "envelope_valid_too_long") if signings < SIGNINGS_MAX => {
                    signings += 1;
                    self.clock = None;
                }
                Some("wrong_ledger") | None if !error.is_retryable() => return Err(error.into()),
                _ if error.is_retryable() => {
                    self.clock = None;
                    if !backoff.wait() {
                        return Err(error.into());
                    }
                }
                _ => return Ok(Sent::Refused(error.to_string())),
            }
        }
    }

    /// Moves the clock if it has to be, signs, and sends.
    fn attempt(&mut self, run: &Run, signer: &Signer, id: &str) -> Result<Value, ClientError> {
        let now = self.now(run.latest())?;
        let until = now.plus_seconds(VALIDITY_S).to_rfc3339_seconds();
        let ops: Vec<&Value> = run.ops().collect();
        let payload = json!({"ledger": self.origin, "submission": id, "valid_until": until,
            "ops": ops});
        let submission: Map<String, Value> = match payload {
            Value::Object(members) => members,
            _ => unreachable!("the payload was just made as an object"),
        };
        let compact =
            sign::envelope(&submission, signer).map_err(|error| self.unreadable(&error))?;
        let receipt = self.client.submit(&compact)?;
        serde_json::from_slice(&receipt).map_err(|error| self.unreadable(&error))
    }

    /// The ledger's present, which is no earlier than the latest purchase where it can be moved.
    fn now(&mut self, latest: Micros) -> Result<Micros, ClientError> {
        let Some(key) = self.clock_key else {
            return Ok(Micros(Clock::Real.now_us()));
        };
        if let Some(clock) = self.clock.filter(|clock| *clock >= latest) {
            return Ok(clock);
        }
        let now = self.client.move_clock(key, latest)?;
        self.clock = Some(now);
        Ok(now)
    }

    fn unreadable(&self, reason: &dyn std::fmt::Display) -> ClientError {
        ClientError::Answer {
            address: self.client.base().to_owned(),
            reason: reason.to_string(),
        }
    }

    /// The results of a run that is in the ledger, after comparing its ops with the file's.
    fn look_up(
        &self,
        run: &Run,
        signer: &Signer,
        id: &str,
    ) -> anyhow::Result<Option<HashMap<String, Value>>> {
        let found = crate::cli::client::retrying(self.patience, || self.client.find(signer, id));
        let receipt = match found {
            // Whoever cannot sign has sent nothing with this key; sending will say what is wrong.
            Err(error) if matches!(error.code(), Some("key_unknown" | "key_not_valid")) => {
                return Ok(None);
            }
            found => found.context("to continue, the partner's key needs the scope read")?,
        };
        let Some(receipt) = receipt else {
            return Ok(None);
        };
        let sent = sent_ops(&receipt).context("the house's receipt cannot be read")?;
        for row in &run.rows {
            for op in &row.ops {
                let before = op["id"].as_str().and_then(|id| sent.get(id));
                anyhow::ensure!(
                    before.is_none_or(|before| before == op),
                    "line {} was imported as {} with other content; import a changed file or other \
                     rates under another --name",
                    row.row.line,
                    op["id"]
                );
            }
        }
        results(&receipt).map(Some)
    }
}

/// The results of a receipt, by op id.
fn results(receipt: &Value) -> anyhow::Result<HashMap<String, Value>> {
    let results = receipt["results"].as_array();
    let results = results.context("the receipt has no results")?;
    let named = results.iter().map(|result| {
        let id = result["id"].as_str().context("a result names no op")?;
        Ok((id.to_owned(), result.clone()))
    });
    named.collect()
}

/// The ops that a receipt's entry holds as they were signed, by id.
fn sent_ops(receipt: &Value) -> Option<HashMap<String, Value>> {
    let entry = base64url::decode(receipt["entry"].as_str()?.as_bytes()).ok()?;
    let entry = EntryRef::decode(&entry).ok()?;
    let payload: Value = serde_json::from_slice(entry.payload).ok()?;
    let ops = payload["ops"].as_array()?;
    let named = ops
        .iter()
        .map(|op| Some((op["id"].as_str()?.to_owned(), op.clone())));
    named.collect()
}
