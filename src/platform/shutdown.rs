//! The wish to stop, as a future.
//!
//! It only tells that somebody asked; what is finished first, and within which time, is decided
//! where the future is awaited. A second signal is left to that place too.

use std::future::Future;
use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Listens for SIGINT and SIGTERM from now on. The future resolves at the first of them, with the
/// name of the signal.
///
/// # Errors
/// The signal handlers could not be installed.
///
/// # Panics
/// When called outside a tokio runtime.
pub fn listen() -> io::Result<impl Future<Output = &'static str> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

#[cfg(test)]
mod tests {
    use super::listen;

    #[test]
    fn a_termination_signal_resolves_the_future() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let stopped_by = runtime.unwrap().block_on(async {
            let stop = listen().unwrap();
            let own_id = std::process::id().to_string();
            let sent = std::process::Command::new("kill")
                .args(["-TERM", &own_id])
                .status();
            assert!(sent.unwrap().success());
            stop.await
        });
        assert_eq!(stopped_by, "SIGTERM");
    }
}
