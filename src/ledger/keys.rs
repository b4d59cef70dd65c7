//! The registered keys, ready to verify with: what the verifiers ask, all of them at once.
//!
//! A key that signs often gets a table, which makes its verdicts faster and no different.
//! Must not: know whether a key is still good; admission decides that.

use crate::domain::governance::Governance;
use crate::domain::ids::Party;
use crate::proof::envelope::KeyLookup;
use crate::proof::keys::{Kid, PublicKey, TABLE_FROM, TABLES_MAX};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Every key ever registered, by name, decompressed once.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: HashMap<String, Arc<Held>>,
    tables: Arc<AtomicUsize>,
}

/// A key is held once, in every ring since it was registered.
#[derive(Debug)]
struct Held {
    party: Party,
    plain: PublicKey,
    uses: AtomicU32,
    with_table: OnceLock<PublicKey>,
}

impl KeyRing {
    /// The keys of governance; what was found out about those of an earlier ring is kept.
    pub fn new(governance: &Governance, earlier: &Self) -> Self {
        let named = |((party, id), key): (&(Party, _), &crate::domain::partner::Key)| {
            let kid = format!("{}/{id}", governance.name(*party));
            let held = earlier.keys.get(&kid).cloned();
            let held = held.unwrap_or_else(|| Arc::new(Held::new(*party, &key.public)));
            (kid, held)
        };
        Self {
            keys: governance.keys.iter().map(named).collect(),
            tables: earlier.tables.clone(),
        }
    }
}

impl Held {
    fn new(party: Party, public: &[u8; 32]) -> Self {
        Self {
            party,
            plain: PublicKey::register(public).expect("only checked keys are kept"),
            uses: AtomicU32::new(0),
            with_table: OnceLock::new(),
        }
    }

    fn key(&self, tables: &AtomicUsize) -> &PublicKey {
        if let Some(key) = self.with_table.get() {
            return key;
        }
        // Exactly one caller comes here as the one that makes the table; others go on without.
        let is_due = self.uses.fetch_add(1, Ordering::Relaxed) == TABLE_FROM;
        if is_due && tables.fetch_add(1, Ordering::Relaxed) < TABLES_MAX {
            return self.with_table.get_or_init(|| self.plain.with_table());
        }
        &self.plain
    }
}

impl KeyLookup for KeyRing {
    fn key(&self, kid: &Kid) -> Option<(Party, &PublicKey)> {
        let held = self.keys.get(kid.as_str())?;
        Some((held.party, held.key(&self.tables)))
    }
}
