//! `found` of a payload: what entry 0 fixes, and the house's first keys.
//!
//! Must not: name the ledger; the origin is the envelope's, put in once the envelope is read.

use super::super::values::{self, need, refuse, set, text};
use super::super::{Head, JsonError, Reader};
use super::{KeyFields, known, settings};
use crate::domain::governance::RULES_VERSIONS;
use crate::domain::ids::Name;
use crate::domain::money::{Currency, Net};
use crate::domain::programme::{Clawback, ClockKind, Programme, Settings, SettlementModel};
use crate::domain::scope::Scope;
use crate::domain::submission::{Action, Found, KeyAdd, ProgrammeSet};

/// The most keys that founding registers; more are added later.
const KEYS_MAX: usize = 64;

#[derive(Default)]
struct Fields {
    programme: Option<Name>,
    currency: Option<Currency>,
    point_scale: Option<u8>,
    settlement_model: Option<SettlementModel>,
    clawback: Option<Clawback>,
    utc_offset_min: Option<i16>,
    clock: Option<ClockKind>,
    ledger_key: Option<[u8; 32]>,
    rules_version: Option<u32>,
    settings: Option<ProgrammeSet>,
    keys: Option<Vec<KeyAdd>>,
}

/// Reads `found`.
pub fn read(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let mut fields = Fields::default();
    head.object(reader, |reader, name| fields.member(reader, name))?;
    let found = fields.finish(reader)?;
    Ok(Action::Found(Box::new(found)))
}

impl Fields {
    fn member(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<bool, JsonError> {
        match name {
            "programme" => set(&mut self.programme, reader, values::partner)?,
            "currency" => set(&mut self.currency, reader, currency)?,
            "point_scale" => set(&mut self.point_scale, reader, point_scale)?,
            "settlement_model" => set(&mut self.settlement_model, reader, settlement_model)?,
            "clawback" => set(&mut self.clawback, reader, clawback)?,
            "utc_offset_min" => set(&mut self.utc_offset_min, reader, utc_offset)?,
            "clock" => set(&mut self.clock, reader, clock)?,
            "ledger_key" => set(&mut self.ledger_key, reader, values::public_key)?,
            "rules_version" => set(&mut self.rules_version, reader, rules_version)?,
            "settings" => {
                let decimals = self.currency.map(|currency| currency.decimals());
                set(&mut self.settings, reader, |r| {
                    programme_settings(r, decimals)
                })?;
            }
            "keys" => set(&mut self.keys, reader, keys)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn finish(self, reader: &Reader<'_>) -> Result<Found, JsonError> {
        let programme = Programme {
            origin: String::new(),
            id: need(self.programme, "programme", reader)?,
            currency: need(self.currency, "currency", reader)?,
            point_scale: need(self.point_scale, "point_scale", reader)?,
            settlement_model: need(self.settlement_model, "settlement_model", reader)?,
            clawback: need(self.clawback, "clawback", reader)?,
            utc_offset_min: need(self.utc_offset_min, "utc_offset_min", reader)?,
            clock: need(self.clock, "clock", reader)?,
            ledger_key: need(self.ledger_key, "ledger_key", reader)?,
        };
        let chosen = self.settings.unwrap_or_default();
        let mut settings = Settings {
            payment_minimum: Net::zero(&programme.currency).magnitude(),
            ..Settings::default()
        };
        chosen.apply(&mut settings);
        Ok(Found {
            programme,
            settings,
            rules_version: need(self.rules_version, "rules_version", reader)?,
            keys: need(self.keys, "keys", reader)?,
            holidays: chosen.holidays.unwrap_or_default(),
        })
    }
}

fn currency(reader: &mut Reader<'_>) -> Result<Currency, JsonError> {
    let wanted = "write an ISO 4217 code in capitals, such as \"EUR\"";
    text(reader, wanted, Currency::parse)
}

fn point_scale(reader: &mut Reader<'_>) -> Result<u8, JsonError> {
    let scale = values::uint32(reader, 0, 4, "a displayed point has 0 to 4 decimals")?;
    Ok(u8::try_from(scale).expect("the range was checked"))
}

fn settlement_model(reader: &mut Reader<'_>) -> Result<SettlementModel, JsonError> {
    text(reader, "settlement_model is issuer_pays or pool", |word| {
        [SettlementModel::IssuerPays, SettlementModel::Pool]
            .into_iter()
            .find(|model| model.as_str() == word)
    })
}

fn clawback(reader: &mut Reader<'_>) -> Result<Clawback, JsonError> {
    text(reader, "clawback is issuer_bears or member_debt", |word| {
        [Clawback::IssuerBears, Clawback::MemberDebt]
            .into_iter()
            .find(|clawback| clawback.as_str() == word)
    })
}

fn clock(reader: &mut Reader<'_>) -> Result<ClockKind, JsonError> {
    text(reader, "clock is real or simulated", |word| {
        [ClockKind::Real, ClockKind::Simulated]
            .into_iter()
            .find(|clock| clock.as_str() == word)
    })
}

fn utc_offset(reader: &mut Reader<'_>) -> Result<i16, JsonError> {
    let minutes = values::integer(reader, -840..=840, "write minutes from -840 to 840")?;
    Ok(i16::try_from(minutes).expect("the range was checked"))
}

fn rules_version(reader: &mut Reader<'_>) -> Result<u32, JsonError> {
    let (first, last) = (*RULES_VERSIONS.start(), *RULES_VERSIONS.end());
    let wanted = "this software has no such rules version; write a released one";
    values::uint32(reader, first, last, wanted)
}

fn programme_settings(
    reader: &mut Reader<'_>,
    decimals: Option<u8>,
) -> Result<ProgrammeSet, JsonError> {
    let mut settings = ProgrammeSet::default();
    reader.object(|reader, name| {
        let read = settings::setting(&mut settings, reader, name, decimals)?;
        known(read, reader)
    })?;
    Ok(settings)
}

/// The house's first keys: enough to govern with two of them and to operate.
fn keys(reader: &mut Reader<'_>) -> Result<Vec<KeyAdd>, JsonError> {
    let mut keys: Vec<KeyAdd> = Vec::new();
    reader.array(KEYS_MAX, |reader| {
        let mut key = KeyFields::default();
        reader.object(|reader, name| known(key.member(reader, name)?, reader))?;
        let key = key.finish(reader)?;
        if !key.scopes.fit(true) {
            let wanted = "a house key has scopes of operate, pay, govern, audit, at least one";
            return Err(refuse(reader, wanted));
        }
        if keys
            .iter()
            .any(|k| k.key == key.key || k.public == key.public)
        {
            return Err(refuse(
                reader,
                "this key stands here twice; make another key",
            ));
        }
        keys.push(key);
        Ok(())
    })?;
    let count = |scope| keys.iter().filter(|key| key.scopes.contains(scope)).count();
    if keys.len() < 3 || count(Scope::Govern) < 2 || count(Scope::Operate) < 1 {
        let wanted = "found at least 3 house keys, of which 2 govern and 1 operates";
        return Err(refuse(reader, wanted));
    }
    Ok(keys)
}
