//! The server itself: alive, ready, measured, described. Public; put a proxy before it where the
//! metrics are not for everyone.

use super::house::House;
use super::problem::{Code, Problem, ProblemBody};
use super::receipts::json_of;
use super::router::openapi;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// How the server is.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct StatusBody {
    /// `ok`.
    status: &'static str,
}

/// Is it alive?
///
/// Answers as long as the server runs.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "getHealth",
    tag = "server",
    responses((status = 200, description = "Alive", body = StatusBody))
)]
pub async fn healthz() -> Response {
    json_of(&StatusBody { status: "ok" })
}

/// Is it ready?
///
/// Whether every ledger takes submissions now.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReadiness",
    tag = "server",
    responses(
        (status = 200, description = "Ready", body = StatusBody),
        (status = 503, description = "A ledger stopped, or its queue is full", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn readyz(State(house): State<House>) -> Result<Response, Problem> {
    match house.unready() {
        None => Ok(json_of(&StatusBody { status: "ok" })),
        Some(reason) => Err(Problem::new(Code::Busy, reason)),
    }
}

/// Get the metrics
///
/// OpenMetrics text, as Prometheus reads it.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "getMetrics",
    tag = "server",
    responses((status = 200, description = "The metrics", body = String,
        content_type = "application/openmetrics-text"))
)]
pub async fn metrics(State(house): State<House>) -> Response {
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let headers = [(header::CONTENT_TYPE, media_type)];
    (headers, house.metrics().text(&house)).into_response()
}

/// Get this description
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getDescription",
    tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json"))
)]
pub async fn description() -> Response {
    json_of(&openapi())
}
