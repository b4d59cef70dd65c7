//! The Merkle tree over all entries: roots, appending, and proofs that need no trust in the house.
//!
//! Purpose: with one root hash of 32 bytes, anybody can check that an entry is in the ledger
//! (inclusion) and that a later ledger only added to an earlier one (consistency). Appending needs
//! the frontier alone: the roots of the complete subtrees that the tree falls into.
//!
//! Must not: store or fetch anything. Proofs over stored nodes take a function that gives them.
//!
//! Spec: RFC 6962 §2.1 with SHA-256; verification as in RFC 9162 §2.1.3.2 and §2.1.4.2. Node
//! (level, index) is the hash over the leaves `index << level .. (index + 1) << level`.
//!
//! ```text
//! leaf(entry)       = SHA-256(0x00 || entry)
//! node(left, right) = SHA-256(0x01 || left || right)
//!
//! size 6, frontier (2, 0) and (1, 2):        root
//!                                         /        \
//!                                     (2,0)        (1,2)        a last node without a
//!                                    /     \       /   \        sibling moves up as it is
//!                                (1,0)   (1,1)    4     5
//!                                 / \     / \
//!                                0   1   2   3
//! ```

mod append;
mod prove;

pub use append::{Appended, Frontier};
pub use prove::{consistency_proof, inclusion_proof, root_of};

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash of the tree.
pub type Hash = [u8; 32];

/// The root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// The hash of a leaf, over the exact bytes of its entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(entry)
        .finalize()
        .into()
}

/// The hash of a node from those of its two children.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// Whether `proof` shows that the tree with `size` leaves and root `root` has `leaf_hash` at
/// `index`.
#[must_use]
pub fn verify_inclusion(
    leaf_hash: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> bool {
    if index >= size {
        return false;
    }
    let mut path = Path {
        node: index,
        last: size - 1,
    };
    let mut hash = *leaf_hash;
    for sibling in proof {
        if path.last == 0 {
            return false;
        }
        if path.sibling_is_left() {
            hash = node_hash(sibling, &hash);
            path.pass_levels_without_sibling();
        } else {
            hash = node_hash(&hash, sibling);
        }
        path.go_up();
    }
    path.last == 0 && hash == *root
}

/// Whether `proof` shows that the tree with `new_size` leaves and root `new_root` begins with
/// the `old_size` leaves of the tree with root `old_root`. The empty tree begins every tree: its
/// root must be [`EMPTY_ROOT`] and its proof empty.
#[must_use]
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> bool {
    if old_size > new_size {
        return false;
    }
    if old_size == new_size {
        let is_empty_right = old_size > 0 || *old_root == EMPTY_ROOT;
        return proof.is_empty() && old_root == new_root && is_empty_right;
    }
    if old_size == 0 {
        return proof.is_empty() && *old_root == EMPTY_ROOT;
    }
    let (first, rest) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        let Some(split) = proof.split_first() else {
            return false;
        };
        split
    };
    let mut path = Path {
        node: old_size - 1,
        last: new_size - 1,
    };
    while path.node & 1 == 1 {
        path.go_up();
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if path.last == 0 {
            return false;
        }
        if path.sibling_is_left() {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            path.pass_levels_without_sibling();
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        path.go_up();
    }
    path.last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// The way from a leaf to the root: the index of the node and of the last node of its level.
struct Path {
    node: u64,
    last: u64,
}

impl Path {
    fn sibling_is_left(&self) -> bool {
        self.node & 1 == 1 || self.node == self.last
    }

    /// A last node with an even index has no sibling and stands for itself one level up.
    fn pass_levels_without_sibling(&mut self) {
        while self.node & 1 == 0 && self.node != 0 {
            self.go_up();
        }
    }

    fn go_up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the trees of tests are small"
)]
mod tests;
