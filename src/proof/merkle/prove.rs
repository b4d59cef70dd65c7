//! Roots and proofs from stored nodes, for any size that the tree ever had.
//!
//! Must not: ask for a node that is not complete at that size. `node(level, index)` is called
//! for subtrees with all their leaves only, so it may answer from tiles that never change.

use super::{EMPTY_ROOT, Hash, node_hash};
use std::ops::Range;

/// The root hash of the first `size` leaves.
///
/// # Errors
/// What `node` answers.
pub fn root_of<E>(size: u64, mut node: impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    if size == 0 {
        return Ok(EMPTY_ROOT);
    }
    range_hash(0..size, &mut node)
}

/// The proof that leaf `index` is among the first `size` leaves (RFC 6962 §2.1.1).
///
/// # Errors
/// What `node` answers.
///
/// # Panics
/// If `index` is not below `size`.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    mut node: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(index < size, "leaf {index} is not in a tree of {size}");
    let mut range = 0..size;
    let mut proof = Vec::new();
    while range.end - range.start > 1 {
        let middle = middle(&range);
        let (inside, sibling) = if index < middle {
            (range.start..middle, middle..range.end)
        } else {
            (middle..range.end, range.start..middle)
        };
        proof.push(range_hash(sibling, &mut node)?);
        range = inside;
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `new_size` leaves begins with that of `old_size` (RFC 6962 §2.1.2).
/// Empty where the sizes are equal or the old tree is.
///
/// # Errors
/// What `node` answers.
///
/// # Panics
/// If `old_size` is above `new_size`.
pub fn consistency_proof<E>(
    old_size: u64,
    new_size: u64,
    mut node: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(
        old_size <= new_size,
        "a tree of {new_size} does not begin with one of {old_size}"
    );
    let mut proof = Vec::new();
    if old_size == 0 {
        return Ok(proof);
    }
    let mut range = 0..new_size;
    while range.end != old_size {
        let middle = middle(&range);
        let (inside, sibling) = if old_size <= middle {
            (range.start..middle, middle..range.end)
        } else {
            (middle..range.end, range.start..middle)
        };
        proof.push(range_hash(sibling, &mut node)?);
        range = inside;
    }
    // A subtree that begins at leaf 0 is the old tree itself, whose root the verifier has.
    if range.start > 0 {
        proof.push(range_hash(range, &mut node)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The hash of the leaves in `range`, which starts at a multiple of its (rounded up) length.
fn range_hash<E>(
    range: Range<u64>,
    node: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let length = range.end - range.start;
    if length.is_power_of_two() {
        let level = length.trailing_zeros();
        return node(level, range.start >> level);
    }
    let middle = middle(&range);
    let left = range_hash(range.start..middle, node)?;
    let right = range_hash(middle..range.end, node)?;
    Ok(node_hash(&left, &right))
}

/// Where RFC 6962 splits: after the largest power of two below the length.
fn middle(range: &Range<u64>) -> u64 {
    let length = range.end - range.start;
    range.start + (1 << (length - 1).ilog2())
}
