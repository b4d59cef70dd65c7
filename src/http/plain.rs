//! Requests and answers of HTTP/1.1 in their plainest form, as bytes.
//!
//! A plain request is a POST that has arrived whole and alone, with a length and without any wish
//! about the connection. Nearly all submissions are, and little has to be done about one.
//! Must not: guess. What is not plain beyond doubt is left to hyper, which parses by the same code.
//! Spec: RFC 9112.

use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, Uri};
use axum::response::Response;
use chrono::DateTime;
use httparse::{Header, Status};
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Headers of a plain request.
pub const HEADERS_MAX: usize = 16;
/// Bytes of an answer's head, about.
const HEAD_BYTES: usize = 512;

/// A plain request, still where it was read.
pub struct Plain<'a> {
    /// Where it is sent to.
    pub path: &'a str,
    headers: &'a [Header<'a>],
    body: &'a [u8],
}

impl<'a> Plain<'a> {
    /// Reads what has arrived; nothing if it is anything but one plain request.
    pub fn parse(bytes: &'a [u8], headers: &'a mut [Header<'a>; HEADERS_MAX]) -> Option<Self> {
        let mut head = httparse::Request::new(headers);
        let Ok(Status::Complete(body_at)) = head.parse(bytes) else {
            return None;
        };
        let (method, path, version) = (head.method?, head.path?, head.version?);
        let (headers, body) = (&*head.headers, &bytes[body_at..]);
        let is_plain = method == "POST" && version == 1 && length(headers) == Some(body.len());
        is_plain.then_some(Self {
            path,
            headers,
            body,
        })
    }

    /// The value of a header.
    pub fn header(&self, name: &HeaderName) -> Option<&'a [u8]> {
        let mut headers = self.headers.iter();
        let found = headers.find(|header| header.name.eq_ignore_ascii_case(name.as_str()));
        found.map(|header| header.value)
    }

    /// The same as handlers take it; nothing if they could not.
    pub fn request(&self) -> Option<Request> {
        let mut request = Request::new(Body::from(Bytes::copy_from_slice(self.body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::try_from(self.path).ok()?;
        let headers = request.headers_mut();
        headers.reserve(self.headers.len());
        for header in self.headers {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_bytes(header.value).ok()?);
        }
        Some(request)
    }
}

/// The length that a plain request says its body has.
fn length(headers: &[Header<'_>]) -> Option<usize> {
    let mut length = None;
    for Header { name, value } in headers {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("content-length") {
            let digits = str::from_utf8(value).ok()?;
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            let found = digits.parse().ok().filter(|_| is_number)?;
            if length.replace(found).is_some() {
                return None;
            }
        } else if is("connection") && !value.eq_ignore_ascii_case(b"keep-alive")
            || ["transfer-encoding", "expect", "upgrade", "trailer"]
                .iter()
                .any(|it| is(it))
        {
            return None;
        }
    }
    length
}

/// The date of answers, as RFC 9110 §5.6.7 writes it; made once a second.
#[derive(Default)]
pub struct Date {
    at_s: u64,
    text: String,
}

impl Date {
    /// The date now.
    pub fn now(&mut self) -> &str {
        let now = Micros(Clock::Real.now_us());
        if self.at_s != now.seconds() || self.text.is_empty() {
            self.at_s = now.seconds();
            let date = i64::try_from(self.at_s).ok();
            let date = date.and_then(|at_s| DateTime::from_timestamp(at_s, 0));
            let date = date.unwrap_or_default();
            self.text = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        }
        &self.text
    }
}

/// Writes an answer, with its length and a date.
///
/// # Panics
/// If its body is not at hand, but made on the way.
pub fn write(response: Response, date: Option<&str>) -> Vec<u8> {
    let (parts, body) = response.into_parts();
    let body = pin!(axum::body::to_bytes(body, usize::MAX));
    let Poll::Ready(Ok(body)) = body.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the body of an answer is not at hand");
    };
    let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len());
    let reason = parts.status.canonical_reason().unwrap_or_default();
    let status = parts.status.as_u16();
    write!(bytes, "HTTP/1.1 {status} {reason}\r\n").expect("memory takes everything");
    for (name, value) in &parts.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    let length = body.len();
    write!(bytes, "content-length: {length}\r\n").expect("memory takes everything");
    if let Some(date) = date {
        write!(bytes, "date: {date}\r\n").expect("memory takes everything");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{StatusCode, header};
    use axum::response::IntoResponse;
    use httparse::EMPTY_HEADER;

    #[test]
    fn only_a_whole_request_without_wishes_is_plain() {
        let check = |head: &str, body: &str, expected: bool| {
            let bytes = format!("{head}\r\n\r\n{body}");
            let mut headers = [EMPTY_HEADER; HEADERS_MAX];
            let plain = Plain::parse(bytes.as_bytes(), &mut headers);
            assert_eq!(plain.is_some(), expected, "{bytes}");
        };
        let post = "POST /v1/p/submissions HTTP/1.1\r\nhost: h";
        let with = |header: &str| format!("{post}\r\nContent-Length: 3\r\n{header}");
        check(&format!("{post}\r\ncontent-length: 3"), "abc", true);
        check(&with("connection: Keep-Alive"), "abc", true);
        check(&with("x-request-id: 7"), "abc", true);
        for other in ["ab", "abcd", ""] {
            check(&with("accept: */*"), other, false);
        }
        for header in [
            "connection: close",
            "connection: keep-alive, upgrade",
            "Transfer-Encoding: chunked",
            "expect: 100-continue",
            "upgrade: h2c",
            "content-length: 3",
            "bad header: x",
        ] {
            check(&with(header), "abc", false);
        }
        for length in ["+3", "3, 3", " ", "-3", "0x3"] {
            check(&format!("{post}\r\ncontent-length: {length}"), "abc", false);
        }
        check(post, "", false);
        check(&with("").replace("POST", "PUT"), "abc", false);
        check(&with("a: b").replace("1.1", "1.0"), "abc", false);
        check("PRI * HTTP/2.0", "SM\r\n\r\n", false);
        let many = "a: b\r\n".repeat(HEADERS_MAX);
        check(&with(&format!("{many}a: b")), "abc", false);
    }

    #[test]
    fn handlers_get_what_was_sent() {
        let bytes =
            b"POST /v1/p/submissions HTTP/1.1\r\nA: 1\r\na: 2\r\nContent-Length: 1\r\n\r\nx";
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let plain = Plain::parse(bytes, &mut headers).unwrap();
        assert_eq!(plain.header(&header::CONTENT_LENGTH), Some(&b"1"[..]));
        assert_eq!(plain.header(&header::ACCEPT), None);
        let request = plain.request().unwrap();
        assert_eq!(request.uri(), "/v1/p/submissions");
        assert_eq!(request.headers().get_all("a").iter().count(), 2);
    }

    #[test]
    fn an_answer_is_written() {
        let response = (StatusCode::CREATED, [(header::LOCATION, "/x")], "body").into_response();
        let text = String::from_utf8(write(response, Some("today"))).unwrap();
        let head = "HTTP/1.1 201 Created\r\ncontent-type: text/plain; charset=utf-8\r\n";
        let rest = "location: /x\r\ncontent-length: 4\r\ndate: today\r\n\r\nbody";
        assert_eq!(text, format!("{head}{rest}"));
    }

    #[test]
    fn a_date_is_that_of_a_mail() {
        let date = Date::default().now().to_owned();
        assert!(DateTime::parse_from_rfc2822(&date).is_ok(), "{date}");
    }
}
