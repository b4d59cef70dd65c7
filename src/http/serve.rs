//! Serving: from a bound listener until the wish to stop, or until a ledger had to stop.
//!
//! Must not: go on serving when a ledger has stopped. Its durability can no longer be promised, so
//! the caller aborts the process and recovery decides from disk.

use super::connection::TimedListener;
use super::front::Fronts;
use super::house::House;
use std::future::{Future, IntoFuture};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Why serving ended other than by the wish to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A ledger cannot promise durability any more. Abort the process; do not close the ledger.
    #[error("the ledger of {programme} had to stop: {reason}")]
    LedgerStopped {
        /// Which programme's.
        programme: String,
        /// Why.
        reason: String,
    },
    /// The listener failed.
    #[error("the server failed")]
    Listener(#[from] std::io::Error),
    /// The serving task itself failed.
    #[error("the server's task failed")]
    Task(#[from] tokio::task::JoinError),
}

/// Serves a house until `shutdown` resolves, then gives requests in work their time to end.
///
/// # Errors
/// [`ServeError`]. After `LedgerStopped` the process must be aborted.
///
/// # Panics
/// When called outside a tokio runtime.
pub async fn serve(
    listener: TcpListener,
    house: House,
    shutdown: impl Future,
) -> Result<(), ServeError> {
    let settings = house.server().clone();
    let head_limit = Duration::from_millis(settings.header_read_timeout_ms);
    let listener = TimedListener::new(listener, head_limit, settings.concurrent_requests_max);
    let service = Fronts::new(house.clone());
    let (stop, mut stopping) = watch::channel(false);
    let told = async move {
        // An error means that this function ended; then nobody waits any more.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    let serving = axum::serve(listener, service).with_graceful_shutdown(told);
    let mut serving = tokio::spawn(serving.into_future());
    let mut stopped = stops(&house);
    tokio::select! {
        Some(stop) = stopped.join_next() => {
            serving.abort();
            return Err(ledger_stopped(stop?));
        }
        ended = &mut serving => return Ok(ended??),
        _ = shutdown => {}
    }
    stop.send_replace(true);
    let grace = Duration::from_millis(settings.shutdown_grace_ms);
    tokio::select! {
        Some(stop) = stopped.join_next() => Err(ledger_stopped(stop?)),
        ended = tokio::time::timeout(grace, &mut serving) => {
            if ended.is_err() {
                tracing::warn!("requests in work did not end in time and are cut off");
            }
            serving.abort();
            Ok(())
        }
    }
}

/// Tasks that end when a ledger had to stop.
fn stops(house: &House) -> JoinSet<(String, String)> {
    let mut stops = JoinSet::new();
    for programme in house.programmes() {
        let (id, ledger) = (programme.id.to_string(), programme.ledger.clone());
        stops.spawn(async move { (id, ledger.stopped().await) });
    }
    stops
}

fn ledger_stopped((programme, reason): (String, String)) -> ServeError {
    ServeError::LedgerStopped { programme, reason }
}
