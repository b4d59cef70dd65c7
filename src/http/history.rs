//! A member's history: the ops that touched it, newest first.
//!
//! Every effect names the op that touched the member before, so a history is walked backwards
//! without an index. A partner sees its own ops; others are passed over, and count against the
//! bound of one request.

use super::extract::{UrlPath, UrlQuery, id};
use super::members;
use super::problem::{Code, Problem, ProblemBody};
use super::receipts::{decode, json_of};
use super::token::{Caller, Reader};
use super::verifier::blocking;
use crate::domain::effect::{Effect, Touch};
use crate::domain::governance::Governance;
use crate::domain::ids::{Name, OpAt, Reference};
use crate::domain::member::Balance;
use crate::domain::points::Points;
use crate::domain::submission::{Op, Submission};
use crate::domain::time::{Day, Micros};
use crate::proof::{effects, payload};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most ops of one page.
const LIMIT_MAX: usize = 200;
/// The most ops looked at for one page.
const SCAN_MAX: usize = 1_000;

/// Which part of the history.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// The most ops to answer, 1 to 200; 50 if absent.
    #[param(example = 50)]
    limit: Option<usize>,
    /// Only ops before this one, written `entry.op`: the `next_before` of the page before.
    #[param(example = "4711.0")]
    before: Option<String>,
}

/// A page of a member's history.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "member": "m-01J8",
    "ops": [{
        "entry": 4711, "op": 0, "accepted_at": "2026-03-01T09:12:45.120394Z", "author": "bakery",
        "submission": "till-7:118", "id": "i-118", "kind": "issue", "ref": "till-7:118",
        "moves": [{
            "kind": "issued", "issuer": "bakery", "issued_on": "2026-03-01",
            "activates_on": "2026-03-01", "expires_on": "2028-02-29", "price_version": 1,
            "points": 500
        }],
        "debts": [],
        "balance": {"available": 500, "pending": 0, "held": 0, "debt": 0}
    }],
    "next_before": "4711.0"
}))]
pub struct HistoryBody {
    /// The member.
    #[schema(value_type = String)]
    member: Reference,
    /// The ops, newest first. There may be fewer than asked for, or none, and still further pages.
    ops: Vec<OpBody>,
    /// Where the next page goes on; absent when there is nothing older.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<String>,
}

/// What one op did to the member.
#[derive(Serialize, ToSchema)]
pub struct OpBody {
    /// The entry that holds it.
    entry: u64,
    /// Its place in that entry.
    op: u16,
    /// When it was accepted, RFC 3339.
    accepted_at: String,
    /// Who sent it.
    author: String,
    /// The author's id for the submission.
    #[schema(value_type = String)]
    submission: Reference,
    /// The author's id for the op.
    #[schema(value_type = String)]
    id: Reference,
    /// Its kind.
    kind: &'static str,
    /// When it happened in the shop, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<String>,
    /// The author's own reference.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    receipt_ref: Option<Reference>,
    /// Slices that moved, in order.
    moves: Vec<MoveBody>,
    /// Debts that rose or fell, in order.
    debts: Vec<DebtMoveBody>,
    /// The totals after it.
    #[schema(value_type = BalanceBody)]
    balance: Balance,
}

/// A slice that moved.
#[derive(Serialize, ToSchema)]
pub struct MoveBody {
    /// How.
    kind: &'static str,
    /// Who owes for the points.
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
}

/// A debt that rose or fell.
#[derive(Serialize, ToSchema)]
pub struct DebtMoveBody {
    /// `owed` or `repaid`.
    change: &'static str,
    /// To whom.
    #[schema(value_type = String)]
    issuer: Name,
    /// The price list version of the reversed issue.
    price_version: u32,
    /// How many points.
    #[schema(value_type = u64)]
    points: Points,
}

/// Totals after an op.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct BalanceBody {
    /// Points that can be spent.
    available: u64,
    /// Points that activate later.
    pending: u64,
    /// Points set aside by holds.
    held: u64,
    /// Points owed to issuers.
    debt: u64,
}

/// Get a member's history
///
/// Newest first, in pages; a partner sees its own ops.
#[utoipa::path(
    get,
    path = "/v1/{programme}/members/{member}/history",
    operation_id = "getMemberHistory",
    tag = "members",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("member" = String, Path, description = "The member's reference", example = "m-01J8"),
        Page,
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page", body = HistoryBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(
    Reader(caller): Reader,
    UrlPath(path): UrlPath<(String, String)>,
    UrlQuery(page): UrlQuery<Page>,
) -> Result<Response, Problem> {
    let (_, member) = path;
    let member = id(Reference::parse(&member))?;
    let limit = page.limit.unwrap_or(50);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("limit is a number from 1 to {LIMIT_MAX}");
        return Err(Problem::new(Code::Malformed, detail));
    }
    let before = page.before.as_deref().map(parse_place).transpose()?;
    let body = blocking(move || walk(&caller, member, limit, before));
    Ok(json_of(&body.await?))
}

fn bad_cursor() -> Problem {
    let detail = "before is the next_before of the page before, written entry.op";
    Problem::new(Code::Malformed, detail)
}

fn parse_place(text: &str) -> Result<OpAt, Problem> {
    let (entry, op) = text.split_once('.').ok_or_else(bad_cursor)?;
    let entry = entry.parse().map_err(|_| bad_cursor())?;
    let op = op.parse().map_err(|_| bad_cursor())?;
    Ok(OpAt { entry, op })
}

fn walk(
    caller: &Caller,
    member: Reference,
    limit: usize,
    before: Option<OpAt>,
) -> Result<HistoryBody, Problem> {
    let last = members::find(&caller.programme, &member)?.last;
    let view = caller.programme.ledger.view();
    let mut walker = Walker {
        caller,
        governance: &view.governance,
        member,
        read: None,
    };
    let mut next = match before {
        None => last,
        // The cursor comes from a stranger: it must be an op of this member.
        Some(at) => walker.touch(at)?.ok_or_else(bad_cursor)?.previous,
    };
    let (mut ops, mut scanned, mut reached) = (Vec::new(), 0, before);
    while let Some(at) = next
        && ops.len() < limit
        && scanned < SCAN_MAX
    {
        scanned += 1;
        reached = Some(at);
        let missing = || Problem::internal(format!("{at:?} does not touch its member"));
        let touch = walker.touch(at)?.ok_or_else(missing)?;
        next = touch.previous;
        ops.extend(walker.body(at, &touch));
    }
    let reached = reached.filter(|_| next.is_some());
    Ok(HistoryBody {
        member,
        ops,
        next_before: reached.map(|at| format!("{}.{}", at.entry, at.op)),
    })
}

struct Walker<'a> {
    caller: &'a Caller,
    governance: &'a Governance,
    member: Reference,
    read: Option<ReadEntry>,
}

/// An entry with its effects, read.
struct ReadEntry {
    index: u64,
    accepted_at: Micros,
    author: String,
    submission: Submission,
    effects: Vec<Effect>,
}

impl Walker<'_> {
    /// What an op did to the member, if it touched it.
    fn touch(&mut self, at: OpAt) -> Result<Option<Touch>, Problem> {
        if self.read.as_ref().is_none_or(|read| read.index != at.entry) {
            self.read = self.entry(at.entry)?;
        }
        let effects = self.read.iter().flat_map(|read| read.effects.iter());
        let Some(Effect::Applied(applied)) = effects.into_iter().nth(usize::from(at.op)) else {
            return Ok(None);
        };
        let mut touches = applied.touches.iter();
        Ok(touches.find(|touch| touch.member == self.member).cloned())
    }

    fn entry(&self, index: u64) -> Result<Option<ReadEntry>, Problem> {
        let Some(record) = self.caller.programme.ledger.entries(index, 1)?.pop() else {
            return Ok(None);
        };
        let currency = &self.governance.programme.currency;
        let entry = decode(&record.entry)?;
        let submission = payload::parse(entry.payload, Some(currency.decimals()));
        let submission = submission.map_err(Problem::internal)?;
        let effects = effects::decode(&record.effects, index, &submission.ops, currency);
        Ok(Some(ReadEntry {
            index,
            accepted_at: Micros(entry.accepted_at_us),
            author: entry.author.to_owned(),
            effects: effects.map_err(Problem::internal)?,
            submission,
        }))
    }

    /// The op in words, if the caller may see it.
    fn body(&self, at: OpAt, touch: &Touch) -> Option<OpBody> {
        let read = self.read.as_ref()?;
        if !self.caller.is_house() && read.author != self.caller.name.as_str() {
            return None;
        }
        let op: &Op = read.submission.ops.get(usize::from(at.op))?;
        Some(OpBody {
            entry: at.entry,
            op: at.op,
            accepted_at: read.accepted_at.to_rfc3339(),
            author: read.author.clone(),
            submission: read.submission.id,
            id: op.id,
            kind: op.action.kind(),
            occurred_at: op.occurred_at.map(Micros::to_rfc3339_seconds),
            receipt_ref: op.receipt_ref,
            moves: moves(touch, self.governance),
            debts: debts(touch, self.governance),
            balance: touch.balance,
        })
    }
}

fn moves(touch: &Touch, governance: &Governance) -> Vec<MoveBody> {
    let body = |step: &crate::domain::effect::Move| MoveBody {
        kind: step.kind.as_str(),
        issuer: governance.name(step.slice.key.issuer),
        issued_on: step.slice.key.issued_on,
        activates_on: step.slice.key.activates_on,
        expires_on: step.slice.key.expires_on,
        price_version: step.slice.key.price_version,
        points: step.slice.points,
    };
    touch.moves.iter().map(body).collect()
}

fn debts(touch: &Touch, governance: &Governance) -> Vec<DebtMoveBody> {
    let body = |debt: &crate::domain::effect::DebtMove| DebtMoveBody {
        change: if debt.repaid { "repaid" } else { "owed" },
        issuer: governance.name(debt.issuer),
        price_version: debt.price_version,
        points: debt.points,
    };
    touch.debts.iter().map(body).collect()
}
