//! The ledger's clock: read by everyone, moved forward on simulated ledgers alone.

use super::extract::{self, At, JSON};
use super::house::{House, Programme};
use super::problem::{Code, Problem, ProblemBody};
use super::receipts::json_of;
use super::token::Caller;
use crate::domain::scope::Scope;
use crate::domain::time::Micros;
use crate::platform::clock::ClockError;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where the clock stands.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"clock": "simulated", "now": "2017-01-01T11:53:26.000000Z"}))]
pub struct ClockBody {
    /// `real` or `simulated`.
    clock: &'static str,
    /// The ledger's present, RFC 3339.
    now: String,
}

/// Where the clock shall stand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"now": "2017-01-01T11:53:26Z"}))]
pub struct ClockMove {
    /// RFC 3339 in UTC with whole seconds.
    now: String,
}

/// Get the time
///
/// The ledger's present. Public.
#[utoipa::path(
    get,
    path = "/v1/{programme}/clock",
    operation_id = "getClock",
    tag = "clock",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    responses(
        (status = 200, description = "The time", body = ClockBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(At(programme): At) -> Response {
    body(&programme)
}

/// Move a simulated clock
///
/// Forward only, with a house token of the scope `operate`. Where the house settles by itself, the
/// night comes at the first cutoff on the way. On a real ledger there is no such route.
#[utoipa::path(
    post,
    path = "/v1/{programme}/clock",
    operation_id = "moveClock",
    tag = "clock",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    request_body(content = ClockMove, content_type = "application/json"),
    security(("token" = [])),
    responses(
        (status = 200, description = "The new time", body = ClockBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn post(
    State(house): State<House>,
    At(programme): At,
    request: Request,
) -> Result<Response, Problem> {
    if !programme.ledger.clock().is_simulated() {
        return Err(Problem::not_found());
    }
    let (mut parts, bytes) = request.into_parts();
    let caller =
        <Caller as axum::extract::FromRequestParts<House>>::from_request_parts(&mut parts, &house);
    caller.await?.require(Scope::Operate)?;
    let request = Request::from_parts(parts, bytes);
    let bytes = extract::body(&house, request, JSON).await?;
    let malformed = |detail: String| Problem::new(Code::Malformed, detail);
    let wanted: ClockMove =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    let wanted = Micros::parse(&wanted.now);
    let wanted = wanted.ok_or_else(|| malformed("now is written YYYY-MM-DDThh:mm:ssZ".into()))?;
    let settlement = programme.settlement.clone();
    // A night on the way writes files and waits for the ledger.
    let moved = tokio::task::spawn_blocking(move || settlement.move_clock(wanted)).await;
    let moved = moved.map_err(|_| Problem::of(Code::Internal))?;
    moved.map_err(|error| match error {
        ClockError::Backwards { now_us, .. } => {
            let stands = Micros(now_us).to_rfc3339();
            let detail = format!("the clock stands at {stands} and moves forward only");
            Problem::new(Code::ClockBackwards, detail)
        }
        ClockError::OutOfRange { .. } => malformed(error.to_string()),
        ClockError::NotSimulated => Problem::not_found(),
    })?;
    Ok(body(&programme))
}

fn body(programme: &Programme) -> Response {
    let view = programme.ledger.view();
    json_of(&ClockBody {
        clock: view.governance.programme.clock.as_str(),
        now: programme.now().to_rfc3339(),
    })
}
