//! `tallyhouse-verify`: checks receipts, statements and whole ledgers, with no trust in the house.
//!
//! It reads files and standard input, and writes what it is asked to keep. What it is given may be
//! hostile: whatever it holds, the exit code is 0 only where everything was checked and held.
//! Must not: need the feature `server`, or open a socket but for an address that it is given, which
//! needs the feature `fetch`.

mod audited;
mod checkpoint;
mod consistency;
mod entries;
mod fork;
mod ledger;
mod pipeline;
mod receipt;
mod shelf;
mod source;
mod statement;
mod tiles;
mod windows;

pub use entries::{ExportError, ExportReader};
pub use ledger::{replay, replay_on};
pub use pipeline::cores;

use super::exit::Exit;
use crate::proof::note::VerifierKey;
use anyhow::Context;
use clap::{Parser, Subcommand};
use std::io::Read;
use std::path::Path;

/// Checks what a Tallyhouse house claims, with no trust in it; offline, unless given an address.
///
/// Exit code 0: everything was checked and held. 1: a finding. 2: it could not be checked.
#[derive(Debug, Parser)]
#[command(
    name = "tallyhouse-verify",
    version,
    after_help = "Example:\n  tallyhouse-verify ledger entries.ndjson \
                  --checkpoint checkpoint.txt --vkey \"$(cat ledger.vkey)\""
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Receipt(receipt::Arguments),
    Statement(statement::Arguments),
    Ledger(ledger::Arguments),
    Checkpoint(checkpoint::Arguments),
    Windows(windows::Arguments),
    Consistency(consistency::Arguments),
    Fork(fork::Arguments),
}

/// Does what the arguments ask for.
///
/// # Errors
/// What could not be checked, and why.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let checked = || match &arguments.command {
        Command::Receipt(arguments) => receipt::run(arguments),
        Command::Statement(arguments) => statement::run(arguments),
        Command::Ledger(arguments) => ledger::run(arguments),
        Command::Checkpoint(arguments) => checkpoint::run(arguments),
        Command::Windows(arguments) => windows::run(arguments),
        Command::Consistency(arguments) => consistency::run(arguments),
        Command::Fork(arguments) => fork::run(arguments),
    };
    // An assertion of ours that fails on what it was given is no verdict: nothing was decided.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(checked))
        .unwrap_or_else(|_| Err(anyhow::anyhow!("this is an error of ours; report it")))
}

/// Verifier keys in an argument: a key, or a file that holds one a line. A ledger whose key was
/// rotated has several.
///
/// # Errors
/// It is neither.
pub fn verifier_keys(argument: &str) -> anyhow::Result<Vec<VerifierKey>> {
    let text = match argument.contains('+') {
        true => argument.to_owned(),
        false => std::fs::read_to_string(argument)
            .with_context(|| format!("cannot read the verifier keys in {argument}"))?,
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys = lines.map(|line| VerifierKey::parse(line).context("--vkey"));
    let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
    let first = keys.first().context("--vkey: the file holds no key")?;
    anyhow::ensure!(
        keys.iter().all(|key| key.name() == first.name()),
        "--vkey: the keys are those of several ledgers; name a file with the keys of one"
    );
    Ok(keys)
}

/// A text file up to a limit.
fn read_text(path: &Path, bytes_max: usize) -> anyhow::Result<String> {
    let text = String::from_utf8(read(path, bytes_max)?);
    text.with_context(|| format!("{} is not text", path.display()))
}

/// The bytes of a file, or of standard input for `-`, up to a limit.
pub fn read(path: &Path, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let limit = limit.saturating_add(1);
    if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        let file = std::fs::File::open(path);
        file.and_then(|file| file.take(limit).read_to_end(&mut bytes))
    }
    .with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(
        bytes.len() <= bytes_max,
        "{} is longer than {bytes_max} bytes",
        path.display()
    );
    Ok(bytes)
}
