//! Windows to render: the example, and series of windows made up for what the example lacks.
//!
//! A series is made by a small clearing house of its own: positions from lines, payments from
//! positions, accounts from items, so that renderers are tested against sums they did not make.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tallyhouse::domain::ids::Name;
use tallyhouse::domain::statement::{Stated, Statement, WindowDocument};
use tallyhouse::render::master::{Master, Masters};
use tallyhouse::render::{Sheet, WindowSheet};

const ADDRESS: &str = "https://points.example/v1/demo";

/// A window with the statements of its partners.
pub struct Case {
    pub document: WindowDocument,
    pub sha256: String,
    pub statements: Vec<(Statement, Stated)>,
    pub masters: Masters,
}

impl Case {
    pub fn window(&self) -> WindowSheet<'_> {
        WindowSheet {
            document: &self.document,
            sha256: &self.sha256,
            masters: &self.masters,
            address: ADDRESS,
        }
    }

    pub fn sheets(&self) -> impl Iterator<Item = Sheet<'_>> {
        self.statements.iter().map(|(statement, stated)| Sheet {
            statement,
            stated,
            masters: &self.masters,
            address: ADDRESS,
        })
    }

    /// A window and the statements that follow from it.
    fn of(document: WindowDocument) -> Self {
        let partners = document.positions.iter().skip(1).map(|row| row.party);
        let statements = partners.map(|partner| statement_of(&document, &partner));
        let stated = |statement: Statement| {
            let stated = stated(&statement);
            (statement, stated)
        };
        let statements = statements.map(stated).collect();
        Self {
            sha256: sha256(&document),
            document,
            statements,
            masters: masters(),
        }
    }
}

/// The example, with its own statement of `grocery` and those of the others as they follow.
pub fn example() -> Case {
    let document = serde_json::from_str(include_str!("window.json")).expect("the example");
    let mut case = Case::of(document);
    let statement: Statement =
        serde_json::from_str(include_str!("statement.json")).expect("the example");
    let stated: Stated = serde_json::from_str(include_str!("stated.json")).expect("the example");
    let place = case
        .statements
        .iter_mut()
        .find(|(s, _)| s.partner == statement.partner);
    let place = place.expect("grocery is in the window");
    assert_eq!(
        place.0.account, statement.account,
        "the small house and the example agree"
    );
    assert_eq!(place.0.lines, statement.lines);
    assert_eq!(place.0.position, statement.position);
    assert_eq!(place.0.open_items, statement.open_items);
    assert_eq!(stated.sha256, sha256(&statement));
    *place = (statement, stated);
    case
}

/// The example and two windows after it; the last has no lines.
pub fn issuer_pays() -> Vec<Case> {
    let mut house = SmallHouse::after(example());
    house.cut(&[
        ("grocery", "cinema", "burn", "12345.67"),
        ("bakery", "house", "issue_fee", "0.17"),
        ("house", "bakery", "issue_fee_reversal", "0.03"),
        ("cinema", "bakery", "burn", "0.00"),
        ("house", "late-7", "adjustment", "5.00"),
    ]);
    house.cut(&[]);
    house.cases
}

/// Two windows with a pool, with a partner whose id begins with a digit.
pub fn pool() -> Vec<Case> {
    let mut house = SmallHouse::new("EUR", 2, "pool", "multilateral");
    house.pool = Some(json!({
        "opening": "0.00", "issue": "1000.01", "refunds": "10.00", "burns": "400.00",
        "breakage": "25.13", "spread": "-3.70", "adjusted": "1.00", "closing": "569.57"
    }));
    house.cut(&[
        ("7-eleven", "house", "issue", "700.01"),
        ("grocery", "house", "issue", "300.00"),
        ("house", "grocery", "issue_reversal", "10.00"),
        ("house", "cinema", "burn", "390.00"),
        ("house", "grocery", "burn", "15.00"),
        ("grocery", "house", "burn_reversal", "5.00"),
        ("cinema", "house", "burn_fee", "3.90"),
        ("house", "7-eleven", "debt_repaid", "0.00"),
    ]);
    house.pool = Some(json!({
        "opening": "569.57", "issue": "0.00", "refunds": "2.50", "burns": "0.00",
        "breakage": "567.07", "spread": "0.00", "adjusted": "0.00", "closing": "0.00"
    }));
    house.cut(&[("house", "7-eleven", "debt_repaid", "2.50")]);
    house.cases
}

/// Three windows in a currency without decimals, where partners pay each other.
pub fn bilateral() -> Vec<Case> {
    let mut house = SmallHouse::new("JPY", 0, "issuer_pays", "bilateral");
    house.cut(&[
        ("grocery", "bakery", "burn", "125400"),
        ("bakery", "grocery", "burn", "25400"),
        ("cinema", "bakery", "burn", "77"),
        ("bakery", "house", "burn_fee", "1200"),
    ]);
    house.cut(&[
        ("grocery", "bakery", "burn", "9000000000001"),
        ("bakery", "cinema", "burn", "9"),
    ]);
    house.cut(&[]);
    house.cases
}

/// Makes one window after another.
struct SmallHouse {
    identity: Value,
    pool: Option<Value>,
    cases: Vec<Case>,
}

type Pair = (Name, Name);

impl SmallHouse {
    fn new(currency: &str, point_scale: u8, model: &str, netting: &str) -> Self {
        let identity = json!({
            "programme": "demo", "origin": "points.example/demo-0123abcd", "currency": currency,
            "point_scale": point_scale, "settlement_model": model, "netting": netting,
            "simulated": true, "window": 0, "first_day": "2026-02-26", "last_day": "2026-02-26"
        });
        let (pool, cases) = (None, Vec::new());
        Self {
            identity,
            pool,
            cases,
        }
    }

    fn after(case: Case) -> Self {
        let identity = serde_json::to_value(&case.document.identity).expect("JSON");
        Self {
            identity,
            pool: None,
            cases: vec![case],
        }
    }

    /// Cuts a window with these lines. Before, each second open item was paid, and one that had
    /// been paid came back.
    fn cut(&mut self, lines: &[(&str, &str, &str, &str)]) {
        let before = self.cases.last().map(|case| &case.document);
        let window = before.map_or(0, |document| document.identity.window + 1);
        let day = before.map_or(self.identity["first_day"].clone(), |document| {
            json!(document.identity.last_day.plus_days(1))
        });
        self.identity["window"] = json!(window);
        self.identity["first_day"] = day.clone();
        self.identity["last_day"] = day.clone();
        let decimals = lines.first().map_or_else(
            || before.map_or(2, |d| d.netting.gross.decimal().scale()),
            |line| amount(line.3).scale(),
        );
        let (open_items, movements) = moved(before, day.as_str().expect("a day"));
        let lines: Vec<Value> = lines.iter().map(|line| line_of(*line)).collect();
        let rolls = self.identity["netting"] == "multilateral";
        let positions = positions(before, &lines, decimals, rolls);
        let payments = payments(&self.identity, &positions, &lines);
        let gross: Decimal = lines.iter().map(|l| amount_of(&l["amount"])).sum();
        let nets = positions.iter().map(|row| amount_of(&row["net"]));
        let owed: Decimal = nets.filter(Decimal::is_sign_positive).sum();
        let saved = (!gross.is_zero()).then(|| (gross - owed) / gross * Decimal::ONE_HUNDRED);
        let saved = saved.map(|percent| text(2, percent));
        let pairs: BTreeSet<_> = lines
            .iter()
            .map(|l| [&l["debtor"], &l["creditor"]])
            .map(|pair| pair.map(Value::to_string))
            .collect();
        let mut document = json!({
            "format": "tallyhouse-window/1", "identity": self.identity, "lines": lines,
            "log": example_log(), "positions": positions, "movements": movements,
            "open_items": open_items, "control": [],
            "netting": {
                "lines": lines.len(), "pairs": pairs.len(), "gross": text(decimals, gross),
                "payments": payments.len(), "net": text(decimals, owed), "efficiency_percent": saved
            },
            "payments": payments,
        });
        if let Some(pool) = &self.pool {
            document["pool"] = pool.clone();
        }
        let document = serde_json::from_value(document).expect("a window");
        self.cases.push(Case::of(document));
    }
}

fn line_of((debtor, creditor, reason, amount): (&str, &str, &str, &str)) -> Value {
    let priced = reason != "adjustment";
    json!({
        "debtor": debtor, "creditor": creditor, "reason": reason, "amount": amount,
        "price_version": u8::from(priced), "units": priced.then_some(100),
        "price": priced.then_some("0.01"), "tax_code": priced.then_some("std")
    })
}

/// What is open after each second item was paid and the first of the last window came back.
fn moved(before: Option<&WindowDocument>, day: &str) -> (Vec<Value>, Vec<Value>) {
    let Some(before) = before else {
        return (Vec::new(), Vec::new());
    };
    let mut open = Vec::new();
    let mut movements = Vec::new();
    let mut movement = |kind: &str, item: &Value| {
        let entry = 50_000 + movements.len();
        movements.push(json!({
            "entry": entry, "op": 0, "at": format!("{day}T09:00:00.000000Z"), "kind": kind,
            "window": item["window"], "debtor": item["debtor"], "creditor": item["creditor"],
            "amount": item["amount"], "reference": item["reference"]
        }));
    };
    let mut items: Vec<Value> = Vec::new();
    items.extend(before.open_items.iter().map(|item| json!(item)));
    items.extend(before.payments.iter().map(|item| json!(item)));
    for (place, mut item) in items.into_iter().enumerate() {
        item["status"] = json!("overdue");
        if place % 2 == 1 {
            movement("confirmed", &item);
        } else {
            open.push(item);
        }
    }
    for paid in before
        .movements
        .iter()
        .filter(|m| m.kind == "confirmed")
        .take(1)
    {
        let mut item = json!(paid);
        item["due_on"] = json!(day);
        movement("returned", &item);
        let entry = ["entry", "op", "at", "kind"];
        let item = item.as_object_mut().expect("an object");
        item.retain(|name, _| !entry.contains(&name.as_str()));
        item.insert("status".to_owned(), json!("open"));
        open.insert(0, json!(item));
    }
    (open, movements)
}

/// Positions under 1.00 roll forward, where the house is everyone's counterparty.
fn positions(
    before: Option<&WindowDocument>,
    lines: &[Value],
    decimals: u32,
    rolls: bool,
) -> Vec<Value> {
    let names = ["house", "7-eleven", "bakery", "cinema", "grocery", "late-7"];
    let rolled = |party: &str| {
        let rows = before.into_iter().flat_map(|document| &document.positions);
        let mut rows = rows.filter(|row| row.party.as_str() == party);
        rows.next()
            .map_or(Decimal::ZERO, |row| row.rolled_out.decimal())
    };
    let mut rows = Vec::new();
    let mut house = [Decimal::ZERO; 2];
    for party in names.into_iter().rev() {
        let of = |side: &str| -> Decimal {
            let lines = lines.iter().filter(|line| line[side] == party);
            lines.map(|line| amount_of(&line["amount"])).sum()
        };
        let (debits, credits) = (of("debtor"), of("creditor"));
        let (net, rolled_in) = (credits - debits, rolled(party));
        let due = net + rolled_in;
        let small = rolls && due.abs() < Decimal::new(100, decimals);
        let rolled_out = match party {
            "house" => house[1],
            _ if small => due,
            _ => Decimal::ZERO,
        };
        house[0] -= rolled_in;
        house[1] -= rolled_out;
        let text = |amount| text(decimals, amount);
        rows.push(json!({
            "party": party, "debits": text(debits), "credits": text(credits), "net": text(net),
            "rolled_in": text(rolled_in), "rolled_out": text(rolled_out),
            "payable": text(due - rolled_out)
        }));
    }
    rows.reverse();
    rows
}

/// To and from the house by position; or by pair, where partners pay each other.
fn payments(identity: &Value, positions: &[Value], lines: &[Value]) -> Vec<Value> {
    let mut owed: BTreeMap<Pair, Decimal> = BTreeMap::new();
    if identity["netting"] == "multilateral" {
        for row in positions.iter().skip(1) {
            let pair = (name(&json!("house")), name(&row["party"]));
            owed.insert(pair, amount_of(&row["payable"]));
        }
    } else {
        for line in lines {
            let (debtor, creditor) = (name(&line["debtor"]), name(&line["creditor"]));
            let amount = amount_of(&line["amount"]);
            let (pair, amount) = match debtor < creditor {
                true => ((debtor, creditor), amount),
                false => ((creditor, debtor), -amount),
            };
            *owed.entry(pair).or_default() += amount;
        }
    }
    let due = owed.into_iter().filter(|(_, amount)| !amount.is_zero());
    let payment = |((first, second), amount): (Pair, Decimal)| {
        let (debtor, creditor) = match amount.is_sign_negative() {
            true => (second, first),
            false => (first, second),
        };
        json!({
            "window": identity["window"], "debtor": debtor, "creditor": creditor,
            "amount": amount.abs().to_string(), "due_on": identity["last_day"],
            "reference": format!("RF00{}{debtor}{creditor}", identity["window"]).to_uppercase(),
            "status": "open"
        })
    };
    due.map(payment).collect()
}

/// A partner's statement as it follows from the window.
fn statement_of(document: &WindowDocument, partner: &Name) -> Statement {
    let row = document.positions.iter().find(|row| row.party == *partner);
    let row = row.expect("a party of the window");
    let decimals = row.net.decimal().scale();
    let mine = |debtor: &Name, creditor: &Name| debtor == partner || creditor == partner;
    let items = |items: &[tallyhouse::domain::statement::Payment]| -> Vec<Value> {
        let mine = items
            .iter()
            .filter(|item| mine(&item.debtor, &item.creditor));
        mine.map(|item| {
            let pays = item.debtor == *partner;
            let other = if pays { item.creditor } else { item.debtor };
            json!({
                "window": item.window, "direction": if pays { "pay" } else { "receive" },
                "counterparty": other, "amount": item.amount, "due_on": item.due_on,
                "reference": item.reference, "status": item.status
            })
        })
        .collect()
    };
    let signed = |item: &Value| match item["direction"] == "pay" {
        true => -amount_of(&item["amount"]),
        false => amount_of(&item["amount"]),
    };
    let (payments, open_items) = (items(&document.payments), items(&document.open_items));
    let movements = document.movements.iter();
    let movements: Vec<_> = movements.filter(|m| mine(&m.debtor, &m.creditor)).collect();
    let effects = movements.iter().map(|movement| {
        let up = (movement.debtor == *partner) == (movement.kind == "confirmed");
        let amount = movement.amount.decimal();
        if up { amount } else { -amount }
    });
    let effects: Decimal = effects.sum();
    let unpaid = open_items.iter().map(signed).sum::<Decimal>();
    let opening = unpaid + row.rolled_in.decimal() - effects;
    let closing = opening + effects + row.net.decimal();
    let lines = document.lines.iter();
    let lines: Vec<_> = lines
        .filter(|line| mine(&line.debtor, &line.creditor))
        .collect();
    let text = |amount: Decimal| text(decimals, amount);
    let mut position = json!(row);
    position.as_object_mut().expect("an object").remove("party");
    position["payments"] = json!(payments);
    serde_json::from_value(json!({
        "format": "tallyhouse-statement/1", "partner": partner, "identity": document.identity,
        "log": document.log, "author_seq": { "entries": 0, "first": null, "last": null },
        "activity": [], "lines": lines, "prior_period": [], "adjustments": [], "disputes": [],
        "position": position, "open_items": open_items,
        "account": {
            "opening": text(opening), "movements": movements, "net": row.net,
            "closing": text(closing)
        },
        "liability": {
            "opening": 0, "issued": 0, "taken_back": 0, "burned": 0, "restored": 0, "expired": 0,
            "debt_repaid": 0, "adjusted_in": 0, "adjusted_out": 0, "closing": 0,
            "by_issue_month": [], "by_expiry_month": []
        },
        "notices": []
    }))
    .expect("a statement")
}

fn stated(statement: &Statement) -> Stated {
    let mut stated: Stated = serde_json::from_str(include_str!("stated.json")).expect("JSON");
    stated.partner = statement.partner;
    stated.sha256 = sha256(statement);
    stated
}

/// The masters of the example.
pub fn masters() -> Masters {
    let file: toml::Table = toml::from_str(include_str!("masters.toml")).expect("TOML");
    let rows = file["master"].as_array().expect("a list").iter();
    let masters = rows.map(|row| row.clone().try_into::<Master>().expect("a master"));
    masters.map(|master| (master.party, master)).collect()
}

/// SHA-256 of a document's canonical JSON.
pub fn sha256(document: &impl serde::Serialize) -> String {
    use sha2::Digest;
    let canonical = serde_json_canonicalizer::to_vec(document).expect("JSON");
    let digest = sha2::Sha256::digest(canonical);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn example_log() -> Value {
    let example: Value = serde_json::from_str(include_str!("window.json")).expect("JSON");
    example["log"].clone()
}

fn name(value: &Value) -> Name {
    Name::parse(value.as_str().expect("a text")).expect("a name")
}

fn amount(text: &str) -> Decimal {
    Decimal::from_str_exact(text).expect("an amount")
}

fn amount_of(value: &Value) -> Decimal {
    amount(value.as_str().expect("a text"))
}

/// An amount as documents write it, with the currency's decimals.
fn text(decimals: u32, mut amount: Decimal) -> String {
    amount.rescale(decimals);
    if amount.is_zero() {
        amount.set_sign_positive(true);
    }
    amount.to_string()
}
