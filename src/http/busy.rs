//! What a full house answers, made in advance.
//!
//! Of three times as many requests as the house can answer it refuses two in three, so a refusal
//! has to cost next to nothing. Must not: differ from what [`observed`](super::limits::observed)
//! would answer.

use super::limits::{REQUEST_ID, request_id};
use super::plain;
use super::problem::{Code, Problem};
use axum::http::HeaderValue;

/// An id as long as one of ours, in the answer made in advance.
const NO_ID: &str = "00000000000000000000000000";

/// The answer of a full house.
pub struct Busy {
    bytes: Vec<u8>,
    /// Where the request's id stands: in the head and in the body.
    ids_at: Vec<usize>,
}

impl Busy {
    /// Makes the answer.
    pub fn new() -> Self {
        let bytes = write(NO_ID);
        let places = bytes.windows(NO_ID.len()).enumerate();
        let places = places.filter(|(_, found)| *found == NO_ID.as_bytes());
        Self {
            ids_at: places.map(|(at, _)| at).collect(),
            bytes,
        }
    }

    /// The answer to a request that brings this id, or none.
    pub fn answer(&self, given: Option<&[u8]>) -> Vec<u8> {
        let id = request_id(given);
        if id.len() != NO_ID.len() {
            return write(&id);
        }
        let mut bytes = self.bytes.clone();
        for at in &self.ids_at {
            bytes[*at..*at + id.len()].copy_from_slice(id.as_bytes());
        }
        bytes
    }

    /// Its status.
    pub fn status() -> u16 {
        Code::Busy.status().as_u16()
    }
}

/// Without a date, which such an answer need not have (RFC 9110 §6.6.1).
fn write(id: &str) -> Vec<u8> {
    let mut response = Problem::of(Code::Busy).render(id);
    let value = HeaderValue::from_str(id).expect("a request id is plain ASCII");
    response.headers_mut().insert(REQUEST_ID, value);
    plain::write(response, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_the_request_and_is_as_long_as_it_says() {
        let busy = Busy::new();
        assert_eq!(busy.ids_at.len(), 2);
        let long = "x".repeat(64);
        for given in [
            "7",
            "till-7.2026-11-23T04:50:00",
            "abcdefghijklmnopqrstuvwxyz",
            &long,
        ] {
            let answer = String::from_utf8(busy.answer(Some(given.as_bytes()))).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(
                head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
                "{head}"
            );
            assert!(
                head.contains(&format!("\r\ncontent-length: {}", body.len())),
                "{head}"
            );
            assert!(head.contains("\r\nretry-after: 1\r\n"), "{head}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            let id = body["request_id"].as_str().unwrap();
            assert!(head.contains(&format!("\r\nx-request-id: {id}")), "{head}");
            assert_eq!(id == given, !given.contains(':'), "{given}");
            assert_eq!(body["code"], "busy");
        }
        assert_ne!(busy.answer(None), busy.answer(None), "an id for each");
    }
}
