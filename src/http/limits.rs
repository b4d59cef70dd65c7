//! Limits and traces of every request: places, request id, rates of authors, latency, panics.
//!
//! Must not: read a body.

use super::connection::Connection;
use super::house::House;
use super::problem::{Code, Problem};
use crate::domain::ids::Party;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::task::Poll;
use std::time::Instant;
use ulid::Ulid;

/// The header of a request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is taken over from a caller.
const REQUEST_ID_BYTES_MAX: usize = 64;
/// The route of requests that have none.
const NO_ROUTE: &str = "none";
/// What must answer however busy the house is.
const WITHOUT_PLACE: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The outermost layer of the router: what it answers is [`observed`].
pub async fn observe(State(house): State<House>, request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    let matched = extensions.get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let connection = extensions.get::<ConnectInfo<Connection>>();
    let connection = connection.map(|ConnectInfo(connection)| connection.clone());
    let answer = |request| next.run(request);
    observed(&house, connection.as_ref(), route, request, answer).await
}

/// Lets a request be answered: gives it an id and a place, and its answer its traces. A handler
/// that panics is answered for.
pub async fn observed<F: Future<Output = Response>>(
    house: &House,
    connection: Option<&Connection>,
    route: &str,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let begun = Instant::now();
    let given = request.headers().get(REQUEST_ID);
    let request_id = request_id(given.map(HeaderValue::as_bytes));
    let method = request.method().clone();
    connection.into_iter().for_each(Connection::begin);
    let place = house.requests().try_acquire();
    let mut response = if place.is_ok() || WITHOUT_PLACE.contains(&route) {
        unless_it_panics(answer(request)).await
    } else {
        Problem::of(Code::Busy).into_response()
    };
    connection.into_iter().for_each(Connection::finish);
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let (code, status) = (problem.code.as_str(), problem.code.status().as_u16());
        // Under overload there are thousands a second, and metrics count them.
        match status {
            429 | 503 => tracing::debug!(code, status, route, request_id, "a request was put off"),
            _ => tracing::info!(code, status, route, request_id, "a request was refused"),
        }
        let allow = response.headers_mut().remove(axum::http::header::ALLOW);
        response = problem.render(&request_id);
        if let Some(allow) = allow {
            let headers = response.headers_mut();
            headers.insert(axum::http::header::ALLOW, allow);
        }
    }
    let took = begun.elapsed();
    let status = response.status().as_u16();
    let method = if route == NO_ROUTE {
        "any"
    } else {
        method.as_str()
    };
    house.metrics().request(route, method, status, took);
    let id = HeaderValue::from_str(&request_id).expect("a request id is plain ASCII");
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// What is answered, also when it panics on the way; the thread that serves goes on.
async fn unless_it_panics(answer: impl Future<Output = Response>) -> Response {
    let mut answer = std::pin::pin!(answer);
    let polled = std::future::poll_fn(|context| {
        let poll = || answer.as_mut().poll(context);
        let polled = catch_unwind(AssertUnwindSafe(poll));
        polled.unwrap_or_else(|panic| Poll::Ready(panicked(panic.as_ref())))
    });
    polled.await
}

/// What a panic in a handler is answered.
fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    let failure = format!(
        "a handler panicked: {}",
        text.unwrap_or("without a message")
    );
    Problem::internal(failure).into_response()
}

/// The caller's request id, if it is short and plain, else a new one.
pub fn request_id(given: Option<&[u8]>) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_sane = |id: &&[u8]| {
        (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.iter().all(|byte| plain(*byte))
    };
    match given.filter(is_sane).map(str::from_utf8) {
        Some(Ok(id)) => id.to_owned(),
        _ => Ulid::generate().to_string(),
    }
}

/// A token bucket for each author of a programme.
pub struct RateLimits {
    per_second: f64,
    burst: f64,
    authors: Mutex<HashMap<Party, Bucket>>,
}

struct Bucket {
    left: f64,
    filled_at: Instant,
}

impl RateLimits {
    /// Buckets that hold a burst, and fill at a rate.
    pub fn new(requests_per_second_max: u32, burst_requests_max: u32) -> Self {
        Self {
            per_second: f64::from(requests_per_second_max),
            burst: f64::from(burst_requests_max),
            authors: Mutex::default(),
        }
    }

    /// Takes one request out of an author's bucket. Only authors that proved who they are have
    /// one, so there are at most as many as parties.
    ///
    /// # Errors
    /// `rate_limited` when it is empty.
    pub fn take(&self, author: Party) -> Result<(), Problem> {
        self.take_at(author, Instant::now())
    }

    fn take_at(&self, author: Party, now: Instant) -> Result<(), Problem> {
        let mut authors = self.authors.lock().expect("nobody panics in here");
        let bucket = authors.entry(author).or_insert(Bucket {
            left: self.burst,
            filled_at: now,
        });
        let elapsed_s = now.duration_since(bucket.filled_at).as_secs_f64();
        bucket.left = (bucket.left + elapsed_s * self.per_second).min(self.burst);
        bucket.filled_at = now;
        if bucket.left < 1.0 {
            return Err(Problem::of(Code::RateLimited));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_fills_for_each_author_by_itself() {
        let limits = RateLimits::new(10, 2);
        let start = Instant::now();
        let take = |author, after_ms| {
            let now = start + Duration::from_millis(after_ms);
            limits.take_at(Party(author), now).is_ok()
        };
        assert!(take(1, 0) && take(1, 0) && !take(1, 0));
        assert!(take(2, 0), "another author has its own");
        assert!(!take(1, 50) && take(1, 100) && !take(1, 100));
        assert!(take(1, 10_000) && take(1, 10_000) && !take(1, 10_000));
    }

    #[test]
    fn a_panic_is_answered_without_its_words() {
        for panic in [Box::new("secret") as Box<dyn Any + Send>, Box::new(7)] {
            let problem = panicked(panic.as_ref())
                .extensions_mut()
                .remove::<Problem>();
            assert_eq!(problem, Some(Problem::of(Code::Internal)));
        }
    }

    #[test]
    fn a_request_id_is_taken_over_only_if_it_is_plain() {
        let id_of = |given: &str| request_id(Some(given.as_bytes()));
        assert_eq!(id_of("till-7.2026_a"), "till-7.2026_a");
        for bad in ["", "a b", "a\"b", "a/b"] {
            assert_eq!(id_of(bad).len(), 26, "{bad:?}");
        }
        assert_eq!(request_id(None).len(), 26);
    }
}
