//! Proofs and roots of any earlier size, from full tiles and the edge.
//!
//! Must not: believe that a tile has the right length, or ask for one tile twice in one proof.

use super::{Edge, TILE_HEIGHT, TILE_WIDTH, TileCoordinate};
use crate::proof::merkle::{self, Hash, node_hash};
use std::ops::Range;

/// Why a proof or a root cannot be had from the tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError<E> {
    /// The tree was never that large, or the leaf is not in it.
    #[error("not in the tree: ask for a leaf below the size, and a size that was reached")]
    OutOfRange,
    /// A full tile that must be stored is not.
    #[error("tile level {} index {} is missing from storage", .0.level, .0.index)]
    Missing(TileCoordinate),
    /// A tile has another number of hashes than it must have: 256 if it is stored.
    #[error("tile level {} index {} has the wrong length", .0.level, .0.index)]
    WrongLength(TileCoordinate),
    /// Storage could not be read.
    #[error("a tile or leaf could not be read")]
    Read(#[source] E),
}

impl Edge {
    /// The proof that leaf `index` is among the first `size` leaves.
    ///
    /// # Errors
    /// [`TileError`], with [`TileError::OutOfRange`] unless `index < size ≤` [`Edge::size`].
    pub fn inclusion_proof<B: AsRef<[u8]>, E>(
        &self,
        index: u64,
        size: u64,
        read_tile: impl FnMut(TileCoordinate) -> Result<Option<B>, E>,
    ) -> Result<Vec<Hash>, TileError<E>> {
        if index >= size || size > self.size() {
            return Err(TileError::OutOfRange);
        }
        let mut nodes = Nodes::new(self, read_tile);
        merkle::inclusion_proof(index, size, |level, index| nodes.node(level, index))
    }

    /// The proof that the tree of `new_size` leaves begins with that of `old_size`.
    ///
    /// # Errors
    /// [`TileError`], with [`TileError::OutOfRange`] unless `old_size ≤ new_size ≤`
    /// [`Edge::size`].
    pub fn consistency_proof<B: AsRef<[u8]>, E>(
        &self,
        old_size: u64,
        new_size: u64,
        read_tile: impl FnMut(TileCoordinate) -> Result<Option<B>, E>,
    ) -> Result<Vec<Hash>, TileError<E>> {
        if old_size > new_size || new_size > self.size() {
            return Err(TileError::OutOfRange);
        }
        let mut nodes = Nodes::new(self, read_tile);
        merkle::consistency_proof(old_size, new_size, |level, index| nodes.node(level, index))
    }

    /// The root of the first `size` leaves.
    ///
    /// # Errors
    /// [`TileError`], with [`TileError::OutOfRange`] unless `size ≤` [`Edge::size`].
    pub fn root_at<B: AsRef<[u8]>, E>(
        &self,
        size: u64,
        read_tile: impl FnMut(TileCoordinate) -> Result<Option<B>, E>,
    ) -> Result<Hash, TileError<E>> {
        if size > self.size() {
            return Err(TileError::OutOfRange);
        }
        if size == self.size() {
            return Ok(self.root());
        }
        let mut nodes = Nodes::new(self, read_tile);
        merkle::root_of(size, |level, index| nodes.node(level, index))
    }
}

/// Gives complete nodes of the tree; keeps the tiles that it has read, about two a level.
struct Nodes<'a, R> {
    edge: &'a Edge,
    read_tile: R,
    tiles: Vec<(TileCoordinate, Vec<Hash>)>,
}

impl<'a, R, B: AsRef<[u8]>, E> Nodes<'a, R>
where
    R: FnMut(TileCoordinate) -> Result<Option<B>, E>,
{
    fn new(edge: &'a Edge, read_tile: R) -> Self {
        Nodes {
            edge,
            read_tile,
            tiles: Vec::new(),
        }
    }

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, TileError<E>> {
        if let Some(hashes) = self.edge.in_memory(level, index, self.edge.size()) {
            return Ok(root_of_hashes(hashes));
        }
        let (coordinate, span) = place(level, index);
        if let Some((_, hashes)) = self.tiles.iter().find(|(known, _)| *known == coordinate) {
            return Ok(root_of_hashes(&hashes[span]));
        }
        let hashes = read(coordinate, &mut self.read_tile)?;
        let root = root_of_hashes(&hashes[span]);
        self.tiles.push((coordinate, hashes));
        Ok(root)
    }
}

/// The tile that holds the hashes under node (level, index) of the tree, and where in it.
pub(super) fn place(level: u32, index: u64) -> (TileCoordinate, Range<usize>) {
    let tile_level = u8::try_from(level / TILE_HEIGHT).expect("a tree has 64 levels");
    let height = level % TILE_HEIGHT;
    let per_tile = TILE_HEIGHT - height;
    let coordinate = TileCoordinate {
        level: tile_level,
        index: index >> per_tile,
    };
    let within = usize::try_from(index & ((1 << per_tile) - 1)).expect("below 256");
    (coordinate, within << height..(within + 1) << height)
}

/// Reads a full tile.
pub(super) fn read<B: AsRef<[u8]>, E>(
    coordinate: TileCoordinate,
    read_tile: &mut impl FnMut(TileCoordinate) -> Result<Option<B>, E>,
) -> Result<Vec<Hash>, TileError<E>> {
    let bytes = read_tile(coordinate).map_err(TileError::Read)?;
    let bytes = bytes.ok_or(TileError::Missing(coordinate))?;
    tile_hashes(bytes.as_ref(), TILE_WIDTH).ok_or(TileError::WrongLength(coordinate))
}

/// The hashes of a tile; `None` unless there are exactly `width`.
#[must_use]
pub fn tile_hashes(bytes: &[u8], width: usize) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (hashes.len() == width && rest.is_empty()).then(|| hashes.to_vec())
}

/// The root of a full tile: a hash of the level above.
///
/// # Panics
/// If there are not 256 hashes: a partial tile has no root.
#[must_use]
pub fn root_of_tile(hashes: &[Hash]) -> Hash {
    assert_eq!(
        hashes.len(),
        TILE_WIDTH,
        "only a full tile is hashed upward"
    );
    root_of_hashes(hashes)
}

/// The root of a power of two of neighbouring nodes.
pub(super) fn root_of_hashes(hashes: &[Hash]) -> Hash {
    assert!(
        hashes.len().is_power_of_two() && hashes.len() <= TILE_WIDTH,
        "a complete subtree"
    );
    let mut nodes = [[0; 32]; TILE_WIDTH];
    let mut width = hashes.len();
    nodes[..width].copy_from_slice(hashes);
    while width > 1 {
        width /= 2;
        for index in 0..width {
            nodes[index] = node_hash(&nodes[2 * index], &nodes[2 * index + 1]);
        }
    }
    nodes[0]
}
