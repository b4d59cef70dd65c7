//! The demo's coalition: `config/demo/programme.toml`, and how it is registered in a new ledger.

use crate::cli::client::Client;
use crate::cli::init::{self, Founded};
use crate::cli::key::{PARTNER_SCOPES, key_add};
use crate::cli::{keyfile, sign};
use crate::domain::ids::Name;
use crate::platform::keys::{KeyName, NamedKey};
use crate::proof::hex::encode as hex;
use crate::proof::keys::Signer;
use crate::settlement::masters::{self, Masters};
use anyhow::Context;
use clap::ValueEnum;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;

const COALITION: &str = include_str!("../../../config/demo/programme.toml");

/// A coalition as its file describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coalition {
    /// The programme.
    pub programme: Programme,
    earn: Earn,
    price: Vec<Price>,
    partner: Vec<Partner>,
}

/// What founding fixes, and first settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// Its id.
    pub id: String,
    currency: String,
    point_scale: u8,
    settlement_model: String,
    clawback: String,
    utc_offset_minutes: i16,
    clock: String,
    life_days: u32,
    reversible_days: u32,
    grace_days: u32,
    transfers_allowed: bool,
    cutoff: String,
    zone: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Earn {
    points_per_currency_unit: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    partner: Option<String>,
    issue_price: String,
    burn_price: String,
    issue_fee: String,
    burn_fee: String,
    tax_code: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Partner {
    id: String,
    roles: Vec<String>,
}

impl Price {
    fn row(&self) -> Value {
        json!({"issue_price": self.issue_price, "burn_price": self.burn_price,
            "issue_fee": self.issue_fee, "burn_fee": self.burn_fee, "tax_code": self.tax_code})
    }
}

impl Partner {
    /// What registers it; its master's hash is logged if it has a master.
    fn set(&self, masters: &Masters) -> anyhow::Result<Value> {
        let mut op = json!({"op": "partner_set", "partner": self.id, "roles": self.roles,
            "status": "active"});
        if let Some(master) = masters.get(&Name::parse(&self.id)?) {
            op["master_sha256"] = json!(hex(&master.sha256()));
        }
        Ok(op)
    }
}

impl Coalition {
    /// The coalition that comes with the program.
    ///
    /// # Errors
    /// Its file cannot be read.
    pub fn load() -> anyhow::Result<Self> {
        toml::from_str(COALITION).context("config/demo/programme.toml")
    }

    /// How many partners it has.
    pub fn partners(&self) -> usize {
        self.partner.len()
    }

    /// Its partners' ids.
    #[cfg(test)]
    pub fn partner_ids(&self) -> impl Iterator<Item = &str> {
        self.partner.iter().map(|partner| partner.id.as_str())
    }

    /// Displayed points that a purchase earns per unit of the currency.
    pub fn earn_rate(&self) -> Decimal {
        self.earn.points_per_currency_unit.into()
    }

    /// Displayed points that pay for one unit of the currency: what a point is worth, turned over.
    ///
    /// # Errors
    /// There is no price for all partners.
    pub fn burn_rate(&self) -> anyhow::Result<Decimal> {
        let default = self.price.iter().find(|price| price.partner.is_none());
        let price: Decimal = default
            .context("no price for all partners")?
            .burn_price
            .parse()?;
        let rate = Decimal::ONE.checked_div(price);
        rate.context("a burn price of zero")
    }

    /// Founds its ledger in a folder.
    ///
    /// # Errors
    /// As [`init::found`].
    pub fn found(&self, dir: &Path) -> anyhow::Result<Founded> {
        let programme = &self.programme;
        let words = |error| anyhow::anyhow!("config/demo/programme.toml: {error}");
        init::found(&init::Arguments {
            dir: dir.to_owned(),
            programme: programme.id.clone(),
            host: "localhost".to_owned(),
            currency: programme.currency.clone(),
            point_scale: programme.point_scale,
            settlement_model: init::SettlementModel::from_str(&programme.settlement_model, false)
                .map_err(words)?,
            clawback: init::Clawback::from_str(&programme.clawback, false).map_err(words)?,
            utc_offset_min: programme.utc_offset_minutes,
            clock: init::ClockChoice::from_str(&programme.clock, false).map_err(words)?,
            start: Some(super::START.to_owned()),
            life_days: programme.life_days,
            grace_days: programme.grace_days,
            reversible_days: programme.reversible_days,
            transfers: programme.transfers_allowed,
            cutoff: Some(programme.cutoff.clone()),
            zone: Some(programme.zone.clone()),
            masters: None,
            json: false,
        })
    }

    /// Makes the partners' keys in a folder and registers partners, with the hashes of their
    /// masters, keys and prices: one govern key proposes, the other approves.
    ///
    /// # Errors
    /// The house refused something, which it must not.
    pub fn register(&self, client: &Client, founded: &Founded, keys: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(keys)
            .with_context(|| format!("cannot make the folder {}", keys.display()))?;
        let govern = |number: u8| {
            let file = format!("house.govern-{number}.pem");
            keyfile::signer(&founded.govern_dir.join(file))
        };
        let mut ops = Vec::new();
        let mut approvals = Vec::new();
        let mut propose = |id: String, action: Value| {
            approvals.push(json!({"op": "approve", "proposal": id}));
            json!({"op": "propose", "id": id, "action": action})
        };
        let masters = masters::load(&founded.masters_dir)?;
        for partner in &self.partner {
            ops.push(partner.set(&masters)?);
            let name = KeyName::new(&partner.id, "till-1")?;
            let key = NamedKey::create(keys, name.clone())?;
            let public = keyfile::public_key(&keyfile::to_signer(&key)?);
            let mut action = key_add(&name, &public, &PARTNER_SCOPES.map(str::to_owned));
            action["author"] = json!(partner.id);
            ops.push(propose(format!("key-{}", partner.id), action));
        }
        let named = self.price.iter().filter_map(|price| {
            let mut row = price.row();
            row["partner"] = json!(price.partner.as_ref()?);
            Some(row)
        });
        let default = self.price.iter().find(|price| price.partner.is_none());
        let prices = json!({"op": "price_set", "default": default.map(Price::row),
            "rows": named.collect::<Vec<_>>()});
        ops.push(propose("prices-1".to_owned(), prices));
        submit_all(client, &govern(1)?, ops)?;
        submit_all(client, &govern(2)?, approvals)
    }
}

/// Sends ops of which none may be refused.
fn submit_all(client: &Client, signer: &Signer, ops: Vec<Value>) -> anyhow::Result<()> {
    let submission = sign::complete(sign::of_ops(ops), || sign::Ledger::ask(client))?;
    let receipt = client.submit(&sign::envelope(&submission, signer)?)?;
    let receipt: Value = serde_json::from_slice(&receipt)?;
    for result in receipt["results"].as_array().into_iter().flatten() {
        anyhow::ensure!(
            result["code"] == "applied",
            "the house refused an op: {result}"
        );
    }
    Ok(())
}
