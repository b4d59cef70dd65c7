//! `tallyhouse-verify fork`: do two checkpoints of one key prove that it keeps two ledgers?

use super::consistency::{from_tiles, refused, tell_fork};
use super::tiles::CHECKPOINT_BYTES_MAX;
use crate::cli::exit::Exit;
use crate::cli::style;
use crate::proof::fork::{self, EVIDENCE_BYTES_MAX, Evidence, ForkError, Shown};
use crate::proof::note::VerifierKey;
use anyhow::Context;
use serde_json::json;
use std::path::PathBuf;

/// Checks two signed checkpoints, or a file of evidence, for a fork. Exit code 1: a fork is proved.
/// 0: the two agree. 2: they may or may not.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse-verify fork mine.txt theirs.txt \
                  --vkey ledger.vkey --evidence fork.json\n  \
                  tallyhouse-verify fork fork.json --vkey ledger.vkey")]
pub struct Arguments {
    /// A signed checkpoint, or a file of evidence
    a: PathBuf,
    /// The other signed checkpoint
    b: Option<PathBuf>,
    /// The ledger's verifier key (name+hash+base64), or a file that holds one a line
    #[arg(long)]
    vkey: String,
    /// A folder with the tiles that the greater of the two covers
    #[arg(long, value_name = "DIR", requires = "b")]
    tiles: Option<PathBuf>,
    /// Where to write the evidence
    #[arg(long, value_name = "FILE", requires = "b")]
    evidence: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Compares and prints what is proved.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let keys = super::verifier_keys(&arguments.vkey)?;
    let Some(b) = &arguments.b else {
        let bytes = super::read(&arguments.a, EVIDENCE_BYTES_MAX)?;
        let evidence = Evidence::parse(&bytes)?;
        let is_named = |key: &&VerifierKey| key.to_string() == evidence.vkey;
        let key = keys.iter().find(is_named).unwrap_or(&keys[0]);
        return match evidence.verify(key) {
            Ok(proved) => {
                let (older, newer) = (proved.older.size, proved.newer.size);
                let finding =
                    format!("a fork: one key signed sizes {older} and {newer} of two ledgers");
                Ok(refused(arguments.json, &finding))
            }
            Err(ForkError::Agree) => Ok(agree(arguments.json)),
            Err(error) => Err(error).context("the evidence proves nothing"),
        };
    };
    let a = super::read_text(&arguments.a, CHECKPOINT_BYTES_MAX)?;
    let b = super::read_text(b, CHECKPOINT_BYTES_MAX)?;
    let [(older, _), (newer, _)] = fork::in_order(&keys, &a, &b)?;
    let shown = match &arguments.tiles {
        _ if older.size == newer.size => Shown {
            root: newer.root,
            proof: Vec::new(),
        },
        Some(folder) => from_tiles(folder, &older, &newer)?,
        None => return Err(ForkError::NotShown.into()),
    };
    if shown.root == older.root {
        return Ok(agree(arguments.json));
    }
    let out = arguments.evidence.as_deref();
    tell_fork(&keys, [&a, &b], &shown, out, arguments.json)
}

fn agree(as_json: bool) -> Exit {
    match as_json {
        true => println!("{}", json!({"holds": true})),
        false => println!("{} the two are of one ledger", style::good("no fork:")),
    }
    Exit::Done
}
