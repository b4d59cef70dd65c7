//! The model's windows, payments and disputes, in whole cents and plain sums.
//!
//! Must not: call the domain, but for the bytes of a line's row, whose root an op carries.

use super::{At, Kind, Model, Outcome, days, exact, refuse, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tallyhouse::domain::ids::Party;
use tallyhouse::domain::line::{LineKey, Reason};
use tallyhouse::domain::money::Money;
use tallyhouse::domain::netting::PricedLine;
use tallyhouse::domain::points::Points;
use tallyhouse::domain::price::Price;
use tallyhouse::domain::window::{self, payment_reference};
use tallyhouse::proof::{hex, netting};

/// A cent, as books count money.
pub const CENT: i128 = 1_000_000;

/// Window, debtor, creditor, reason by number, price version.
pub type Line = (u32, usize, usize, u8, usize);
/// Window, debtor, creditor.
pub type ItemKey = (u32, usize, usize);

#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    pub state: &'static str,
    pub first: u64,
    pub first_day: i64,
    pub last_day: Option<i64>,
    pub cut: Option<u64>,
    pub statements: usize,
    pub until: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub cents: i128,
    pub due: i64,
    pub paid: Option<At>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Dispute {
    pub window: u32,
    pub by: usize,
    pub counterparty: usize,
    pub until: i64,
    pub state: &'static str,
}

/// What clearing knows.
#[derive(Debug, Clone)]
pub struct Clearing {
    pub windows: Vec<Window>,
    /// Points, or the cents of an adjustment.
    pub lines: BTreeMap<Line, i128>,
    /// Cents owed by the first to the second.
    pub carried: BTreeMap<(usize, usize), i128>,
    pub items: BTreeMap<ItemKey, Item>,
    pub disputes: BTreeMap<At, Dispute>,
    pub seen: BTreeMap<(u32, usize), At>,
    bilateral: bool,
    when_collected: bool,
    minimum: i128,
    payment_days: u64,
    dispute_days: i64,
    answer_days: i64,
    holidays: BTreeSet<i64>,
}

impl Clearing {
    pub fn new(first_day: i64) -> Self {
        Self {
            windows: vec![Window::open(0, first_day)],
            lines: BTreeMap::new(),
            carried: BTreeMap::new(),
            items: BTreeMap::new(),
            disputes: BTreeMap::new(),
            seen: BTreeMap::new(),
            bilateral: false,
            when_collected: false,
            minimum: 0,
            payment_days: 2,
            dispute_days: 30,
            answer_days: 10,
            holidays: BTreeSet::new(),
        }
    }

    /// The open window's number.
    pub fn open(&self) -> u32 {
        u32::try_from(self.windows.len() - 1).expect("few windows")
    }

    fn window(&self, op: &Value) -> Result<(u32, &Window), &'static str> {
        let number = op["window"].as_u64().expect("a number");
        let at = usize::try_from(number).ok();
        let window = at.and_then(|at| self.windows.get(at));
        let number = u32::try_from(number).expect("32 bits");
        window.map(|w| (number, w)).ok_or("window_unknown")
    }

    fn window_mut(&mut self, number: u32) -> &mut Window {
        &mut self.windows[usize::try_from(number).expect("few windows")]
    }

    /// How many payments to the house are open.
    pub fn uncollected(&self, window: u32) -> usize {
        let open = |((at, _, creditor), item): &(&ItemKey, &Item)| {
            *at == window && *creditor == 0 && item.paid.is_none()
        };
        self.items.iter().filter(open).count()
    }

    fn due(&self, today: i64) -> i64 {
        let business = |day: i64| (day + 3).rem_euclid(7) < 5 && !self.holidays.contains(&day);
        let mut day = today;
        for _ in 0..self.payment_days {
            day += 1;
            while !business(day) {
                day += 1;
            }
        }
        while !business(day) {
            day += 1;
        }
        day
    }
}

impl Window {
    fn open(first: u64, first_day: i64) -> Self {
        Self {
            state: "open",
            first,
            first_day,
            last_day: None,
            cut: None,
            statements: 0,
            until: None,
        }
    }

    fn concerns(&self, party: usize) -> bool {
        ["netted", "stated"].contains(&self.state) && party <= self.statements
    }
}

/// `exact` in cents, half to even.
fn rounded(exact: i128) -> i128 {
    let (whole, rest) = (exact / CENT, exact % CENT);
    let up = rest * 2 > CENT || (rest * 2 == CENT && whole % 2 == 1);
    whole + i128::from(up)
}

fn party(number: usize) -> Party {
    Party(u16::try_from(number).expect("few parties"))
}

fn place(of: &Value) -> At {
    let op = of["op"].as_u64().expect("a place");
    let op = u16::try_from(op).expect("few ops");
    (of["entry"].as_u64().expect("an index"), op)
}

impl Model {
    /// What a line comes to, exactly and in cents.
    fn worth(&self, line: &Line, count: i128) -> (i128, i128) {
        let (.., reason, version) = *line;
        if reason == 9 {
            return (count * CENT, count);
        }
        let exact = self.price(reason, version) * count;
        (exact, rounded(exact))
    }

    /// The root over a window's lines, in hex.
    pub fn lines_root(&self, window: u32) -> String {
        let euro = tallyhouse::domain::money::Currency::parse("EUR").expect("EUR");
        let of_window = self
            .clearing
            .lines
            .iter()
            .filter(|(line, _)| line.0 == window);
        let priced = of_window.map(|(line, count)| {
            let (_, cents) = self.worth(line, *count);
            let (window, debtor, creditor, reason, version) = *line;
            let price = || {
                let units = self.price(reason, version);
                Price::parse(&format!(
                    "{}.{:08}",
                    units / 100_000_000,
                    units % 100_000_000
                ))
            };
            let points = || Points::new(u64::try_from(*count).expect("points"));
            PricedLine {
                key: LineKey {
                    window,
                    debtor: party(debtor),
                    creditor: party(creditor),
                    reason: Reason::ALL[usize::from(reason)],
                    price_version: u32::try_from(version).expect("few versions"),
                },
                priced: (reason != 9).then(|| points().zip(price()).expect("in range")),
                amount: Money::from_minor_units(cents, &euro).expect("small"),
            }
        });
        hex::encode(&netting::lines_root(&priced.collect::<Vec<_>>()))
    }

    /// The reference under which an item is paid.
    pub fn reference(&self, (window, debtor, creditor): ItemKey) -> String {
        let key = window::ItemKey {
            window,
            debtor: party(debtor),
            creditor: party(creditor),
        };
        payment_reference(crate::house::ORIGIN, &key).expect("an origin ends in 8 hex digits")
    }

    /// The house's ops that confirmed payments.
    pub fn confirmations(&self) -> Vec<String> {
        let paid = |kind: &Kind| matches!(kind, Kind::Payment(_));
        let all = self.done.iter().filter(|(_, done)| paid(&done.kind));
        all.map(|((_, id), _)| id.clone()).collect()
    }

    /// Open proposals about clearing, each with who proposed it.
    pub fn proposed(&self) -> Vec<(String, String)> {
        let kinds = ["window_release", "dispute_resolve"];
        let all = self.proposals.iter();
        let all = all.filter(|(_, (action, ..))| kinds.contains(&text(action, "op")));
        all.map(|(id, (_, proposer, _))| (id.clone(), proposer.clone()))
            .collect()
    }

    /// Decides an op of clearing; nothing for another.
    pub(super) fn clear(&mut self, op: &Value) -> Option<Result<Kind, &'static str>> {
        let plain = |outcome: Outcome| outcome.map(|()| Kind::Other);
        Some(match text(op, "op") {
            "cut_window" => plain(self.cut(op)),
            "net_window" => plain(self.net_window(op)),
            "issue_statements" => plain(self.state(op)),
            "confirm_payment" => self.confirm(op),
            "payment_returned" => plain(self.returned(op)),
            "dispute_open" => plain(self.dispute(op)),
            "dispute_answer" => plain(self.answer(op)),
            "statement_acknowledge" => plain(self.acknowledge(op)),
            _ => return None,
        })
    }

    fn cut(&mut self, op: &Value) -> Outcome {
        let (today, entry) = (self.today(), self.at.0);
        let open = u64::from(self.clearing.open());
        refuse(op["window"].as_u64() != Some(open), "window_not_open")?;
        let last_day = days(text(op, "last_day"));
        let window = self.clearing.windows.last_mut().expect("one is open");
        let within = last_day >= window.first_day && last_day <= today;
        refuse(!within, "window_days_invalid")?;
        (window.state, window.cut) = ("cut", Some(entry));
        window.last_day = Some(last_day);
        let next = Window::open(entry + 1, last_day + 1);
        self.clearing.windows.push(next);
        Ok(())
    }

    fn net_window(&mut self, op: &Value) -> Outcome {
        let (number, window) = self.clearing.window(op)?;
        refuse(window.state == "held", "window_held")?;
        refuse(window.state != "cut", "window_not_cut")?;
        let before = &self.clearing.windows[..usize::try_from(number).expect("few")];
        let waits = |window: &Window| ["cut", "held"].contains(&window.state);
        refuse(before.iter().any(waits), "window_out_of_order")?;
        if text(op, "lines_root") != self.lines_root(number) {
            self.clearing.window_mut(number).state = "held";
            return Ok(());
        }
        self.settle(number);
        Ok(())
    }

    fn settle(&mut self, number: u32) {
        let mut owed: BTreeMap<(usize, usize), i128> = BTreeMap::new();
        let mut owe = |debtor: usize, creditor: usize, cents: i128| {
            let sign = if debtor < creditor { 1 } else { -1 };
            let pair = (debtor.min(creditor), debtor.max(creditor));
            *owed.entry(pair).or_insert(0) += sign * cents;
        };
        let through_house = !self.clearing.bilateral;
        let mut split = |debtor: usize, creditor: usize, cents: i128| {
            if through_house && debtor != 0 && creditor != 0 {
                owe(debtor, 0, cents);
                owe(0, creditor, cents);
            } else {
                owe(debtor, creditor, cents);
            }
        };
        for (line, count) in self.clearing.lines.iter().filter(|(l, _)| l.0 == number) {
            let (exact, cents) = self.worth(line, *count);
            let (_, debtor, creditor, ..) = *line;
            split(debtor, creditor, cents);
            self.net[debtor] -= cents * CENT - exact;
            self.net[creditor] += cents * CENT - exact;
        }
        for ((debtor, creditor), cents) in std::mem::take(&mut self.clearing.carried) {
            split(debtor, creditor, cents);
        }
        let due = self.clearing.due(self.today());
        for ((first, second), cents) in owed {
            if cents == 0 {
                continue;
            }
            if cents.abs() < self.clearing.minimum {
                self.clearing.carried.insert((first, second), cents);
                continue;
            }
            let (debtor, creditor) = if cents > 0 {
                (first, second)
            } else {
                (second, first)
            };
            let item = Item {
                cents: cents.abs(),
                due,
                paid: None,
            };
            self.clearing.items.insert((number, debtor, creditor), item);
        }
        let statements = self.names.len() - 1;
        let window = self.clearing.window_mut(number);
        (window.state, window.statements) = ("netted", statements);
    }

    fn state(&mut self, op: &Value) -> Outcome {
        let until = self.today() + self.clearing.dispute_days;
        let (number, window) = self.clearing.window(op)?;
        refuse(window.state != "netted", "window_not_netted")?;
        let count = Some(window.statements as u64);
        refuse(op["count"].as_u64() != count, "statements_mismatch")?;
        let window = self.clearing.window_mut(number);
        (window.state, window.until) = ("stated", Some(until));
        Ok(())
    }

    fn confirm(&mut self, op: &Value) -> Result<Kind, &'static str> {
        let debtor = self.party(text(op, "debtor")).ok_or("partner_unknown")?;
        let creditor = self.party(text(op, "creditor")).ok_or("partner_unknown")?;
        let (number, _) = self.clearing.window(op)?;
        let key = (number, debtor, creditor);
        let item = self.clearing.items.get(&key).ok_or("payment_unknown")?;
        refuse(item.paid.is_some(), "payment_not_open")?;
        let cents = exact(&op["amount"]) / CENT;
        let same = cents == item.cents
            && text(op, "currency") == "EUR"
            && text(op, "reference") == self.reference(key);
        refuse(!same, "payment_mismatch")?;
        let waits = self.clearing.when_collected && debtor == 0;
        let waits = waits && self.clearing.uncollected(number) > 0;
        refuse(waits, "collection_open")?;
        let at = self.at;
        self.pay(key, Some(at));
        Ok(Kind::Payment(key))
    }

    fn pay(&mut self, key: ItemKey, paid: Option<At>) {
        let item = self.clearing.items.get_mut(&key).expect("it is there");
        let sign = if paid.is_some() { CENT } else { -CENT };
        item.paid = paid;
        self.net[key.1] += item.cents * sign;
        self.net[key.2] -= item.cents * sign;
    }

    fn returned(&mut self, op: &Value) -> Outcome {
        let target = (self.author, text(op, "confirmation").to_owned());
        let done = self.done.get(&target).ok_or("target_not_found")?;
        let Kind::Payment(key) = done.kind else {
            return Err("target_not_found");
        };
        let paid = self.clearing.items[&key].paid;
        refuse(paid != Some(done.at), "payment_not_confirmed")?;
        self.pay(key, None);
        Ok(())
    }

    fn stated(&self, op: &Value) -> Result<(u32, &Window), &'static str> {
        let (number, window) = self.clearing.window(op)?;
        refuse(window.state != "stated", "window_not_stated")?;
        Ok((number, window))
    }

    fn acknowledge(&mut self, op: &Value) -> Outcome {
        let author = self.author;
        let (number, window) = self.stated(op)?;
        refuse(!window.concerns(author), "window_not_stated")?;
        let key = (number, author);
        refuse(
            self.clearing.seen.contains_key(&key),
            "already_acknowledged",
        )?;
        self.clearing.seen.insert(key, self.at);
        Ok(())
    }

    fn dispute(&mut self, op: &Value) -> Outcome {
        let (today, by) = (self.today(), self.author);
        let (number, window) = self.stated(op)?;
        refuse(Some(today) > window.until, "dispute_too_late")?;
        let counterparty = self.counterparty(op, number).ok_or("disputed_unknown")?;
        let dispute = Dispute {
            window: number,
            by,
            counterparty,
            until: today + self.clearing.answer_days,
            state: "open",
        };
        self.clearing.disputes.insert(self.at, dispute);
        Ok(())
    }

    fn counterparty(&self, op: &Value, number: u32) -> Option<usize> {
        let window = &self.clearing.windows[usize::try_from(number).expect("few")];
        window.concerns(self.author).then_some(())?;
        if op["target"].is_object() {
            let (entry, _) = place(&op["target"]);
            let within = (window.first..=window.cut?).contains(&entry);
            return within.then_some(0);
        }
        let line = &op["line"];
        let debtor = self.party(text(line, "debtor"))?;
        let creditor = self.party(text(line, "creditor"))?;
        let reason = Reason::ALL
            .iter()
            .position(|reason| reason.as_str() == text(line, "reason"))?;
        let reason = u8::try_from(reason).expect("few reasons");
        let version = usize::try_from(line["price_version"].as_u64()?).ok()?;
        let key = (number, debtor, creditor, reason, version);
        self.clearing.lines.get(&key)?;
        match self.author {
            author if author == debtor => Some(creditor),
            author if author == creditor => Some(debtor),
            _ => None,
        }
    }

    fn answer(&mut self, op: &Value) -> Outcome {
        let (today, author) = (self.today(), self.author);
        let dispute = self.clearing.disputes.get_mut(&place(&op["dispute"]));
        let dispute = dispute.filter(|dispute| dispute.counterparty == author);
        let dispute = dispute.ok_or("dispute_unknown")?;
        refuse(dispute.state != "open", "dispute_not_open")?;
        refuse(today > dispute.until, "answer_too_late")?;
        dispute.state = match op["accepted"] == Value::Bool(true) {
            true => "accepted",
            false => "rejected",
        };
        Ok(())
    }

    /// Decides an approved release or resolution.
    pub fn approved_clearing(&mut self, action: &Value) -> Outcome {
        if text(action, "op") == "window_release" {
            let (number, window) = self.clearing.window(action)?;
            refuse(window.state != "held", "window_not_held")?;
            self.clearing.window_mut(number).state = "cut";
            return Ok(());
        }
        let today = self.today();
        let upheld = action["upheld"] == Value::Bool(true);
        let mut parties = (0, 0);
        if upheld {
            parties.0 = self
                .party(text(action, "debtor"))
                .ok_or("partner_unknown")?;
            parties.1 = self
                .party(text(action, "creditor"))
                .ok_or("partner_unknown")?;
        }
        let dispute = self.clearing.disputes.get_mut(&place(&action["dispute"]));
        let dispute = dispute.ok_or("dispute_unknown")?;
        let resolved = ["upheld", "dismissed"].contains(&dispute.state);
        refuse(resolved, "dispute_not_open")?;
        let waits = dispute.state == "open" && today <= dispute.until;
        refuse(waits, "answer_pending")?;
        // The programme of the simulation takes silence for acceptance.
        let accepted = ["open", "accepted"].contains(&dispute.state);
        refuse(accepted && !upheld, "dispute_accepted")?;
        dispute.state = if upheld { "upheld" } else { "dismissed" };
        if upheld {
            self.owe_amount(parties.0, parties.1, exact(&action["amount"]));
        }
        Ok(())
    }

    /// Takes the settings of clearing over.
    pub fn set_clearing(&mut self, action: &Value) {
        let clearing = &mut self.clearing;
        let word = |name: &str| action[name].as_str();
        if let Some(netting) = word("netting") {
            clearing.bilateral = netting == "bilateral";
        }
        if let Some(payout) = word("payout") {
            clearing.when_collected = payout == "when_collected";
        }
        if word("payment_minimum").is_some() {
            clearing.minimum = exact(&action["payment_minimum"]) / CENT;
        }
        let number = |name: &str| action[name].as_u64();
        clearing.payment_days = number("payment_days").unwrap_or(clearing.payment_days);
        let count = |name: &str| action[name].as_i64();
        clearing.dispute_days = count("dispute_days").unwrap_or(clearing.dispute_days);
        clearing.answer_days = count("answer_days").unwrap_or(clearing.answer_days);
        if let Some(holidays) = action["holidays"].as_array() {
            let day = |day: &Value| days(day.as_str().expect("a day"));
            clearing.holidays = holidays.iter().map(day).collect();
        }
    }
}
