//! The log's public face: its latest signed checkpoint.

use super::extract::At;
use super::problem::ProblemBody;
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// Get the latest checkpoint
///
/// A C2SP signed note over the ledger's size and root; whoever keeps two that disagree holds
/// evidence of a fork. Public.
#[utoipa::path(
    get,
    path = "/v1/{programme}/log/checkpoint",
    operation_id = "getCheckpoint",
    tag = "log",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    responses(
        (status = 200, description = "The checkpoint", body = String, content_type = "text/plain",
            example = "points.example/coalition-0123abcd\n4712\nCsUYapGGPo4dkMgIAUqom…=\n\n\
                — points.example/coalition-0123abcd QXorag…\n"),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn checkpoint(At(programme): At) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, programme.ledger.view().checkpoint.clone()).into_response()
}
