//! House and key ops of a payload: partners, keys, prices, limits, settings, proposals.
//!
//! Must not: ask who may send them; that is the domain's.

mod adjust;
mod clearing;
mod found;
mod ledger_key;
mod prices;
mod settings;

pub use ledger_key::check_handovers;

use super::super::json::Reason;
use super::values::{self, need, refuse, set, text};
use super::{Head, JsonError, Place, Reader, kind_of, read_action};
use crate::domain::ids::Name;
use crate::domain::partner::{Roles, Status};
use crate::domain::scope::{Scope, Scopes};
use crate::domain::submission::{Action, KeyAdd, KeyRevoke, LimitSet, PartnerSet};

/// Reads a house or key op.
pub fn read(reader: &mut Reader<'_>, kind: &str, head: &mut Head) -> Result<Action, JsonError> {
    match kind {
        "key_add" => key_add(reader, head),
        "key_revoke" => key_revoke(reader, head),
        "found" if head.place == Place::Submission => found::read(reader, head),
        "partner_set" => partner_set(reader, head),
        "price_set" => prices::read(reader, head),
        "limit_set" => limit_set(reader, head),
        "programme_set" => settings::read(reader, head),
        "rules_upgrade" => only(reader, head, "version", version).map(Action::RulesUpgrade),
        "member_freeze" => {
            only(reader, head, "member", values::reference).map(Action::MemberFreeze)
        }
        "member_unfreeze" => {
            only(reader, head, "member", values::reference).map(Action::MemberUnfreeze)
        }
        "adjust" => adjust::read(reader, head),
        "propose" if head.place == Place::Submission => propose(reader, head),
        "approve" if head.place == Place::Submission => {
            only(reader, head, "proposal", values::reference).map(Action::Approve)
        }
        "ledger_key_add" => ledger_key::add(reader, head),
        "ledger_key_retire" => ledger_key::retire(reader, head),
        "expire" => only(reader, head, "up_to", values::day).map(Action::Expire),
        _ if clearing::KINDS.contains(&kind) => clearing::read(reader, kind, head),
        "found" | "propose" | "approve" => Err(refuse(
            reader,
            "found, propose and approve cannot be proposed",
        )),
        _ => Err(refuse(
            reader,
            "unknown kind in op; the schema lists the kinds",
        )),
    }
}

/// Reads an op that has one member of its own.
fn only<T>(
    reader: &mut Reader<'_>,
    head: &mut Head,
    own: &'static str,
    read: impl Fn(&mut Reader<'_>) -> Result<T, JsonError>,
) -> Result<T, JsonError> {
    let mut value = None;
    head.object(reader, |reader, name| {
        if name != own {
            return Ok(false);
        }
        set(&mut value, reader, &read)?;
        Ok(true)
    })?;
    need(value, own, reader)
}

fn version(reader: &mut Reader<'_>) -> Result<u32, JsonError> {
    values::uint32(reader, 1, u32::MAX, "write a version, from 1 to 4294967295")
}

fn key_add(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut author, mut key) = (None, KeyFields::default());
    head.object(reader, |reader, name| match name {
        "author" => set(&mut author, reader, values::name).map(|()| true),
        _ => key.member(reader, name),
    })?;
    Ok(Action::KeyAdd(KeyAdd {
        author,
        ..key.finish(reader)?
    }))
}

/// The members that describe a key.
#[derive(Default)]
struct KeyFields {
    key: Option<Name>,
    public: Option<[u8; 32]>,
    scopes: Option<Scopes>,
}

impl KeyFields {
    fn member(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<bool, JsonError> {
        match name {
            "key" => set(&mut self.key, reader, values::name)?,
            "public_key" => set(&mut self.public, reader, values::public_key)?,
            "scopes" => set(&mut self.scopes, reader, scopes)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn finish(self, reader: &Reader<'_>) -> Result<KeyAdd, JsonError> {
        Ok(KeyAdd {
            author: None,
            key: need(self.key, "key", reader)?,
            public: need(self.public, "public_key", reader)?,
            scopes: need(self.scopes, "scopes", reader)?,
        })
    }
}

fn scopes(reader: &mut Reader<'_>) -> Result<Scopes, JsonError> {
    let mut scopes = Scopes::default();
    let wanted = "write scopes of operate, pay, govern, audit, submit, transfer, read, \
                  statements, manage, each once";
    reader.array(Scope::ALL.len(), |reader| {
        text(reader, wanted, |word| {
            Scope::parse(word).filter(|scope| scopes.insert(*scope))
        })
        .map(drop)
    })?;
    Ok(scopes)
}

fn key_revoke(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut author, mut key) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "author" => set(&mut author, reader, values::name)?,
            "key" => set(&mut key, reader, values::name)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::KeyRevoke(KeyRevoke {
        author,
        key: need(key, "key", reader)?,
    }))
}

fn partner_set(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut partner, mut roles) = (None, None);
    let (mut status, mut master_sha256) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "partner" => set(&mut partner, reader, values::partner)?,
            "roles" => set(&mut roles, reader, read_roles)?,
            "status" => set(&mut status, reader, read_status)?,
            "master_sha256" => set(&mut master_sha256, reader, values::sha256)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::PartnerSet(PartnerSet {
        partner: need(partner, "partner", reader)?,
        roles: need(roles, "roles", reader)?,
        status: need(status, "status", reader)?,
        master_sha256,
    }))
}

fn read_roles(reader: &mut Reader<'_>) -> Result<Roles, JsonError> {
    let mut roles = Roles {
        issue: false,
        burn: false,
    };
    reader.array(2, |reader| {
        text(reader, "write roles of issue and burn, each once", |word| {
            let role = match word {
                "issue" => &mut roles.issue,
                "burn" => &mut roles.burn,
                _ => return None,
            };
            (!std::mem::replace(role, true)).then_some(())
        })
    })?;
    Ok(roles)
}

fn read_status(reader: &mut Reader<'_>) -> Result<Status, JsonError> {
    text(reader, "status is active or suspended", |word| {
        [Status::Active, Status::Suspended]
            .into_iter()
            .find(|status| status.as_str() == word)
    })
}

fn known(is_known: bool, reader: &Reader<'_>) -> Result<(), JsonError> {
    if is_known {
        return Ok(());
    }
    Err(reader.refuse(Reason::Unknown))
}

fn limit_set(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut subject, mut partner) = (None, None);
    let (mut exposure, mut burn_points_per_day) = (None, None);
    let decimals = head.decimals;
    head.object(reader, |reader, name| {
        match name {
            "subject" => set(&mut subject, reader, |reader| {
                text(reader, "subject is partner or member", |word| match word {
                    "partner" => Some(true),
                    "member" => Some(false),
                    _ => None,
                })
            })?,
            "partner" => set(&mut partner, reader, values::partner)?,
            "exposure" => set(&mut exposure, reader, |r| values::money(r, decimals))?,
            "burn_points_per_day" => {
                set(&mut burn_points_per_day, reader, values::points_limit)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let of_partner = need(subject, "subject", reader)?;
    if of_partner {
        return Ok(Action::LimitSet(LimitSet::Partner {
            partner: need(partner, "partner", reader)?,
            exposure,
            burn_points_per_day,
        }));
    }
    if partner.is_some() || exposure.is_some() {
        let wanted = "the limit of members is burn_points_per_day; remove partner and exposure";
        return Err(refuse(reader, wanted));
    }
    Ok(Action::LimitSet(LimitSet::Member {
        burn_points_per_day,
    }))
}

fn propose(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let mut action = None;
    let decimals = head.decimals;
    head.object(reader, |reader, name| match name {
        "action" => set(&mut action, reader, |reader| {
            let kind = kind_of(reader)?;
            let mut head = Head::new(decimals, Place::Proposal, &kind);
            read_action(reader, &kind, &mut head)
        })
        .map(|()| true),
        _ => Ok(false),
    })?;
    let action = need(action, "action", reader)?;
    Ok(Action::Propose(Box::new(action)))
}
