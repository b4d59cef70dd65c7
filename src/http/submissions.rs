//! Submissions: the way into the ledger, and the receipts of what was sent before.

use super::extract::{self, At, JOSE, UrlPath, id};
use super::gossip;
use super::house::{House, Programme};
use super::problem::{Problem, ProblemBody};
use super::receipts;
use super::token::Reader;
use super::verifier::blocking;
use crate::domain::ids::{Name, Reference};
use crate::ledger::commit::{Acknowledged, Evidence};
use crate::proof::envelope::{self, Envelope};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Where submissions are sent to, as metrics name it.
pub const ROUTE: &str = "/v1/{programme}/submissions";

/// Send a submission
///
/// A compact JWS over the submission's JSON, signed with a registered key. It is answered once it
/// is durable. The same bytes again get the first receipt, with a checkpoint that covers it.
#[utoipa::path(
    post,
    path = "/v1/{programme}/submissions",
    operation_id = "sendSubmission",
    tag = "submissions",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    request_body(
        content = String,
        content_type = "application/jose",
        description = "schemas/submission.schema.json, signed",
        example = "eyJhbGciOiJFZERTQSIsImtpZCI6….eyJsZWRnZXIiOiJwb2ludHMu….c2lnbmF0dXJl…"
    ),
    responses(
        (status = 201, description = "Durable now: schemas/receipt.schema.json",
            body = receipts::ReceiptBody),
        (status = 200, description = "These bytes were durable before: the first receipt",
            body = receipts::ReceiptBody),
        (status = "default", description = "Refused, and no trace in the ledger",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn post(
    State(house): State<House>,
    At(programme): At,
    request: Request,
) -> Result<Response, Problem> {
    take(&house, &programme, request, |_| Ok(())).await
}

/// Takes a submission that passes a check of its envelope, and counts what it is answered.
///
/// # Errors
/// Why it is refused; then there is no trace of it in the ledger.
pub async fn take(
    house: &House,
    programme: &Arc<Programme>,
    request: Request,
    check: impl FnOnce(&Envelope) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    let answer = submit(house, programme, request, check).await;
    let result = match &answer {
        Ok(response) if response.status() == StatusCode::CREATED => "accepted",
        Ok(_) => "known",
        Err(problem) => problem.code.as_str(),
    };
    house.metrics().submission(programme.id.as_str(), result);
    answer
}

async fn submit(
    house: &House,
    programme: &Arc<Programme>,
    request: Request,
    check: impl FnOnce(&Envelope) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    let body = extract::body(house, request, JOSE).await?;
    let view = programme.ledger.view();
    let opened = house.check(body.len(), move || {
        let fixed = &view.governance.programme;
        envelope::open(&body, &fixed.origin, fixed.currency.decimals(), &*view.keys)
    });
    let envelope = opened.await??;
    programme.rates.take(envelope.signer.party)?;
    check(&envelope)?;
    if let Some(seen) = envelope.submission.seen.clone() {
        gossip::compare(house, programme, seen).await?;
    }
    match programme.ledger.submit(envelope).await? {
        Acknowledged::New(evidence) => {
            if let Some(decided) = &evidence.decided {
                house.metrics().ops(programme.id.as_str(), decided);
            }
            answer(programme, StatusCode::CREATED, *evidence).await
        }
        Acknowledged::Known(index) => {
            let evidence = receipts::evidence(programme, index).await?;
            answer(programme, StatusCode::OK, evidence).await
        }
    }
}

/// The receipts of so many bytes of stored entries are written where they are answered.
const WRITTEN_AT_ONCE_BYTES_MAX: usize = 16 * 1024;

async fn answer(
    programme: &Programme,
    status: StatusCode,
    evidence: Evidence,
) -> Result<Response, Problem> {
    let location = format!("/v1/{}/receipts/{}", programme.id, evidence.index);
    // What was decided just now need not be read again, so writing it takes little time.
    let bytes = evidence.record.entry.len() + evidence.record.effects.len();
    let body = match evidence.decided.is_some() || bytes < WRITTEN_AT_ONCE_BYTES_MAX {
        true => receipts::write(&evidence)?,
        false => blocking(move || receipts::write(&evidence)).await?,
    };
    let mut response = receipts::json(body);
    *response.status_mut() = status;
    let location = HeaderValue::from_str(&location).expect("ids and numbers are plain ASCII");
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Get the receipt of a submission
///
/// By its author and id: for a sender that does not know whether its submission arrived.
#[utoipa::path(
    get,
    path = "/v1/{programme}/submissions/{author}/{submission}",
    operation_id = "getSubmission",
    tag = "submissions",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("author" = String, Path, description = "house or a partner's id", example = "bakery"),
        ("submission" = String, Path, description = "The author's id", example = "till-7:118"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "schemas/receipt.schema.json", body = receipts::ReceiptBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(
    Reader(caller): Reader,
    UrlPath(path): UrlPath<(String, String, String)>,
) -> Result<Response, Problem> {
    let (_, author, submission) = path;
    let author = id(Name::parse(&author))?;
    let submission = id(Reference::parse(&submission))?;
    caller.may_see_entry_of(author.as_str())?;
    let programme = caller.programme;
    let body = blocking(move || {
        let ledger = &programme.ledger;
        let party = ledger.view().governance.party(&author);
        let party = party.ok_or_else(Problem::not_found)?;
        let known = ledger.submission(party, &submission)?;
        let known = known.ok_or_else(Problem::not_found)?;
        let evidence = ledger.evidence(known.entry)?;
        receipts::write(&evidence.ok_or_else(Problem::not_found)?)
    });
    Ok(receipts::json(body.await?).into_response())
}
