//! Problems: what a refused request is answered, and the only place that knows status codes.
//!
//! Must not: show what is inside the house. Spec: RFC 9457; `schemas/errors.json` is generated from
//! here. A handler answers a bare [`Problem`]; the outermost layer (`limits::observe`) gives it the
//! request's id and writes the body.

use crate::domain::admission::Refusal;
use crate::ledger::commit::Unacknowledged;
use crate::ledger::core::Declined;
use crate::ledger::store::StoreError;
use crate::ledger::tiles::ProofError;
use crate::proof::envelope::EnvelopeError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was refused. The words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "`Code::advice` says what each one means")]
pub enum Code {
    TooLarge,
    UnsupportedMediaType,
    Malformed,
    WrongLedger,
    KeyUnknown,
    SignatureInvalid,
    SubmissionIdReused,
    KeyNotValid,
    ScopeMissing,
    EnvelopeExpired,
    EnvelopeValidTooLong,
    LedgerKeyMissing,
    NotFound,
    RateLimited,
    Busy,
    ReadOnly,
    NotLeader,
    TokenMissing,
    TokenInvalid,
    TokenExpired,
    MethodNotAllowed,
    Timeout,
    ClockBackwards,
    NotStated,
    NotAvailable,
    WindowHeld,
    Internal,
}

impl Code {
    /// Every code: those of a submission in the order of their checks, then the others.
    pub const ALL: [Self; 27] = [
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Malformed,
        Self::WrongLedger,
        Self::KeyUnknown,
        Self::SignatureInvalid,
        Self::SubmissionIdReused,
        Self::KeyNotValid,
        Self::ScopeMissing,
        Self::EnvelopeExpired,
        Self::EnvelopeValidTooLong,
        Self::LedgerKeyMissing,
        Self::NotFound,
        Self::RateLimited,
        Self::Busy,
        Self::ReadOnly,
        Self::NotLeader,
        Self::TokenMissing,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::MethodNotAllowed,
        Self::Timeout,
        Self::ClockBackwards,
        Self::NotStated,
        Self::NotAvailable,
        Self::WindowHeld,
        Self::Internal,
    ];

    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Malformed => "malformed",
            Self::WrongLedger => "wrong_ledger",
            Self::KeyUnknown => "key_unknown",
            Self::SignatureInvalid => "signature_invalid",
            Self::SubmissionIdReused => "submission_id_reused",
            Self::KeyNotValid => "key_not_valid",
            Self::ScopeMissing => "scope_missing",
            Self::EnvelopeExpired => "envelope_expired",
            Self::EnvelopeValidTooLong => "envelope_valid_too_long",
            Self::LedgerKeyMissing => "ledger_key_missing",
            Self::NotFound => "not_found",
            Self::RateLimited => "rate_limited",
            Self::Busy => "busy",
            Self::ReadOnly => "read_only",
            Self::NotLeader => "not_leader",
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Timeout => "timeout",
            Self::ClockBackwards => "clock_backwards",
            Self::NotStated => "not_stated",
            Self::NotAvailable => "not_available",
            Self::WindowHeld => "window_held",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::KeyUnknown
            | Self::SignatureInvalid
            | Self::KeyNotValid
            | Self::TokenMissing
            | Self::TokenInvalid
            | Self::TokenExpired => StatusCode::UNAUTHORIZED,
            Self::ScopeMissing => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::SubmissionIdReused
            | Self::LedgerKeyMissing
            | Self::NotStated
            | Self::NotAvailable
            | Self::WindowHeld => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::WrongLedger
            | Self::EnvelopeExpired
            | Self::EnvelopeValidTooLong
            | Self::ClockBackwards => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::ReadOnly | Self::NotLeader => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the same bytes may succeed when they are sent again, unchanged.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::RateLimited
            | Self::Busy
            | Self::ReadOnly
            | Self::NotLeader
            | Self::Timeout
            | Self::NotStated
            | Self::Internal => true,
            Self::TooLarge
            | Self::UnsupportedMediaType
            | Self::Malformed
            | Self::WrongLedger
            | Self::KeyUnknown
            | Self::SignatureInvalid
            | Self::SubmissionIdReused
            | Self::KeyNotValid
            | Self::ScopeMissing
            | Self::EnvelopeExpired
            | Self::EnvelopeValidTooLong
            | Self::LedgerKeyMissing
            | Self::NotFound
            | Self::TokenMissing
            | Self::TokenInvalid
            | Self::TokenExpired
            | Self::MethodNotAllowed
            | Self::ClockBackwards
            | Self::NotAvailable
            | Self::WindowHeld => false,
        }
    }

    /// What it means and what the caller should do.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::TooLarge => "The request is larger than its limit; send fewer ops in each.",
            Self::UnsupportedMediaType => {
                "Send the media type that the route names, without a content encoding."
            }
            Self::Malformed => "The request is not of the documented form; correct it.",
            Self::WrongLedger => "The envelope is for another ledger; sign it for this one.",
            Self::KeyUnknown => "No such key is registered here; register it, or correct kid.",
            Self::SignatureInvalid => {
                "The signature does not verify; sign exactly the bytes that you send."
            }
            Self::SubmissionIdReused => {
                "The submission id was used for other bytes; send these under a new id."
            }
            Self::KeyNotValid => "The key is revoked or not good yet; sign with another key.",
            Self::ScopeMissing => "The key or token lacks the scope; use one that has it.",
            Self::EnvelopeExpired => "valid_until has passed; sign again with a later one.",
            Self::EnvelopeValidTooLong => {
                "valid_until is more than 24 hours ahead; sign again with an earlier one."
            }
            Self::LedgerKeyMissing => {
                "The house does not hold the new ledger key; name its file in the settings first."
            }
            Self::NotFound => "There is nothing here that you may see; check the address.",
            Self::RateLimited => "Too many requests of this author; send the same again later.",
            Self::Busy => "The house is busy; send the same bytes again shortly.",
            Self::ReadOnly => "The house takes no submissions now; send the same bytes later.",
            Self::NotLeader => "Another server writes this ledger; send the same bytes there.",
            Self::TokenMissing => "Send Authorization: Bearer with a token that you sign.",
            Self::TokenInvalid => "The token is not acceptable; sign one as documented.",
            Self::TokenExpired => "The token has expired; sign a new one.",
            Self::MethodNotAllowed => "The route does not know this method; see Allow.",
            Self::Timeout => "The body came too slowly; send the same bytes again.",
            Self::ClockBackwards => "A simulated clock moves forward only; name a later time.",
            Self::NotStated => "The statements of this window are not issued yet; ask again later.",
            Self::NotAvailable => "This cannot be made yet; do first what the detail says.",
            Self::WindowHeld => {
                "Two computations of a window differ, so it is held; find out why, then release it \
                 with window_release."
            }
            Self::Internal => {
                "The house failed; send the same bytes again, then call with the request id."
            }
        }
    }

    fn retry_after_s(self) -> Option<u32> {
        match self {
            Self::Busy | Self::RateLimited | Self::NotLeader => Some(1),
            Self::ReadOnly => Some(60),
            _ => None,
        }
    }
}

/// A refused request: which error, and what exactly is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which error.
    pub code: Code,
    /// What is wrong with this request, for people.
    pub detail: String,
}

/// The body of every answer to a refused request (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:tallyhouse:problem:malformed",
    "title": "The request is not of the documented form; correct it.",
    "status": 400,
    "code": "malformed",
    "detail": "ops[3].points: not a whole number; write it without fraction and exponent",
    "retryable": false,
    "request_id": "01JZ8Q2N8W6T4X0V5H3B7C9D1E"
}))]
pub struct ProblemBody {
    /// `urn:tallyhouse:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What the code means and what to do about it.
    title: &'static str,
    /// The HTTP status again.
    status: u16,
    /// The stable word for the error.
    code: Code,
    /// What is wrong with this request.
    detail: String,
    /// Whether the same bytes may succeed when sent again.
    retryable: bool,
    /// The request's id, to be named in a call to the house.
    request_id: String,
}

impl Problem {
    /// A problem with words about this request.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { code, detail }
    }

    /// Nothing here that the caller may see.
    #[must_use]
    pub fn not_found() -> Self {
        Self::of(Code::NotFound)
    }

    /// A problem about which there is nothing more to say.
    #[must_use]
    pub fn of(code: Code) -> Self {
        Self::new(code, code.advice())
    }

    /// A failure of ours: logged here in full, answered without particulars.
    pub fn internal(failure: impl std::fmt::Display) -> Self {
        tracing::error!(%failure, "a request failed");
        Self::of(Code::Internal)
    }

    /// The complete answer.
    #[must_use]
    pub fn render(self, request_id: &str) -> Response {
        let status = self.code.status();
        let body = ProblemBody {
            kind: format!("urn:tallyhouse:problem:{}", self.code.as_str()),
            title: self.code.advice(),
            status: status.as_u16(),
            code: self.code,
            detail: self.detail,
            retryable: self.code.is_retryable(),
            request_id: request_id.to_owned(),
        };
        let body = serde_json::to_vec(&body).expect("writing to memory cannot fail");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        // A cache may keep a 404 by itself, and what is not there may come.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        if let Some(seconds) = self.code.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<EnvelopeError> for Problem {
    fn from(error: EnvelopeError) -> Self {
        let code = match &error {
            EnvelopeError::TooLarge(_) => Code::TooLarge,
            EnvelopeError::Malformed(_) | EnvelopeError::Payload(_) => Code::Malformed,
            EnvelopeError::WrongLedger { .. } => Code::WrongLedger,
            EnvelopeError::KeyUnknown(_) => Code::KeyUnknown,
            EnvelopeError::SignatureInvalid(_) => Code::SignatureInvalid,
        };
        Self::new(code, error.to_string())
    }
}

impl From<Unacknowledged> for Problem {
    fn from(error: Unacknowledged) -> Self {
        let code = match &error {
            Unacknowledged::Declined(Declined::SubmissionIdReused) => Code::SubmissionIdReused,
            Unacknowledged::Declined(Declined::Refused(refusal)) => match refusal {
                Refusal::KeyNotValid => Code::KeyNotValid,
                Refusal::ScopeMissing { .. } => Code::ScopeMissing,
                Refusal::EnvelopeExpired => Code::EnvelopeExpired,
                Refusal::EnvelopeValidTooLong => Code::EnvelopeValidTooLong,
            },
            Unacknowledged::Declined(Declined::LedgerKeyMissing) => Code::LedgerKeyMissing,
            Unacknowledged::Busy | Unacknowledged::Stopped => Code::Busy,
            Unacknowledged::ReadOnly(_) => Code::ReadOnly,
        };
        Self::new(code, error.to_string())
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        let code = match error {
            ProofError::Beyond { .. } => Code::NotFound,
            ProofError::NotAmong { .. } | ProofError::Backwards { .. } => Code::Malformed,
            ProofError::Store(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::time_guard::ClockJump;

    #[test]
    fn words_are_those_that_are_written_and_none_stands_twice() {
        let mut words = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!(words.insert(code.as_str()));
            let retry = code.status().is_server_error() || code.retry_after_s().is_some();
            assert!(!retry || code.is_retryable(), "{code:?}");
        }
    }

    #[test]
    fn a_clock_gone_wrong_is_answered_as_read_only() {
        let (shown_us, expected_us) = (2, 1);
        let jump = ClockJump {
            shown_us,
            expected_us,
        };
        let problem = Problem::from(Unacknowledged::ReadOnly(jump));
        assert_eq!(problem.code, Code::ReadOnly);
        assert_eq!(problem.render("r").headers()[header::RETRY_AFTER], "60");
    }
}
