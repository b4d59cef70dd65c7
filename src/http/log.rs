//! The log's public face: its latest signed checkpoint, the latest that witnesses cosigned, a draft
//! of the policy that says which witnesses are enough, and proofs between any of its sizes. Tiles
//! are in `tiles`.
//!
//! Must not: show anything of an entry but hashes.

use super::extract::{At, UrlQuery};
use super::problem::{Code, Problem, ProblemBody};
use super::receipts::json_of;
use super::verifier::blocking;
use crate::ledger::view::View;
use crate::proof::base64url::encode_standard;
use crate::proof::ledger_keys;
use crate::proof::merkle::Hash;
use crate::witness;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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
        Some(witnessing) => witnessing.policy_text(),
        None => {
            let keys = ledger_keys::in_force(&programme.ledger.view().governance);
            witness::policy_text(&keys, &[], 1)
        }
    })
}

/// Get the verifier keys
///
/// The keys in force, which sign every new checkpoint, as C2SP verifier keys, one a line, the
/// newest last. While the ledger is handed over there are two. Public.
#[utoipa::path(
    get,
    path = "/v1/{programme}/log/vkey",
    operation_id = "getVkey",
    tag = "log",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    responses(
        (status = 200, description = "The keys", body = String, content_type = "text/plain",
            example = "points.example/coalition-0123abcd+417a482a+AW56HN0psLeP0Tr0xVmP7/Tv…\n"),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn vkey(At(programme): At) -> Response {
    let keys = ledger_keys::in_force(&programme.ledger.view().governance);
    text(keys.iter().map(|key| format!("{key}\n")).collect())
}

fn text(body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let mut response = (headers, body).into_response();
    for_everybody(response.headers_mut());
    response
}

/// Lets pages of any origin read an answer that holds nothing but public hashes.
pub fn for_everybody(headers: &mut HeaderMap) {
    let any = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
}

/// Which entry, in how many.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InclusionQuery {
    /// The entry's index.
    #[param(example = 0)]
    index: u64,
    /// How many entries the tree has; all, if absent.
    #[param(example = 1)]
    size: Option<u64>,
}

/// The proof that an entry is among the first `size` (RFC 6962 §2.1.1).
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "index": 4711,
    "size": 4712,
    "root": "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
    "hashes": ["gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ="],
    "checkpoint": "points.example/coalition-0123abcd\n4712\n…"
}))]
pub struct InclusionBody {
    /// The entry's index.
    index: u64,
    /// How many entries the tree has.
    size: u64,
    /// The tree's root, base64: what the hashes must lead to.
    root: String,
    /// From the leaf's sibling up, base64.
    hashes: Vec<String>,
    /// The signed checkpoint, if it is of this size.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<String>,
}

/// Prove an entry
///
/// That the entry with this index is among the first `size`. Holds hashes alone. Public.
#[utoipa::path(
    get,
    path = "/v1/{programme}/log/inclusion",
    operation_id = "proveInclusion",
    tag = "log",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        InclusionQuery,
    ),
    responses(
        (status = 200, description = "The proof", body = InclusionBody),
        (status = "default", description = "Refused, or the ledger has not that many entries yet",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn inclusion(
    At(programme): At,
    UrlQuery(query): UrlQuery<InclusionQuery>,
) -> Result<Response, Problem> {
    let InclusionQuery { index, size } = query;
    let proof = blocking(move || Ok(programme.ledger.inclusion(index, size)?)).await?;
    Ok(proved(&InclusionBody {
        index,
        size: proof.size,
        root: encode_standard(&proof.root),
        hashes: base64(&proof.hashes),
        checkpoint: checkpoint_of(&proof.view, proof.size),
    }))
}

/// Which two sizes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyQuery {
    /// The smaller number of entries.
    #[param(example = 1)]
    from: u64,
    /// The larger one; all, if absent.
    #[param(example = 2)]
    to: Option<u64>,
}

/// The proof that the first `to` entries begin with the first `from` (RFC 6962 §2.1.2).
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "from": 4096,
    "to": 4712,
    "from_root": "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=",
    "to_root": "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
    "hashes": ["B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA="],
    "checkpoint": "points.example/coalition-0123abcd\n4712\n…"
}))]
pub struct ConsistencyBody {
    /// The smaller number of entries.
    from: u64,
    /// The larger one.
    to: u64,
    /// Root of the smaller tree, base64.
    from_root: String,
    /// Root of the larger tree, base64.
    to_root: String,
    /// The proof, base64; empty if the sizes are equal or the smaller is 0.
    hashes: Vec<String>,
    /// The signed checkpoint, if it is of the larger size.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<String>,
}

/// Prove that nothing was changed
///
/// That the ledger of `to` entries begins with that of `from`: nothing was taken away or changed
/// between the two. Holds hashes alone. Public.
#[utoipa::path(
    get,
    path = "/v1/{programme}/log/consistency",
    operation_id = "proveConsistency",
    tag = "log",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ConsistencyQuery,
    ),
    responses(
        (status = 200, description = "The proof", body = ConsistencyBody),
        (status = "default", description = "Refused, or the ledger has not that many entries yet",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn consistency(
    At(programme): At,
    UrlQuery(query): UrlQuery<ConsistencyQuery>,
) -> Result<Response, Problem> {
    let ConsistencyQuery { from, to } = query;
    let proof = blocking(move || Ok(programme.ledger.consistency(from, to)?)).await?;
    Ok(proved(&ConsistencyBody {
        from,
        to: proof.to,
        from_root: encode_standard(&proof.from_root),
        to_root: encode_standard(&proof.to_root),
        hashes: base64(&proof.hashes),
        checkpoint: checkpoint_of(&proof.view, proof.to),
    }))
}

fn proved(body: &impl Serialize) -> Response {
    let mut response = json_of(body);
    for_everybody(response.headers_mut());
    response
}

fn base64(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| encode_standard(hash)).collect()
}

fn checkpoint_of(view: &View, size: u64) -> Option<String> {
    (view.size == size).then(|| view.checkpoint.clone())
}
