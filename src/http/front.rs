//! The front of a house: leads submissions to their handler, and everything else to the router.
//!
//! Submissions come thousands of times a second, and a router's layers, each with its own box for
//! every request, take as long as all else that is done about one of a single op.
//! Must not: answer anything in another way than the router would.

use super::connection::{Connection, TimedListener};
use super::house::{House, Programme};
use super::limits::observed;
use super::problem::Problem;
use super::router::router;
use super::submissions;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::serve::IncomingStream;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::Service;

/// Makes the front of each connection.
pub struct Fronts {
    house: House,
    router: Router,
}

impl Fronts {
    /// Fronts of a house.
    pub fn new(house: House) -> Self {
        Self {
            router: router(house.clone()),
            house,
        }
    }
}

impl Service<IncomingStream<'_, TimedListener>> for Fronts {
    type Response = Front;
    type Error = Infallible;
    type Future = Ready<Result<Front, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, TimedListener>) -> Self::Future {
        let shared = Shared {
            house: self.house.clone(),
            router: self.router.clone(),
            connection: stream.io().connection().clone(),
        };
        ready(Ok(Front {
            shared: Arc::new(shared),
        }))
    }
}

/// Answers the requests of one connection.
#[derive(Clone)]
pub struct Front {
    shared: Arc<Shared>,
}

/// What all requests of a connection share. Nothing in it is counted for each of them: cores that
/// count the same thing wait for each other.
struct Shared {
    house: House,
    router: Router,
    connection: Connection,
}

impl Shared {
    /// Where a request submits to; nothing if it does not, or if no such programme is here.
    fn submitted_to(&self, request: &Request) -> Option<&Arc<Programme>> {
        let path = request.uri().path().strip_prefix("/v1/")?;
        let id = path.strip_suffix("/submissions")?;
        let programme = self.house.programme(id).ok()?;
        (request.method() == Method::POST).then_some(programme)
    }
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let shared = self.shared.clone();
        if shared.submitted_to(&request).is_none() {
            let connection = shared.connection.clone();
            request.extensions_mut().insert(ConnectInfo(connection));
            return Box::pin(shared.router.clone().call(request));
        }
        Box::pin(async move {
            let Shared {
                house, connection, ..
            } = &*shared;
            let answer = async |request| {
                let programme = shared
                    .submitted_to(&request)
                    .ok_or_else(Problem::not_found)?;
                submissions::take(house, programme, request, |_| Ok(())).await
            };
            let answer = async |request| answer(request).await.into_response();
            Ok(observed(house, Some(connection), submissions::ROUTE, request, answer).await)
        })
    }
}
