//! Entries: the ledger itself, for auditors; single ones also for their authors.
//!
//! A page ends at its `limit` or at a fixed number of bytes, whichever is first, and a `Link`
//! header leads to the next one: so a page fits memory, and few are in memory at once.

use super::extract::{UrlPath, UrlQuery, accepts};
use super::house::{House, Programme};
use super::problem::{Code, Problem, ProblemBody};
use super::receipts::{decode, held, typed};
use super::token::{Caller, Reader};
use super::verifier::blocking;
use crate::domain::scope::Scope;
use crate::domain::time::Micros;
use crate::ledger::store::Record;
use crate::proof::base64url;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most entries of one page.
const LIMIT_MAX: usize = 10_000;
/// Stored bytes after which a page ends.
const PAGE_BYTES: usize = 4 << 20;
/// Entries read from the store at once.
const READ_AT_ONCE: usize = 64;

/// NDJSON: one JSON object a line.
pub const NDJSON: &str = "application/x-ndjson";
/// A sequence of CBOR items, one after the other (RFC 8742).
pub const CBOR_SEQ: &str = "application/cbor-seq";
/// One CBOR item.
pub const CBOR: &str = "application/cbor";

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Index of the first entry; 0 if absent.
    #[param(example = 0)]
    #[serde(default)]
    from: u64,
    /// The most entries to answer, 1 to 10,000; 1,000 if absent. There may be fewer: go on with
    /// the address in the `Link` header until there is none.
    #[param(example = 1000)]
    limit: Option<usize>,
}

/// An entry, as one line of NDJSON.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "index": 4711,
    "accepted_at": "2026-03-01T09:12:45.120394Z",
    "author": "bakery",
    "author_seq": 118,
    "submission": "till-7:118",
    "outcome": [0, 40],
    "entry": "jAF4IXBvaW50cy5leGFtcGxl",
    "effects": "ggGBgwA"
}))]
pub struct EntryLine {
    /// Its place in the ledger.
    index: u64,
    /// When it was accepted, RFC 3339.
    accepted_at: String,
    /// Who signed.
    author: String,
    /// Its place among the author's entries.
    author_seq: u64,
    /// The author's id for it.
    submission: String,
    /// A number of schemas/rejections.json for each op; empty where all are 0.
    outcome: Vec<u16>,
    /// The entry's bytes (schemas/entry.cddl), base64url.
    entry: String,
    /// The bytes of its effects (schemas/effects.cddl), base64url.
    effects: String,
}

/// An entry with its signed parts in the clear: the members of a line, and these.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used; the parts are written as they were signed"
)]
pub struct EntryInFull {
    /// The entry's members.
    #[serde(flatten)]
    entry: EntryLine,
    /// The envelope's header, as it was signed.
    #[schema(value_type = Object)]
    header: (),
    /// The envelope's payload, as it was signed: schemas/submission.schema.json.
    #[schema(value_type = Object)]
    payload: (),
}

/// Bare entries: schemas/entry.cddl.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct CborItems(Vec<u8>);

/// Export entries
///
/// For an auditor: every entry and its effects, in order. `Accept: application/cbor-seq` answers
/// the bare entries as a CBOR sequence.
#[utoipa::path(
    get,
    path = "/v1/{programme}/entries",
    operation_id = "exportEntries",
    tag = "entries",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        Page,
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page", content(
            (EntryLine = "application/x-ndjson"),
            (CborItems = "application/cbor-seq"),
        ), headers(("link" = String, description = "The next page, if there is one"))),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(house): State<House>,
    Reader(caller): Reader,
    UrlQuery(page): UrlQuery<Page>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.require(Scope::Audit)?;
    let limit = page.limit.unwrap_or(1_000);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("limit is a number from 1 to {LIMIT_MAX}");
        return Err(Problem::new(Code::Malformed, detail));
    }
    let is_cbor = accepts(&headers, CBOR_SEQ);
    let place = house.exports().clone().acquire_owned().await;
    let place = place.map_err(Problem::internal)?;
    let programme = caller.programme.clone();
    let made = blocking(move || make_page(&programme, page.from, limit, is_cbor));
    let (bytes, next) = made.await?;
    let media_type = if is_cbor { CBOR_SEQ } else { NDJSON };
    let mut response = typed(held(bytes, place), media_type);
    if let Some(next) = next {
        let id = &caller.programme.id;
        let link = format!("</v1/{id}/entries?from={next}&limit={limit}>; rel=\"next\"");
        let link = HeaderValue::from_str(&link).expect("ids and numbers are plain ASCII");
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// The bytes of a page, and where the next one begins.
fn make_page(
    programme: &Programme,
    from: u64,
    limit: usize,
    is_cbor: bool,
) -> Result<(Vec<u8>, Option<u64>), Problem> {
    let size = programme.ledger.view().size;
    let (mut page, mut stored, mut next, mut left) = (Vec::new(), 0, from, limit);
    while left > 0 && stored < PAGE_BYTES && next < size {
        let records = programme.ledger.entries(next, left.min(READ_AT_ONCE))?;
        for record in &records {
            stored += record.entry.len() + record.effects.len();
            match is_cbor {
                true => page.extend_from_slice(&record.entry),
                false => write_line(record, &mut page)?,
            }
        }
        if records.is_empty() {
            return Err(Problem::internal(format!("entry {next} is missing")));
        }
        next += records.len() as u64;
        left -= records.len();
    }
    Ok((page, (next < size).then_some(next)))
}

fn write_line(record: &Record, page: &mut Vec<u8>) -> Result<(), Problem> {
    serde_json::to_writer(&mut *page, &line(record)?).map_err(Problem::internal)?;
    page.push(b'\n');
    Ok(())
}

fn line(record: &Record) -> Result<EntryLine, Problem> {
    let entry = decode(&record.entry)?;
    Ok(EntryLine {
        index: entry.index,
        accepted_at: Micros(entry.accepted_at_us).to_rfc3339(),
        author: entry.author.to_owned(),
        author_seq: entry.author_seq,
        submission: submission_id(entry.payload)?,
        outcome: entry.outcome.to_vec(),
        entry: base64url::encode(&record.entry),
        effects: base64url::encode(&record.effects),
    })
}

fn submission_id(payload: &[u8]) -> Result<String, Problem> {
    #[derive(Deserialize)]
    struct Id {
        submission: String,
    }
    let id: Id = serde_json::from_slice(payload).map_err(Problem::internal)?;
    Ok(id.submission)
}

/// Get an entry
///
/// One entry with its envelope's header and payload in the clear, for an auditor or its author.
/// `Accept: application/cbor` answers the bare entry.
#[utoipa::path(
    get,
    path = "/v1/{programme}/entries/{index}",
    operation_id = "getEntry",
    tag = "entries",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("index" = u64, Path, description = "The entry's index", example = 4711),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The entry", content(
            (EntryInFull = "application/json"),
            (CborItems = "application/cbor"),
        )),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(
    Reader(caller): Reader,
    UrlPath(path): UrlPath<(String, u64)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, index) = path;
    let record = find(&caller, index).await?;
    let entry = decode(&record.entry)?;
    caller.may_see_entry_of(entry.author)?;
    if accepts(&headers, CBOR) {
        return Ok(typed(record.entry.into(), CBOR));
    }
    let mut body = serde_json::to_vec(&line(&record)?).map_err(Problem::internal)?;
    // Both parts were read by our strict reader before they were logged, so they are JSON, and
    // they are shown as they were signed.
    body.pop();
    body.extend_from_slice(b",\"header\":");
    body.extend_from_slice(entry.protected);
    body.extend_from_slice(b",\"payload\":");
    body.extend_from_slice(entry.payload);
    body.push(b'}');
    Ok(super::receipts::json(body))
}

async fn find(caller: &Caller, index: u64) -> Result<Record, Problem> {
    let programme = caller.programme.clone();
    blocking(move || {
        let mut found = programme.ledger.entries(index, 1)?;
        found.pop().ok_or_else(Problem::not_found)
    })
    .await
}
