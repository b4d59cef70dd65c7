//! The desk: signs the house's nightly submissions and hands them to the ledger.
//!
//! They take the same way as a partner's: signed bytes, opened and verified again, decided by the
//! writer. Must not: reach past the ledger's door.

use crate::domain::effect::{Applied, Effect, Given};
use crate::domain::money::Currency;
use crate::domain::rejection::Rejection;
use crate::domain::submission::Action;
use crate::domain::time::Micros;
use crate::ledger::commit::{Acknowledged, Unacknowledged};
use crate::ledger::store::StoreError;
use crate::ledger::{Ledger, commit};
use crate::proof::entry::EntryRef;
use crate::proof::envelope::{self, EnvelopeError};
use crate::proof::jws::{self, Typ};
use crate::proof::keys::Signer;
use crate::proof::{effects, payload};
use serde_json::{Value, json};

/// How long a nightly submission may wait for acceptance, in seconds.
const VALIDITY_S: u64 = 900;

/// Why a submission of the house did not take effect.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The envelope does not open: the key is not the house's, or unknown.
    #[error("the house's own submission is refused: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The ledger did not take it.
    #[error(transparent)]
    Unacknowledged(#[from] Unacknowledged),
    /// The op was refused.
    #[error("{op} was refused: {}: {}", .rejection.code(), .rejection.advice())]
    Refused {
        /// The op's kind.
        op: String,
        /// The rule.
        rejection: Rejection,
    },
    /// The answer cannot be read back.
    #[error("the ledger's answer cannot be read: {0}")]
    Answer(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An op of the house that took effect.
#[derive(Debug)]
pub struct Done {
    /// The entry that holds it.
    pub entry: u64,
    /// What it did.
    pub applied: Applied,
}

/// Submits one op, under an id that begins with `name`, and waits until it is durable.
///
/// # Errors
/// [`DeskError`]. After `Stopped` the outcome is unknown; the ledger's state says it at the next
/// start.
pub fn submit(ledger: &Ledger, signer: &Signer, name: &str, op: Value) -> Result<Done, DeskError> {
    let view = ledger.view();
    let programme = &view.governance.programme;
    let now = Micros(ledger.clock().now_us()).max(view.last_time);
    let id = format!("{name}-{}", view.size);
    let kind = op["op"].as_str().unwrap_or_default().to_owned();
    let mut op = op;
    op["id"] = json!(id);
    let body = json!({
        "ledger": programme.origin,
        "submission": id,
        "valid_until": now.plus_seconds(VALIDITY_S).to_rfc3339_seconds(),
        "mode": "independent",
        "ops": [op],
    });
    let compact = jws::sign(Typ::Submission, body.to_string().as_bytes(), signer);
    let decimals = programme.currency.decimals();
    let opened = envelope::open(
        compact.as_bytes(),
        &programme.origin,
        decimals,
        view.keys.as_ref(),
    )?;
    let evidence = match ledger.submit_blocking(opened)? {
        Acknowledged::New(evidence) => evidence,
        Acknowledged::Known(index) => Box::new(known(ledger, index)?),
    };
    let (_, done) = read(&evidence, &programme.currency).map_err(DeskError::Answer)?;
    match done {
        Effect::Applied(applied) => Ok(Done {
            entry: evidence.index,
            applied,
        }),
        refused => Err(DeskError::Refused {
            op: kind,
            rejection: refused.outcome(),
        }),
    }
}

/// What the first op of the last entry asked for and was given; nothing if it was refused.
///
/// # Errors
/// [`DeskError`]: the entry cannot be read.
pub fn last(ledger: &Ledger) -> Result<Option<(Action, Option<Given>)>, DeskError> {
    let view = ledger.view();
    let evidence = known(ledger, view.size.saturating_sub(1))?;
    let currency = &view.governance.programme.currency;
    let (action, effect) = read(&evidence, currency).map_err(DeskError::Answer)?;
    Ok(match effect {
        Effect::Applied(applied) => Some((action, applied.given)),
        Effect::Refused(_) | Effect::Duplicate(_) => None,
    })
}

fn known(ledger: &Ledger, index: u64) -> Result<commit::Evidence, DeskError> {
    let evidence = ledger.evidence(index)?;
    evidence.ok_or_else(|| DeskError::Answer(format!("entry {index} is missing")))
}

/// The first op of an entry, and what it did.
fn read(evidence: &commit::Evidence, currency: &Currency) -> Result<(Action, Effect), String> {
    let entry = EntryRef::decode(&evidence.record.entry).map_err(|error| error.to_string())?;
    // Entry 0 fixes the currency.
    let decimals = (evidence.index > 0).then(|| currency.decimals());
    let submission = payload::parse(entry.payload, decimals);
    let submission = submission.map_err(|error| error.to_string())?;
    let index = evidence.index;
    let effects = effects::decode(&evidence.record.effects, index, &submission.ops, currency);
    let effects = effects.map_err(|error| error.to_string())?;
    let actions = submission.ops.into_iter().map(|op| op.action);
    let first = actions.zip(effects).next();
    first.ok_or_else(|| "no op".to_owned())
}
