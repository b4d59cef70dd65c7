//! `tallyhouse serve`: opens every programme of the settings and serves them.
//!
//! When a ledger cannot promise durability any more, the process is aborted: recovery decides from
//! disk at the next start. Must not: close such a ledger.

use super::exit::Exit;
use super::{house, style};
use crate::http::{self, House, ServeError};
use crate::platform::config::Config;
use crate::platform::{shutdown, telemetry};
use crate::settlement::Settlement;
use crate::settlement::night::Watch;
use anyhow::Context;
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves every programme of the settings until SIGINT or SIGTERM.
///
/// Exit code 0: stopped as asked. 2: not started; also when a witness shows that the database is
/// older than what was published. An abort means that a ledger could not promise
/// durability any more; start again, and recovery decides from disk.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse serve --config house/tallyhouse.toml")]
pub struct Arguments {
    /// The settings
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Address and port, instead of those in the settings; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Your word that the clock is right, however far it is beyond the last entry
    #[arg(long)]
    accept_clock: bool,
    /// Print the address as JSON
    #[arg(long)]
    json: bool,
}

/// Serves until asked to stop.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let config = Config::load(&arguments.config)?;
    telemetry::start(&config.log)?;
    anyhow::ensure!(
        !config.programmes.is_empty(),
        "{} names no programme; found one with `tallyhouse init`",
        arguments.config.display()
    );
    let settlements = house::open(&config, arguments.accept_clock)?;
    // Before anything is written: nothing may be added to a ledger that is not what was published.
    let witnessed = house::witness(&config, &settlements);
    let witnessed = witnessed.inspect_err(|_| house::close(&settlements))?;
    let watches = house::watch(&settlements)?;
    let rounds = house::ask(&witnessed)?;
    let listen = arguments.listen.unwrap_or(config.server.listen);
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}"))?;
        let stop = shutdown::listen()?;
        let witnessed = witnessed.into_iter().map(Some);
        let house = House::with_witnesses(&config, settlements.iter().cloned().zip(witnessed))?;
        announce(&listener, &settlements, arguments.json)?;
        let stopped = async {
            let signal = stop.await;
            tracing::info!(signal, "stopping");
        };
        anyhow::Ok(http::serve(listener, house, stopped).await)
    })?;
    drop(rounds);
    end(served, watches, &settlements)?;
    Ok(Exit::Done)
}

/// Ends the ledgers after serving ended; aborts if one of them had to stop.
///
/// # Errors
/// Serving ended for another reason than the wish to stop.
pub fn end(
    served: Result<(), ServeError>,
    watches: Vec<Watch>,
    settlements: &[Arc<Settlement>],
) -> anyhow::Result<()> {
    if let Err(ServeError::LedgerStopped { programme, reason }) = &served {
        tracing::error!(%programme, %reason, "a ledger had to stop; aborting");
        // If we stop here, recovery finds in the log whatever became durable, and nothing else.
        std::process::abort();
    }
    drop(watches);
    house::close(settlements);
    Ok(served?)
}

fn announce(
    listener: &TcpListener,
    settlements: &[Arc<Settlement>],
    as_json: bool,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let views = settlements.iter().map(|s| s.ledger().view());
    let ids: Vec<String> = views
        .map(|view| view.governance.programme.id.to_string())
        .collect();
    if as_json {
        println!("{}", json!({"listen": address, "programmes": ids}));
        return Ok(());
    }
    println!("{} http://{address}", style::good("listening"));
    for id in ids {
        println!("  {}", style::code(&format!("http://{address}/v1/{id}")));
    }
    Ok(())
}
