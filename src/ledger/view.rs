//! The view: what readers may see, replaced as a whole once a batch is durable.
//!
//! Must not: change once published.

use super::keys::KeyRing;
use crate::domain::governance::Governance;
use crate::domain::time::Micros;
use crate::domain::window::Windows;
use crate::proof::merkle::Hash;
use crate::proof::tile::Edge;
use std::sync::Arc;

/// The ledger as of its last durable batch.
#[derive(Debug)]
pub struct View {
    /// How many entries it has.
    pub size: u64,
    /// Chain hash of the last.
    pub chain_hash: Hash,
    /// Time of the last.
    pub last_time: Micros,
    /// The right edge of its tree.
    pub edge: Edge,
    /// Its signed checkpoint.
    pub checkpoint: String,
    /// Programme, partners, keys, prices.
    pub governance: Arc<Governance>,
    /// The keys, ready to verify with.
    pub keys: Arc<KeyRing>,
    /// The open window's number.
    pub window: u32,
    /// Every window.
    pub windows: Arc<Windows>,
}
