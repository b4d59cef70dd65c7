//! Sums over everything: what every issuer owes for, added up once more from the members' lots.
//!
//! Must not: use the running totals to work out what they are compared with.

use super::findings::{Check, Finding};
use super::fold::Fold;
use crate::domain::ids::Party;
use std::collections::BTreeMap;

/// Compares every issuer's running totals with its members' lots, and with its own movements.
pub fn check(fold: &Fold, size: u64) -> Vec<Finding> {
    let mut outstanding: BTreeMap<(Party, u32), u128> = BTreeMap::new();
    for (_, member) in fold.set.members.records() {
        for lot in member.outstanding() {
            let sum = outstanding
                .entry((lot.key.issuer, lot.key.price_version))
                .or_default();
            *sum += u128::from(lot.points.units());
        }
    }
    let mut findings = Vec::new();
    let governance = fold.set.governance();
    for (slot, totals) in fold.set.books.parties.iter().enumerate() {
        let party = Party(u16::try_from(slot).expect("parties fit 16 bits"));
        let name = governance.name(party);
        let mut from_lots = 0;
        for (version, points) in &totals.outstanding {
            let lots = outstanding.remove(&(party, *version)).unwrap_or(0);
            from_lots += lots;
            if lots != u128::from(points.units()) {
                let expected = format!("{lots} points of {name}, version {version}, in lots");
                findings.push(Finding::new(size, Check::Sums, expected, points.units()));
            }
        }
        let moved = totals.outstanding_by_movement();
        if u128::try_from(moved) != Ok(from_lots) {
            let expected = format!("{from_lots} points of {name} in lots");
            let found = format!("{moved} by its movements");
            findings.push(Finding::new(size, Check::Sums, expected, found));
        }
    }
    let net: i128 = fold
        .set
        .books
        .parties
        .iter()
        .map(|party| party.net_exact)
        .sum();
    if net != 0 {
        let expected = "0 as the sum of what parties owe each other";
        findings.push(Finding::new(size, Check::Sums, expected, net));
    }
    let stray = outstanding.into_iter().filter(|(_, points)| *points > 0);
    findings.extend(stray.map(|((party, version), points)| {
        let name = governance.name(party);
        let found = format!("{points} points of {name}, version {version}, in lots");
        Finding::new(size, Check::Sums, 0, found)
    }));
    findings
}
