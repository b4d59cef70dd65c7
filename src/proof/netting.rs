//! Netting a window from the ledger's state, with the roots that bind its lines and positions.
//!
//! Must not: be asked about a window whose lines may still grow.
//! Spec: `schemas/README.md`, "Rows of a window". RFC 6962 trees over deterministic CBOR:
//!
//! ```text
//! line      = [ debtor, creditor, reason, price_version, units, price in 10^−8, amount ]
//!           | [ debtor, creditor, 9, 0, amount ]                             an adjustment
//! position  = [ party, debits, credits, rolled_in, rolled_out ]  amounts are texts
//! ```

use super::cbor::{Major, write_head, write_text, write_uint};
use super::merkle::{Frontier, Hash, leaf_hash};
use crate::domain::execute::Prepared;
use crate::domain::governance::Governance;
use crate::domain::ids::Party;
use crate::domain::line::{LineKey, LineTotal};
use crate::domain::netting::{Position, PricedLine, Terms, net, price_line};
use crate::domain::working_set::WorkingSet;

/// Prices lines in order of their keys.
///
/// # Panics
/// For a line at a price that was never released, which no ledger holds.
pub fn price_lines<'a>(
    governance: &Governance,
    lines: impl Iterator<Item = (&'a LineKey, &'a LineTotal)>,
) -> Vec<PricedLine> {
    lines
        .map(|(key, total)| {
            price_line(governance, key, total).expect("every line has a price that was released")
        })
        .collect()
}

/// Works out what netting a window comes to, before its op is decided.
pub fn prepare(set: &WorkingSet, window: u32) -> Prepared {
    prepare_with(set, window, lines_root)
}

/// The same with another way to the same root, such as on several cores.
pub fn prepare_with(
    set: &WorkingSet,
    window: u32,
    lines_root: impl FnOnce(&[PricedLine]) -> Hash,
) -> Prepared {
    let governance = set.governance();
    let programme = &governance.programme;
    let lines = price_lines(governance, set.books.lines_of(window));
    let terms = Terms {
        netting: governance.settings.netting,
        payment_minimum: governance.settings.payment_minimum,
        currency: programme.currency,
    };
    let parties = governance.party_count();
    let netting = net(&lines, parties, set.windows.carried(), &terms);
    let scale = programme.point_scale;
    let mut rounding = vec![0_i128; parties];
    for line in &lines {
        let rounded = line
            .amount
            .to_exact(scale)
            .expect("amounts of lines are exact");
        let exact = match line.priced {
            Some((points, price)) => price.exact_worth(points),
            None => rounded,
        };
        let change = rounded - exact;
        rounding[line.key.debtor.slot()] -= change;
        rounding[line.key.creditor.slot()] += change;
    }
    let rounding = (0_u16..).map(Party).zip(rounding);
    Prepared {
        lines_root: lines_root(&lines),
        positions_root: positions_root(&netting.positions),
        netting,
        rounding: rounding.filter(|(_, exact)| *exact != 0).collect(),
    }
}

/// The root over priced lines in order of their keys.
pub fn lines_root(lines: &[PricedLine]) -> Hash {
    let mut tree = Frontier::new();
    let mut row = Vec::with_capacity(64);
    for line in lines {
        row.clear();
        write_line(line, &mut row);
        tree.push(leaf_hash(&row));
    }
    tree.root()
}

/// Lines in two parts, whose roots make the root over all by [`super::merkle::node_hash`]; nothing
/// for fewer than two lines. The first part has the largest power of two below their number.
pub fn halves(lines: &[PricedLine]) -> Option<(&[PricedLine], &[PricedLine])> {
    let last = lines.len().checked_sub(1).filter(|last| *last > 0)?;
    lines.split_at_checked(1 << last.ilog2())
}

/// The root over positions of all parties, the house first.
pub fn positions_root(positions: &[Position]) -> Hash {
    let mut tree = Frontier::new();
    let mut row = Vec::with_capacity(64);
    for (party, position) in positions.iter().enumerate() {
        row.clear();
        write_head(Major::Array, 5, &mut row);
        write_uint(party as u64, &mut row);
        write_text(&position.debits.to_string(), &mut row);
        write_text(&position.credits.to_string(), &mut row);
        write_text(&position.rolled_in.to_string(), &mut row);
        write_text(&position.rolled_out.to_string(), &mut row);
        tree.push(leaf_hash(&row));
    }
    tree.root()
}

fn write_line(line: &PricedLine, row: &mut Vec<u8>) {
    let key = &line.key;
    write_head(Major::Array, if line.priced.is_some() { 7 } else { 5 }, row);
    write_uint(key.debtor.0.into(), row);
    write_uint(key.creditor.0.into(), row);
    write_uint(key.reason.number().into(), row);
    write_uint(key.price_version.into(), row);
    if let Some((points, price)) = line.priced {
        write_uint(points.units(), row);
        write_uint(price.units(), row);
    }
    write_text(&line.amount.to_string(), row);
}
