//! Invariants, asserted in release builds: sums worked out twice, by different code.
//!
//! Must not: judge input. An assertion here that fails is our bug, and stops the house.

use super::books::{Books, outstanding_sign};
use super::effect::{Move, MoveKind};
use super::ids::Party;
use super::lot::Lot;
use super::member::Member;

/// A checksum over points by issuer: equal sums have equal checksums, and of other sums one in 2^64
/// has. Points that come add to it what those that go take off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checksum(u64);

impl Checksum {
    /// That of a member: all that its issuers owe for.
    pub fn of(member: &Member) -> Self {
        let mut sum = Self::default();
        for lot in member.outstanding() {
            sum.add(lot, 1);
        }
        sum
    }

    /// Each issuer's points count by a number of its own (splitmix64 of the party).
    fn add(&mut self, lot: &Lot, sign: i8) {
        let mut weight = u64::from(lot.key.issuer.0).wrapping_add(1);
        weight = weight.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        weight = (weight ^ (weight >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        weight = (weight ^ (weight >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        weight = (weight ^ (weight >> 31)) | 1;
        let sign = i64::from(sign).cast_unsigned();
        let change = weight.wrapping_mul(lot.points.units()).wrapping_mul(sign);
        self.0 = self.0.wrapping_add(change);
    }
}

/// Asserts that a member's points changed per issuer by exactly what its moves say: what its issuer
/// owes for, and what came from or went to another member.
pub fn assert_member_moves(before: Checksum, after: &Member, moves: &[Move]) {
    let mut expected = before;
    for step in moves {
        let sign = match step.kind {
            MoveKind::TransferredIn => 1,
            MoveKind::TransferredOut => -1,
            kind => outstanding_sign(kind),
        };
        expected.add(&step.slice, sign);
    }
    assert_eq!(
        Checksum::of(after),
        expected,
        "a member's lots and its moves disagree: {after:?} after {moves:?}"
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
