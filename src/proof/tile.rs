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

mod edge;
mod path;
mod prove;

pub use edge::{Edge, EdgeAppended, Tile};
pub use path::{TileKind, TilePath};
pub use prove::TileError;

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

/// How many nodes of tile level `level` a tree of `size` leaves has: roots of full tiles below.
fn nodes_at(size: u64, level: u8) -> u64 {
    size.checked_shr(TILE_HEIGHT * u32::from(level))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
