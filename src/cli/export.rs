//! `tallyhouse export`: keeps a ledger's entries in a file, from which anybody can check all of it;
//! or all of its log as static files ([`tiles`]).
//!
//! Running it again continues where the file ends: it never reads what it has. A line cut off by a
//! crash is taken off first. The checkpoint is asked for before the entries, so that the entries
//! always cover it.

mod tiles;

use super::client::{self, Client};
use super::exit::Exit;
use super::remote::{Key, Remote};
use super::style;
use crate::proof::keys::Signer;
use anyhow::Context;
use clap::ValueEnum;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Entries asked for at once.
const PAGE_ENTRIES: u64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// Keeps the ledger's entries in a file; run again, it continues where the file ends.
///
/// With --tiles it keeps the log instead, as the files of C2SP tlog-tiles, each checked against the
/// checkpoint; any web server can serve that folder. Needs a house key with the scope audit, for
/// --tiles only where entries are not public. Exit code 0: kept. 2: not kept.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse export entries.ndjson --checkpoint checkpoint.txt \
                  --url http://127.0.0.1:7400/v1/demo \\\n    \
                  --key house/keys/demo/house.audit-1.pem\n  \
                  tallyhouse export --tiles public/log --url http://127.0.0.1:7400/v1/demo \\\n    \
                  --key house/keys/demo/house.audit-1.pem --vkey ledger.vkey"
)]
pub struct Arguments {
    /// The file; a new one, or one of an earlier export
    #[arg(required_unless_present = "tiles")]
    file: Option<PathBuf>,
    /// Keep the log in this folder instead: checkpoint, tiles of hashes and bundles of entries
    #[arg(long, value_name = "DIR", conflicts_with_all = ["file", "format", "checkpoint"])]
    tiles: Option<PathBuf>,
    /// The verifier key that must have signed the log's checkpoint: the key, or a file of keys
    #[arg(long, requires = "tiles")]
    vkey: Option<String>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// One JSON object per line, or one CBOR item after the other
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    format: Format,
    /// Also keep the signed checkpoint that the entries cover
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// How entries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A member `entry` in base64url, and effects beside it
    Ndjson,
    /// The entries alone
    Cbor,
}

impl Format {
    fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Cbor => "application/cbor-seq",
        }
    }
}

/// What was kept.
pub struct Exported {
    /// Entries that the file held before.
    pub before: u64,
    /// Entries that it holds now.
    pub entries: u64,
    /// The signed checkpoint that they cover.
    pub checkpoint: String,
}

/// Exports, and prints what was kept.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match (&arguments.tiles, &arguments.file) {
        (Some(dir), _) => run_tiles(arguments, dir),
        (None, Some(file)) => run_entries(arguments, file),
        (None, None) => anyhow::bail!("which file? Name one, or a folder with --tiles"),
    }
}

fn run_tiles(arguments: &Arguments, dir: &Path) -> anyhow::Result<Exit> {
    let auditor = arguments.key.signer_if_given()?;
    let client = arguments.remote.client()?;
    let keys = arguments.vkey.as_deref().map(super::verify::verifier_keys);
    let keys = keys.transpose()?.unwrap_or_default();
    let mirrored = tiles::mirror(&client, auditor.as_ref(), dir, &keys)?;
    let added = mirrored.entries - mirrored.before;
    if arguments.json {
        let report = json!({"dir": dir, "entries": mirrored.entries, "added": added,
            "files_written": mirrored.fetched, "removed": mirrored.removed});
        println!("{report}");
    } else {
        println!(
            "{} the log of {} entries in {}, {} of them new, {} files written",
            style::good("kept"),
            style::grouped(mirrored.entries),
            dir.display(),
            style::grouped(added),
            style::grouped(mirrored.fetched)
        );
    }
    Ok(Exit::Done)
}

fn run_entries(arguments: &Arguments, file: &Path) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let client = arguments.remote.client()?;
    let exported = export(&client, &signer, file, arguments.format)?;
    if let Some(file) = &arguments.checkpoint {
        std::fs::write(file, &exported.checkpoint)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let added = exported.entries - exported.before;
    if arguments.json {
        let report = json!({"file": file, "entries": exported.entries, "added": added});
        println!("{report}");
    } else {
        println!(
            "{} {} entries in {}, {} of them new",
            style::good("kept"),
            style::grouped(exported.entries),
            file.display(),
            style::grouped(added)
        );
    }
    Ok(Exit::Done)
}

/// Brings a file of entries up to the present checkpoint.
///
/// # Errors
/// The file holds something else, or the house does not answer.
pub fn export(
    client: &Client,
    signer: &Signer,
    path: &Path,
    format: Format,
) -> anyhow::Result<Exported> {
    let reader = Some((signer, "audit"));
    let checkpoint = client::retrying(PATIENCE, || {
        client.get_bytes("/log/checkpoint", "text/plain", reader)
    })?;
    let checkpoint = String::from_utf8(checkpoint).context("the checkpoint is no text")?;
    let size = checkpoint.lines().nth(1).and_then(|size| size.parse().ok());
    let size: u64 = size.context("the checkpoint names no size")?;
    let mut file = open(path)?;
    let before = entries_kept(&mut file, format)
        .with_context(|| format!("{} is no earlier export", path.display()))?;
    let bar = style::progress(size, "entries");
    let mut entries = before;
    while entries < size {
        let limit = PAGE_ENTRIES.min(size - entries);
        let address = format!("/entries?from={entries}&limit={limit}");
        let page = client::retrying(PATIENCE, || {
            client.get_bytes(&address, format.media_type(), reader)
        })?;
        let count = count(&page[..], format)?.entries;
        anyhow::ensure!(count > 0, "the house sent no entries from {entries} on");
        file.write_all(&page)?;
        entries += count;
        bar.set_position(entries);
    }
    file.sync_all()?;
    bar.finish_and_clear();
    Ok(Exported {
        before,
        entries,
        checkpoint,
    })
}

fn open(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false);
    file.open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The entries in the file, after what a crash cut off was taken away.
fn entries_kept(file: &mut File, format: Format) -> anyhow::Result<u64> {
    let kept = count(BufReader::new(&*file), format)?;
    file.set_len(kept.bytes)?;
    file.seek(SeekFrom::End(0))?;
    Ok(kept.entries)
}

struct Count {
    entries: u64,
    bytes: u64,
}

/// Complete entries at the start of an input, and how many bytes they take.
fn count(mut input: impl Read, format: Format) -> anyhow::Result<Count> {
    let mut found = Count {
        entries: 0,
        bytes: 0,
    };
    let mut pending = Vec::new();
    let mut block = vec![0; 1 << 16];
    loop {
        let length = input.read(&mut block)?;
        if length == 0 {
            return Ok(found);
        }
        pending.extend_from_slice(&block[..length]);
        let mut used = 0;
        while let Some(length) = first_length(&pending[used..], format) {
            used += length;
            found.entries += 1;
        }
        found.bytes += u64::try_from(used)?;
        pending.drain(..used);
    }
}

fn first_length(bytes: &[u8], format: Format) -> Option<usize> {
    match format {
        Format::Ndjson => bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|at| at + 1),
        Format::Cbor if bytes.is_empty() => None,
        Format::Cbor => {
            let mut decoder = minicbor::Decoder::new(bytes);
            decoder.skip().ok()?;
            Some(decoder.position())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_cut_off_is_not_counted() {
        for (bytes, format, entries, length) in [
            (&b"{}\n{}\n{\"entr"[..], Format::Ndjson, 2, 6),
            (&[0x82, 1, 2, 0x43, 7, 8][..], Format::Cbor, 1, 3),
            (&[][..], Format::Cbor, 0, 0),
        ] {
            let found = count(bytes, format).unwrap();
            assert_eq!((found.entries, found.bytes), (entries, length));
        }
    }
}
