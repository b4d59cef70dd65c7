//! Lines: what a partner owes and is owed in the open window, so far.
//!
//! Amounts here are for the eye: a window is rounded once, per line, when it is netted.

use super::extract::UrlPath;
use super::partners::party_to_see;
use super::problem::{Problem, ProblemBody};
use super::receipts::json_of;
use super::token::{Caller, Reader};
use super::verifier::blocking;
use crate::domain::governance::Governance;
use crate::domain::ids::{Name, Party};
use crate::domain::line::{LineKey, LineTotal};
use crate::domain::money::Money;
use crate::domain::netting::price_line;
use crate::domain::points::Points;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// Lines of the open window.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "window": 0,
    "currency": "EUR",
    "lines": [{
        "debtor": "bakery", "creditor": "grocer", "reason": "burn", "price_version": 1,
        "points": 200, "price": "0.008", "amount": "1.60"
    }]
}))]
pub struct LinesBody {
    /// The window's number.
    window: u32,
    /// The currency of all amounts.
    currency: String,
    /// By debtor, creditor, reason, price version.
    lines: Vec<LineBody>,
}

/// What one party owes another for one reason.
#[derive(Serialize, ToSchema)]
pub struct LineBody {
    /// Who owes.
    #[schema(value_type = String)]
    debtor: Name,
    /// Whom.
    #[schema(value_type = String)]
    creditor: Name,
    /// For what.
    reason: &'static str,
    /// At which price list version; 0 for adjustments.
    price_version: u32,
    /// How many points; absent for adjustments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    points: Option<Points>,
    /// The price per displayed point; absent for adjustments.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    /// What that is in money so far, rounded half even.
    #[schema(value_type = String)]
    amount: Money,
}

/// Get a partner's lines
///
/// The lines of the open window in which it owes or is owed: for itself and the house. With
/// `house` for the partner, the house sees all lines.
#[utoipa::path(
    get,
    path = "/v1/{programme}/partners/{partner}/lines",
    operation_id = "getPartnerLines",
    tag = "partners",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("partner" = String, Path, description = "The partner's id", example = "bakery"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The lines", body = LinesBody),
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

fn body(caller: &Caller, party: Party) -> Result<LinesBody, Problem> {
    let ledger = &caller.programme.ledger;
    let window = ledger.view().window;
    let lines = ledger.lines(window, party)?;
    // A view taken after the lines knows every price that they name.
    let view = ledger.view();
    let written = lines.iter().map(|line| line_body(line, &view.governance));
    Ok(LinesBody {
        window,
        currency: view.governance.programme.currency.code().to_owned(),
        lines: written.collect::<Result<_, _>>()?,
    })
}

fn line_body(
    (key, total): &(LineKey, LineTotal),
    governance: &Governance,
) -> Result<LineBody, Problem> {
    let priced = price_line(governance, key, total)
        .ok_or_else(|| Problem::internal(format!("the line {key:?} has no price")))?;
    Ok(LineBody {
        debtor: governance.name(key.debtor),
        creditor: governance.name(key.creditor),
        reason: key.reason.as_str(),
        price_version: key.price_version,
        points: priced.priced.map(|(points, _)| points),
        price: priced.priced.map(|(_, price)| price.to_string()),
        amount: priced.amount,
    })
}
