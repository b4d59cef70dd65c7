//! Governance: programme, settings, partners, keys, prices and proposals, as entries so far say.
//!
//! Must not: know members or points. What holds at entry *n* follows from entries before *n*.

use super::ids::{HOUSE, Name, OpAt, Party, Reference};
use super::ledger_key::LedgerKey;
use super::partner::{Key, Limit, Partner, Status};
use super::price::{PriceRow, PriceVersion};
use super::programme::{Programme, Settings};
use super::scope::Scope;
use super::submission::{Action, Found, KeyAdd, PartnerSet, ProgrammeSet};
use super::time::{Day, Micros};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// The most partners of one ledger.
pub const PARTNERS_MAX: usize = 10_000;
/// Seconds that a recovered key waits before it is good: 24 hours.
pub const RECOVERY_DELAY_S: u64 = 24 * 3600;
/// Seconds that a proposal can be approved: 30 days.
pub const PROPOSAL_LIFE_S: u64 = 30 * 86_400;
/// Rules versions that this software can replay.
pub const RULES_VERSIONS: std::ops::RangeInclusive<u32> = 1..=1;

/// Everything that house ops and key ops have decided.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Governance {
    /// What entry 0 fixed.
    #[n(0)]
    pub programme: Programme,
    /// What may change.
    #[n(1)]
    pub settings: Settings,
    /// The rules in force.
    #[n(2)]
    pub rules_version: u32,
    /// Partners in order of registration; the first is party 1.
    #[n(3)]
    pub partners: Vec<Partner>,
    /// Party numbers by id.
    #[n(4)]
    pub parties: BTreeMap<Name, Party>,
    /// Every key ever registered.
    #[n(5)]
    pub keys: BTreeMap<(Party, Name), Key>,
    /// Price list versions; the first is version 1.
    #[n(6)]
    pub prices: Vec<PriceVersion>,
    /// Proposals not yet approved, by the op id of `propose`.
    #[n(7)]
    pub proposals: BTreeMap<Reference, Proposal>,
    /// Days on which no payment is due, beside Saturdays and Sundays.
    #[n(8)]
    pub holidays: BTreeSet<Day>,
    /// Every ledger key, once one was added; before, the one of entry 0 is in force alone. A state
    /// that was stored before there were other keys has none.
    #[cbor(n(9), default)]
    pub rotated_keys: Vec<LedgerKey>,
}

/// An action that waits for a second govern key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Proposal {
    /// What is proposed.
    #[n(0)]
    pub action: Action,
    /// Which house key proposed it.
    #[n(1)]
    pub proposer: Name,
    /// When.
    #[n(2)]
    pub at: Micros,
}

impl Governance {
    /// What `found` in entry 0 makes.
    pub fn founded(found: &Found, at: OpAt, accepted_at: Micros) -> Self {
        let mut governance = Self {
            programme: found.programme.clone(),
            settings: found.settings,
            rules_version: found.rules_version,
            partners: Vec::new(),
            parties: BTreeMap::new(),
            keys: BTreeMap::new(),
            prices: Vec::new(),
            proposals: BTreeMap::new(),
            holidays: found.holidays.iter().copied().collect(),
            rotated_keys: Vec::new(),
        };
        for key in &found.keys {
            governance.add_key(Party::HOUSE, key, at, accepted_at, false);
        }
        governance
    }

    /// The party of an author name: `house` or a partner id.
    pub fn party(&self, author: &Name) -> Option<Party> {
        if author.as_str() == HOUSE {
            return Some(Party::HOUSE);
        }
        self.parties.get(author).copied()
    }

    /// The author name of a party.
    pub fn name(&self, party: Party) -> Name {
        match self.partner(party) {
            Some(partner) => partner.id,
            None => Name::parse(HOUSE).expect("house is a name"),
        }
    }

    /// A partner; the house is none.
    pub fn partner(&self, party: Party) -> Option<&Partner> {
        self.partners.get(party.slot().checked_sub(1)?)
    }

    /// How many parties there are, the house included.
    pub fn party_count(&self) -> usize {
        self.partners.len().saturating_add(1)
    }

    /// A key, whether still good or not.
    pub fn key(&self, party: Party, key: &Name) -> Option<&Key> {
        self.keys.get(&(party, *key))
    }

    /// The number of the price list version in force; 0 before the first.
    pub fn price_version(&self) -> u32 {
        u32::try_from(self.prices.len()).expect("versions are bounded by entries that fit memory")
    }

    /// The row that held for a party in a version.
    pub fn price_row(&self, version: u32, party: Party) -> Option<&PriceRow> {
        let at = usize::try_from(version).ok()?.checked_sub(1)?;
        self.prices.get(at)?.row(party)
    }

    /// Keys of one author.
    pub fn keys_of(&self, party: Party) -> impl Iterator<Item = (&Name, &Key)> {
        let all = self
            .keys
            .iter()
            .filter(move |((owner, _), _)| *owner == party);
        all.map(|((_, id), key)| (id, key))
    }

    /// Registers or changes a partner and returns its party, or nothing past [`PARTNERS_MAX`].
    pub fn set_partner(&mut self, set: &PartnerSet) -> Option<Party> {
        if let Some(party) = self.parties.get(&set.partner).copied() {
            let at = party.slot().checked_sub(1).expect("partners count from 1");
            let partner = &mut self.partners[at];
            (partner.roles, partner.status) = (set.roles, set.status);
            partner.master_sha256 = set.master_sha256.or(partner.master_sha256);
            return Some(party);
        }
        if self.partners.len() >= PARTNERS_MAX {
            return None;
        }
        self.partners.push(Partner {
            id: set.partner,
            roles: set.roles,
            status: set.status,
            master_sha256: set.master_sha256,
            limit: Limit::default(),
        });
        let party = Party(u16::try_from(self.partners.len()).expect("PARTNERS_MAX fits 16 bits"));
        self.parties.insert(set.partner, party);
        Some(party)
    }

    /// Changes settings; what is absent stays.
    pub fn set(&mut self, op: &ProgrammeSet) {
        op.apply(&mut self.settings);
        if let Some(holidays) = &op.holidays {
            self.holidays = holidays.iter().copied().collect();
        }
    }

    /// Registers a key; a recovered one is good after [`RECOVERY_DELAY_S`].
    pub fn add_key(
        &mut self,
        party: Party,
        add: &KeyAdd,
        at: OpAt,
        accepted_at: Micros,
        recovered: bool,
    ) {
        let delay = if recovered { RECOVERY_DELAY_S } else { 0 };
        let key = Key {
            public: add.public,
            scopes: add.scopes,
            added: at,
            valid_from: accepted_at.plus_seconds(delay),
            revoked: None,
            recovered,
        };
        let before = self.keys.insert((party, add.key), key);
        assert!(before.is_none(), "a key id is given once");
    }

    /// Whether a key id of this author, or the public key of anyone, was registered before.
    pub fn key_is_known(&self, party: Party, add: &KeyAdd) -> bool {
        self.keys.contains_key(&(party, add.key))
            || self.keys.values().any(|key| key.public == add.public)
    }

    /// Whether the house could still work without one of its keys: two govern keys and one operate.
    pub fn house_can_spare(&self, spared: &Name) -> bool {
        let count = |scope| {
            let good = |(id, key): &(&Name, &super::partner::Key)| {
                *id != spared && key.revoked.is_none() && key.scopes.contains(scope)
            };
            self.keys_of(Party::HOUSE).filter(good).count()
        };
        count(Scope::Govern) >= 2 && count(Scope::Operate) >= 1
    }

    /// Whether a partner is suspended.
    pub fn is_suspended(&self, party: Party) -> bool {
        self.partner(party)
            .is_some_and(|partner| partner.status == Status::Suspended)
    }
}
