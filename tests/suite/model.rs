//! A second opinion on an import: FIFO lots worked out from the CSV by hand, in whole cents.
//!
//! It shares no code with the program: not its parser, not its decimals, not its lots. At the rates
//! of the demo, 10 points per dollar paid and 100 per dollar discounted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, VecDeque};

/// Points of one issuer and day.
struct Lot {
    issuer: String,
    day: String,
    points: u64,
}

/// What has to come out.
#[derive(Default)]
pub struct Model {
    lots: BTreeMap<String, VecDeque<Lot>>,
    pub issued: BTreeMap<String, u64>,
    pub burned: BTreeMap<String, u64>,
    /// Points of the first burned at the second, another partner.
    pub owed: BTreeMap<(String, String), u64>,
    /// Points burned at each partner, its own among them.
    pub burned_at: BTreeMap<String, u64>,
    pub partners: Vec<String>,
    pub burns: u64,
    pub issues: u64,
    pub rows_without_points: u64,
}

struct Purchase<'a> {
    at: &'a str,
    partner: &'a str,
    member: &'a str,
    issue: u64,
    burn: u64,
}

impl Model {
    pub fn of(csv: &str) -> Self {
        let mut model = Self::default();
        let purchases: Vec<Purchase<'_>> = csv.lines().skip(1).map(purchase).collect();
        for purchase in &purchases {
            if !model.partners.iter().any(|known| known == purchase.partner) {
                model.partners.push(purchase.partner.to_owned());
            }
        }
        let worth = |purchase: &&Purchase<'_>| purchase.issue > 0 || purchase.burn > 0;
        let sent: Vec<&Purchase<'_>> = purchases.iter().filter(worth).collect();
        model.rows_without_points = (purchases.len() - sent.len()) as u64;
        // All rows of a run are accepted at its latest time, which decides the day of the issue.
        for run in sent.chunk_by(|a, b| a.partner == b.partner) {
            let latest = run.iter().map(|purchase| purchase.at).max().unwrap();
            for purchase in run {
                model.burn(purchase);
                model.issue(purchase, &latest[..10]);
            }
        }
        model
    }

    /// Points that a member still has.
    pub fn balance(&self, member: &str) -> u64 {
        let lots = self.lots.get(member);
        lots.map_or(0, |lots| lots.iter().map(|lot| lot.points).sum())
    }

    /// Members that exist: those that were ever issued points.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.lots.keys().map(String::as_str)
    }

    fn burn(&mut self, purchase: &Purchase<'_>) {
        let Some(lots) = self.lots.get_mut(purchase.member) else {
            return;
        };
        let mut left = purchase.burn;
        let before = left;
        while left > 0 {
            let Some(lot) = lots.front_mut() else { break };
            let taken = left.min(lot.points);
            lot.points -= taken;
            left -= taken;
            let (issuer, partner) = (lot.issuer.clone(), purchase.partner.to_owned());
            *self.burned.entry(issuer.clone()).or_default() += taken;
            *self.burned_at.entry(partner.clone()).or_default() += taken;
            if issuer != partner {
                *self.owed.entry((issuer, partner)).or_default() += taken;
            }
            if lot.points == 0 {
                lots.pop_front();
            }
        }
        self.burns += u64::from(left < before);
    }

    fn issue(&mut self, purchase: &Purchase<'_>, day: &str) {
        if purchase.issue == 0 {
            return;
        }
        self.issues += 1;
        *self.issued.entry(purchase.partner.to_owned()).or_default() += purchase.issue;
        let lots = self.lots.entry(purchase.member.to_owned()).or_default();
        let same = |lot: &&mut Lot| lot.issuer == purchase.partner && lot.day == day;
        match lots.iter_mut().find(same) {
            Some(lot) => lot.points += purchase.issue,
            None => lots.push_back(Lot {
                issuer: purchase.partner.to_owned(),
                day: day.to_owned(),
                points: purchase.issue,
            }),
        }
    }
}

fn purchase(line: &str) -> Purchase<'_> {
    let fields: Vec<&str> = line.split(',').collect();
    let [at, partner, _store, _basket, member, amount, discount] = fields[..] else {
        panic!("not a purchase: {line}");
    };
    Purchase {
        at,
        partner,
        member,
        issue: cents(amount) / 10,
        burn: cents(discount),
    }
}

fn cents(amount: &str) -> u64 {
    let (whole, fraction) = amount.split_once('.').unwrap();
    assert_eq!(fraction.len(), 2, "{amount}");
    whole.parse::<u64>().unwrap() * 100 + fraction.parse::<u64>().unwrap()
}
