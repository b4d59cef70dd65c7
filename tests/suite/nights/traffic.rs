//! A month of purchases, with all that happens beside: holds, captures, reversals over midnight,
//! late occurrences, transfers, lots that expire or activate later, adjustments, payments confirmed
//! and returned, disputes, recovered keys, new prices and settings.

use super::programme::{Programme, key};
use super::random::Random;
use crate::support::public_key;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const MONTH: &str = include_str!("../../data/purchases-2017-01.csv");
/// When purchases of a day are sent: each quarter ends with one submission a partner.
const QUARTERS: [&str; 4] = ["06:00:00", "12:00:00", "18:00:00", "23:59:00"];
const OPS_MAX: usize = 250;

#[derive(Debug, Clone)]
struct Purchase {
    at: &'static str,
    partner: &'static str,
    member: &'static str,
    issue: u64,
    burn: u64,
}

/// An applied op that a later one may name.
#[derive(Debug, Clone)]
struct Done {
    partner: String,
    id: String,
    points: u64,
}

/// A payment that is open.
#[derive(Debug, Clone)]
struct Open {
    words: Value,
    id: String,
}

pub struct Month<'a> {
    programme: &'a Programme,
    random: Random,
    partners: Vec<&'static str>,
    late: Vec<(u32, Purchase)>,
    members: Vec<&'static str>,
    known: BTreeSet<&'static str>,
    spends: Vec<Done>,
    issues: Vec<Done>,
    holds: Vec<Done>,
    ops: u64,
    submissions: u64,
    open: Vec<Open>,
    paid: Vec<String>,
    windows_read: u32,
    disputes: BTreeMap<&'static str, (u64, Value)>,
}

impl<'a> Month<'a> {
    pub fn new(programme: &'a Programme, seed: u64) -> Self {
        Self {
            programme,
            random: Random(seed),
            partners: Vec::new(),
            late: Vec::new(),
            members: Vec::new(),
            known: BTreeSet::new(),
            spends: Vec::new(),
            issues: Vec::new(),
            holds: Vec::new(),
            ops: 0,
            submissions: 0,
            open: Vec::new(),
            paid: Vec::new(),
            windows_read: 0,
            disputes: BTreeMap::new(),
        }
    }

    /// All of January, and the nights that come with it; then into February. Answers how many ops
    /// of members were sent.
    pub fn run(&mut self) -> u64 {
        let purchases: Vec<Purchase> = MONTH.lines().skip(1).map(purchase).collect();
        for purchase in &purchases {
            if !self.partners.contains(&purchase.partner) {
                self.partners.push(purchase.partner);
            }
        }
        let partners = self.partners.clone();
        self.programme.register("all", &partners);
        self.prices(1);
        for day in 1..=31 {
            self.day(day, &purchases);
        }
        self.programme.move_to("2017-02-01T03:00:00Z");
        self.ops
    }

    fn day(&mut self, day: u32, purchases: &[Purchase]) {
        let date = format!("2017-01-{day:02}");
        let mut from = String::new();
        for (quarter, until) in QUARTERS.iter().enumerate() {
            let until = format!("{date}T{until}Z");
            self.programme.move_to(&until);
            match quarter {
                0 => self.house_day(day),
                1 => self.bank(day),
                _ => {}
            }
            let within = |at: &str| {
                let last = quarter == 3 && at.starts_with(&date);
                at.starts_with(&date) && at > from.as_str() && (last || at <= until.as_str())
            };
            let own = purchases.iter().filter(|purchase| within(purchase.at));
            let mut sent: BTreeMap<&str, Vec<Purchase>> = BTreeMap::new();
            for purchase in own {
                if self.random.one_in(25) {
                    let later = day + u32::try_from(1 + self.random.below(4)).expect("few");
                    self.late.push((later, purchase.clone()));
                } else if purchase.at <= until.as_str() {
                    sent.entry(purchase.partner)
                        .or_default()
                        .push(purchase.clone());
                } else {
                    self.late.push((day + 1, purchase.clone()));
                }
            }
            if quarter == 2 {
                let due = |(later, _): &(u32, Purchase)| *later <= day;
                for (_, purchase) in self.late.extract_if(.., |late| due(late)) {
                    sent.entry(purchase.partner).or_default().push(purchase);
                }
            }
            for (partner, purchases) in sent {
                self.shop(partner, &purchases);
            }
            from = until;
        }
    }

    /// What a partner sends of its purchases, and of what it did before.
    fn shop(&mut self, partner: &'static str, purchases: &[Purchase]) {
        let mut ops = Vec::new();
        for purchase in purchases {
            self.buy(purchase, &mut ops);
        }
        self.after(partner, &mut ops);
        for part in ops.chunks(OPS_MAX) {
            self.submissions += 1;
            let id = format!("s-{}", self.submissions);
            let mode = if self.random.one_in(40) {
                "atomic"
            } else {
                "independent"
            };
            let (_, outcome) = self
                .programme
                .send(&format!("{partner}/till"), &id, mode, part);
            for (op, number) in part.iter().zip(outcome) {
                if number == 0 {
                    self.remember(partner, op);
                }
            }
        }
    }

    fn id(&mut self, letter: &str) -> String {
        self.ops += 1;
        format!("{letter}-{}", self.ops)
    }

    fn buy(&mut self, purchase: &Purchase, ops: &mut Vec<Value>) {
        let Purchase { at, member, .. } = *purchase;
        if purchase.burn > 0 && self.known.contains(member) {
            let (points, roll) = (purchase.burn, self.random.below(20));
            let ttl_s = [3_600, 86_400, 172_800, 400_000][usize::try_from(roll % 4).expect("few")];
            let id = self.id("b");
            ops.push(match roll {
                0..4 => json!({"op": "hold", "id": id, "member": member, "points": points.min(40),
                    "ttl_s": ttl_s, "occurred_at": at}),
                4..6 => json!({"op": "burn", "id": id, "member": member, "points": points,
                    "occurred_at": at}),
                _ => json!({"op": "burn", "id": id, "member": member, "points": points,
                    "allow_partial": true, "occurred_at": at}),
            });
        }
        if purchase.issue == 0 {
            return;
        }
        let (id, roll) = (self.id("i"), self.random.below(40));
        let mut op = json!({"op": "issue", "id": id, "member": member, "points": purchase.issue,
            "occurred_at": at, "ref": format!("receipt-{}", self.ops)});
        let today = self
            .programme
            .now()
            .day(self.programme.terms.utc_offset_min);
        let date = |days: u32| today.plus_days(days).expect("a day").to_string();
        match roll {
            0 => op["activates_on"] = json!(date(2)),
            1 | 2 => op["expires_on"] = json!(date(3)),
            3 => {
                op["activates_on"] = json!(date(1));
                op["expires_on"] = json!(date(2));
            }
            _ => {}
        }
        if self.known.insert(member) {
            self.members.push(member);
        }
        ops.push(op);
    }

    /// Captures, releases, reversals, transfers, and a few ops that are refused.
    fn after(&mut self, partner: &str, ops: &mut Vec<Value>) {
        for _ in 0..3 {
            let own = |done: &Done| done.partner == partner;
            let Some(at) = self.holds.iter().position(own) else {
                break;
            };
            let hold = self.holds.swap_remove(at);
            let (letter, kind, points) = match self.random.below(5) {
                0 => continue,
                1 => ("r", "release", None),
                2 => ("c", "capture", Some(1 + hold.points / 2)),
                _ => ("c", "capture", Some(hold.points)),
            };
            let mut op = json!({"op": kind, "id": self.id(letter), "hold": hold.id});
            if let Some(points) = points {
                op["points"] = json!(points);
            }
            ops.push(op);
        }
        for (which, cases) in [(true, 2), (false, 2)] {
            let done = if which { &self.spends } else { &self.issues };
            let own: Vec<Done> = done
                .iter()
                .filter(|d| d.partner == partner)
                .cloned()
                .collect();
            if let Some(target) = self.random.of(&own).cloned()
                && self.random.one_in(cases)
            {
                let points = match self.random.below(3) {
                    0 => target.points,
                    _ => 1 + target.points / 3,
                };
                let id = self.id("v");
                ops.push(json!({"op": "reverse", "id": id, "target": target.id,
                    "points": points}));
            }
        }
        if self.random.one_in(2) {
            let from = self.random.of(&self.members).copied();
            let to = self.random.of(&self.members).copied();
            if let Some((from, to)) = from.zip(to).filter(|(from, to)| from != to) {
                let points = 1 + self.random.below(60);
                let id = self.id("t");
                ops.push(json!({"op": "transfer", "id": id, "from": from, "to": to,
                    "points": points}));
            }
        }
        if let Some(first) = ops.first().cloned()
            && self.random.one_in(6)
        {
            ops.push(first);
        }
    }

    fn remember(&mut self, partner: &str, op: &Value) {
        let done = Done {
            partner: partner.to_owned(),
            id: op["id"].as_str().expect("an id").to_owned(),
            points: op["points"].as_u64().unwrap_or_default(),
        };
        match op["op"].as_str() {
            Some("issue") => self.issues.push(done),
            Some("capture") => self.spends.push(done),
            Some("burn") if op.get("allow_partial").is_none() => self.spends.push(done),
            // How many points a partial burn took is the ledger's to say; one was there.
            Some("burn") => self.spends.push(Done { points: 1, ..done }),
            Some("hold") => self.holds.push(done),
            _ => {}
        }
    }

    // --- the house ------------------------------------------------------------------------------

    /// Prices of many decimals, some of which come to half a unit of the currency.
    fn prices(&self, version: u32) {
        let yen = self.programme.terms.decimals == 0;
        let row = |issue: &str, burn: &str, fees: (&str, &str)| {
            let per_point = |text: &str| match text.strip_prefix("0.") {
                Some(rest) if yen => {
                    format!("{}.{}", rest[..2].trim_start_matches('0'), &rest[2..])
                }
                _ => text.to_owned(),
            };
            let price = |text| match per_point(text) {
                bare if bare.starts_with('.') => format!("0{bare}"),
                whole => whole,
            };
            json!({"issue_price": price(issue), "burn_price": price(burn),
                "issue_fee": price(fees.0), "burn_fee": price(fees.1),
                "tax_code": format!("vat-{version}")})
        };
        let mut rows = [
            row("0.01000001", "0.00873125", ("0.00049", "0")),
            row("0.0120", "0.0095", ("0", "0")),
            row("0.0125", "0.00855", ("0.0005", "0.000125")),
        ];
        for (row, partner) in rows.iter_mut().zip(["deli", "drug-gm", "grocery"]) {
            row["partner"] = json!(partner);
        }
        let place = usize::try_from(version).expect("few");
        let burn = ["0.005", "0.0075", "0.00612345"][place % 3];
        let action = json!({"op": "price_set", "default": row("0.010", burn, ("0.0005", "0.00025")),
            "rows": rows[..place.min(3)]});
        self.programme
            .approve(&format!("prices-{version}"), &[action]);
    }

    fn house_day(&mut self, day: u32) {
        let programme = self.programme;
        match day {
            3 => programme.register("newcomer", &["newcomer"]),
            7 => {
                let lost = json!([{"op": "key_add", "id": "second", "key": "second",
                    "public_key": public_key("deli/second"), "scopes": ["submit"]}]);
                let ops = lost.as_array().expect("ops");
                programme.accept("deli/till", "second", ops);
                programme.approve("recovered", &[key("deli", "recovered")]);
                let revoke = json!({"op": "key_revoke", "id": "revoke", "author": "deli",
                    "key": "second"});
                programme.accept("house/govern-1", "revoke", &[revoke]);
            }
            9 | 13 => self.freeze(day),
            12 => self.prices(2),
            15 | 17 => {
                let status = if day == 15 { "suspended" } else { "active" };
                let set = json!({"op": "partner_set", "id": format!("standing-{day}"),
                    "partner": "spirits", "roles": ["issue", "burn"], "status": status,
                    "master_sha256": format!("{day:02}").repeat(32)});
                programme.accept("house/govern-2", &format!("standing-{day}"), &[set]);
            }
            19 => {
                let netting = match programme.terms.settings["netting"].as_str() {
                    Some("bilateral") => "multilateral",
                    _ => "bilateral",
                };
                let set = json!({"op": "programme_set", "netting": netting, "payment_days": 3,
                    "holidays": ["2017-01-24", "2017-01-25"]});
                programme.approve("netting", &[set]);
            }
            22 => self.prices(3),
            _ => {}
        }
        if day.is_multiple_of(5) {
            self.adjust(day);
        }
        self.dispute(day);
    }

    fn freeze(&self, day: u32) {
        let kind = if day == 9 {
            "member_freeze"
        } else {
            "member_unfreeze"
        };
        let frozen = self.members.iter().take(5).enumerate();
        let ops = frozen.map(
            |(at, member)| json!({"op": kind, "id": format!("{kind}-{at}"), "member": member}),
        );
        let ops: Vec<Value> = ops.collect();
        self.programme.accept("house/operate-1", kind, &ops);
    }

    fn adjust(&mut self, day: u32) {
        let member = *self.random.of(&self.members).expect("members by now");
        let corrects = json!({"entry": 5, "op": 0});
        let amount = match self.programme.terms.decimals {
            0 => "7",
            _ => "7.45",
        };
        let actions = [
            json!({"op": "adjust", "corrects": corrects, "kind": "credit", "member": member,
                "issuer": "deli", "points": 50}),
            json!({"op": "adjust", "corrects": corrects, "kind": "debit", "member": member,
                "issuer": "deli", "points": 20}),
            json!({"op": "adjust", "corrects": corrects, "kind": "amount", "debtor": "grocery",
                "creditor": "produce", "amount": amount}),
            json!({"op": "adjust", "corrects": corrects, "kind": "amount", "debtor": "house",
                "creditor": "deli", "amount": amount}),
        ];
        self.programme.approve(&format!("adjust-{day}"), &actions);
    }

    // --- the bank -------------------------------------------------------------------------------

    fn documents(&mut self) -> Vec<Value> {
        let mut documents = Vec::new();
        while self
            .programme
            .windows()
            .join(self.windows_read.to_string())
            .is_dir()
        {
            documents.push(self.programme.json(self.windows_read, "window.json"));
            self.windows_read += 1;
        }
        documents
    }

    /// Most payments are confirmed by and by; some come back, and some stay open.
    fn bank(&mut self, day: u32) {
        for document in self.documents() {
            for words in document["payments"].as_array().expect("payments") {
                let id = format!("p-{}", words["reference"].as_str().expect("a reference"));
                self.open.push(Open {
                    words: words.clone(),
                    id,
                });
            }
        }
        let mut ops = Vec::new();
        if let Some(id) = self.random.take(&mut self.paid) {
            let own = format!("back-{day}");
            ops.push(json!({"op": "payment_returned", "id": own, "confirmation": id}));
        }
        let currency = self.programme.terms.currency;
        for open in std::mem::take(&mut self.open) {
            if self.random.one_in(3) {
                self.open.push(open);
                continue;
            }
            let w = &open.words;
            ops.push(
                json!({"op": "confirm_payment", "id": open.id, "window": w["window"],
                "debtor": w["debtor"], "creditor": w["creditor"], "currency": currency,
                "amount": w["amount"], "reference": w["reference"]}),
            );
            self.paid.push(open.id);
        }
        for (part, ops) in ops.chunks(OPS_MAX / 2).enumerate() {
            let id = format!("bank-{day}-{part}");
            self.programme.accept("house/pay-1", &id, ops);
        }
    }

    // --- disputes -------------------------------------------------------------------------------

    fn dispute(&mut self, day: u32) {
        match day {
            6 => {
                for (name, window) in [("accepted", 2), ("rejected", 3), ("unanswered", 4)] {
                    self.open_dispute(name, window);
                }
                let target = json!({"entry": 8, "op": 0});
                let op = json!([{"op": "dispute_open", "id": "d-house", "window": 0,
                    "target": target, "reason": "never_happened",
                    "evidence_sha256": "ab".repeat(32)}]);
                let ops = op.as_array().expect("ops");
                let entry = self.programme.accept("deli/till", "d-house", ops);
                self.disputes.insert("house", (entry, json!("house")));
                let seen = json!({"op": "statement_acknowledge", "id": "seen", "window": 1});
                self.programme.accept("deli/till", "seen", &[seen]);
            }
            7 => {
                for (name, accepted) in [("accepted", true), ("rejected", false), ("house", true)] {
                    self.answer(name, accepted);
                }
            }
            8 => self.resolve("accepted", true),
            9 => self.resolve("rejected", false),
            14 => self.resolve("unanswered", true),
            16 => self.resolve("house", true),
            28 => self.open_dispute("late", 20),
            _ => {}
        }
    }

    /// The debtor of a line that two partners share disputes it; in a pool, the house is one.
    fn open_dispute(&mut self, name: &'static str, window: u32) {
        let document = self.programme.json(window, "window.json");
        let lines = document["lines"].as_array().expect("lines");
        let own = |line: &&Value| {
            let partners = line["debtor"] != "house" && line["creditor"] != "house";
            line["units"].is_u64()
                && line["debtor"] != "house"
                && (partners || self.programme.terms.model == "pool")
        };
        let lines: Vec<&Value> = lines.iter().filter(own).collect();
        let line = *self.random.of(&lines).expect("a line");
        let debtor = line["debtor"].as_str().expect("a name");
        let about = json!({"debtor": debtor, "creditor": line["creditor"],
            "reason": line["reason"], "price_version": line["price_version"]});
        let op = json!({"op": "dispute_open", "id": format!("d-{name}"), "window": window,
            "line": about, "reason": "points_wrong", "evidence_sha256": "cd".repeat(32)});
        let id = format!("d-{name}");
        let entry = self.programme.accept(&format!("{debtor}/till"), &id, &[op]);
        self.disputes
            .insert(name, (entry, line["creditor"].clone()));
    }

    fn answer(&self, name: &str, accepted: bool) {
        let (entry, other) = &self.disputes[name];
        let kid = match other.as_str().expect("a name") {
            "house" => "house/operate-1".to_owned(),
            other => format!("{other}/till"),
        };
        let id = format!("answer-{name}");
        let op = json!({"op": "dispute_answer", "id": id, "accepted": accepted,
            "dispute": {"entry": entry, "op": 0}});
        self.programme.accept(&kid, &id, &[op]);
    }

    fn resolve(&self, name: &str, upheld: bool) {
        let (entry, _) = &self.disputes[name];
        let mut action = json!({"op": "dispute_resolve", "upheld": upheld,
            "dispute": {"entry": entry, "op": 0}});
        if upheld {
            let amount = match self.programme.terms.decimals {
                0 => "3",
                _ => "3.07",
            };
            action["debtor"] = json!("produce");
            action["creditor"] = json!("deli");
            action["amount"] = json!(amount);
        }
        self.programme
            .approve(&format!("resolve-{name}"), &[action]);
    }
}

fn purchase(line: &'static str) -> Purchase {
    let fields: Vec<&'static str> = line.split(',').collect();
    let [at, partner, _store, _basket, member, amount, discount] = fields[..] else {
        panic!("not a purchase: {line}");
    };
    let cents = |amount: &str| amount.replace('.', "").parse::<u64>().expect("an amount");
    Purchase {
        at,
        partner,
        member,
        issue: cents(amount) / 10,
        burn: cents(discount),
    }
}
