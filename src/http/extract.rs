//! What a handler gets of a request: its raw body within limits, its address, its query.
//!
//! Must not: inflate. A content encoding is refused, so there is nothing that could swell.

use super::house::{House, Programme};
use super::problem::{Code, Problem};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{
    DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, RawPathParams, Request,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

/// Media type of a signed submission (RFC 7515 §9.2.1).
pub const JOSE: &str = "application/jose";
/// Media type of every other body.
pub const JSON: &str = "application/json";

/// Reads the body of a request: of one media type, within the limits of size and time.
///
/// # Errors
/// `too_large`, `unsupported_media_type`, `timeout`, or `malformed` when it breaks off.
pub async fn body(house: &House, mut request: Request, media_type: &str) -> Result<Bytes, Problem> {
    let settings = house.server();
    let too_large = || {
        let detail = format!("the body is longer than {} bytes", settings.body_bytes_max);
        Problem::new(Code::TooLarge, detail)
    };
    let headers = request.headers();
    if content_length(headers).is_some_and(|bytes| bytes > settings.body_bytes_max as u64) {
        return Err(too_large());
    }
    check_media_type(headers, media_type)?;
    let limit = Duration::from_millis(settings.body_read_timeout_ms);
    // Ends the reading of a body that does not say its length.
    DefaultBodyLimit::max(settings.body_bytes_max).apply(&mut request);
    let read = tokio::time::timeout(limit, Bytes::from_request(request, &())).await;
    let late = |_| {
        let detail = format!("the body took longer than {} ms", limit.as_millis());
        Problem::new(Code::Timeout, detail)
    };
    read.map_err(late)?.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => too_large(),
        _ => Problem::new(Code::Malformed, "the body broke off"),
    })
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    length.parse().ok()
}

fn check_media_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let refused = |detail| Err(Problem::new(Code::UnsupportedMediaType, detail));
    for encoding in headers.get_all(header::CONTENT_ENCODING) {
        if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
            return refused(
                "a content encoding is not accepted; send the bytes as they are".into(),
            );
        }
    }
    let found = headers.get(header::CONTENT_TYPE);
    let found = found.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = found.split(';').next().unwrap_or("").trim();
    match essence.eq_ignore_ascii_case(wanted) {
        true => Ok(()),
        false => refused(format!("the media type of this body must be {wanted}")),
    }
}

/// Whether a request prefers a media type by naming it in `Accept`.
pub fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let values = headers.get_all(header::ACCEPT).into_iter();
    let ranges = values.filter_map(|value| value.to_str().ok());
    let mut ranges = ranges.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let essence = range.split(';').next().unwrap_or("").trim();
        essence.eq_ignore_ascii_case(media_type)
    })
}

/// The programme that the address names.
pub struct At(pub Arc<Programme>);

impl FromRequestParts<House> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Problem> {
        let named = RawPathParams::from_request_parts(parts, house).await;
        let malformed = |_| Problem::new(Code::Malformed, "the address is not UTF-8");
        let named = named.map_err(malformed)?;
        let id = named.iter().find(|(name, _)| *name == "programme");
        let (_, id) = id.ok_or_else(Problem::not_found)?;
        Ok(Self(house.programme(id)?.clone()))
    }
}

/// The parts of the address.
pub struct UrlPath<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<House> for UrlPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, house).await;
        let Path(path) = path.map_err(|error| Problem::new(Code::Malformed, error.body_text()))?;
        Ok(Self(path))
    }
}

/// The query of the address, without unknown names.
pub struct UrlQuery<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<House> for UrlQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, house).await;
        let Query(query) =
            query.map_err(|error| Problem::new(Code::Malformed, error.body_text()))?;
        Ok(Self(query))
    }
}

/// Reads an id out of an address.
///
/// # Errors
/// `malformed`.
pub fn id<T>(parsed: Result<T, crate::domain::ids::IdError>) -> Result<T, Problem> {
    parsed.map_err(|error| Problem::new(Code::Malformed, error.to_string()))
}
