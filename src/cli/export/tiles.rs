//! `tallyhouse export --tiles`: keeps the log as static files, which any web server can serve.
//!
//! Every file is checked before it is written, from the signed root down: partial tiles of hashes
//! lead to the root, each full tile to its hash in the tile above, each entry to its leaf hash. The
//! checkpoint is written last, so whatever stops the command, the folder holds all of the log that
//! its checkpoint names. Run again, it checks what a run without an end left behind, keeps what
//! holds, and fetches the rest.
//!
//! Must not: replace a checkpoint by one that the log before it does not lead to.

use super::super::client::{self, Client};
use super::super::style;
use super::PATIENCE;
use crate::platform::files;
use crate::proof::checkpoint::{Checkpoint, Extensions};
use crate::proof::keys::Signer;
use crate::proof::merkle::{Hash, leaf_hash};
use crate::proof::note::VerifierKey;
use crate::proof::tile::{
    Edge, TILE_WIDTH, TileCoordinate, TileError, TilePath, bundle_entries, full_tiles,
    root_of_tile, tile_hashes,
};
use anyhow::{Context, bail, ensure};
use std::cell::Cell;
use std::fs;
use std::num::NonZeroU8;
use std::path::Path;

/// The file that says how much of the log a folder holds.
const CHECKPOINT: &str = "checkpoint";

/// What was kept.
pub struct Mirrored {
    /// Entries that the folder held before.
    pub before: u64,
    /// Entries that it holds now.
    pub entries: u64,
    /// Files that were fetched and written, the checkpoint aside.
    pub fetched: u64,
    /// Folders of partial tiles, and half-written files, that were removed.
    pub removed: u64,
}

/// Brings a folder up to the house's present checkpoint.
///
/// # Errors
/// The house does not answer, sends something wrong, or contradicts what the folder holds.
pub fn mirror(
    client: &Client,
    auditor: Option<&Signer>,
    dir: &Path,
    keys: &[VerifierKey],
) -> anyhow::Result<Mirrored> {
    let mut mirror = Mirror {
        client,
        auditor,
        dir,
        fetched: 0,
        parent: None,
    };
    let note = mirror.get("/log/checkpoint", "text/plain", false)?;
    let new = read_checkpoint(&note, keys).context("the house's checkpoint")?;
    let kept = mirror.kept().with_context(|| {
        let file = dir.join(CHECKPOINT);
        format!(
            "{} does not hold what its checkpoint names; delete {} and run this again: then every \
             file is checked, and fetched where it does not hold",
            dir.display(),
            file.display()
        )
    })?;
    if let Some((before, _)) = &kept {
        check_origin_and_size(before, &new)?;
    }
    let old = kept.map_or_else(Edge::new, |(_, edge)| edge);
    let contradicted = || {
        format!(
            "the log no longer begins with the {} entries that are kept in {}: the house shows \
             different ledgers. Keep that folder, and this checkpoint: together they prove it\n{}",
            old.size(),
            dir.display(),
            String::from_utf8_lossy(&note)
        )
    };
    mirror.update(&new, &old).map_err(|wrong| match wrong {
        Wrong::Contradicts => anyhow::anyhow!(contradicted()),
        Wrong::Other(error) => error,
    })?;
    files::write(&dir.join(CHECKPOINT), &note)?;
    // If we stop here, the next run removes what is superseded.
    Ok(Mirrored {
        before: old.size(),
        entries: new.size,
        fetched: mirror.fetched,
        removed: clean(&dir.join("tile"))?,
    })
}

/// Why tiles are not kept.
enum Wrong {
    /// They are of a log that does not begin with what is kept.
    Contradicts,
    /// Anything else.
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Wrong {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

struct Mirror<'a> {
    client: &'a Client,
    auditor: Option<&'a Signer>,
    dir: &'a Path,
    fetched: u64,
    /// The full tile above those that are checked now.
    parent: Option<(TileCoordinate, Vec<Hash>)>,
}

impl Mirror<'_> {
    /// The checkpoint in the folder, with the edge of the tree that it names; none in a new folder.
    fn kept(&self) -> anyhow::Result<Option<(Checkpoint, Edge)>> {
        let file = self.dir.join(CHECKPOINT);
        let note = match fs::read(&file) {
            Ok(note) => note,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context(file.display().to_string()),
        };
        let checkpoint = read_checkpoint(&note, &[])?;
        let edge = Edge::of_partial_tiles(checkpoint.size, |path| {
            fs::read(self.dir.join(path.to_string())).with_context(|| path.to_string())
        });
        let edge = edge.map_err(tile_error)?;
        let holds = edge.root() == checkpoint.root;
        ensure!(holds, "its partial tiles do not lead to its root");
        Ok(Some((checkpoint, edge)))
    }

    fn update(&mut self, new: &Checkpoint, old: &Edge) -> Result<(), Wrong> {
        let edge = self.edge(new, old)?;
        self.full_tiles(old, &edge)?;
        for path in TilePath::edge(new.size) {
            let hashes = path.coordinate().and_then(|at| edge.partial_tile(at));
            self.keep(path, &hashes.context("a partial tile")?.concat())?;
        }
        Ok(())
    }

    /// Fetches the partial tiles of hashes, which together lead to the root; nothing is written.
    fn edge(&mut self, new: &Checkpoint, old: &Edge) -> Result<Edge, Wrong> {
        let edge = Edge::of_partial_tiles(new.size, |path| self.fetch(path));
        let edge = edge.map_err(tile_error)?;
        if edge.root() != new.root {
            let paths: Vec<String> = TilePath::edge(new.size).map(|p| p.to_string()).collect();
            let paths = paths.join(", ");
            let wrong = anyhow::anyhow!("{paths}: not the tiles of the checkpoint's root");
            return Err(wrong
                .context("the house sent a wrong tile; nothing was kept")
                .into());
        }
        for path in TilePath::edge(old.size()) {
            let coordinate = path.coordinate().context("a tile of hashes")?;
            let now = edge.partial_tile(coordinate);
            if now.is_some_and(|now| !now.starts_with(old.partial_tile(coordinate).unwrap_or(&[])))
            {
                return Err(Wrong::Contradicts);
            }
        }
        Ok(edge)
    }

    /// Fetches the tiles that became full, from the highest level down, and all bundles.
    fn full_tiles(&mut self, old: &Edge, edge: &Edge) -> Result<(), Wrong> {
        let size = edge.size();
        let bar = style::progress(size, "entries");
        let levels = (0..=u8::MAX).take_while(|level| full_tiles(size, *level) > 0);
        for level in levels.collect::<Vec<u8>>().into_iter().rev() {
            for index in full_tiles(old.size(), level)..full_tiles(size, level) {
                let coordinate = TileCoordinate { level, index };
                let hashes = self.full_tile(coordinate, old, edge)?;
                if level == 0 {
                    self.bundle(TilePath::bundle(index, None), &hashes)?;
                    bar.set_position((index + 1) * TILE_WIDTH as u64);
                }
            }
        }
        let index = full_tiles(size, 0);
        if let Some(leaves) = edge.partial_tile(TileCoordinate { level: 0, index }) {
            let width = u8::try_from(leaves.len()).ok().and_then(NonZeroU8::new);
            self.bundle(TilePath::bundle(index, width), leaves)?;
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn full_tile(
        &mut self,
        at: TileCoordinate,
        old: &Edge,
        edge: &Edge,
    ) -> Result<Vec<Hash>, Wrong> {
        let place = usize::try_from(at.index % TILE_WIDTH as u64).expect("below 256");
        let above = TileCoordinate {
            level: at.level + 1,
            index: at.index / TILE_WIDTH as u64,
        };
        let wanted = match edge.partial_tile(above) {
            Some(hashes) => hashes[place],
            None => self.checked_parent(above)?[place],
        };
        let begins = old.partial_tile(at).unwrap_or(&[]);
        let contradicts = Cell::new(false);
        let check = |bytes: &[u8]| {
            contradicts.set(false);
            let hashes = tile_hashes(bytes, TILE_WIDTH).context("it has not 256 hashes")?;
            ensure!(
                root_of_tile(&hashes) == wanted,
                "it does not lead to the checkpoint's root"
            );
            contradicts.set(!hashes.starts_with(begins));
            ensure!(!contradicts.get(), "it does not begin with what is kept");
            Ok(hashes)
        };
        let checked = self.file(TilePath::full(at), check);
        checked.map_err(|error| match contradicts.get() {
            true => Wrong::Contradicts,
            false => Wrong::Other(error),
        })
    }

    /// A full tile that was checked in this run: its children became full after it, or with it.
    fn checked_parent(&mut self, at: TileCoordinate) -> anyhow::Result<&[Hash]> {
        if self.parent.as_ref().is_none_or(|(known, _)| *known != at) {
            let path = TilePath::full(at).to_string();
            let bytes = fs::read(self.dir.join(&path)).with_context(|| path.clone())?;
            let hashes = tile_hashes(&bytes, TILE_WIDTH).context(path)?;
            self.parent = Some((at, hashes));
        }
        let parent = self.parent.as_ref();
        parent
            .map(|(_, hashes)| &hashes[..])
            .context("it was just read")
    }

    fn bundle(&mut self, path: TilePath, leaves: &[Hash]) -> anyhow::Result<()> {
        let check = |bytes: &[u8]| {
            let entries = bundle_entries(bytes).context("it is not made of whole entries")?;
            ensure!(
                entries.len() == leaves.len(),
                "it has {} entries",
                entries.len()
            );
            let mut pairs = entries.iter().zip(leaves);
            match pairs.position(|(entry, leaf)| leaf_hash(entry) != *leaf) {
                Some(at) => bail!("entry {at} of it is not the one in the tree"),
                None => Ok(()),
            }
        };
        self.file(path, check)
    }

    /// A file that holds: as it is in the folder, or else as the house sends it.
    fn file<T>(
        &mut self,
        path: TilePath,
        check: impl Fn(&[u8]) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if let Ok(bytes) = fs::read(self.dir.join(path.to_string()))
            && let Ok(checked) = check(&bytes)
        {
            return Ok(checked);
        }
        let bytes = self.fetch(path)?;
        let checked = check(&bytes)
            .with_context(|| format!("the house sent a wrong {path}; it was not kept"))?;
        self.keep(path, &bytes)?;
        Ok(checked)
    }

    fn keep(&mut self, path: TilePath, bytes: &[u8]) -> anyhow::Result<()> {
        let file = self.dir.join(path.to_string());
        if fs::read(&file).is_ok_and(|kept| kept == bytes) {
            return Ok(());
        }
        files::write(&file, bytes)?;
        self.fetched += 1;
        Ok(())
    }

    fn fetch(&self, path: TilePath) -> anyhow::Result<Vec<u8>> {
        let is_bundle = path.coordinate().is_none();
        let bytes = self.get(&format!("/log/{path}"), "*/*", is_bundle);
        bytes.with_context(|| path.to_string())
    }

    fn get(&self, path: &str, accept: &str, is_bundle: bool) -> anyhow::Result<Vec<u8>> {
        let reader = self.auditor.filter(|_| is_bundle);
        let reader = reader.map(|signer| (signer, "audit"));
        let answer = client::retrying(PATIENCE, || self.client.get_bytes(path, accept, reader));
        answer.map_err(|error| match error.code() {
            Some("token_missing") => anyhow::Error::new(error).context(
                "the entries of this house are not public: give --key, a house key with audit",
            ),
            _ => error.into(),
        })
    }
}

fn tile_error(error: TileError<anyhow::Error>) -> anyhow::Error {
    match error {
        TileError::Read(error) => error,
        other => anyhow::anyhow!("{other}"),
    }
}

/// Reads a signed checkpoint; without keys, its signature is somebody else's to check.
fn read_checkpoint(note: &[u8], keys: &[VerifierKey]) -> anyhow::Result<Checkpoint> {
    if let Some(key) = keys.first() {
        let opened = Checkpoint::open(note, key.name(), keys, Extensions::Refused);
        return Ok(opened?.0);
    }
    let text = std::str::from_utf8(note).context("it is no text")?;
    let end = text.find("\n\n").context("it is not signed")?;
    Ok(Checkpoint::parse(&text[..=end], Extensions::Refused)?)
}

fn check_origin_and_size(kept: &Checkpoint, new: &Checkpoint) -> anyhow::Result<()> {
    let (ours, theirs) = (&kept.origin, &new.origin);
    ensure!(
        ours == theirs,
        "the folder holds the log of {ours}, and this is {theirs}"
    );
    ensure!(
        new.size >= kept.size,
        "the house shows {} entries, and {} are kept here: it lost entries, or an old copy of it \
         answers. Keep the folder: its checkpoint is evidence",
        new.size,
        kept.size
    );
    Ok(())
}

/// Removes partial tiles whose full one is there, and what a crash left half written.
fn clean(folder: &Path) -> anyhow::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_str().unwrap_or_default();
        let full = name.strip_suffix(".p").map(|full| folder.join(full));
        if !entry.file_type()?.is_dir() {
            if name.starts_with('.') && name.ends_with(".new") {
                fs::remove_file(&path)?;
                removed += 1;
            }
        } else if full.is_some_and(|full| full.is_file()) {
            fs::remove_dir_all(&path)?;
            removed += 1;
        } else {
            removed += clean(&path)?;
        }
    }
    Ok(removed)
}
