//! Invariants, asserted in release builds: sums worked out twice, by different code.
//!
//! Must not: judge input. An assertion here that fails is our bug, and stops the house.

use super::books::{Books, outstanding_sign};
use super::effect::{Move, MoveKind};
use super::ids::Party;
use super::member::Member;
use super::points::Points;
use smallvec::SmallVec;

/// Asserts that a member's points changed per issuer by exactly what its moves say: what its issuer
/// owes for, and what came from or went to another member.
pub fn assert_member_moves(before: &[(Party, Points)], after: &Member, moves: &[Move]) {
    let mut sums: SmallVec<[(Party, i128); 4]> = SmallVec::new();
    let mut add = |party: Party, units: i128| match sums.iter_mut().find(|sum| sum.0 == party) {
        Some(sum) => sum.1 = sum.1.wrapping_add(units),
        None => sums.push((party, units)),
    };
    for lot in after.outstanding() {
        add(lot.key.issuer, i128::from(lot.points.units()));
    }
    for (issuer, points) in before {
        add(*issuer, i128::from(points.units()).wrapping_neg());
    }
    for step in moves {
        let sign = match step.kind {
            MoveKind::TransferredIn => 1,
            MoveKind::TransferredOut => -1,
            kind => i128::from(outstanding_sign(kind)),
        };
        let units = i128::from(step.slice.points.units()).wrapping_mul(sign);
        add(step.slice.key.issuer, units.wrapping_neg());
    }
    let balanced = sums.iter().all(|(_, sum)| *sum == 0);
    assert!(
        balanced,
        "a member's lots and its moves disagree: {sums:?} from {moves:?}"
    );
}

/// Asserts what must hold after every batch: each issuer's outstanding points follow from its
/// movements, and what partners owe each other sums to zero.
pub fn assert_books(books: &Books, touched: impl Iterator<Item = Party>) {
    for party in touched {
        let totals = books.party(party);
        let outstanding = totals
            .outstanding_total()
            .expect("points out are within range");
        assert_eq!(
            i128::from(outstanding.units()),
            totals.outstanding_by_movement(),
            "outstanding points of party {} do not follow from its movements",
            party.0
        );
    }
    let net = books
        .parties
        .iter()
        .fold(0_i128, |sum, totals| sum.wrapping_add(totals.net_exact));
    assert_eq!(net, 0, "what parties owe each other does not sum to zero");
}
