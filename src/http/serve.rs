//! Serving: from a bound listener until the wish to stop, or until a ledger had to stop.
//!
//! Must not: go on serving when a ledger has stopped. Its durability can no longer be promised, so
//! the caller aborts the process and recovery decides from disk.

use super::connection::TimedListener;
use super::front::Front;
use super::house::House;
use axum::serve::Listener;
use std::sync::Arc;
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
    let front = Arc::new(Front::new(house.clone()));
    let (stop, stopping) = watch::channel(false);
    let mut serving = tokio::spawn(answer(listener, front, stopping));
    let mut stopped = stops(&house);
    tokio::select! {
        Some(stop) = stopped.join_next() => {
            serving.abort();
            return Err(ledger_stopped(stop?));
        }
        ended = &mut serving => return Ok(ended?),
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

/// Answers all connections until the wish to stop, and then what is in work. Connections end with
/// the task that does this.
async fn answer(mut listener: TimedListener, front: Arc<Front>, stopping: watch::Receiver<bool>) {
    let mut told = stopping.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = listener.accept() => {
                let (front, stopping) = (front.clone(), stopping.clone());
                connections.spawn(async move { front.serve(stream, stopping).await });
            }
            Some(_) = connections.join_next() => {}
            // An error means that nobody serves any more.
            _ = told.wait_for(|stop| *stop) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
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
