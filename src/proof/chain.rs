//! The chain hash: what ties each entry to all entries before it.
//!
//! Purpose: entry *n* carries the chain hash of entry *n*−1 in its `prev` field, so the hash of
//! the last entry fixes the whole ledger, in order.
//!
//! Must not: know what an entry means. It hashes the exact stored bytes.
//!
//! Spec: BLAKE3 in key-derivation mode with the context string below, over the entry's bytes:
//!
//! ```text
//! prev(0)   = 32 zero bytes
//! prev(n+1) = BLAKE3-derive-key("tallyhouse 2026 ledger entry v1", bytes of entry n)
//! ```
//!
//! A context string of its own keeps a chain hash from ever being equal to any other BLAKE3 hash
//! that the ledger takes (effects digests) over the same bytes.

use blake3::hazmat::{ContextKey, HasherExt as _, hash_derive_key_context};

/// The context string of the chain hash.
const CONTEXT: &str = "tallyhouse 2026 ledger entry v1";

/// The `prev` of entry 0: there is nothing before it.
pub const GENESIS: [u8; 32] = [0; 32];

/// Computes chain hashes. The context string is hashed once, when this is made.
#[derive(Debug, Clone)]
pub struct ChainHasher {
    key: ContextKey,
}

impl ChainHasher {
    /// Prepares the context key.
    #[must_use]
    pub fn new() -> Self {
        ChainHasher {
            key: hash_derive_key_context(CONTEXT),
        }
    }

    /// The chain hash of an entry: the `prev` of the entry after it.
    #[must_use]
    pub fn hash(&self, entry: &[u8]) -> [u8; 32] {
        *blake3::Hasher::new_from_context_key(&self.key)
            .update(entry)
            .finalize()
            .as_bytes()
    }
}

impl Default for ChainHasher {
    fn default() -> Self {
        ChainHasher::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_plain_derive_key_function_at_every_chunk_boundary() {
        let chain = ChainHasher::new();
        let bytes: Vec<u8> = (0..=255u8).cycle().take(65_535).collect();
        for length in [0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 16_384, 65_535] {
            let entry = &bytes[..length];
            assert_eq!(chain.hash(entry), blake3::derive_key(CONTEXT, entry));
        }
    }

    #[test]
    fn a_chain_hash_is_no_other_hash_of_the_same_bytes() {
        assert_ne!(
            ChainHasher::new().hash(b"entry"),
            *blake3::hash(b"entry").as_bytes()
        );
    }
}
