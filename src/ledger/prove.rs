//! What the ledger shows and hears of witnesses: proofs between its sizes, and the end when one of
//! them holds a checkpoint of ours that is not ours any more.
//!
//! Must not: ask anybody.

use super::store::StoreError;
use super::view::View;
use super::{Ledger, tile_error};
use crate::proof::merkle::Hash;

impl Ledger {
    /// The proof that a view's ledger begins with its first `old_size` entries; nothing if the view
    /// has fewer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn consistency_proof(
        &self,
        view: &View,
        old_size: u64,
    ) -> Result<Option<Vec<Hash>>, StoreError> {
        if old_size > view.size {
            return Ok(None);
        }
        let proof = view
            .edge
            .consistency_proof(old_size, view.size, |tile| self.tile(tile));
        proof.map(Some).map_err(tile_error)
    }

    /// Ends the ledger: what it holds is not what was published. The server aborts, and the next
    /// start refuses.
    pub fn stop(&self, reason: &str) {
        self.inner.fatal.set(reason);
    }
}
