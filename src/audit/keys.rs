//! The registered keys at one place of the ledger, ready to verify with.
//!
//! A key that signs often gets a table, which makes its verdicts faster and no different.
//! Must not: know whether a key is still good; admission decides that.

use crate::domain::execute::Signer;
use crate::domain::governance::Governance;
use crate::domain::ids::{Name, Party};
use crate::proof::envelope::KeyLookup;
use crate::proof::keys::{Kid, PublicKey, TABLE_FROM, TABLES_MAX};
use std::collections::HashMap;
use std::sync::Arc;

/// Keys by their names, as they were at one place. It can be shared, and never changes.
#[derive(Debug, Clone, Default)]
pub struct Keys(Arc<HashMap<String, (Party, PublicKey)>>);

/// Every key registered so far, by its name.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: Keys,
    uses: HashMap<(Party, Name), u32, foldhash::fast::RandomState>,
    tables: usize,
    changes: u64,
}

impl KeyRing {
    /// Takes in the keys of governance; keys never change once they are registered.
    pub fn extend(&mut self, governance: &Governance) {
        if self.keys.0.len() == governance.keys.len() {
            return;
        }
        let keys = Arc::make_mut(&mut self.keys.0);
        for ((party, id), key) in &governance.keys {
            let kid = format!("{}/{id}", governance.name(*party));
            keys.entry(kid).or_insert_with(|| {
                let public = PublicKey::register(&key.public);
                (*party, public.expect("payloads hold checked keys only"))
            });
        }
        self.changes += 1;
    }

    /// Counts a signature, and gives its key a table once that pays.
    pub fn count(&mut self, author: &str, signer: &Signer) {
        if self.tables == TABLES_MAX {
            return;
        }
        let uses = self.uses.entry((signer.party, signer.key)).or_default();
        *uses = uses.saturating_add(1);
        if *uses != TABLE_FROM {
            return;
        }
        let kid = format!("{author}/{}", signer.key);
        if let Some((_, key)) = Arc::make_mut(&mut self.keys.0).get_mut(&kid) {
            *key = key.with_table();
            self.tables += 1;
            self.changes += 1;
        }
    }

    /// The keys as they are now.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// How often they changed.
    pub fn changes(&self) -> u64 {
        self.changes
    }
}

impl KeyLookup for Keys {
    fn key(&self, kid: &Kid) -> Option<(Party, &PublicKey)> {
        let (party, key) = self.0.get(kid.as_str())?;
        Some((*party, key))
    }
}
