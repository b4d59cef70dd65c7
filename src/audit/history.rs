//! The history: the hash of every leaf so far, and with it the tree's root at any earlier size.
//!
//! It holds what hash tiles hold: the nodes of every eighth level of the tree. That is 32 bytes for
//! each entry and a 255th part more, whatever an entry's size: a ledger of 100 million ops in
//! entries of 400 takes 8 MB, and one of as many entries of one op 3.2 GB.
//! Must not: read tiles; what it says follows from the entries alone.

use crate::proof::merkle::{self, Hash, node_hash};
use crate::proof::tile::{TILE_WIDTH, TileCoordinate};
use std::convert::Infallible;

/// Levels of the tree from one level of tiles to the next.
const TILE_HEIGHT: u32 = 8;

/// Every leaf's hash, and the roots of full tiles above them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// By level of tiles; the leaves are the first.
    levels: Vec<Vec<Hash>>,
}

impl History {
    /// The history of an empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// The history with these leaves.
    pub fn of_leaves(leaves: &[Hash]) -> Self {
        let mut history = Self::new();
        leaves.iter().for_each(|leaf| history.push(*leaf));
        history
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.leaves().len() as u64
    }

    /// The hash of every leaf.
    pub fn leaves(&self) -> &[Hash] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf_hash: Hash) {
        let mut hash = leaf_hash;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            if !hashes.len().is_multiple_of(TILE_WIDTH) {
                break;
            }
            hash = root_of(&hashes[hashes.len() - TILE_WIDTH..]);
        }
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        self.root_at(self.size()).expect("its own size was reached")
    }

    /// The root over the first leaves; nothing for a size that was not reached.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        if size > self.size() {
            return None;
        }
        let Ok(root) = merkle::root_of(size, |level, index| self.node(level, index));
        Some(root)
    }

    /// The proof that the tree at one size begins with that at an earlier one; nothing for sizes
    /// that are not in this order or were not reached.
    pub fn consistency_proof(&self, old_size: u64, new_size: u64) -> Option<Vec<Hash>> {
        if old_size > new_size || new_size > self.size() {
            return None;
        }
        let node = |level, index| self.node(level, index);
        let Ok(proof) = merkle::consistency_proof(old_size, new_size, node);
        Some(proof)
    }

    /// The hashes of a tile, as many as there are.
    pub fn tile(&self, coordinate: TileCoordinate) -> &[Hash] {
        let hashes = self.levels.get(usize::from(coordinate.level));
        let hashes = hashes.map_or(&[][..], Vec::as_slice);
        let start = usize::try_from(coordinate.index).ok();
        let start = start.and_then(|index| index.checked_mul(TILE_WIDTH));
        match start.filter(|start| *start < hashes.len()) {
            Some(start) => &hashes[start..hashes.len().min(start + TILE_WIDTH)],
            None => &[],
        }
    }

    /// How many nodes there are on each level of tiles, the leaves first.
    pub fn widths(&self) -> impl Iterator<Item = u64> {
        self.levels.iter().map(|hashes| hashes.len() as u64)
    }

    /// A complete node of the tree.
    fn node(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        let height = level % TILE_HEIGHT;
        let hashes = &self.levels[(level / TILE_HEIGHT) as usize];
        let start = usize::try_from(index << height).expect("its leaves are in memory");
        Ok(root_of(&hashes[start..start + (1 << height)]))
    }
}

/// The root over a power of two of neighbouring nodes, at most a tile's.
///
/// # Panics
/// If there are not as many.
pub fn root_of(hashes: &[Hash]) -> Hash {
    let mut nodes = [[0; 32]; TILE_WIDTH];
    let mut width = hashes.len();
    assert!(width.is_power_of_two(), "a complete subtree");
    nodes[..width].copy_from_slice(hashes);
    while width > 1 {
        width /= 2;
        for at in 0..width {
            nodes[at] = node_hash(&nodes[2 * at], &nodes[2 * at + 1]);
        }
    }
    nodes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::{EMPTY_ROOT, Frontier, leaf_hash, verify_consistency};

    #[test]
    fn every_root_and_proof_is_that_of_the_tree() {
        let mut history = History::new();
        let mut frontier = Frontier::new();
        assert_eq!(history.root(), EMPTY_ROOT);
        let mut roots = vec![EMPTY_ROOT];
        for entry in 0..700_u32 {
            let leaf = leaf_hash(&entry.to_be_bytes());
            history.push(leaf);
            frontier.push(leaf);
            roots.push(frontier.root());
        }
        for size in 0..=700_u64 {
            let root = roots[usize::try_from(size).unwrap()];
            assert_eq!(history.root_at(size), Some(root), "{size}");
            let proof = history.consistency_proof(size, 700).unwrap();
            let new_root = history.root();
            assert!(verify_consistency(size, &root, 700, &new_root, &proof));
        }
        assert_eq!(history.root_at(701), None);
        assert_eq!(history.root_at(u64::MAX), None);
        assert_eq!(history.consistency_proof(5, 4), None);
        assert_eq!(history.widths().collect::<Vec<_>>(), [700, 2]);
        let tile = |level, index| history.tile(TileCoordinate { level, index }).len();
        assert_eq!((tile(0, 1), tile(0, 2), tile(1, 0)), (256, 188, 2));
        assert_eq!((tile(0, 3), tile(9, 0), tile(0, u64::MAX)), (0, 0, 0));
        assert_eq!(History::of_leaves(history.leaves()), history);
    }
}
