//! Tiles, bundles of entries, and proofs for any size: all from what is durable.
//!
//! Must not: give out a hash that the view does not have yet. Full tiles come from the log, partial
//! ones from the view's edge; a narrower form of a full tile is its beginning.

use super::store::StoreError;
use super::view::View;
use super::{Ledger, tile_error};
use crate::proof::merkle::Hash;
use crate::proof::tile::{
    TILE_BYTES, TILE_WIDTH, TileCoordinate, TilePath, push_entry, tile_width,
};
use std::sync::Arc;

/// Entries read from the store at once.
const READ_AT_ONCE: usize = 64;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The ledger was never that large.
    #[error("the ledger has {size} entries; there is no proof for {asked} of them yet")]
    Beyond {
        /// Entries that it has.
        size: u64,
        /// The size that was asked for.
        asked: u64,
    },
    /// An entry after the end of the tree that is to prove it.
    #[error("entry {index} is not among the first {size}: index must be less than size")]
    NotAmong {
        /// The entry.
        index: u64,
        /// The size that was asked for.
        size: u64,
    },
    /// The sizes are the wrong way round.
    #[error("a ledger of {to} entries does not begin with one of {from}: from is the smaller size")]
    Backwards {
        /// The smaller size.
        from: u64,
        /// The larger size.
        to: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The proof that an entry is among the first `size`.
#[derive(Debug, Clone)]
pub struct Inclusion {
    /// How many entries the tree has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// A view that has the tree; its checkpoint fixes it if it is of this size.
    pub view: Arc<View>,
}

/// The proof that the first `to` entries begin with the first `from`.
#[derive(Debug, Clone)]
pub struct Consistency {
    /// The larger size.
    pub to: u64,
    /// Root of the smaller tree.
    pub from_root: Hash,
    /// Root of the larger tree.
    pub to_root: Hash,
    /// As RFC 6962 §2.1.2 orders them.
    pub hashes: Vec<Hash>,
    /// A view that has both; its checkpoint fixes the larger one if it is of this size.
    pub view: Arc<View>,
}

impl Ledger {
    /// A tile of hashes as wide as the path says; nothing if it is not that wide yet, or if the
    /// path is one of entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hash_tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, StoreError> {
        let view = self.view();
        let Some(coordinate) = path.coordinate() else {
            return Ok(None);
        };
        if tile_width(view.size, coordinate) < path.count() {
            return Ok(None);
        }
        let mut bytes = match view.edge.partial_tile(coordinate) {
            Some(hashes) => hashes.concat(),
            None => self.full_tile(coordinate)?,
        };
        bytes.truncate(path.count() * size_of::<Hash>());
        Ok(Some(bytes))
    }

    fn full_tile(&self, coordinate: TileCoordinate) -> Result<Vec<u8>, StoreError> {
        let bytes = self.tile(coordinate)?;
        bytes
            .filter(|bytes| bytes.len() == TILE_BYTES)
            .ok_or_else(|| StoreError::Corrupt(format!("no full tile at {coordinate:?}")))
    }

    /// A bundle of entries as wide as the path says; nothing if there are not that many yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn entry_bundle(&self, path: TilePath) -> Result<Option<Vec<u8>>, StoreError> {
        let (index, count) = (path.index, path.count());
        let leaves = TileCoordinate { level: 0, index };
        if path.coordinate().is_some() || tile_width(self.view().size, leaves) < count {
            return Ok(None);
        }
        let begin = index * TILE_WIDTH as u64;
        let (mut bundle, mut read) = (Vec::new(), 0);
        while read < count {
            let from = begin + read as u64;
            let records = self.entries(from, READ_AT_ONCE.min(count - read))?;
            if records.is_empty() {
                return Err(StoreError::Corrupt(format!("entry {from} is missing")));
            }
            for record in &records {
                push_entry(&mut bundle, &record.entry);
            }
            read += records.len();
        }
        Ok(Some(bundle))
    }

    /// The proof that an entry is among the first `size`, or among all.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn inclusion(&self, index: u64, size: Option<u64>) -> Result<Inclusion, ProofError> {
        let view = self.view();
        let size = reached(&view, size)?;
        if index >= size {
            return Err(ProofError::NotAmong { index, size });
        }
        let edge = &view.edge;
        let root = edge.root_at(size, |tile| self.tile(tile));
        let hashes = edge.inclusion_proof(index, size, |tile| self.tile(tile));
        Ok(Inclusion {
            size,
            root: root.map_err(tile_error)?,
            hashes: hashes.map_err(tile_error)?,
            view,
        })
    }

    /// The proof that the first `to` entries, or all, begin with the first `from`.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn consistency(&self, from: u64, to: Option<u64>) -> Result<Consistency, ProofError> {
        let view = self.view();
        let to = reached(&view, to)?;
        reached(&view, Some(from))?;
        if from > to {
            return Err(ProofError::Backwards { from, to });
        }
        let edge = &view.edge;
        let from_root = edge.root_at(from, |tile| self.tile(tile));
        let to_root = edge.root_at(to, |tile| self.tile(tile));
        let hashes = edge.consistency_proof(from, to, |tile| self.tile(tile));
        Ok(Consistency {
            to,
            from_root: from_root.map_err(tile_error)?,
            to_root: to_root.map_err(tile_error)?,
            hashes: hashes.map_err(tile_error)?,
            view,
        })
    }
}

/// A size that the ledger has had; the present one where none is asked for.
fn reached(view: &View, asked: Option<u64>) -> Result<u64, ProofError> {
    let size = view.size;
    match asked {
        Some(asked) if asked > size => Err(ProofError::Beyond { size, asked }),
        asked => Ok(asked.unwrap_or(size)),
    }
}
