//! The programme: what a stranger needs to know to sign for its ledger and to check it. Public.

use super::extract::At;
use super::problem::ProblemBody;
use super::receipts::json_of;
use crate::domain::ids::{Name, Party};
use crate::proof::{base64url, ledger_keys};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// What founding fixed, and the versions in force.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "programme": "coalition",
    "origin": "points.example/coalition-0123abcd",
    "currency": "EUR",
    "currency_decimals": 2,
    "point_scale": 0,
    "settlement_model": "issuer_pays",
    "clawback": "member_debt",
    "utc_offset_min": 60,
    "clock": "real",
    "ledger_key": "points.example/coalition-0123abcd+417a482a+AW56HN0psLeP0Tr0xVmP7/Tv…",
    "ledger_keys": [{
        "vkey": "points.example/coalition-0123abcd+417a482a+AW56HN0psLeP0Tr0xVmP7/Tv…",
        "added": 0, "retired": null
    }],
    "house_keys": [{
        "key": "operate-1", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    }],
    "entries": 4712,
    "price_version": 2,
    "rules_version": 1,
    "transfer_allowed": false
}))]
pub struct ProgrammeBody {
    /// The programme's id in addresses.
    programme: String,
    /// The ledger's origin: `ledger` in submissions, `aud` in tokens.
    origin: String,
    /// ISO 4217.
    currency: String,
    /// Decimals of every amount.
    currency_decimals: u8,
    /// Decimals of a displayed point.
    point_scale: u8,
    /// `issuer_pays` or `pool`.
    settlement_model: &'static str,
    /// `issuer_bears` or `member_debt`.
    clawback: &'static str,
    /// Offset of ledger days from UTC, in minutes.
    utc_offset_min: i16,
    /// `real` or `simulated`.
    clock: &'static str,
    /// The newest key that checkpoints verify with, as a C2SP verifier key.
    ledger_key: String,
    /// Every key that checkpoints verify with or did, oldest first.
    ledger_keys: Vec<LedgerKey>,
    /// Every key that the house ever had, revoked ones too: what its statements verify with.
    house_keys: Vec<HouseKey>,
    /// Entries of the ledger now.
    entries: u64,
    /// The price list version in force; 0 before the first.
    price_version: u32,
    /// The rules version in force.
    rules_version: u32,
    /// Whether members may be given each other's points.
    transfer_allowed: bool,
}

/// A key that checkpoints verify with, or did. It signs every checkpoint that covers the entry
/// which added it, and none that covers the entry which retired it.
#[derive(Serialize, ToSchema)]
pub struct LedgerKey {
    /// A C2SP verifier key.
    vkey: String,
    /// The entry that added it; 0 for the first.
    added: u64,
    /// The entry that retired it; null while it is in force.
    retired: Option<u64>,
}

/// A key of the house.
#[derive(Serialize, ToSchema)]
pub struct HouseKey {
    /// Its id: the part of `kid` after `house/`.
    #[schema(value_type = String)]
    key: Name,
    /// Ed25519, base64url.
    public_key: String,
}

/// Get the programme
#[utoipa::path(
    get,
    path = "/v1/{programme}",
    operation_id = "getProgramme",
    tag = "programme",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    responses(
        (status = 200, description = "The programme", body = ProgrammeBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(At(programme): At) -> Response {
    let view = programme.ledger.view();
    let governance = &view.governance;
    let fixed = &governance.programme;
    let house_keys = governance.keys_of(Party::HOUSE).map(|(id, key)| HouseKey {
        key: *id,
        public_key: base64url::encode(&key.public),
    });
    let ledger_keys = governance.ledger_keys().into_iter();
    let ledger_keys = ledger_keys.map(|key| LedgerKey {
        vkey: ledger_keys::verifier_key(&fixed.origin, &key.public).to_string(),
        added: key.added.entry,
        retired: key.retired.map(|retired| retired.entry),
    });
    json_of(&ProgrammeBody {
        programme: fixed.id.to_string(),
        origin: fixed.origin.clone(),
        currency: fixed.currency.code().to_owned(),
        currency_decimals: fixed.currency.decimals(),
        point_scale: fixed.point_scale,
        settlement_model: fixed.settlement_model.as_str(),
        clawback: fixed.clawback.as_str(),
        utc_offset_min: fixed.utc_offset_min,
        clock: fixed.clock.as_str(),
        ledger_key: ledger_keys::newest(governance).to_string(),
        ledger_keys: ledger_keys.collect(),
        house_keys: house_keys.collect(),
        entries: view.size,
        price_version: governance.price_version(),
        rules_version: governance.rules_version,
        transfer_allowed: governance.settings.transfer_allowed,
    })
}
