//! The view: what readers may see, replaced as a whole once a batch is durable.
//!
//! Must not: change once published.

use crate::domain::governance::Governance;
use crate::domain::ids::Party;
use crate::domain::time::Micros;
use crate::domain::window::Windows;
use crate::proof::envelope::KeyLookup;
use crate::proof::keys::{Kid, PublicKey};
use crate::proof::merkle::Hash;
use crate::proof::tile::Edge;
use std::collections::HashMap;
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

/// Every key ever registered, by name, decompressed once.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: HashMap<String, (Party, PublicKey)>,
}

impl KeyRing {
    /// The keys of governance.
    pub fn new(governance: &Governance) -> Self {
        let named = |((party, id), key): (&(Party, _), &crate::domain::partner::Key)| {
            let public = PublicKey::register(&key.public).expect("only checked keys are kept");
            (
                format!("{}/{id}", governance.name(*party)),
                (*party, public),
            )
        };
        Self {
            keys: governance.keys.iter().map(named).collect(),
        }
    }
}

impl KeyLookup for KeyRing {
    fn key(&self, kid: &Kid) -> Option<(Party, &PublicKey)> {
        self.keys
            .get(kid.as_str())
            .map(|(party, key)| (*party, key))
    }
}
