//! The registered keys at one place of the ledger, ready to verify with.
//!
//! Must not: know whether a key is still good; admission decides that.

use crate::domain::governance::Governance;
use crate::domain::ids::Party;
use crate::proof::envelope::KeyLookup;
use crate::proof::keys::{Kid, PublicKey};
use std::collections::HashMap;

/// Every key registered so far, by its name.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: HashMap<String, (Party, PublicKey)>,
}

impl KeyRing {
    /// Takes in the keys of governance; keys never change once they are registered.
    pub fn extend(&mut self, governance: &Governance) {
        if self.keys.len() == governance.keys.len() {
            return;
        }
        for ((party, id), key) in &governance.keys {
            let kid = format!("{}/{id}", governance.name(*party));
            self.keys.entry(kid).or_insert_with(|| {
                let public = PublicKey::register(&key.public);
                (*party, public.expect("payloads hold checked keys only"))
            });
        }
    }
}

impl KeyLookup for KeyRing {
    fn key(&self, kid: &Kid) -> Option<(Party, &PublicKey)> {
        let (party, key) = self.keys.get(kid.as_str())?;
        Some((*party, key))
    }
}
