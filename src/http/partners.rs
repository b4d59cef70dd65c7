//! Partners: who they are, for everyone in the coalition; their keys, prices, limits and exposure,
//! for themselves and the house.

use super::extract::{UrlPath, id};
use super::problem::{Problem, ProblemBody};
use super::receipts::json_of;
use super::token::{Caller, Reader};
use super::verifier::blocking;
use crate::domain::books::exposure_of;
use crate::domain::governance::Governance;
use crate::domain::ids::{Name, Party};
use crate::domain::money::Money;
use crate::domain::partner::{Key, Partner, Roles};
use crate::domain::points::Points;
use crate::domain::price::PriceRow;
use crate::domain::scope::Scopes;
use crate::domain::time::Micros;
use crate::proof::base64url;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// The partners of a programme.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "partners": [{"partner": "bakery", "roles": ["issue", "burn"], "status": "active"}]
}))]
pub struct PartnersBody {
    /// In order of their registration.
    partners: Vec<PartnerLine>,
}

/// A partner in few words.
#[derive(Serialize, ToSchema)]
pub struct PartnerLine {
    /// Its id.
    #[schema(value_type = String)]
    partner: Name,
    /// `issue`, `burn`, or both.
    roles: Vec<&'static str>,
    /// `active` or `suspended`.
    status: &'static str,
}

/// A partner in full.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "partner": "bakery",
    "roles": ["issue", "burn"],
    "status": "active",
    "keys": [{
        "key": "till-2026", "public_key": "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU",
        "scopes": ["submit", "read"], "valid_from": "2026-01-02T08:00:00.000000Z",
        "valid": true, "recovered": false
    }],
    "price_version": 2,
    "prices": {
        "issue_price": "0.012", "burn_price": "0.008", "issue_fee": "0.0005", "burn_fee": "0",
        "tax_code": "vat-20"
    },
    "exposure": "1204.50",
    "exposure_limit": "25000.00",
    "outstanding_points": 150000,
    "burned_points_today": 1200,
    "burn_points_per_day": 5_000_000
}))]
pub struct PartnerBody {
    #[serde(flatten)]
    line: PartnerLine,
    /// Every key that it ever had, by id.
    keys: Vec<KeyBody>,
    /// The price list version in force; 0 before the first.
    price_version: u32,
    /// Its row in that version.
    #[schema(value_type = Option<PricesBody>)]
    prices: Option<PriceRow>,
    /// What the coalition risks with it now, rounded half even.
    #[schema(value_type = String)]
    exposure: Money,
    /// The exposure that no issue may pass; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    exposure_limit: Option<Money>,
    /// Its points that members still have.
    #[schema(value_type = u64)]
    outstanding_points: Points,
    /// Points that it burned or held on this UTC day.
    #[schema(value_type = u64)]
    burned_points_today: Points,
    /// The most of them in a UTC day; absent when there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    burn_points_per_day: Option<Points>,
}

/// A registered key.
#[derive(Serialize, ToSchema)]
pub struct KeyBody {
    /// Its id.
    #[schema(value_type = String)]
    key: Name,
    /// The 32 bytes of RFC 8032, base64url.
    public_key: String,
    /// What it may sign for.
    #[schema(value_type = Vec<String>)]
    scopes: Scopes,
    /// When it begins to be good, RFC 3339.
    valid_from: String,
    /// The entry that revoked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_by_entry: Option<u64>,
    /// Whether it is good now.
    valid: bool,
    /// Whether the house registered it for a partner that had keys before.
    recovered: bool,
}

/// A row of the price list, per displayed point.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct PricesBody {
    /// What an issuer owes per point issued (`pool`).
    issue_price: String,
    /// What is owed per point burned.
    burn_price: String,
    /// What an issuer owes the house per point issued.
    issue_fee: String,
    /// What a burning partner owes the house per point burned.
    burn_fee: String,
    /// The tax code of these amounts.
    tax_code: String,
}

/// List the partners
#[utoipa::path(
    get,
    path = "/v1/{programme}/partners",
    operation_id = "listPartners",
    tag = "partners",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    security(("token" = [])),
    responses(
        (status = 200, description = "All partners", body = PartnersBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn list(Reader(caller): Reader) -> Response {
    let view = caller.programme.ledger.view();
    let partners = view.governance.partners.iter().map(line).collect();
    json_of(&PartnersBody { partners })
}

/// Get a partner
///
/// Its keys, prices, limits and exposure: for itself and the house.
#[utoipa::path(
    get,
    path = "/v1/{programme}/partners/{partner}",
    operation_id = "getPartner",
    tag = "partners",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("partner" = String, Path, description = "The partner's id", example = "bakery"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The partner", body = PartnerBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(
    Reader(caller): Reader,
    UrlPath(path): UrlPath<(String, String)>,
) -> Result<Response, Problem> {
    let (_, partner) = path;
    let party = party_to_see(&caller, &partner)?;
    let body = blocking(move || body(&caller, party));
    Ok(json_of(&body.await?))
}

/// The party of a name in an address, if the caller may see its business.
///
/// # Errors
/// `malformed`, or `not_found` for all but itself and the house.
pub fn party_to_see(caller: &Caller, partner: &str) -> Result<Party, Problem> {
    let partner = id(Name::parse(partner))?;
    let party = caller.programme.ledger.view().governance.party(&partner);
    let may_see = |party: &Party| caller.is_house() || *party == caller.party;
    party.filter(may_see).ok_or_else(Problem::not_found)
}

fn line(partner: &Partner) -> PartnerLine {
    let Roles { issue, burn } = partner.roles;
    let roles = [(issue, "issue"), (burn, "burn")].into_iter();
    PartnerLine {
        partner: partner.id,
        roles: roles
            .filter_map(|(has, role)| has.then_some(role))
            .collect(),
        status: partner.status.as_str(),
    }
}

fn body(caller: &Caller, party: Party) -> Result<PartnerBody, Problem> {
    let ledger = &caller.programme.ledger;
    let view = ledger.view();
    let governance: &Governance = &view.governance;
    let partner = governance.partner(party).ok_or_else(Problem::not_found)?;
    let totals = ledger.party(party)?;
    let now = caller.programme.now();
    let fixed = &governance.programme;
    let exact = exposure_of(governance, &totals, party);
    let over = || Problem::internal("a partner's totals are out of range");
    let exposure = Money::from_exact(exact, fixed.point_scale, &fixed.currency);
    let price_version = governance.price_version();
    Ok(PartnerBody {
        line: line(partner),
        keys: governance
            .keys_of(party)
            .map(|(id, key)| key_body(*id, key, now))
            .collect(),
        price_version,
        prices: governance.price_row(price_version, party).cloned(),
        exposure: exposure.ok_or_else(over)?,
        exposure_limit: partner.limit.exposure,
        outstanding_points: totals.outstanding_total().ok_or_else(over)?,
        burned_points_today: totals.burned_by_day.on(now.day(0)),
        burn_points_per_day: partner.limit.burn_points_per_day,
    })
}

fn key_body(id: Name, key: &Key, now: Micros) -> KeyBody {
    KeyBody {
        key: id,
        public_key: base64url::encode(&key.public),
        scopes: key.scopes,
        valid_from: key.valid_from.to_rfc3339(),
        revoked_by_entry: key.revoked.map(|at| at.entry),
        valid: key.is_valid_at(now),
        recovered: key.recovered,
    }
}
