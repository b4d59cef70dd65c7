//! Appending a batch of leaves: the new root, and a proof for each new leaf, in one pass.
//!
//! Must not: need more of the old tree than its frontier. k leaves cost about k hashes and
//! one more for each level of the tree.
//!
//! ```text
//! level 1   [ left ] a' b' c'          left: from the old frontier, kept where the first new
//!              ┌──┘  │   └─┐                 index of the level is odd
//! level 0   [ left ] a  b  c  d  e     a…: the level's nodes that cover any new leaf; an odd
//!                                          last one is carried up as it is
//! ```

use super::{EMPTY_ROOT, Hash, node_hash};

/// The complete subtrees that a tree falls into, largest and leftmost first: all that appending
/// needs to know. There is one for each bit that is set in the tree's size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Frontier::default()
    }

    /// The frontier of a stored tree, from its complete nodes (level, index).
    ///
    /// # Errors
    /// What `node` answers.
    pub fn from_nodes<E>(
        size: u64,
        mut node: impl FnMut(u32, u64) -> Result<Hash, E>,
    ) -> Result<Self, E> {
        let levels = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
        let peaks = levels
            .map(|level| node(level, (size >> level) - 1))
            .collect::<Result<_, E>>()?;
        Ok(Frontier { size, peaks })
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root hash.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return EMPTY_ROOT;
        };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }

    /// Appends one leaf.
    pub fn push(&mut self, leaf_hash: Hash) {
        let mut hash = leaf_hash;
        for _ in 0..self.size.trailing_ones() {
            let left = self
                .peaks
                .pop()
                .expect("there is a peak for every bit of the size");
            hash = node_hash(&left, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Appends a batch of leaves and keeps the nodes above them, from which the proofs of all new
    /// leaves follow.
    pub fn append(&mut self, leaf_hashes: &[Hash]) -> Appended {
        let old_size = self.size;
        let new_size = old_size + leaf_hashes.len() as u64;
        let mut appended = Appended {
            old_size,
            new_size,
            levels: Vec::new(),
        };
        if leaf_hashes.is_empty() {
            return appended;
        }
        let mut nodes = leaf_hashes.to_vec();
        let mut level = 0;
        loop {
            let mut first = old_size >> level;
            if first & 1 == 1 {
                nodes.insert(0, self.peak(level));
                first -= 1;
            }
            let parents = parents(&nodes);
            let is_root = first == 0 && nodes.len() == 1;
            appended.levels.push(Level { first, nodes });
            if is_root {
                break;
            }
            nodes = parents;
            level += 1;
        }
        *self = self.grown(&appended);
        appended
    }

    fn grown(&self, appended: &Appended) -> Frontier {
        let size = appended.new_size;
        let grown = Frontier::from_nodes(size, |level, index| {
            Ok::<_, std::convert::Infallible>(match appended.node(level, index) {
                Some(hash) => hash,
                None => self.peak(level),
            })
        });
        let Ok(grown) = grown;
        assert_eq!(
            grown.root(),
            appended.root(),
            "frontier and appended nodes have one root"
        );
        grown
    }

    /// The complete subtree of this level; there is one where the size has the level's bit set.
    fn peak(&self, level: u32) -> Hash {
        assert!(
            self.size >> level & 1 == 1,
            "no peak at level {level} of size {}",
            self.size
        );
        let larger = (self.size >> level >> 1).count_ones();
        self.peaks[larger as usize]
    }
}

/// The parents of a level's nodes; a last one without a sibling is its own parent.
fn parents(nodes: &[Hash]) -> Vec<Hash> {
    let mut pairs = nodes.chunks_exact(2);
    let mut parents = Vec::with_capacity(nodes.len() / 2 + 2);
    parents.extend(pairs.by_ref().map(|pair| node_hash(&pair[0], &pair[1])));
    parents.extend(pairs.remainder());
    parents
}

/// What a batch added to the tree: every node above a new leaf, at the size after the batch.
#[derive(Debug, Clone)]
pub struct Appended {
    old_size: u64,
    new_size: u64,
    levels: Vec<Level>,
}

/// Neighbouring nodes of one level, up to the right edge of the tree.
#[derive(Debug, Clone)]
struct Level {
    /// Index of the first of `nodes`; even.
    first: u64,
    nodes: Vec<Hash>,
}

impl Level {
    fn node(&self, index: u64) -> Option<&Hash> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.nodes.get(at)
    }
}

impl Appended {
    /// The number of leaves before the batch: the index of its first leaf.
    #[must_use]
    pub fn old_size(&self) -> u64 {
        self.old_size
    }

    /// The number of leaves after the batch: the size that the proofs are for.
    #[must_use]
    pub fn new_size(&self) -> u64 {
        self.new_size
    }

    /// The inclusion proof of leaf `index` in the tree after the batch.
    ///
    /// # Panics
    /// If the leaf is not of this batch.
    #[must_use]
    pub fn inclusion_proof(&self, index: u64) -> Vec<Hash> {
        assert!(
            (self.old_size..self.new_size).contains(&index),
            "leaf {index} is of another batch"
        );
        let level_siblings = self.levels.iter().enumerate();
        level_siblings
            .filter_map(|(level, nodes)| nodes.node(index >> level ^ 1))
            .copied()
            .collect()
    }

    /// A node above a new leaf or just left of one, if it is complete.
    #[must_use]
    pub fn node(&self, level: u32, index: u64) -> Option<Hash> {
        if index >= self.new_size >> level {
            return None;
        }
        self.levels.get(level as usize)?.node(index).copied()
    }

    fn root(&self) -> Hash {
        self.levels
            .last()
            .expect("a batch with leaves has levels")
            .nodes[0]
    }
}
