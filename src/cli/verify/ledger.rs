//! `tallyhouse-verify ledger`: replays a ledger from its entries and compares every claim.

use super::audited::{self, Audited, Pinned};
use super::consistency::NO_COMMON_KEY;
use super::source::Source;
use super::tiles::TilesReader;
use crate::audit::{Replay, Verdict};
use crate::cli::exit::Exit;
use crate::cli::style;
use crate::proof::fork::{Evidence, Shown, signer_of_both};
use crate::proof::ledger_keys;
use crate::proof::merkle::leaf_hash;
use anyhow::Context;
use std::io::BufRead;
use std::path::PathBuf;

/// Replays a ledger from its entries: encoding, chain, signatures, every decision and every result,
/// every netting and statement, the sums, and the tree.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse-verify ledger entries.ndjson \
                  --checkpoint checkpoint.txt --vkey ledger.vkey --state audit.state\n\n\
                  It opens a socket only for an address, and only if it was built with the \
                  feature `fetch`:\n  tallyhouse-verify ledger https://points.example/v1/demo/log \
                  --vkey ledger.vkey --token-file token\nElse export the ledger first, with\n  \
                  tallyhouse export entries.ndjson --checkpoint checkpoint.txt --url …")]
pub struct Arguments {
    /// The entries from index 0 on, as NDJSON or as a CBOR sequence, or - for standard input; or a
    /// folder or an address that holds the ledger as tlog-tiles, with its checkpoint
    #[arg(value_name = "FILE|DIR|URL")]
    path: PathBuf,
    #[command(flatten)]
    pinned: Pinned,
    /// Where to write the evidence, if a checkpoint that an author saw proves a fork
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// Print the verdict as JSON
    #[arg(long)]
    json: bool,
}

/// Replays the ledger and prints the verdict.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let audited = audited::audit(&arguments.path, &arguments.pinned, |_| ())?;
    match &audited.verdict {
        Some(verdict) if arguments.json => println!("{}", serde_json::to_string(verdict)?),
        Some(verdict) => print(verdict),
        None if arguments.json => {
            let findings = audited.replay.findings();
            println!(
                "{}",
                serde_json::json!({"entries": 0, "findings": findings})
            );
        }
        None => audited::print_findings(audited.replay.findings()),
    }
    if audited.verdict.as_ref().is_some_and(Verdict::holds) {
        return Ok(Exit::Done);
    }
    if let (Some(out), Some(seen)) = (&arguments.evidence, audited.replay.contradiction()) {
        match evidence(arguments, &audited, seen) {
            Ok(evidence) => {
                audited::write_whole(out, evidence.to_json().as_bytes())?;
                eprintln!("{} {}", style::bad("evidence of a fork:"), out.display());
            }
            Err(error) => eprintln!("{}: {error:#}", style::warn("no evidence")),
        }
    }
    Ok(Exit::Refused)
}

/// Evidence from the checkpoint that an author saw and from the one that covers these entries.
fn evidence(arguments: &Arguments, audited: &Audited, seen: &str) -> anyhow::Result<Evidence> {
    let governance = audited.replay.governance().context("no entry holds")?;
    let token_file = arguments.pinned.token_file();
    let (mut source, _) = Source::open(&arguments.path, token_file)?;
    let pins = arguments
        .pinned
        .pins(source.tiles().map(TilesReader::checkpoint))?;
    let keys = ledger_keys::all(governance);
    let note = pins
        .checkpoint
        .context("give the checkpoint of these entries")?;
    // The replay stopped at the entry that holds it; the tree goes on.
    let mut history = crate::audit::History::new();
    while let Some(entry) = source.next_entry()? {
        history.push(leaf_hash(&entry));
    }
    let [(older, _), (newer, newer_note)] = crate::proof::fork::in_order(&keys, seen, &note)?;
    anyhow::ensure!(
        newer_note == note && history.root_at(newer.size) == Some(newer.root),
        "the checkpoint of these entries does not cover them, or is older than the one seen"
    );
    let proof = history.consistency_proof(older.size, newer.size);
    let shown = history.root_at(older.size).zip(proof);
    let shown = shown.map(|(root, proof)| Shown { root, proof });
    let key = signer_of_both(&keys, seen, &note).context(NO_COMMON_KEY)?;
    Ok(Evidence::of(key, seen, &note, shown.as_ref())?)
}

/// Replays entries up to the end or the first finding; `moved` hears how many hold so far.
///
/// # Errors
/// The export cannot be read.
pub fn replay(input: impl BufRead + Send, moved: impl Fn(u64)) -> anyhow::Result<Replay> {
    let mut replay = Replay::new();
    replay_on(&mut replay, input, moved)?;
    Ok(replay)
}

/// Goes on with a replay: these entries are the ones right behind those that it judged.
///
/// # Errors
/// The export cannot be read.
pub fn replay_on(
    replay: &mut Replay,
    input: impl BufRead + Send,
    moved: impl Fn(u64),
) -> anyhow::Result<()> {
    let mut entries = super::ExportReader::new(input);
    let next = || Ok(entries.next_entry()?);
    super::pipeline::replay(replay, next, super::pipeline::cores(), moved)
}

fn print(verdict: &Verdict) {
    let line =
        |name: &str, value: &str| println!("  {} {value}", style::dim(&format!("{name:<12}")));
    match verdict.holds() {
        true => println!("{} {}", style::good("holds:"), verdict.origin),
        false => println!("{} {}", style::bad("does not hold:"), verdict.origin),
    }
    audited::print_findings(&verdict.findings);
    if verdict.simulated {
        let note = "its clock is set by hand: a simulation, not a record of real time";
        line("clock", &style::warn(note));
    }
    let entries = style::grouped(verdict.entries);
    line(
        "entries",
        &match verdict.resumed_from {
            0 => format!("{entries} replayed"),
            saved => {
                let saved = style::grouped(saved);
                format!("{entries}, the first {saved} of them by your saved state")
            }
        },
    );
    let outcomes: Vec<String> = verdict
        .outcomes
        .iter()
        .map(|(code, ops)| format!("{} {code}", style::grouped(*ops)))
        .collect();
    line("ops", &outcomes.join(", "));
    let (windows, statements) = (verdict.windows, verdict.statements);
    let again = format!(
        "{} netted again, {} statements written again",
        style::grouped(windows),
        style::grouped(statements)
    );
    line("windows", &again);
    line("root", &verdict.root);
    line("chain", &verdict.chain_hash);
    let pinned = |pinned: bool| if pinned { "" } else { "  (not pinned)" };
    let found = format!("{}{}", verdict.found_hash, pinned(verdict.found_pinned));
    line("found", &found);
    let key = format!(
        "{}{}",
        verdict.ledger_key,
        pinned(verdict.ledger_key_pinned)
    );
    line("ledger key", &key);
    for key in verdict
        .ledger_keys
        .iter()
        .filter(|_| verdict.ledger_keys.len() > 1)
    {
        let added = match key.added {
            0 => "of entry 0".to_owned(),
            added => format!("added by entry {}", style::grouped(added)),
        };
        let retired = key.retired.map(style::grouped);
        let retired = retired.map_or_else(String::new, |by| format!(", retired by entry {by}"));
        line("rotated", &format!("{} {added}{retired}", key.vkey));
    }
    if !verdict.checkpoint_compared {
        line("checkpoint", &style::warn("none was compared"));
    }
}
