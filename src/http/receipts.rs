//! Receipts: an entry with what proves it, for its author. The format is `proof::receipt`'s.

use super::extract::{At, JSON, UrlPath};
use super::house::{House, Programme};
use super::portable;
use super::problem::{Code, Problem, ProblemBody};
use super::token::{Caller, Reader};
use super::verifier::blocking;
use crate::domain::ids::{HOUSE, Party};
use crate::domain::money::Currency;
use crate::domain::submission::{Action, Op};
use crate::ledger::commit::{Decided, Evidence};
use crate::proof::entry::EntryRef;
use crate::proof::{effects, payload, receipt};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

/// A receipt; `schemas/receipt.schema.json` says all of it.
#[derive(ToSchema)]
#[schema(
    example = json!({
        "receipt": 1,
        "ledger": "points.example/coalition-0123abcd",
        "index": 4711,
        "accepted_at": "2026-03-01T09:12:45.120394Z",
        "author": "bakery",
        "author_seq": 118,
        "submission": "till-7:118",
        "results": [{"op": 0, "id": "i-118", "kind": "issue", "outcome": 0, "code": "applied"}],
        "entry": "jAF4IXBvaW50cy5leGFtcGxl",
        "effects": "ggGBgwA",
        "leaf_hash": "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "chain_hash": "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        "proof": ["CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="],
        "checkpoint": "points.example/coalition-0123abcd\n4712\n…"
    })
)]
#[expect(
    dead_code,
    reason = "only its schema is used; `proof::receipt` writes receipts"
)]
pub struct ReceiptBody {
    /// The format's version.
    receipt: u64,
    /// The ledger's origin.
    ledger: String,
    /// The entry's index.
    index: u64,
    /// When it was accepted, RFC 3339.
    accepted_at: String,
    /// Who signed.
    author: String,
    /// Its place among the author's entries, from 0.
    author_seq: u64,
    /// The author's id for it.
    submission: String,
    /// What became of each op.
    results: Vec<OpResult>,
    /// The entry, base64url.
    entry: String,
    /// Its effects, base64url.
    effects: String,
    /// Leaf hash, base64.
    leaf_hash: String,
    /// Chain hash, hexadecimal.
    chain_hash: String,
    /// Inclusion proof, base64, from the leaf's sibling up.
    proof: Vec<String>,
    /// A signed checkpoint that covers it.
    checkpoint: String,
}

/// What became of one op; see `schemas/receipt.schema.json`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct OpResult {
    /// Its place in the submission, from 0.
    op: u16,
    /// Its id.
    id: String,
    /// Its kind.
    kind: String,
    /// Its number in schemas/rejections.json.
    outcome: u8,
    /// The word for that number.
    code: String,
}

/// Get a receipt
///
/// The receipt of the entry with this index, with a checkpoint that covers it. An entry that binds
/// a window's statements is shown to every partner, so that it can check its own.
#[utoipa::path(
    get,
    path = "/v1/{programme}/receipts/{index}",
    operation_id = "getReceipt",
    tag = "submissions",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("index" = u64, Path, description = "The entry's index", example = 4711),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "schemas/receipt.schema.json", body = ReceiptBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(
    State(house): State<House>,
    UrlPath(path): UrlPath<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let (_, name) = path;
    let (index, form) = name.split_once('.').unwrap_or((&name, ""));
    if form == "tlog-proof" {
        let At(programme) = At::from_request_parts(&mut parts, &house).await?;
        return portable::proof(&programme, parse_index(index)?).await;
    }
    let Reader(caller) = Reader::from_request_parts(&mut parts, &house).await?;
    match form {
        "" => receipt(&caller, parse_index(&name)?).await,
        "entry" => portable::entry(&caller, parse_index(index)?).await,
        "effects" => portable::effects(&caller, parse_index(index)?).await,
        _ => Err(Problem::not_found()),
    }
}

fn parse_index(text: &str) -> Result<u64, Problem> {
    let malformed = |_| Problem::new(Code::Malformed, "the index of an entry is a whole number");
    text.parse().map_err(malformed)
}

async fn receipt(caller: &Caller, index: u64) -> Result<Response, Problem> {
    let evidence = evidence(&caller.programme, index).await?;
    let entry = decode(&evidence.record.entry)?;
    if !binds_statements(&caller.programme, &entry)? {
        caller.may_see_entry_of(entry.author)?;
    }
    let body = blocking(move || write(&evidence)).await?;
    Ok(json(body))
}

/// Whether an entry issues statements and nothing else: it names a window and roots alone.
fn binds_statements(programme: &Programme, entry: &EntryRef<'_>) -> Result<bool, Problem> {
    if entry.author != HOUSE || entry.index == 0 {
        return Ok(false);
    }
    let currency = programme.ledger.view().governance.programme.currency;
    let submission = payload::parse(entry.payload, Some(currency.decimals()));
    let ops = submission.map_err(Problem::internal)?.ops;
    let issues = |op: &Op| matches!(op.action, Action::IssueStatements(_));
    Ok(!ops.is_empty() && ops.iter().all(issues))
}

/// A durable entry with its proof.
///
/// # Errors
/// `not_found` past the end.
pub async fn evidence(programme: &Arc<Programme>, index: u64) -> Result<Evidence, Problem> {
    let programme = programme.clone();
    let found = blocking(move || Ok(programme.ledger.evidence(index)?)).await?;
    found.ok_or_else(Problem::not_found)
}

/// Writes a receipt.
///
/// # Errors
/// `internal` if stored bytes cannot be read.
pub fn write(evidence: &Evidence) -> Result<Vec<u8>, Problem> {
    let governance = &evidence.view.governance;
    let currency = &governance.programme.currency;
    let record = &evidence.record;
    let entry = decode(&record.entry)?;
    let stored;
    let decided = match &evidence.decided {
        Some(decided) => decided,
        None => {
            stored = read(&entry, &record.effects, currency)?;
            &stored
        }
    };
    let house = governance.name(Party::HOUSE);
    Ok(receipt::write(&receipt::Evidence {
        entry: &entry,
        entry_bytes: &record.entry,
        submission: &decided.submission,
        effects: &decided.effects,
        effects_bytes: &record.effects,
        proof: &evidence.proof,
        checkpoint: &evidence.view.checkpoint,
        currency,
        name: &|party| match party.is_house() {
            true => house,
            false => governance.name(party),
        },
    }))
}

/// What a stored entry says.
fn read(entry: &EntryRef<'_>, bytes: &[u8], currency: &Currency) -> Result<Decided, Problem> {
    let submission = payload::parse(entry.payload, Some(currency.decimals()));
    let submission = submission.map_err(Problem::internal)?;
    let effects = effects::decode(bytes, entry.index, &submission.ops, currency);
    Ok(Decided {
        effects: effects.map_err(Problem::internal)?,
        submission,
    })
}

/// Reads a stored entry.
///
/// # Errors
/// `internal`: what the log keeps can be read.
pub fn decode(entry: &[u8]) -> Result<EntryRef<'_>, Problem> {
    EntryRef::decode(entry).map_err(Problem::internal)
}

/// An answer of JSON for one caller alone.
pub fn json(body: Vec<u8>) -> Response {
    typed(body.into(), JSON)
}

/// An answer of a media type for one caller alone.
pub fn typed(body: Body, media_type: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, body).into_response()
}

/// A body whose bytes hold a place until they are sent.
pub fn held(bytes: Vec<u8>, place: OwnedSemaphorePermit) -> Body {
    let held = Held {
        bytes,
        _place: place,
    };
    Body::from(Bytes::from_owner(held))
}

struct Held {
    bytes: Vec<u8>,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// An answer of JSON made of a serialisable value.
pub fn json_of(value: &impl serde::Serialize) -> Response {
    json(serde_json::to_vec(value).expect("writing to memory cannot fail"))
}
