//! The demo's server: the real one, in this process, on a free port of the loopback.

use crate::cli::{house, serve};
use crate::http::{self, House};
use crate::platform::config::Config;
use crate::settlement::Settlement;
use anyhow::Context;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A server that runs beside the demo.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    /// Opens the ledgers and serves them.
    ///
    /// # Errors
    /// A ledger cannot be opened, or there is no port.
    pub fn start(config: &Config) -> anyhow::Result<Self> {
        let settlements = house::open(config, false)?;
        let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = runtime.block_on(TcpListener::bind(loopback));
        let listener = listener.context("no free port on the loopback")?;
        let address = listener.local_addr()?;
        let house = House::new(config, settlements.iter().cloned())?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("demo-server".to_owned())
            .spawn(move || run(&runtime, listener, house, stopped, &settlements))?;
        Ok(Self {
            address,
            stop,
            thread,
        })
    }

    /// Stops it and closes its ledgers.
    ///
    /// # Errors
    /// It had failed before.
    pub fn stop(self) -> anyhow::Result<()> {
        // It may have ended already; then its failure is told below.
        let _ = self.stop.send(());
        let ended = self.thread.join();
        ended.map_err(|_| anyhow::anyhow!("the server panicked"))?
    }
}

fn run(
    runtime: &tokio::runtime::Runtime,
    listener: TcpListener,
    house: House,
    stopped: oneshot::Receiver<()>,
    settlements: &[Arc<Settlement>],
) -> anyhow::Result<()> {
    let served = runtime.block_on(http::serve(listener, house, stopped));
    serve::end(served, Vec::new(), settlements)
}
