//! `tallyhouse witness`: remembers how far ledgers had come, for partners and auditors to run.
//!
//! ```text
//! <dir>/witness.pem     its key
//! <dir>/witness.vkey    its verifier key, with its name: what houses put into their settings
//! <dir>/logs/           its book
//! ```
//!
//! Must not: make a key where there may have been one before. A witness with a new key is another
//! witness, and one without its book has forgotten everything.

use super::exit::Exit;
use super::style;
use crate::http;
use crate::platform::config::Log;
use crate::platform::{keys, shutdown, telemetry};
use crate::proof::cosignature::{WitnessKey, WitnessSigner};
use crate::proof::note::VerifierKey;
use crate::proof::policy::{POLICY_BYTES_MAX, Policy};
use crate::witness::book::Book;
use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Cosigns the checkpoints of ledgers, so that nobody can take back what was published.
///
/// Exit code 0: done, or stopped as asked. 2: not started.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallyhouse witness new --dir witness \
                  --name witness.example.org/w1\n  \
                  tallyhouse witness serve --dir witness --policy policy.txt")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(New),
    Serve(Serve),
}

/// Makes a witness's folder and its key.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tallyhouse witness new --dir witness --name witness.example.org/w1"
)]
struct New {
    /// The witness's folder; made if it does not exist
    #[arg(long)]
    dir: PathBuf,
    /// Its name: like an address without a scheme, with no spaces and no plus sign
    #[arg(long)]
    name: String,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Serves a witness until SIGINT or SIGTERM.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tallyhouse witness serve --dir witness --policy policy.txt \
                  --listen 127.0.0.1:7500"
)]
struct Serve {
    /// The witness's folder
    #[arg(long)]
    dir: PathBuf,
    /// The verifier key of a ledger to witness; may be repeated
    #[arg(long = "log", value_name = "VKEY")]
    logs: Vec<String>,
    /// A policy (C2SP tlog-policy): every log in it is witnessed; may be repeated
    #[arg(long = "policy", value_name = "FILE")]
    policies: Vec<PathBuf>,
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7500")]
    listen: SocketAddr,
    /// Print the address as JSON
    #[arg(long)]
    json: bool,
}

/// Does what the arguments ask for.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::New(new) => make(new),
        Command::Serve(serve) => witness(serve),
    }
}

fn key_file(dir: &Path) -> PathBuf {
    dir.join("witness.pem")
}

fn vkey_file(dir: &Path) -> PathBuf {
    dir.join("witness.vkey")
}

fn make(new: &New) -> anyhow::Result<Exit> {
    WitnessSigner::new(&new.name, &[1; 32]).context("--name")?;
    let folder = &new.dir;
    let failed = || format!("cannot make the folder {}", folder.display());
    std::fs::create_dir_all(folder).with_context(failed)?;
    let key = keys::create(&key_file(folder))?;
    let signer = WitnessSigner::new(&new.name, &key.to_bytes())?;
    let (vkey, file) = (signer.verifier_key().to_string(), vkey_file(folder));
    std::fs::write(&file, format!("{vkey}\n"))
        .with_context(|| format!("cannot write {}", file.display()))?;
    if new.json {
        println!("{}", json!({"vkey": vkey, "vkey_file": file}));
        return Ok(Exit::Done);
    }
    println!("{} {}\n\n  vkey  {vkey}\n", style::good("made"), new.name);
    println!("Give vkey to the house, and to those who shall rely on this witness.");
    Ok(Exit::Done)
}

fn witness(serve: &Serve) -> anyhow::Result<Exit> {
    telemetry::start(&Log::default())?;
    let logs = logs(serve)?;
    anyhow::ensure!(
        !logs.is_empty(),
        "name a ledger to witness: --log or --policy"
    );
    let book = Arc::new(Book::open(&serve.dir, signer(&serve.dir)?, logs)?);
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(serve.listen).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", serve.listen))?;
        let stop = shutdown::listen()?;
        announce(&listener, &book, serve.json)?;
        let stopped = async {
            let signal = stop.await;
            tracing::info!(signal, "stopping");
        };
        http::witness::serve(listener, book, stopped).await?;
        Ok(Exit::Done)
    })
}

fn announce(listener: &TcpListener, book: &Book, as_json: bool) -> anyhow::Result<()> {
    let (address, key) = (listener.local_addr()?, book.signer().verifier_key());
    if as_json {
        let vkey = key.to_string();
        println!(
            "{}",
            json!({"listen": address, "vkey": vkey, "logs": book.logs()})
        );
        return Ok(());
    }
    println!("{} http://{address}", style::good("listening"));
    println!("  {} for {} ledgers", key.name(), book.logs());
    Ok(())
}

/// The witness's signer: its name is in the verifier key, its secret in the key file.
fn signer(dir: &Path) -> anyhow::Result<WitnessSigner> {
    let (key_file, vkey_file) = (key_file(dir), vkey_file(dir));
    let vkey = std::fs::read_to_string(&vkey_file).with_context(|| {
        let file = vkey_file.display();
        format!("cannot read {file}; make a witness with `tallyhouse witness new`")
    })?;
    let vkey =
        WitnessKey::parse(vkey.trim_end()).with_context(|| vkey_file.display().to_string())?;
    let key = keys::load(&key_file)?;
    let signer = WitnessSigner::new(vkey.name(), &key.to_bytes())?;
    anyhow::ensure!(
        *signer.verifier_key() == vkey,
        "{} is not the key of {}",
        key_file.display(),
        vkey_file.display()
    );
    Ok(signer)
}

fn logs(serve: &Serve) -> anyhow::Result<Vec<VerifierKey>> {
    let mut logs = Vec::new();
    for vkey in &serve.logs {
        logs.push(VerifierKey::parse(vkey).with_context(|| format!("--log {vkey}"))?);
    }
    for file in &serve.policies {
        let text = super::verify::read(file, POLICY_BYTES_MAX)?;
        let policy = Policy::parse(&text).with_context(|| file.display().to_string())?;
        logs.extend_from_slice(policy.logs());
    }
    Ok(logs)
}
