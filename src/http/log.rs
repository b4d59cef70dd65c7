//! The log's public face: its latest signed checkpoint, the latest that witnesses cosigned, and a
//! draft of the policy that says which witnesses are enough.

use super::extract::At;
use super::problem::{Code, Problem, ProblemBody};
use crate::witness;
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
    text(programme.ledger.view().checkpoint.clone())
}

/// Get the latest cosigned checkpoint
///
/// The same with the cosignatures of witnesses (C2SP tlog-cosignature): enough of them for the
/// policy. It lags behind the latest checkpoint by a round of questions. Public.
#[utoipa::path(
    get,
    path = "/v1/{programme}/log/checkpoint/cosigned",
    operation_id = "getCosignedCheckpoint",
    tag = "log",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    responses(
        (status = 200, description = "The checkpoint", body = String, content_type = "text/plain",
            example = "points.example/coalition-0123abcd\n4712\nCsUYapGGPo4dkMgIAUqom…=\n\n\
                — points.example/coalition-0123abcd QXorag…\n— witness.example/w1 jWbPPw…\n"),
        (status = 404, description = "No witness is asked, or too few cosigned yet",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn cosigned(At(programme): At) -> Result<Response, Problem> {
    let witnessing = programme.witnessing.as_ref();
    let cosigned = witnessing.and_then(|witnessing| witnessing.cosigned());
    let none = || {
        Problem::new(
            Code::NotFound,
            "no checkpoint is cosigned by enough witnesses",
        )
    };
    Ok(text(cosigned.ok_or_else(none)?.note.clone()))
}

/// Get a draft of the policy
///
/// A C2SP tlog-policy of this ledger's key and the witnesses that the house asks. Keep your own
/// copy, with the witnesses that you trust: one that the house can change protects nobody from the
/// house. Public.
#[utoipa::path(
    get,
    path = "/v1/{programme}/log/policy",
    operation_id = "getPolicy",
    tag = "log",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    responses(
        (status = 200, description = "The policy", body = String, content_type = "text/plain",
            example = "log points.example/coalition-0123abcd+417a482a+AW56…\n\
                witness witness.example/w1 witness.example/w1+b2e4f1a0+BOvN… https://…\n\
                group enough 1 witness.example/w1\nquorum enough\n"),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn policy(At(programme): At) -> Response {
    text(match &programme.witnessing {
        Some(witnessing) => witnessing.policy_text().to_owned(),
        None => witness::policy_text(std::slice::from_ref(&programme.verifier_key), &[], 1),
    })
}

fn text(body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}
