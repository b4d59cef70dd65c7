//! A witness over HTTP: C2SP tlog-witness, and one address more that shows what it has.
//!
//! | Request | Answer |
//! |---|---|
//! | `POST /add-checkpoint` | 200 and a cosignature; or 400, 403, 404, 409, 422, as specified |
//! | `GET /checkpoints/{SHA-256 of the origin, in hex}` | the last cosigned checkpoint, or 404 |
//!
//! Must not: decide (`witness::book` does), or know the house. Its statuses are those of the
//! specification, so they are here and not in [`super::problem`].

use super::connection::{Connection, TimedListener};
use crate::platform::clock::Clock;
use crate::proof::add_checkpoint::{BODY_BYTES_MAX, SIZE_MEDIA_TYPE, encode_size};
use crate::proof::witnessed::Refusal;
use crate::witness::book::{Book, NotCosigned};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Connections at once, beside spare ones.
const REQUESTS_MAX: usize = 256;
/// Time to send the head of a request, and then its body.
const READ_LIMIT: Duration = Duration::from_secs(5);

/// Serves a witness until `shutdown` resolves.
///
/// # Errors
/// The listener failed.
///
/// # Panics
/// When called outside a tokio runtime.
pub async fn serve(
    listener: TcpListener,
    book: Arc<Book>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let listener = TimedListener::new(listener, READ_LIMIT, REQUESTS_MAX);
    let service = router(book).into_make_service_with_connect_info::<Connection>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(shutdown);
    serving.into_future().await
}

fn router(book: Arc<Book>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add))
        .route("/checkpoints/{origin_hash}", get(shown))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(axum::middleware::from_fn(time))
        .with_state(book)
}

/// Tells the connection where its request stands, so that it is timed.
async fn time(request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<ConnectInfo<Connection>>();
    let connection = connection.map(|ConnectInfo(connection)| connection.clone());
    connection.iter().for_each(Connection::begin);
    let response = next.run(request).await;
    connection.iter().for_each(Connection::finish);
    response
}

async fn add(State(book): State<Arc<Book>>, request: Request) -> Response {
    let body = Bytes::from_request(request, &());
    let body = match tokio::time::timeout(READ_LIMIT, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(rejection)) => return rejection.into_response(),
        Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "the body took too long\n"),
    };
    // It waits for a lock and for the disk.
    let added = tokio::task::spawn_blocking(move || book.add(&body, now_s()));
    match added.await {
        Ok(Ok(line)) => plain(StatusCode::OK, line),
        Ok(Err(not_cosigned)) => refuse(&not_cosigned),
        Err(error) => {
            tracing::error!(%error, "a request could not be worked on");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "the witness failed\n")
        }
    }
}

fn refuse(not_cosigned: &NotCosigned) -> Response {
    let status = match not_cosigned {
        NotCosigned::Malformed(_) | NotCosigned::Refused(Refusal::Malformed(_)) => {
            StatusCode::BAD_REQUEST
        }
        NotCosigned::UnknownLog => StatusCode::NOT_FOUND,
        NotCosigned::Refused(Refusal::Signature(_)) => StatusCode::FORBIDDEN,
        NotCosigned::Refused(Refusal::Backward) => StatusCode::BAD_REQUEST,
        NotCosigned::Refused(Refusal::Inconsistent) => StatusCode::UNPROCESSABLE_ENTITY,
        NotCosigned::Refused(Refusal::OtherSize(size) | Refusal::OtherRoot(size)) => {
            let headers = [(header::CONTENT_TYPE, SIZE_MEDIA_TYPE)];
            return (StatusCode::CONFLICT, headers, encode_size(*size)).into_response();
        }
        NotCosigned::File(error) => {
            tracing::error!(%error, "a checkpoint cannot be kept, and is not cosigned");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    plain(status, format!("{not_cosigned}\n"))
}

async fn shown(State(book): State<Arc<Book>>, Path(origin_hash): Path<String>) -> Response {
    match book.shown(&origin_hash) {
        Some(note) => plain(StatusCode::OK, note),
        None => plain(StatusCode::NOT_FOUND, "nothing is cosigned for that log\n"),
    }
}

fn plain(status: StatusCode, body: impl Into<String>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (status, headers, body.into()).into_response()
}

fn now_s() -> u64 {
    Clock::Real.now_us() / 1_000_000
}
