//! The portable form of a receipt: a C2SP tlog-proof, and the bytes of the entry and its effects
//! that stand beside it. `receipts` leads here by the ending of the address.
//!
//! The proof holds hashes alone and is for everybody; the bytes are for those who may see the
//! entry.

use super::entries::{CBOR, CborItems};
use super::house::Programme;
use super::log::for_everybody;
use super::problem::{Problem, ProblemBody};
use super::receipts::{decode, evidence, typed};
use super::token::Caller;
use crate::ledger::store::Record;
use crate::proof::tlog_proof::TlogProof;
use axum::response::Response;
use std::sync::Arc;

/// Get a portable proof
///
/// That the entry with this index is in the ledger, with a checkpoint that covers it: a C2SP
/// tlog-proof, which any tool for such logs can check against the entry's bytes. Public.
#[utoipa::path(
    get,
    path = "/v1/{programme}/receipts/{index}.tlog-proof",
    operation_id = "getTlogProof",
    tag = "log",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("index" = u64, Path, description = "The entry's index", example = 4711),
    ),
    responses(
        (status = 200, description = "The proof", body = String, content_type = "text/plain",
            example = "c2sp.org/tlog-proof@v1\nindex 4711\ngSKyXoYZUgZ6jduWYrkDOARinOMGJ…=\n\n\
                points.example/coalition-0123abcd\n4712\nCsUYapGGPo4dkMgIAUqom…=\n\n\
                — points.example/coalition-0123abcd QXorag…\n"),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn proof(programme: &Arc<Programme>, index: u64) -> Result<Response, Problem> {
    let evidence = evidence(programme, index).await?;
    let proof = TlogProof {
        index,
        hashes: evidence.proof,
        checkpoint: evidence.view.checkpoint.clone(),
        extra: None,
    };
    let mut response = typed(proof.encode().into(), "text/plain; charset=utf-8");
    for_everybody(response.headers_mut());
    Ok(response)
}

/// Get a proved entry's bytes
///
/// The entry that the portable proof of this index is about (schemas/entry.cddl).
#[utoipa::path(
    get,
    path = "/v1/{programme}/receipts/{index}.entry",
    operation_id = "getReceiptEntry",
    tag = "submissions",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("index" = u64, Path, description = "The entry's index", example = 4711),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The entry", body = CborItems,
            content_type = "application/cbor"),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn entry(caller: &Caller, index: u64) -> Result<Response, Problem> {
    Ok(typed(seen(caller, index).await?.entry.into(), CBOR))
}

/// Get the bytes of a proved entry's effects
///
/// What the entry did (schemas/effects.cddl); its digest is in the entry.
#[utoipa::path(
    get,
    path = "/v1/{programme}/receipts/{index}.effects",
    operation_id = "getReceiptEffects",
    tag = "submissions",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("index" = u64, Path, description = "The entry's index", example = 4711),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The effects", body = CborItems,
            content_type = "application/cbor"),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn effects(caller: &Caller, index: u64) -> Result<Response, Problem> {
    Ok(typed(seen(caller, index).await?.effects.into(), CBOR))
}

/// An entry that the caller may see.
async fn seen(caller: &Caller, index: u64) -> Result<Record, Problem> {
    let record = evidence(&caller.programme, index).await?.record;
    caller.may_see_entry_of(decode(&record.entry)?.author)?;
    Ok(record)
}
