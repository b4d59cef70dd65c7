//! Reads a ledger as C2SP tlog-tiles from a folder or an address: its entries from bundles, and the
//! hash tiles that have to be those of the entries.
//!
//! Must not: trust a length or a number in it, or follow the paths of anything but tiles.
//!
//! ```text
//! checkpoint                     a signed note
//! tile/<L>/<N>[.p/<W>]           hashes
//! tile/entries/<N>[.p/<W>]       (length: u16 big-endian | entry)*
//! ```

use super::shelf::Shelf;
use crate::audit::{Check, Finding, History};
use crate::proof::checkpoint::{Checkpoint, Extensions};
use crate::proof::hex::encode as hex;
use crate::proof::merkle::Hash;
use crate::proof::tile::{TILE_BYTES, TILE_WIDTH, TileCoordinate, TileKind, TilePath};
use anyhow::Context;
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::num::NonZeroU8;

/// Longest checkpoint file.
pub const CHECKPOINT_BYTES_MAX: usize = 64 << 10;
/// Longest bundle: as many entries as it can hold, each of the greatest length.
const BUNDLE_BYTES_MAX: usize = TILE_WIDTH * (2 + u16::MAX as usize);

/// Tiles, read entry by entry.
pub struct TilesReader {
    shelf: Shelf,
    checkpoint: String,
    size: u64,
    next: u64,
    pending: VecDeque<Vec<u8>>,
}

impl TilesReader {
    /// Reads how many entries the checkpoint on a shelf names, whoever signed it.
    ///
    /// # Errors
    /// There is no checkpoint, or it is none.
    pub fn open(shelf: Shelf) -> anyhow::Result<Self> {
        let place = shelf.place("checkpoint");
        let bytes = shelf.read("checkpoint", CHECKPOINT_BYTES_MAX);
        let bytes = bytes.with_context(|| format!("cannot read {place}"))?;
        let checkpoint = String::from_utf8(bytes);
        let checkpoint = checkpoint.with_context(|| format!("{place} is not text"))?;
        let size = unverified(&checkpoint).context(place)?.size;
        Ok(Self {
            shelf,
            checkpoint,
            size,
            next: 0,
            pending: VecDeque::new(),
        })
    }

    /// The checkpoint beside the tiles. Nobody has looked at its signatures.
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    /// How many entries that names.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The next entry's bytes; nothing at the end.
    ///
    /// # Errors
    /// A bundle is missing or is not whole frames of as many entries as it must hold.
    pub fn next_entry(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        if self.pending.is_empty() && self.next < self.size {
            let width = TILE_WIDTH as u64;
            let (index, count) = (self.next / width, width.min(self.size - self.next));
            let count = usize::try_from(count).expect("at most 256");
            let (path, bytes) = self.tile(TileKind::Entries, index, count, BUNDLE_BYTES_MAX)?;
            let entries = frames(&bytes, count);
            self.pending = entries.with_context(|| {
                let from = self.next;
                format!("{path}: not {count} framed entries from entry {from} on; export again")
            })?;
        }
        let entry = self.pending.pop_front();
        self.next += u64::from(entry.is_some());
        Ok(entry)
    }

    /// Compares every tile of hashes with the entries.
    ///
    /// # Errors
    /// A tile cannot be read.
    pub fn compare(&self, history: &History) -> anyhow::Result<Option<Finding>> {
        for (level, nodes) in (0_u8..).zip(history.widths()) {
            for index in 0..nodes.div_ceil(TILE_WIDTH as u64) {
                let coordinate = TileCoordinate { level, index };
                let finding = self.compare_tile(history, coordinate)?;
                if finding.is_some() {
                    return Ok(finding);
                }
            }
        }
        Ok(None)
    }

    fn compare_tile(
        &self,
        history: &History,
        coordinate: TileCoordinate,
    ) -> anyhow::Result<Option<Finding>> {
        let TileCoordinate { level, index } = coordinate;
        let hashes = history.tile(coordinate);
        let kind = TileKind::Hashes(level);
        let (path, bytes) = self.tile(kind, index, hashes.len(), TILE_BYTES)?;
        let span = 1_u64 << (8 * u32::from(level));
        let first = index * TILE_WIDTH as u64;
        let (found, rest) = bytes.as_chunks::<32>();
        // A full tile may stand where a partial one was asked for.
        let is_whole = rest.is_empty() && [hashes.len(), TILE_WIDTH].contains(&found.len());
        if !is_whole {
            let expected = format!("{path} of {} hashes", hashes.len());
            let found = format!("{} bytes", bytes.len());
            return Ok(Some(Finding::new(
                first * span,
                Check::Tile,
                expected,
                found,
            )));
        }
        let differing = hashes
            .iter()
            .zip(found)
            .position(|(own, found)| own != found);
        Ok(differing.map(|at| {
            let entry = (first + at as u64) * span;
            let expected = format!("{} in {path}", hex(&hashes[at]));
            Finding::new(entry, Check::Tile, expected, hex(&found[at]))
        }))
    }

    /// A full tile of hashes, for proofs; nothing if there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn hashes(&self, coordinate: TileCoordinate, count: usize) -> anyhow::Result<Vec<Hash>> {
        let TileCoordinate { level, index } = coordinate;
        let (path, bytes) = self.tile(TileKind::Hashes(level), index, count, TILE_BYTES)?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        let is_whole = rest.is_empty() && [count, TILE_WIDTH].contains(&hashes.len());
        anyhow::ensure!(is_whole, "{path} does not hold {count} hashes");
        Ok(hashes[..count].to_vec())
    }

    /// Reads a tile of so many hashes or entries; where a partial one is asked for, a full one
    /// serves too.
    fn tile(
        &self,
        kind: TileKind,
        index: u64,
        count: usize,
        bytes_max: usize,
    ) -> anyhow::Result<(TilePath, Vec<u8>)> {
        let partial = u8::try_from(count).ok().and_then(NonZeroU8::new);
        let path = |width| TilePath { kind, index, width };
        let mut last = None;
        for path in partial.map(Some).into_iter().chain([None]).map(path) {
            match self.shelf.read(&path.to_string(), bytes_max) {
                Ok(bytes) => return Ok((path, bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    last.get_or_insert((error, path));
                }
                Err(error) => {
                    let place = self.shelf.place(&path.to_string());
                    return Err(error).with_context(|| format!("cannot read {place}"));
                }
            }
        }
        let (error, path) = last.expect("there is always a full path to try");
        let place = self.shelf.place(&path.to_string());
        Err(error).with_context(|| format!("{place} is missing; export again"))
    }
}

/// What a checkpoint says, whoever signed it, or nobody.
///
/// # Errors
/// It is no checkpoint.
pub fn unverified(note: &str) -> anyhow::Result<Checkpoint> {
    let text = note.split_once("\n\n").map(|(text, _)| format!("{text}\n"));
    let text = text.context("not a signed note")?;
    Ok(Checkpoint::parse(&text, Extensions::Refused)?)
}

/// The first entries of a bundle, if it is whole frames, and exactly so many or a full tile's.
fn frames(bundle: &[u8], count: usize) -> Option<VecDeque<Vec<u8>>> {
    let mut entries = VecDeque::with_capacity(count);
    let mut rest = bundle;
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, behind) = behind.split_at_checked(length)?;
        entries.push_back(entry.to_vec());
        rest = behind;
    }
    let is_whole = rest.is_empty() && [count, TILE_WIDTH].contains(&entries.len());
    entries.truncate(count);
    is_whole.then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_frames_of_the_right_number_are_entries() {
        for (bundle, count, whole) in [
            (&[0, 1, 7][..], 1, true),
            (&[0, 0, 0, 2, 8, 9], 2, true),
            (&[0, 1, 7], 2, false),
            (&[0, 1, 7, 0, 1, 7], 1, false),
            (&[0, 2, 7], 1, false),
            (&[0, 1, 7, 0], 1, false),
            (&[0xff, 0xff, 7], 1, false),
            (&[], 1, false),
            (&[0; 512], 3, true),
            (&[0; 514], 3, false),
        ] {
            let found = frames(bundle, count).map(|entries| entries.len());
            assert_eq!(found, whole.then_some(count), "{bundle:?}");
        }
    }

    #[test]
    fn a_size_near_the_end_of_numbers_asks_for_one_tile_and_stops() {
        let folder = tempfile::tempdir().unwrap();
        for size in [1, 256, u64::MAX / 2 - 1, u64::MAX / 2, 1 << 63, u64::MAX] {
            let root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
            let note = format!("a\n{size}\n{root}\n\n\u{2014} a AAAA\n");
            std::fs::write(folder.path().join("checkpoint"), note).unwrap();
            let mut tiles = TilesReader::open(Shelf::Folder(folder.path().to_owned())).unwrap();
            let error = tiles.next_entry().unwrap_err();
            assert!(format!("{error:#}").contains("is missing"), "{error:#}");
            tiles.next = size - 1;
            assert!(tiles.next_entry().is_err());
        }
    }
}
