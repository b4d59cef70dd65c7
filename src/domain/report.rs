//! Reports: tables over the tally and the books, for people and their spreadsheets.
//!
//! Points are in the smallest unit. Percentages are worked out in integers and rounded half even to
//! two decimals. Must not: show a partner a row that is not about it, or panic over a number.

mod money;
mod points;

pub use money::{Standing, exposure, payments};
pub use points::{activity, breakage, flow, liability, redemption};

use super::governance::Governance;
use super::ids::Party;
use super::points::Points;
use super::tally::Tally;
use super::time::Day;
use serde::Serialize;

/// A table: its columns, and rows of as many cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What the columns hold.
    pub columns: &'static [&'static str],
    /// The rows, in an order of their own.
    pub rows: Vec<Vec<Cell>>,
}

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A name, a day, an amount of money, a percentage.
    Text(String),
    /// A count.
    Number(u64),
    /// Nothing that could be said: a share of nothing, a limit that there is not.
    Nothing,
}

impl Cell {
    /// Anything that is written as text.
    pub fn text(value: impl std::fmt::Display) -> Self {
        Self::Text(value.to_string())
    }

    /// `part` of `whole` in percent, with two decimals.
    pub fn percent(part: u128, whole: u128) -> Self {
        hundredths(part, whole).map_or(Self::Nothing, |share| {
            Self::Text(format!("{}.{:02}", share / 100, share % 100))
        })
    }
}

impl From<Points> for Cell {
    fn from(points: Points) -> Self {
        Self::Number(points.units())
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Nothing => Ok(()),
        }
    }
}

/// What reports look at.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The sums of all entries so far.
    pub tally: &'a Tally,
    /// Names, prices and limits, as of those entries or later.
    pub governance: &'a Governance,
    /// The ledger's present day.
    pub today: Day,
    /// Whose rows are shown; all of them if none is named.
    pub only: Option<Party>,
}

impl Source<'_> {
    /// Whether a row about these parties is shown.
    fn shows(&self, parties: &[Party]) -> bool {
        self.only.is_none_or(|only| parties.contains(&only))
    }

    /// The name of a party.
    fn name(&self, party: Party) -> Cell {
        Cell::text(self.governance.name(party))
    }
}

/// `part` of `whole` in hundredths of a percent, rounded half even.
fn hundredths(part: u128, whole: u128) -> Option<u128> {
    let scaled = part.checked_mul(10_000)?;
    let (share, rest) = (scaled.checked_div(whole)?, scaled.checked_rem(whole)?);
    let up = match rest.checked_mul(2)?.cmp(&whole) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => share % 2 == 1,
        std::cmp::Ordering::Greater => true,
    };
    share.checked_add(u128::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_half_even_to_two_decimals() {
        let text = |part, whole| Cell::percent(part, whole).to_string();
        assert_eq!(text(1, 3), "33.33");
        assert_eq!(text(2, 3), "66.67");
        assert_eq!(text(1, 80_000), "0.00", "0.00125 lies below the half");
        assert_eq!(text(1, 20_000), "0.00", "0.005 goes to the even 0.00");
        assert_eq!(text(3, 20_000), "0.02", "0.015 goes to the even 0.02");
        assert_eq!(text(3, 2), "150.00");
        assert_eq!(Cell::percent(1, 0), Cell::Nothing);
        assert_eq!(Cell::percent(u128::MAX, 1), Cell::Nothing);
    }
}
