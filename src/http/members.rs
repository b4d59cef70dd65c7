//! Members: what is theirs at this moment.
//!
//! A partner sees the totals and the lots that it issued; the house sees all.

use super::extract::{UrlPath, id};
use super::house::Programme;
use super::problem::{Problem, ProblemBody};
use super::receipts::json_of;
use super::token::{Caller, Reader};
use crate::domain::execute::Stamp;
use crate::domain::governance::Governance;
use crate::domain::ids::{Name, Party, Reference};
use crate::domain::lot::Lot;
use crate::domain::member::{Balance, Member};
use crate::domain::points::Points;
use crate::domain::time::{Day, Micros};
use crate::domain::visit::Visit;
use axum::response::Response;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Days of expiry that are told.
const EXPIRIES_MAX: usize = 12;

/// A member at one moment.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "member": "m-01J8",
    "as_of": "2026-03-01T09:12:45.120394Z",
    "frozen": false,
    "available": 300,
    "pending": 50,
    "held": 100,
    "debt": 0,
    "expiries": [{"expires_on": "2026-03-31", "points": 120}],
    "lots": [{
        "state": "available", "issuer": "bakery", "issued_on": "2025-03-31",
        "activates_on": "2025-03-31", "expires_on": "2026-03-31", "price_version": 1,
        "points": 120
    }],
    "debts": []
}))]
pub struct MemberBody {
    /// The member.
    #[schema(value_type = String)]
    member: Reference,
    /// The ledger's present, RFC 3339.
    as_of: String,
    /// Whether burn, hold and transfer are closed.
    frozen: bool,
    /// Points that can be spent.
    #[schema(value_type = u64)]
    available: Points,
    /// Points that activate later.
    #[schema(value_type = u64)]
    pending: Points,
    /// Points set aside by holds.
    #[schema(value_type = u64)]
    held: Points,
    /// Points owed to issuers.
    #[schema(value_type = u64)]
    debt: Points,
    /// Which points expire next, at most 12 days; held points are not among them.
    expiries: Vec<Expiry>,
    /// The lots that the caller may see.
    lots: Vec<LotBody>,
    /// The debts that the caller may see, oldest first.
    debts: Vec<DebtBody>,
}

/// Points that expire on one day.
#[derive(Serialize, ToSchema)]
pub struct Expiry {
    /// Their last valid day.
    #[schema(value_type = String)]
    expires_on: Day,
    /// How many.
    #[schema(value_type = u64)]
    points: Points,
}

/// Points of one key.
#[derive(Serialize, ToSchema)]
pub struct LotBody {
    /// `available`, `pending`, `held`, or `expired` and not yet swept.
    state: &'static str,
    /// Who owes for them.
    #[schema(value_type = String)]
    issuer: Name,
    /// The day of the issue.
    #[schema(value_type = String)]
    issued_on: Day,
    /// Their first valid day.
    #[schema(value_type = String)]
    activates_on: Day,
    /// Their last valid day.
    #[schema(value_type = String)]
    expires_on: Day,
    /// The price list version of the issue.
    price_version: u32,
    /// How many.
    #[schema(value_type = u64)]
    points: Points,
    /// When their hold lapses, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
}

/// Points owed to an issuer.
#[derive(Serialize, ToSchema)]
pub struct DebtBody {
    /// To whom.
    #[schema(value_type = String)]
    issuer: Name,
    /// The price list version of the reversed issue.
    price_version: u32,
    /// How many.
    #[schema(value_type = u64)]
    points: Points,
}

/// Get a member's balance
///
/// As of the ledger's present: holds past their deadline have lapsed, lots past their first day
/// have activated.
#[utoipa::path(
    get,
    path = "/v1/{programme}/members/{member}",
    operation_id = "getMember",
    tag = "members",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("member" = String, Path, description = "The member's reference", example = "m-01J8"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The balance", body = MemberBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(
    Reader(caller): Reader,
    UrlPath(path): UrlPath<(String, String)>,
) -> Result<Response, Problem> {
    let (_, member) = path;
    let member = id(Reference::parse(&member))?;
    // One record is looked up sooner than another thread is woken to do it.
    let found = find(&caller.programme, &member)?;
    Ok(json_of(&body(&caller, member, found)?))
}

/// A member as the ledger has it.
///
/// # Errors
/// `not_found`.
pub fn find(programme: &Programme, member: &Reference) -> Result<Member, Problem> {
    let found = programme.ledger.member(member)?;
    found.ok_or_else(Problem::not_found)
}

fn body(caller: &Caller, id: Reference, member: Member) -> Result<MemberBody, Problem> {
    let view = caller.programme.ledger.view();
    let fixed = &view.governance.programme;
    let now = caller.programme.now();
    let stamp = Stamp::new(view.size, now, fixed.utc_offset_min);
    let member = Visit::open(id, true, member, &stamp, fixed).member;
    let over = || Problem::internal("a member's points are out of range");
    let balance: Balance = member.balance(stamp.today).ok_or_else(over)?;
    let sees = |issuer: Party| caller.is_house() || issuer == caller.party;
    let debts = member.debts.iter().filter(|debt| sees(debt.issuer));
    let debts = debts.map(|debt| DebtBody {
        issuer: view.governance.name(debt.issuer),
        price_version: debt.price_version,
        points: debt.points,
    });
    Ok(MemberBody {
        member: id,
        as_of: now.to_rfc3339(),
        frozen: member.frozen,
        available: balance.available,
        pending: balance.pending,
        held: balance.held,
        debt: balance.debt,
        expiries: expiries(&member, stamp.today).ok_or_else(over)?,
        lots: lots(&member, stamp.today, &view.governance, sees),
        debts: debts.collect(),
    })
}

fn expiries(member: &Member, today: Day) -> Option<Vec<Expiry>> {
    let mut by_day: BTreeMap<Day, Points> = BTreeMap::new();
    let free = member.lots.iter().chain(member.pending.iter());
    for lot in free.filter(|lot| lot.key.expires_on >= today) {
        let points = by_day.entry(lot.key.expires_on).or_default();
        *points = points.checked_add(lot.points)?;
    }
    let told = by_day.into_iter().take(EXPIRIES_MAX);
    let expiry = |(expires_on, points)| Expiry { expires_on, points };
    Some(told.map(expiry).collect())
}

fn lots(
    member: &Member,
    today: Day,
    governance: &Governance,
    sees: impl Fn(Party) -> bool,
) -> Vec<LotBody> {
    let body = |state, lot: &Lot, deadline: Option<Micros>| LotBody {
        state,
        issuer: governance.name(lot.key.issuer),
        issued_on: lot.key.issued_on,
        activates_on: lot.key.activates_on,
        expires_on: lot.key.expires_on,
        price_version: lot.key.price_version,
        points: lot.points,
        deadline: deadline.map(Micros::to_rfc3339),
    };
    let is_seen = |lot: &&Lot| sees(lot.key.issuer);
    let arrived = member.lots.iter().filter(is_seen).map(|lot| {
        let is_good = lot.key.expires_on >= today;
        body(if is_good { "available" } else { "expired" }, lot, None)
    });
    let pending = member.pending.iter().filter(is_seen);
    let pending = pending.map(|lot| body("pending", lot, None));
    let held = member.holds.iter().flat_map(|hold| {
        let seen = hold.slices.iter().filter(is_seen);
        seen.map(|lot| body("held", lot, Some(hold.deadline)))
    });
    arrived.chain(pending).chain(held).collect()
}
