//! Settling by hand: the nightly run, at once.
//!
//! Must not: do anything that the night does not. Calls wait for each other and for the night.

use super::extract::{self, JSON};
use super::house::House;
use super::problem::{Code, Problem, ProblemBody};
use super::receipts::json_of;
use super::token::Caller;
use super::verifier::blocking;
use super::windows::FileProblem;
use crate::domain::scope::Scope;
use crate::domain::time::Day;
use crate::ledger::commit::Unacknowledged;
use crate::settlement::SettleError;
use crate::settlement::Settled;
use crate::settlement::desk::DeskError;
use crate::settlement::publish::PublishError;
use crate::settlement::shadow::ShadowError;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far to settle.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"until": "2026-03-01"}))]
pub struct SettleRequest {
    /// The last day that the open window shall cover, today at the latest. If absent, the last day
    /// whose cutoff has passed.
    #[schema(value_type = Option<String>)]
    until: Option<Day>,
}

/// What was settled.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "settled": [{
        "window": 3, "first_day": "2026-03-04", "last_day": "2026-03-04", "statements": 2,
        "problems": []
    }],
    "now": "2026-03-05T00:30:02.000000Z",
    "open_window": 4
}))]
pub struct SettledBody {
    /// Windows whose files were published now, in order; none where nothing was due.
    #[schema(value_type = Vec<SettledWindow>)]
    settled: Vec<Settled>,
    /// The ledger's present, RFC 3339.
    now: String,
    /// The window that is open now.
    open_window: u32,
}

/// A window that was settled.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct SettledWindow {
    /// Its number.
    window: u32,
    /// The first day it covers.
    first_day: String,
    /// The last day it covers.
    last_day: String,
    /// How many statements were published.
    statements: u32,
    /// Files that could not be made.
    problems: Vec<FileProblem>,
}

/// Settle now
///
/// Sweeps, cuts, nets, states and publishes what is due, with a house token of the scope `operate`.
/// Asked again, it goes on where it stopped; where nothing is due, it does nothing. A window that
/// is held ends it with `window_held`, and nothing of it is published.
#[utoipa::path(
    post,
    path = "/v1/{programme}/settle",
    operation_id = "settle",
    tag = "windows",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    request_body(content = SettleRequest, content_type = "application/json"),
    security(("token" = [])),
    responses(
        (status = 200, description = "What was settled", body = SettledBody),
        (status = "default", description = "Refused, or ended early: what was done stands",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn post(
    State(house): State<House>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Scope::Operate)?;
    let bytes = extract::body(&house, request, JSON).await?;
    let malformed = |detail: String| Problem::new(Code::Malformed, detail);
    let wanted: SettleRequest =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    let programme = caller.programme;
    let offset = programme.ledger.view().governance.programme.utc_offset_min;
    let today = programme.now().day(offset);
    if wanted.until.is_some_and(|until| until > today) {
        let detail = format!("until lies in the future: the ledger's day is {today}");
        return Err(malformed(detail));
    }
    let body = blocking(move || {
        let settled = programme.settlement.settle(wanted.until)?;
        Ok(SettledBody {
            settled,
            now: programme.now().to_rfc3339(),
            open_window: programme.ledger.view().window,
        })
    });
    Ok(json_of(&body.await?))
}

impl From<SettleError> for Problem {
    fn from(error: SettleError) -> Self {
        let code = match error {
            SettleError::Held { .. } => Code::WindowHeld,
            SettleError::NoKey | SettleError::Masters(_) => Code::NotAvailable,
            SettleError::Publish(PublishError::File(_)) => Code::NotAvailable,
            SettleError::Shadow(ShadowError::Behind { .. }) => Code::Busy,
            SettleError::Desk(DeskError::Unacknowledged(Unacknowledged::Declined(_))) => {
                Code::NotAvailable
            }
            SettleError::Desk(DeskError::Unacknowledged(error)) => return error.into(),
            SettleError::Desk(DeskError::Envelope(_) | DeskError::Refused { .. }) => {
                Code::NotAvailable
            }
            SettleError::Desk(DeskError::Answer(_) | DeskError::Store(_))
            | SettleError::Publish(PublishError::NotBound { .. })
            | SettleError::Shadow(ShadowError::Stopped(_))
            | SettleError::Store(_)
            | SettleError::Unreadable(_) => return Self::internal(error),
        };
        Self::new(code, error.to_string())
    }
}
