//! Tiles: the log as files that never change, for monitors, mirrors and browsers.
//!
//! Hashes say nothing about what was hashed, so tiles of hashes are for everybody. Bundles hold the
//! entries themselves: for auditors, or for everybody where the settings say so.
//!
//! Must not: answer an address in any spelling but the one that `proof::tile` writes, or let a
//! shared cache keep what a token was needed for.

use super::extract::At;
use super::house::House;
use super::log::for_everybody;
use super::problem::{Problem, ProblemBody};
use super::receipts::held;
use super::receipts::typed;
use super::token::Reader;
use super::verifier::blocking;
use crate::domain::scope::Scope;
use crate::proof::tile::{TileKind, TilePath};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use utoipa::ToSchema;

const OCTETS: &str = "application/octet-stream";
/// A year, which is as good as for ever.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const IMMUTABLE_FOR_ONE: HeaderValue =
    HeaderValue::from_static("private, max-age=31536000, immutable");

/// Hashes of 32 bytes, or entries with their length in two bytes, one after the other.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct TileBytes(Vec<u8>);

/// Get a tile of hashes
///
/// A tile of the log's tree (C2SP tlog-tiles): 256 hashes of SHA-256, or fewer for a partial tile.
/// Never changes. Public. From tile 1,000 on its number has several parts, like `x001/x234/067`.
#[utoipa::path(
    get,
    path = "/v1/{programme}/log/tile/{level}/{tile}",
    operation_id = "getTile",
    tag = "log",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("level" = u8, Path, description = "The tile's level, 0 to 63: 0 for hashes of entries"),
        ("tile" = String, Path, example = "000.p/7",
            description = "Its number in three digits, then, where it is not full, `.p/` and how \
                many hashes, 1 to 255"),
    ),
    responses(
        (status = 200, description = "The hashes", body = TileBytes,
            content_type = "application/octet-stream"),
        (status = "default", description = "Refused, or there is no such tile yet",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn hashes(At(programme): At, request: Request) -> Result<Response, Problem> {
    let path = asked(request.uri().path())?;
    if path.kind == TileKind::Entries {
        return Err(Problem::not_found());
    }
    let bytes = blocking(move || Ok(programme.ledger.hash_tile(path)?)).await?;
    let mut response = typed(bytes.ok_or_else(Problem::not_found)?.into(), OCTETS);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, IMMUTABLE);
    for_everybody(headers);
    Ok(response)
}

/// Get a bundle of entries
///
/// The 256 entries under a tile of level 0, or fewer under a partial one, each with its length in
/// two bytes, big-endian, before it (C2SP tlog-tiles). Never changes. For auditors; public where
/// the house says so.
#[utoipa::path(
    get,
    path = "/v1/{programme}/log/tile/entries/{tile}",
    operation_id = "getEntryBundle",
    tag = "log",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("tile" = String, Path, description = "As of a tile of hashes", example = "000.p/7"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The entries", body = TileBytes,
            content_type = "application/octet-stream"),
        (status = "default", description = "Refused, or there is no such bundle yet",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn entries(State(house): State<House>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let At(programme) = At::from_request_parts(&mut parts, &house).await?;
    let is_public = programme.public_entries;
    if !is_public {
        check_auditor(&mut parts, &house).await?;
    }
    let path = asked(parts.uri.path())?;
    let place = house.bundles().clone().acquire_owned().await;
    let place = place.map_err(Problem::internal)?;
    let bytes = blocking(move || Ok(programme.ledger.entry_bundle(path)?)).await?;
    let body = held(bytes.ok_or_else(Problem::not_found)?, place);
    let mut response = typed(body, OCTETS);
    let headers = response.headers_mut();
    if is_public {
        headers.insert(header::CACHE_CONTROL, IMMUTABLE);
        for_everybody(headers);
    } else {
        headers.insert(header::CACHE_CONTROL, IMMUTABLE_FOR_ONE);
        headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    }
    Ok(response)
}

async fn check_auditor(parts: &mut Parts, house: &House) -> Result<(), Problem> {
    let Reader(caller) = Reader::from_request_parts(parts, house).await?;
    caller.require(Scope::Audit)
}

/// The tile that an address names, read as it was sent: nothing in it is decoded.
fn asked(address: &str) -> Result<TilePath, Problem> {
    let in_log = address.splitn(5, '/').nth(4);
    in_log
        .and_then(TilePath::parse)
        .ok_or_else(Problem::not_found)
}
