//! Windows: the days that are netted together, from open to stated.
//!
//! Must not: be reopened. A cut is one entry, the last of its window; what is accepted after it
//! belongs to the next, whenever it happened.

use super::ids::Party;
use super::money::{Money, Net};
use super::time::{Day, Micros};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// How far a window has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum WindowState {
    /// Entries belong to it.
    #[n(0)]
    Open,
    /// Its last entry was accepted.
    #[n(1)]
    Cut,
    /// Two computations of its lines differ: nothing is published until it is released.
    #[n(2)]
    Held,
    /// Its positions and payments stand.
    #[n(3)]
    Netted,
    /// Its statements are bound.
    #[n(4)]
    Stated,
}

impl WindowState {
    /// The word used in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Cut => "cut",
            Self::Held => "held",
            Self::Netted => "netted",
            Self::Stated => "stated",
        }
    }
}

/// An entry that took a window further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Step {
    /// Its index.
    #[n(0)]
    pub entry: u64,
    /// When it was accepted.
    #[n(1)]
    pub at: Micros,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Window {
    /// Its number, counted from 0.
    #[n(0)]
    pub number: u32,
    /// How far it has come.
    #[n(1)]
    pub state: WindowState,
    /// Its first entry.
    #[n(2)]
    pub first_entry: u64,
    /// The first day it covers.
    #[n(3)]
    pub first_day: Day,
    /// The last day it covers, once it is cut.
    #[n(4)]
    pub last_day: Option<Day>,
    /// Its last entry.
    #[n(5)]
    pub cut: Option<Step>,
    /// The entry that netted it.
    #[n(6)]
    pub netted: Option<Step>,
    /// The entry that bound its statements.
    #[n(7)]
    pub stated: Option<Step>,
    /// How many statements there are: partners registered when it was netted.
    #[n(8)]
    pub statements: u32,
    /// Payments to the house for this window that are still open.
    #[n(9)]
    pub uncollected: u32,
    /// The last ledger day on which it can be disputed, once it is stated.
    #[n(10)]
    pub dispute_until: Option<Day>,
}

impl Window {
    /// An open window.
    pub fn open(number: u32, first_entry: u64, first_day: Day) -> Self {
        Self {
            number,
            state: WindowState::Open,
            first_entry,
            first_day,
            last_day: None,
            cut: None,
            netted: None,
            stated: None,
            statements: 0,
            uncollected: 0,
            dispute_until: None,
        }
    }
}

impl Window {
    /// Whether it has payments and statements of this party: it is netted, and the party was
    /// registered then. No record of any other is ever looked up.
    pub fn concerns(&self, party: Party) -> bool {
        let netted = matches!(self.state, WindowState::Netted | WindowState::Stated);
        netted && u32::from(party.0) <= self.statements
    }
}

/// Two parties, the lower number first.
pub type Pair = (Party, Party);

/// What pairs of parties still owe each other from earlier windows: positive is owed to the second.
pub type Carried = BTreeMap<Pair, Net>;

/// All windows, and what is rolled forward.
#[derive(Debug, Clone, Default)]
pub struct Windows {
    /// By number.
    all: BTreeMap<u32, Window>,
    /// Amounts under the payment minimum.
    carried: Carried,
    changed: BTreeSet<u32>,
    carried_changed: bool,
}

impl Windows {
    /// Windows as they were stored.
    pub fn load(all: BTreeMap<u32, Window>, carried: Carried) -> Self {
        Self {
            all,
            carried,
            ..Self::default()
        }
    }

    /// A window.
    pub fn get(&self, number: u32) -> Option<&Window> {
        self.all.get(&number)
    }

    /// The open window.
    pub fn open(&self) -> Option<&Window> {
        self.all.values().next_back()
    }

    /// The first window that is not netted: the open one, if all before it are.
    pub fn first_not_netted(&self) -> Option<&Window> {
        let netted = |w: &&Window| !matches!(w.state, WindowState::Netted | WindowState::Stated);
        self.all.values().rev().take_while(netted).last()
    }

    /// Whether a window is netted, so that its lines are what they will ever be.
    pub fn is_netted(&self, number: u32) -> bool {
        let state = self.get(number).map(|window| window.state);
        matches!(state, Some(WindowState::Netted | WindowState::Stated))
    }

    /// Every window, by number.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Window> {
        self.all.values()
    }

    /// What is rolled forward.
    pub fn carried(&self) -> &Carried {
        &self.carried
    }

    /// Replaces a window and returns the one before.
    pub fn put(&mut self, number: u32, window: Option<Window>) -> Option<Window> {
        self.changed.insert(number);
        match window {
            Some(window) => self.all.insert(number, window),
            None => self.all.remove(&number),
        }
    }

    /// Replaces what is rolled forward.
    pub fn set_carried(&mut self, carried: Carried) {
        self.carried_changed = true;
        self.carried = carried;
    }

    /// Windows changed since this was last asked, and what is rolled forward if that changed.
    pub fn take_changed(&mut self) -> (Vec<Window>, Option<Carried>) {
        let numbers = std::mem::take(&mut self.changed);
        let windows = numbers.iter().filter_map(|n| self.all.get(n).cloned());
        let carried = std::mem::take(&mut self.carried_changed).then(|| self.carried.clone());
        (windows.collect(), carried)
    }
}

/// A payment of a window: one from each debtor to each creditor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ItemKey {
    /// The window.
    #[n(0)]
    pub window: u32,
    /// Who pays.
    #[n(1)]
    pub debtor: Party,
    /// Whom.
    #[n(2)]
    pub creditor: Party,
}

/// What is to be paid, under its own reference, and never netted again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Item {
    /// How much.
    #[n(0)]
    pub amount: Money,
    /// The day by which it is due.
    #[n(1)]
    pub due_on: Day,
    /// The entry and op that confirmed its payment; none while it is open.
    #[n(2)]
    pub paid: Option<super::ids::OpAt>,
}

/// The creditor reference of an item (ISO 11649): `RF`, two check digits, the 8 hex digits that end
/// the ledger's origin, and window, debtor and creditor in base 36 with 4 digits each.
///
/// Returns nothing for an origin that does not end in 8 hex digits.
pub fn payment_reference(origin: &str, key: &ItemKey) -> Option<String> {
    let tail = origin.get(origin.len().checked_sub(8)?..)?;
    if !tail.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let window = base36(key.window);
    let debtor = base36(key.debtor.0.into());
    let creditor = base36(key.creditor.0.into());
    let body = format!("{}{window}{debtor}{creditor}", tail.to_ascii_uppercase());
    let remainder = mod97(&format!("{body}RF00"))?;
    let check = 98_u32.checked_sub(remainder)?;
    Some(format!("RF{check:02}{body}"))
}

fn base36(mut number: u32) -> String {
    let mut digits = [b'0'; 4];
    for digit in digits.iter_mut().rev() {
        let value = u8::try_from(number % 36).expect("below 36");
        *digit = match value {
            0..=9 => b'0'.saturating_add(value),
            _ => b'A'.saturating_add(value.saturating_sub(10)),
        };
        number /= 36;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// ISO 7064 MOD 97-10 over letters as 10 to 35.
fn mod97(text: &str) -> Option<u32> {
    text.chars().try_fold(0_u32, |sum, c| {
        let value = c.to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        sum.checked_mul(shift)?.checked_add(value)?.checked_rem(97)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payment_references_hold_their_check_digits() {
        let key = ItemKey {
            window: 46_656,
            debtor: Party(0),
            creditor: Party(35),
        };
        let reference = payment_reference("points.example/demo-0123abcd", &key).expect("a form");
        assert_eq!(&reference[4..], "0123ABCD10000000000Z");
        assert!(reference.len() <= 25, "ISO 11649 has at most 25 characters");
        let turned = format!("{}{}", &reference[4..], &reference[..4]);
        assert_eq!(mod97(&turned), Some(1), "{reference}");
        assert_eq!(
            mod97("539007547034RF18"),
            Some(1),
            "the standard's own example"
        );
        assert_eq!(payment_reference("points.example/demo", &key), None);
    }
}
