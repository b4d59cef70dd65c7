//! Tiles: the tree cut into files that never change, and the edge that is not yet full.
//!
//! Purpose: store each hash of the tree once, in blocks of 256 that are immutable from the moment
//! they are written, and compute any proof for any earlier size from them. Only full tiles are
//! ever stored; the partial ones of the right edge live in memory ([`Edge`]) and are recomputed
//! from the entries when the house starts.
//!
//! Must not: read or write storage. Whoever asks for a proof passes a function that reads a tile.
//!
//! Spec: C2SP tlog-tiles. Tile (L, N) holds the nodes of tree level 8·L with the indices
//! 256·N .. 256·N + 255, each the root of a full tile one level below:
//!
//! ```text
//! tile/0/000   leaf hash 0 | leaf hash 1 | … | leaf hash 255         256 × 32 = 8,192 bytes
//!                    └────────── root ─────────────┐
//! tile/1/000   hash of leaves 0..256 | 256..512 | …
//! ```

mod bundle;
mod edge;
mod path;
mod prove;

pub use bundle::{BUNDLE_BYTES_MAX, bundle_entries, push_entry};
pub use edge::{Edge, EdgeAppended, Tile};
pub use path::{TileKind, TilePath};
pub use prove::{TileError, root_of_tile, tile_hashes};

use super::merkle::Hash;

/// Hashes in a full tile.
pub const TILE_WIDTH: usize = 256;
/// Bytes of a full tile.
pub const TILE_BYTES: usize = TILE_WIDTH * size_of::<Hash>();
/// Levels of the tree that a tile spans.
const TILE_HEIGHT: u32 = 8;

/// Which tile: its level, counted in tiles from the leaves, and its index in that level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileCoordinate {
    /// 0 for leaf hashes.
    pub level: u8,
    /// 0 for the leftmost.
    pub index: u64,
}

/// How many hashes of a tile a tree of `size` leaves has: 256 if it is full, 0 if there is none.
#[must_use]
pub fn tile_width(size: u64, coordinate: TileCoordinate) -> usize {
    let before = coordinate.index.saturating_mul(TILE_WIDTH as u64);
    let from_here = nodes_at(size, coordinate.level).saturating_sub(before);
    usize::try_from(from_here).map_or(TILE_WIDTH, |width| width.min(TILE_WIDTH))
}

/// How many full tiles of a level a tree of `size` leaves has.
#[must_use]
pub fn full_tiles(size: u64, level: u8) -> u64 {
    nodes_at(size, level) / TILE_WIDTH as u64
}

/// How many nodes of tile level `level` a tree of `size` leaves has: roots of full tiles below.
fn nodes_at(size: u64, level: u8) -> u64 {
    size.checked_shr(TILE_HEIGHT * u32::from(level))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
