//! `tallyhouse-verify ledger`: replays exported entries and compares every claim.

use super::entries::ExportReader;
use crate::audit::{Pins, Replay, Verdict};
use crate::cli::exit::Exit;
use crate::cli::style;
use crate::proof::merkle::Hash;
use anyhow::Context;
use indicatif::ProgressBar;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Longest checkpoint file.
const CHECKPOINT_BYTES_MAX: usize = 64 << 10;

/// Replays a ledger from its exported entries: encoding, chain, signatures, every decision and
/// every result, the sums, and the tree.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse-verify ledger entries.ndjson \
                  --checkpoint checkpoint.txt --vkey ledger.vkey")]
pub struct Arguments {
    /// The entries from index 0 on, as NDJSON or as a CBOR sequence; - for standard input
    file: PathBuf,
    /// A file with the signed checkpoint that the entries have to lead to
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The ledger's verifier key (name+hash+base64), or a file that holds it
    #[arg(long, value_name = "VKEY")]
    vkey: Option<String>,
    /// The chain hash of entry 0 that you pinned, 64 hex digits
    #[arg(long, value_name = "HASH")]
    found: Option<String>,
    /// Print the verdict as JSON
    #[arg(long)]
    json: bool,
}

/// Replays the ledger and prints the verdict.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let pins = pins(arguments)?;
    let (input, bytes): (Box<dyn Read>, Option<u64>) = match arguments.file.as_path() {
        path if path == Path::new("-") => (Box::new(std::io::stdin().lock()), None),
        path => {
            let file = std::fs::File::open(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let bytes = file.metadata().map(|metadata| metadata.len()).ok();
            (Box::new(file), bytes)
        }
    };
    let bar = progress_of_bytes(bytes);
    let input = BufReader::with_capacity(1 << 20, bar.wrap_read(input));
    let replay = replay(input, |entries| {
        if entries.is_multiple_of(256) {
            bar.set_message(format!("{} entries", style::grouped(entries)));
        }
    })?;
    bar.finish_and_clear();
    let verdict = replay.finish(&pins)?;
    let Some(verdict) = verdict else {
        return no_verdict(&replay, arguments);
    };
    if arguments.json {
        println!("{}", serde_json::to_string(&verdict)?);
    } else {
        print(&verdict);
    }
    Ok(match verdict.holds() {
        true => Exit::Done,
        false => Exit::Refused,
    })
}

/// A bar over the bytes of an export; a counter where their number is not known.
fn progress_of_bytes(bytes: Option<u64>) -> ProgressBar {
    let bar = match bytes {
        Some(bytes) => ProgressBar::new(bytes),
        None => ProgressBar::new_spinner(),
    };
    let template =
        "  {bar:32.cyan/dim} {decimal_bytes}/{decimal_total_bytes}  {eta:>4} left  {msg:.dim}";
    let style = indicatif::ProgressStyle::with_template(template).expect("it is ours");
    bar.set_style(style.progress_chars("━╸─"));
    bar
}

/// Replays entries up to the end or the first finding; `moved` hears how many hold so far.
///
/// # Errors
/// The export cannot be read.
pub fn replay(input: impl BufRead, moved: impl Fn(u64)) -> anyhow::Result<Replay> {
    let mut entries = ExportReader::new(input);
    let mut replay = Replay::new();
    while let Some(entry) = entries.next_entry()? {
        if replay.push(&entry).is_err() {
            break;
        }
        moved(replay.size());
    }
    Ok(replay)
}

fn pins(arguments: &Arguments) -> anyhow::Result<Pins> {
    let checkpoint = match &arguments.checkpoint {
        Some(path) => Some(
            String::from_utf8(super::read(path, CHECKPOINT_BYTES_MAX)?)
                .with_context(|| format!("{} is not text", path.display()))?,
        ),
        None => None,
    };
    let ledger_key = arguments.vkey.as_deref().map(super::verifier_key);
    let found_hash = arguments.found.as_deref().map(parse_hash);
    Ok(Pins {
        checkpoint,
        earlier: Vec::new(),
        ledger_key: ledger_key.transpose()?,
        found_hash: found_hash.transpose()?,
    })
}

fn parse_hash(text: &str) -> anyhow::Result<Hash> {
    let wrong = || anyhow::anyhow!("--found is not 64 hex digits");
    let digits = text.as_bytes();
    anyhow::ensure!(digits.len() == 64 && text.is_ascii(), wrong());
    let mut hash = Hash::default();
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(hash)
}

/// Entry 0 itself does not hold, or there is none.
fn no_verdict(replay: &Replay, arguments: &Arguments) -> anyhow::Result<Exit> {
    anyhow::ensure!(
        !replay.findings().is_empty(),
        "{} holds no entries",
        arguments.file.display()
    );
    if arguments.json {
        let findings = serde_json::json!({"entries": 0, "findings": replay.findings()});
        println!("{findings}");
    } else {
        print_findings(replay.findings());
    }
    Ok(Exit::Refused)
}

fn print(verdict: &Verdict) {
    let line =
        |name: &str, value: &str| println!("  {} {value}", style::dim(&format!("{name:<12}")));
    let entries = style::grouped(verdict.entries);
    match verdict.holds() {
        true => println!("{} {}", style::good("holds:"), verdict.origin),
        false => println!("{} {}", style::bad("does not hold:"), verdict.origin),
    }
    print_findings(&verdict.findings);
    if verdict.simulated {
        let note = "its clock is set by hand: a simulation, not a record of real time";
        line("clock", &style::warn(note));
    }
    line("entries", &format!("{entries} replayed"));
    let outcomes: Vec<String> = verdict
        .outcomes
        .iter()
        .map(|(code, ops)| format!("{} {code}", style::grouped(*ops)))
        .collect();
    line("ops", &outcomes.join(", "));
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
    if !verdict.checkpoint_compared {
        line("checkpoint", &style::warn("none was compared"));
    }
}

fn print_findings(findings: &[crate::audit::Finding]) {
    for finding in findings {
        println!("  {} {finding}", style::bad("finding:"));
    }
}
