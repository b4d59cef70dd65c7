//! The right edge of the tiled tree: what is in memory because its tiles are not full.
//!
//! Must not: hash anything twice. The nodes that a batch's proofs need are the nodes that its
//! tiles are made of.

use super::{
    TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, TileCoordinate, TileError, TilePath, nodes_at, prove,
};
use crate::proof::merkle::{Appended, Frontier, Hash};

/// A full tile, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Where it belongs.
    pub coordinate: TileCoordinate,
    /// Its 256 hashes, [`TILE_BYTES`] long.
    pub bytes: Vec<u8>,
}

/// What a batch of leaves did to the edge.
#[derive(Debug, Clone)]
pub struct EdgeAppended {
    /// The tiles that became full, lowest level first: they must be stored with the batch.
    pub tiles: Vec<Tile>,
    /// The nodes above the batch, from which its inclusion proofs follow.
    pub nodes: Appended,
}

/// All partial tiles of a tree: at most 255 hashes a level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edge {
    frontier: Frontier,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of the tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Edge::default()
    }

    /// Builds the edge of a stored tree again, from its full tiles and its last leaves (fewer than
    /// 256). The caller compares [`Edge::root`] with the checkpoint that it has.
    ///
    /// # Errors
    /// [`TileError`] where a tile that must be there is not, or is not a tile; or what
    /// `leaf_hash_of` answers.
    pub fn recover<B: AsRef<[u8]>, E>(
        size: u64,
        mut read_tile: impl FnMut(TileCoordinate) -> Result<Option<B>, E>,
        mut leaf_hash_of: impl FnMut(u64) -> Result<Hash, E>,
    ) -> Result<Edge, TileError<E>> {
        let mut levels = Vec::new();
        for level in 0u8.. {
            let end = nodes_at(size, level);
            if end == 0 {
                break;
            }
            let mut hashes = Vec::with_capacity(TILE_WIDTH);
            for index in end - end % TILE_WIDTH as u64..end {
                hashes.push(if level == 0 {
                    leaf_hash_of(index).map_err(TileError::Read)?
                } else {
                    let below = TileCoordinate {
                        level: level - 1,
                        index,
                    };
                    prove::root_of_tile(&prove::read(below, &mut read_tile)?)
                });
            }
            levels.push(hashes);
        }
        Edge::of_levels(size, levels)
    }

    /// Builds the edge of somebody's tree from its partial tiles. Nothing vouches for them until
    /// the caller has compared [`Edge::root`] with a checkpoint.
    ///
    /// # Errors
    /// [`TileError::WrongLength`], or what `read_tile` answers.
    pub fn of_partial_tiles<B: AsRef<[u8]>, E>(
        size: u64,
        mut read_tile: impl FnMut(TilePath) -> Result<B, E>,
    ) -> Result<Edge, TileError<E>> {
        let mut levels = Vec::new();
        for path in TilePath::edge(size) {
            let Some(coordinate) = path.coordinate() else {
                continue;
            };
            let bytes = read_tile(path).map_err(TileError::Read)?;
            let hashes = prove::tile_hashes(bytes.as_ref(), path.count());
            levels.resize(usize::from(coordinate.level), Vec::new());
            levels.push(hashes.ok_or(TileError::WrongLength(coordinate))?);
        }
        Edge::of_levels(size, levels)
    }

    fn of_levels<E>(size: u64, levels: Vec<Vec<Hash>>) -> Result<Edge, TileError<E>> {
        let mut edge = Edge {
            frontier: Frontier::new(),
            levels,
        };
        edge.frontier = Frontier::from_nodes(size, |level, index| {
            let at = edge.in_memory(level, index, size);
            at.map(prove::root_of_hashes).ok_or(TileError::OutOfRange)
        })?;
        Ok(edge)
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root hash.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Appends a batch of leaves.
    pub fn append(&mut self, leaf_hashes: &[Hash]) -> EdgeAppended {
        let nodes = self.frontier.append(leaf_hashes);
        let (old_size, new_size) = (nodes.old_size(), nodes.new_size());
        let mut tiles = Vec::new();
        for level in 0u8.. {
            let (old_end, new_end) = (nodes_at(old_size, level), nodes_at(new_size, level));
            if old_end == new_end {
                break;
            }
            if self.levels.len() == usize::from(level) {
                self.levels.push(Vec::with_capacity(TILE_WIDTH));
            }
            let hashes = &mut self.levels[usize::from(level)];
            for index in old_end..new_end {
                let node = nodes.node(TILE_HEIGHT * u32::from(level), index);
                hashes.push(node.expect("a node that the batch completed is above the batch"));
                if hashes.len() == TILE_WIDTH {
                    let index = index / TILE_WIDTH as u64;
                    let bytes = hashes.concat();
                    assert_eq!(
                        bytes.len(),
                        TILE_BYTES,
                        "a full tile has {TILE_WIDTH} hashes"
                    );
                    tiles.push(Tile {
                        coordinate: TileCoordinate { level, index },
                        bytes,
                    });
                    hashes.clear();
                }
            }
        }
        EdgeAppended { tiles, nodes }
    }

    /// The hashes of a partial tile as it stands now; `None` for a tile that is full, or empty.
    #[must_use]
    pub fn partial_tile(&self, coordinate: TileCoordinate) -> Option<&[Hash]> {
        let hashes = self.levels.get(usize::from(coordinate.level))?;
        let full_tiles = nodes_at(self.size(), coordinate.level) / TILE_WIDTH as u64;
        (coordinate.index == full_tiles && !hashes.is_empty()).then_some(hashes)
    }

    /// The tile hashes under node (level, index) of the tree, if a partial tile holds them.
    pub(super) fn in_memory(&self, level: u32, index: u64, size: u64) -> Option<&[Hash]> {
        let (coordinate, span) = prove::place(level, index);
        let hashes = self.levels.get(usize::from(coordinate.level))?;
        let full_tiles = nodes_at(size, coordinate.level) / TILE_WIDTH as u64;
        if coordinate.index != full_tiles {
            return None;
        }
        hashes.get(span)
    }
}
