//! `tallyhouse master`: checks masters, and prints the hash that binds one to the ledger.
//!
//! Must not: print what a master holds beyond its party's name; hashes may be shown to anybody.

use super::exit::Exit;
use super::style;
use crate::proof::hex::encode as hex;
use crate::render::master::Master;
use crate::settlement::masters::{self, MastersError};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Checks masters: names, addresses and accounts of parties, one TOML file each.
///
/// Exit code 0: all can be used. 1: some cannot. 2: they cannot be read.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallyhouse master check house/masters/demo")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Hash(Hash),
    Check(Check),
}

/// Prints a master's SHA-256, as `partner_set` takes it in `master_sha256`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallyhouse master hash house/masters/demo/bakery.toml")]
struct Hash {
    /// The master's file, PARTY.toml
    file: PathBuf,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Checks every master in a folder.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallyhouse master check house/masters/demo")]
struct Check {
    /// The folder of files PARTY.toml
    dir: PathBuf,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Does what the arguments ask for.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Hash(hash) => print_hash(hash),
        Command::Check(check) => check_all(check),
    }
}

fn print_hash(hash: &Hash) -> anyhow::Result<Exit> {
    let master = masters::read(&hash.file)?;
    let sha256 = hex(&master.sha256());
    match hash.json {
        true => println!(
            "{}",
            json!({"party": master.party, "master_sha256": sha256})
        ),
        false => println!("{sha256}"),
    }
    Ok(Exit::Done)
}

fn check_all(check: &Check) -> anyhow::Result<Exit> {
    let dir = &check.dir;
    // For the house an absent folder holds no masters; who asks for one has mistyped it.
    anyhow::ensure!(dir.is_dir(), "{} is no folder", dir.display());
    let files = masters::files(dir)?;
    let read: Vec<(&Path, Result<Master, MastersError>)> = files
        .iter()
        .map(|file| (file.as_path(), masters::read(file)))
        .collect();
    let refused = read.iter().filter(|(_, master)| master.is_err()).count();
    if check.json {
        let reports: Vec<Value> = read.iter().map(|(file, read)| report(file, read)).collect();
        let usable = read.len() - refused;
        println!(
            "{}",
            json!({"usable": usable, "refused": refused, "masters": reports})
        );
    } else {
        for (_, read) in &read {
            println!("{}", line(read));
        }
        println!("{} usable, {refused} refused", read.len() - refused);
    }
    match refused {
        0 => Ok(Exit::Done),
        _ => Ok(Exit::Refused),
    }
}

fn report(file: &Path, read: &Result<Master, MastersError>) -> Value {
    match read {
        Ok(master) => json!({"file": file, "party": master.party,
            "master_sha256": hex(&master.sha256())}),
        Err(error) => json!({"file": file, "error": explained(error)}),
    }
}

fn line(read: &Result<Master, MastersError>) -> String {
    match read {
        Ok(master) => {
            let (mark, sha256) = (style::good("✓"), hex(&master.sha256()));
            format!("{mark} {:<32}  {}", master.party, style::dim(&sha256))
        }
        Err(error) => format!("{} {}", style::bad("✗"), explained(error)),
    }
}

/// An error with all its causes.
fn explained(error: &MastersError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| {
        format!("{words}: {cause}")
    })
}
