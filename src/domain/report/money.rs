//! Reports about money: what the coalition risks with each partner, and what is not paid.
//!
//! Must not: work out an exposure in any other way than the rule that limits it.

use super::{Cell, Source, Table};
use crate::domain::books::{PartyBooks, exposure_of};
use crate::domain::ids::Party;
use crate::domain::money::Money;
use crate::domain::window::payment_reference;

/// A partner and its totals.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The partner.
    pub party: Party,
    /// Its totals, as the ledger keeps them.
    pub totals: PartyBooks,
}

/// What the coalition risks with each partner now, the greatest first, and how much of its limit
/// that is. Nothing if a total is out of range.
pub fn exposure(source: &Source<'_>, standings: &[Standing]) -> Option<Table> {
    let programme = &source.governance.programme;
    let mut ranked = Vec::new();
    for standing in standings {
        let party = standing.party;
        if !source.shows(&[party]) {
            continue;
        }
        let exact = exposure_of(source.governance, &standing.totals, party);
        let worth = Money::from_exact(exact, programme.point_scale, &programme.currency)?;
        let limit = source.governance.partner(party)?.limit.exposure;
        let used = limit.map_or(Cell::Nothing, |limit| {
            let units = |money: Money| u128::try_from(money.minor_units()).unwrap_or_default();
            Cell::percent(units(worth), units(limit))
        });
        let row = vec![
            source.name(party),
            Cell::text(worth),
            limit.map_or(Cell::Nothing, Cell::text),
            used,
            standing.totals.outstanding_total()?.into(),
        ];
        ranked.push((std::cmp::Reverse(exact), party, row));
    }
    ranked.sort_by_key(|(exact, party, _)| (*exact, *party));
    Some(Table {
        columns: &[
            "partner",
            "exposure",
            "limit",
            "used_percent",
            "outstanding_points",
        ],
        rows: ranked.into_iter().map(|(.., row)| row).collect(),
    })
}

/// Payments that are open, in order of (window, debtor, creditor), and for how long they have been
/// overdue.
pub fn payments(source: &Source<'_>) -> Table {
    let items = source.tally.items.iter();
    let shown = items.filter(|(key, _)| source.shows(&[key.debtor, key.creditor]));
    let rows = shown.map(|(key, item)| {
        let late = source.today.0.saturating_sub(item.due_on.0);
        let late = u64::try_from(late).unwrap_or_default();
        let reference = payment_reference(&source.governance.programme.origin, key);
        vec![
            Cell::Number(key.window.into()),
            source.name(key.debtor),
            source.name(key.creditor),
            Cell::text(item.amount),
            Cell::text(item.due_on),
            Cell::text(if late > 0 { "overdue" } else { "open" }),
            Cell::Number(late),
            reference.map_or(Cell::Nothing, Cell::Text),
        ]
    });
    Table {
        columns: &[
            "window",
            "debtor",
            "creditor",
            "amount",
            "due_on",
            "status",
            "days_overdue",
            "reference",
        ],
        rows: rows.collect(),
    }
}
