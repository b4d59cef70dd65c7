//! What `ledger`, `statement` and `windows` share: replaying a ledger and comparing it with what is
//! known from elsewhere.
//!
//! Must not: say that something holds that was not compared.

use super::pipeline;
use super::source::Source;
use super::tiles::CHECKPOINT_BYTES_MAX;
use super::tiles::TilesReader;
use crate::audit::state;
use crate::audit::{Finding, Pins, Replay, Verdict};
use crate::cli::style;
use crate::proof::entry::EntryRef;
use crate::proof::merkle::Hash;
use anyhow::Context;
use indicatif::ProgressBar;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What is known from elsewhere.
#[derive(Debug, clap::Args)]
pub struct Pinned {
    /// A signed checkpoint that the entries have to lead to or pass; can be given more than once
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A verifier key of the ledger (name+hash+base64), a retired one too, or a file of them
    #[arg(long, value_name = "VKEY")]
    vkey: Option<String>,
    /// The chain hash of entry 0 that you pinned, 64 hex digits
    #[arg(long, value_name = "HASH")]
    found: Option<String>,
    /// Your own saved state: gone on from if the file exists, and written anew if all holds
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Threads that verify signatures; as many as there are cores if not said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// A file with the token that lets entries be read from an address; default: $TALLYHOUSE_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// A ledger that was replayed.
pub struct Audited {
    /// The replay.
    pub replay: Replay,
    /// What it says; nothing if entry 0 does not hold.
    pub verdict: Option<Verdict>,
}

impl Pinned {
    /// The pins, with the checkpoint that lies beside the tiles first.
    pub fn pins(&self, beside: Option<&str>) -> anyhow::Result<Pins> {
        let mut notes = Vec::new();
        notes.extend(beside.map(str::to_owned));
        for path in &self.checkpoint {
            notes.push(super::read_text(path, CHECKPOINT_BYTES_MAX)?);
        }
        let mut notes = notes.into_iter();
        let ledger_keys = self.vkey.as_deref().map(super::verifier_keys);
        let found_hash = self.found.as_deref().map(parse_hash);
        Ok(Pins {
            checkpoint: notes.next(),
            earlier: notes.collect(),
            ledger_keys: ledger_keys.transpose()?.unwrap_or_default(),
            found_hash: found_hash.transpose()?,
        })
    }

    /// The file with the token for an address.
    pub fn token_file(&self) -> Option<&Path> {
        self.token_file.as_deref()
    }

    /// The replay that the saved state holds; one from the start if there is none yet.
    fn saved(&self) -> anyhow::Result<Replay> {
        let Some(path) = self.state.as_deref().filter(|path| path.exists()) else {
            return Ok(Replay::new());
        };
        let bytes = std::fs::read(path);
        let bytes = bytes.with_context(|| format!("cannot read {}", path.display()))?;
        state::load(&bytes).with_context(|| path.display().to_string())
    }
}

/// Replays a ledger and compares it with the pins. `prepare` may ask the replay for more first.
///
/// # Errors
/// What could not be read or compared.
pub fn audit(
    path: &Path,
    pinned: &Pinned,
    prepare: impl FnOnce(&mut Replay),
) -> anyhow::Result<Audited> {
    let (mut source, bar) = Source::open(path, pinned.token_file())?;
    let pins = pinned.pins(source.tiles().map(TilesReader::checkpoint))?;
    let mut replay = pinned.saved()?;
    prepare(&mut replay);
    let ended = go_on(&mut replay, &mut source, pinned, &bar);
    bar.finish_and_clear();
    ended?;
    anyhow::ensure!(
        replay.size() > 0 || !replay.findings().is_empty(),
        "{} holds no entries",
        path.display()
    );
    let mut verdict = replay.finish(&pins)?;
    if let (Some(verdict), Some(tiles)) = (&mut verdict, source.tiles())
        && verdict.holds()
    {
        verdict.findings.extend(tiles.compare(replay.history())?);
    }
    if let (Some(verdict), Some(path)) = (&verdict, &pinned.state)
        && verdict.holds()
    {
        let bytes = state::save(&replay).context("the replay cannot be saved")?;
        write_whole(path, &bytes)?;
    }
    Ok(Audited { replay, verdict })
}

/// Replays what the source has behind the saved state, after comparing what it has before.
fn go_on(
    replay: &mut Replay,
    source: &mut Source,
    pinned: &Pinned,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let saved = replay.size();
    let mut first = None;
    for index in 0..saved {
        let entry = source.next_entry()?.with_context(|| {
            format!("the saved state has {saved} entries and this ledger {index}; export again")
        })?;
        // An export may also begin where the state ends.
        if index == 0 && EntryRef::decode(&entry).is_ok_and(|entry| entry.index == saved) {
            first = Some(entry);
            break;
        }
        if replay.compare(index, &entry).is_err() {
            return Ok(());
        }
    }
    let is_tiles = source.tiles().is_some();
    let started = Instant::now();
    let jobs = pinned.jobs.map_or_else(pipeline::cores, usize::from);
    let next = || match first.take() {
        Some(entry) => Ok(Some(entry)),
        None => source.next_entry(),
    };
    pipeline::replay(replay, next, jobs, |entries| {
        if is_tiles {
            bar.set_position(entries);
        }
        let rate = (entries - saved) as f64 / started.elapsed().as_secs_f64().max(1e-3);
        let (all, rate) = (style::grouped(entries), rounded(rate));
        bar.set_message(format!("{all} entries, {rate}/s"));
    })
}

/// A rate in whole entries.
fn rounded(rate: f64) -> String {
    format!("{rate:.0}")
}

/// The findings of a ledger of which not even entry 0 holds, or those of its verdict.
pub fn findings(audited: &Audited) -> &[Finding] {
    match &audited.verdict {
        Some(verdict) => &verdict.findings,
        None => audited.replay.findings(),
    }
}

/// The findings, one a line.
pub fn print_findings(findings: &[Finding]) {
    for finding in findings {
        println!("  {} {finding}", style::bad("finding:"));
    }
}

/// Writes a file so that there is the old one or the new one, whatever happens.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().context("a file has a name")?.to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let written = std::fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        // If we stop here, the old file stands and the new one lies beside it.
        std::fs::rename(&beside, path)
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn parse_hash(text: &str) -> anyhow::Result<Hash> {
    let hash = parse_hex(text);
    hash.context("--found is not 64 hex digits")
}

/// 32 bytes in hex.
pub fn parse_hex(text: &str) -> Option<Hash> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut hash = Hash::default();
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(hash)
}
