//! A house in memory that reads sentences: what the tables of `rules` are written in.
//!
//! A script has one step a line. Time stands still but for 1 µs a submission and for `wait`.
//!
//! ```text
//! bakery: issue i1 m1 100 expires_on=2026-04-01          applied, or the test fails
//! cinema: burn b1 m1 500 -> insufficient_points          refused with this code
//! cinema atomic: burn b1 m1 1; burn b2 m1 9 -> batch_aborted; insufficient_points
//! house/g2: approve a1 p1                                signed by another key than the first
//! wait 2d                                                d, h, s or us
//! member m1 available 90 pending 0 held 0 debt 0         what is left out is 0
//! moves burned bakery 10, released cinema 5              of the last op, in order; or: moves none
//! lines bakery cinema burn 1 10                          of the last op, in order; or: lines none
//! debts rose bakery 1 40                                 of the last op, in order; or: debts none
//! net bakery -0.08                                       credits − debits not yet paid, exact
//! out bakery 90                                          what members have of its points
//! given more true                                        the number that the last op gave
//! window 0 netted                                        how far a window has come
//! item 0 bakery house 12.50 open                         a payment, `open` or `paid`; or: none
//! due 0 bakery house 2026-03-04                          the day by which it is due
//! uncollected 0 1                                        payments to the house still open
//! carried house bakery 0.60, bakery cinema -0.10         all that is rolled forward; or: none
//! exposure bakery 0.8                                    what the coalition risks with an issuer
//! dispute bakery:d1 open                                 where a dispute stands
//! ```
//!
//! What clearing ops need of the house itself is filled in where a step leaves it out: the root of
//! `net_window n1 0` (or `lines_root=wrong`), the count of `issue_statements s1 0`, currency and
//! reference of `confirm_payment p1 0 bakery house 12.50`. An earlier op is named `bakery:d1`, or
//! `14/0` by its entry and place.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tallyhouse::domain::books::{exact_amount, exposure};
use tallyhouse::domain::dispute::{ClearingKey, ClearingRecord};
use tallyhouse::domain::effect::{Applied, Effect, Given};
use tallyhouse::domain::execute::{self, Due, Signer, Stamp};
use tallyhouse::domain::ids::{Name, OpAt, Party, Reference};
use tallyhouse::domain::invariants;
use tallyhouse::domain::line::{LineKey, LineMove, LineTotal};
use tallyhouse::domain::member::{Balance, Member};
use tallyhouse::domain::money::Net;
use tallyhouse::domain::op::expire::SWEEP_LOTS_MAX;
use tallyhouse::domain::op::net_window::nettable;
use tallyhouse::domain::submission::{Action, Submission};
use tallyhouse::domain::time::{Day, Micros};
use tallyhouse::domain::window::{Item, ItemKey, payment_reference};
use tallyhouse::domain::working_set::{Needs, WorkingSet};
use tallyhouse::ledger::record;
use tallyhouse::proof::keys::{self, Kid};
use tallyhouse::proof::note::NoteSigner;
use tallyhouse::proof::{base64url, effects, handover, hex, jws, netting, payload};

/// The ledger that all tests write.
pub const ORIGIN: &str = "points.example/coalition-0123abcd";
/// When scripts begin.
pub const START: &str = "2026-03-01T12:00:00Z";

/// What founding fixes.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    pub model: &'static str,
    pub clawback: &'static str,
    pub utc_offset_min: i16,
}

/// Issuers pay at the burn, and bear what was spent of a reversed issue.
pub const ISSUER_PAYS: Setup = Setup {
    model: "issuer_pays",
    clawback: "issuer_bears",
    utc_offset_min: 0,
};
/// Issuers pay the house at the issue.
pub const POOL: Setup = Setup {
    model: "pool",
    ..ISSUER_PAYS
};
/// Issuers pay at the burn, and members owe what was spent of a reversed issue.
pub const ISSUER_PAYS_DEBT: Setup = Setup {
    clawback: "member_debt",
    ..ISSUER_PAYS
};
/// Issuers pay the house, and members owe what was spent of a reversed issue.
pub const POOL_DEBT: Setup = Setup {
    clawback: "member_debt",
    ..POOL
};

/// The partners that are there from the start.
pub const PARTNERS: [&str; 3] = ["bakery", "cinema", "florist"];

/// The key of this name; its secret follows from the name.
pub fn signer(kid: &str) -> keys::Signer {
    let secret = *blake3::hash(kid.as_bytes()).as_bytes();
    keys::Signer::new(Kid::parse(kid).expect("a kid"), &secret)
}

/// The base64url of a key's public half.
pub fn public(kid: &str) -> String {
    base64url::encode(&signer(kid).public_key().to_bytes())
}

/// The same key as one that signs notes of the ledger.
pub fn note_signer(kid: &str) -> NoteSigner {
    let secret = *blake3::hash(kid.as_bytes()).as_bytes();
    NoteSigner::new(ORIGIN, &secret).expect("an origin names a key")
}

/// A submission's payload.
pub fn submission(id: &str, mode: &str, valid_until: Micros, ops: &[Value]) -> Vec<u8> {
    let payload = json!({
        "ledger": ORIGIN, "submission": id, "mode": mode,
        "valid_until": valid_until.to_rfc3339_seconds(), "ops": ops,
    });
    payload.to_string().into_bytes()
}

/// A submission's envelope.
pub fn envelope(kid: &str, payload: &[u8]) -> String {
    jws::sign(jws::Typ::Submission, payload, &signer(kid))
}

/// The op that founds the ledger of a setup.
pub fn found(setup: &Setup) -> Value {
    let key = |id: &str, scopes: &[&str]| {
        let public = public(&format!("house/{id}"));
        json!({"key": id, "public_key": public, "scopes": scopes})
    };
    json!({
        "op": "found", "id": "found", "programme": "coalition", "currency": "EUR",
        "point_scale": 0, "settlement_model": setup.model, "clawback": setup.clawback,
        "utc_offset_min": setup.utc_offset_min, "clock": "simulated",
        "ledger_key": public("house/ledger"), "rules_version": 1,
        "settings": {"transfer_allowed": true, "life_days": 365},
        "keys": [key("g1", &["govern"]), key("g2", &["govern"]), key("o1", &["operate"])],
    })
}

/// Partners with both roles, their keys, and a first price list: what most tests need first.
pub fn opening() -> Vec<(&'static str, String)> {
    let mut steps = Vec::new();
    for partner in PARTNERS {
        steps.push(("house/g1", format!("partner_set set-{partner} {partner}")));
        let key = format!("key_add k1 author={partner} public={partner}/k1");
        let scopes = "scopes=submit,transfer,read,manage";
        steps.push(("house/g1", format!("propose key-{partner} {key} {scopes}")));
        steps.push(("house/g2", format!("approve ok-{partner} key-{partner}")));
    }
    let prices = "propose prices-1 price_set default=0.01/0.008/0/0";
    steps.push(("house/g1", prices.to_owned()));
    steps.push(("house/g2", "approve ok-prices-1 prices-1".to_owned()));
    steps
}

/// A whole op from a sentence: `issue i1 m1 100 expires_on=2026-04-01`.
pub fn op(sentence: &str) -> Value {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let (kind, words) = words.split_first().expect("a sentence begins with a kind");
    let mut fields = Map::new();
    fields.insert("op".to_owned(), json!(kind));
    if *kind == "propose" {
        fields.insert("id".to_owned(), json!(words[0]));
        let mut action = format!("{} - ", words[1]);
        action.push_str(&words[2..].join(" "));
        let Value::Object(mut action) = op(&action) else {
            unreachable!("an op is an object");
        };
        action.shift_remove("id");
        fields.insert("action".to_owned(), Value::Object(action));
        return Value::Object(fields);
    }
    let mut names = names_of(kind).iter();
    let mut rows = Vec::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            let name = names
                .next()
                .unwrap_or_else(|| panic!("no place for {word}"));
            fields.insert((*name).to_owned(), value_of(name, word));
            continue;
        };
        match (*kind, name) {
            ("price_set", "default") => {
                fields.insert(name.to_owned(), price_row(value));
            }
            ("price_set", partner) => {
                let mut row = price_row(value);
                row["partner"] = json!(partner);
                rows.push(row);
            }
            (_, "public") => {
                fields.insert("public_key".to_owned(), json!(public(value)));
            }
            _ => {
                fields.insert(name.to_owned(), value_of(name, value));
            }
        }
    }
    if !rows.is_empty() {
        fields.insert("rows".to_owned(), Value::Array(rows));
    }
    if *kind == "ledger_key_add" {
        let mut key = |name: &str| {
            let kid = fields.shift_remove(name).expect("a key");
            note_signer(kid.as_str().expect("a key"))
        };
        let handover = handover::sign(&key("from"), &key("to"));
        fields.insert("handover".to_owned(), json!(handover));
    }
    if *kind == "partner_set" {
        let roles = || json!(["issue", "burn"]);
        fields.entry("roles").or_insert_with(roles);
        fields.entry("status").or_insert_with(|| json!("active"));
    }
    Value::Object(fields)
}

/// The names of the words of each kind, in order.
fn names_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "issue" | "burn" => &["id", "member", "points"],
        "hold" => &["id", "member", "points", "ttl_s"],
        "capture" => &["id", "hold", "points"],
        "release" => &["id", "hold"],
        "reverse" => &["id", "target", "points"],
        "transfer" => &["id", "from", "to", "points"],
        "partner_set" => &["id", "partner"],
        "member_freeze" | "member_unfreeze" => &["id", "member"],
        "expire" => &["id", "up_to"],
        "approve" => &["id", "proposal"],
        "key_add" | "key_revoke" => &["id", "key"],
        "limit_set" => &["id", "subject"],
        "rules_upgrade" => &["id", "version"],
        "ledger_key_add" => &["id", "from", "to"],
        "adjust" => &["id", "kind", "corrects"],
        "cut_window" => &["id", "window", "last_day"],
        "net_window"
        | "window_release"
        | "issue_statements"
        | "dispute_open"
        | "statement_acknowledge" => &["id", "window"],
        "confirm_payment" => &["id", "window", "debtor", "creditor", "amount"],
        "payment_returned" => &["id", "confirmation"],
        "dispute_answer" => &["id", "dispute", "accepted"],
        "dispute_resolve" => &["id", "dispute", "upheld"],
        _ => &["id"],
    }
}

fn value_of(name: &str, text: &str) -> Value {
    match name {
        "id" | "member" | "hold" | "target" | "from" | "to" | "ref" => json!(text),
        "exposure" | "amount" | "payment_minimum" | "reference" | "lines_root" => json!(text),
        "line" => {
            let parts: Vec<&str> = text.split('/').collect();
            let version: u32 = parts[3].parse().expect("a version");
            json!({"debtor": parts[0], "creditor": parts[1], "reason": parts[2],
                   "price_version": version})
        }
        "roles" | "scopes" | "holidays" => {
            json!(
                text.split(',')
                    .filter(|w| !w.is_empty())
                    .collect::<Vec<_>>()
            )
        }
        "corrects" => {
            let (entry, op) = text.split_once('/').expect("corrects=entry/op");
            let number = |text: &str| text.parse::<u64>().expect("a number");
            json!({"entry": number(entry), "op": number(op)})
        }
        _ => match (text, text.parse::<i64>()) {
            ("true", _) => json!(true),
            ("false", _) => json!(false),
            (_, Ok(number)) => json!(number),
            _ => json!(text),
        },
    }
}

fn price_row(text: &str) -> Value {
    let parts: Vec<&str> = text.split('/').collect();
    json!({"issue_price": parts[0], "burn_price": parts[1], "issue_fee": parts[2],
           "burn_fee": parts[3], "tax_code": "vat-20"})
}

/// Splits `bakery`, `house/g2` into author and key.
pub fn kid_of(author: &str) -> String {
    match author {
        "house" => "house/g1".to_owned(),
        _ if author.contains('/') => author.to_owned(),
        partner => format!("{partner}/k1"),
    }
}

/// Runs a script over a fresh house of this setup, and returns it.
pub fn check(setup: Setup, script: &str) -> House {
    let mut house = House::open(&setup);
    house.run(script);
    house
}

/// A house without log, signatures or admission: submissions are executed as they come.
pub struct House {
    pub set: WorkingSet,
    pub now: Micros,
    pub entry: u64,
    pub members: BTreeSet<Reference>,
    /// Lines of windows that were netted.
    pub lines: BTreeSet<LineKey>,
    /// Payments of windows that were netted.
    pub items: BTreeSet<ItemKey>,
    last: Vec<Effect>,
}

impl House {
    /// Founds a house and takes the opening steps.
    pub fn open(setup: &Setup) -> Self {
        let mut house = Self {
            set: WorkingSet::empty(),
            now: Micros::parse(START).expect("an instant"),
            entry: 0,
            members: BTreeSet::new(),
            lines: BTreeSet::new(),
            items: BTreeSet::new(),
            last: Vec::new(),
        };
        let payload = submission("s", "independent", house.now, &[found(setup)]);
        let found = payload::parse(&payload, None).expect("a founding payload");
        house.set.ops.load((Party::HOUSE, found.ops[0].id), None);
        execute::found(&mut house.set, house.now, &found.ops[0]);
        house.entry = 1;
        for (author, sentence) in opening() {
            let effects = house.submit(author, "independent", &[op(&sentence)]);
            assert!(effects[0].outcome().is_applied(), "{sentence}");
        }
        house
    }

    /// Executes a submission, and checks what must hold after each.
    pub fn submit(&mut self, author: &str, mode: &str, ops: &[Value]) -> Vec<Effect> {
        let payload = submission("s", mode, self.now, ops);
        let submission = payload::parse(&payload, Some(2))
            .unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(&payload)));
        let kid = Kid::parse(&kid_of(author)).expect("a kid");
        let name = |text| Name::parse(text).expect("a name");
        let signer = Signer {
            party: self.party(kid.author()),
            key: name(kid.key_id()),
        };
        self.now = Micros(self.now.0 + 1);
        self.load(signer.party, &submission);
        let due = self.due(&submission);
        let offset = self.set.governance().programme.utc_offset_min;
        let stamp = Stamp::new(self.entry, self.now, offset);
        let effects = execute::execute(&mut self.set, &stamp, &signer, &submission, &due);
        self.check_effects(&submission, &effects);
        self.check_sums();
        // As if it were stored: netting lets no line go that is not.
        drop(self.set.take_changes());
        self.entry += 1;
        self.last.clone_from(&effects);
        effects
    }

    fn load(&mut self, author: Party, submission: &Submission) {
        let mut needs = Needs::default();
        let governance = self.set.governance().clone();
        needs.add(&governance, author, submission);
        needs.add_proposals(&governance);
        for key in needs.ops {
            if !self.set.ops.touch(&key) {
                self.set.ops.load(key, None);
            }
            let record = self.set.op(&key);
            let clearing = record.and_then(|record| record.clearing());
            needs.clearing.extend(clearing);
        }
        for key in needs.clearing {
            if self.set.may_need(&key) && !self.set.clearing.touch(&key) {
                let known = matches!(key, ClearingKey::Line(line) if self.lines.contains(&line));
                let record = known.then_some(ClearingRecord::Line);
                self.set.clearing.load(key, record);
            }
        }
        for member in needs.members {
            if self.members.insert(member) {
                self.set.members.load(&member, None);
            }
        }
    }

    fn due(&mut self, submission: &Submission) -> Due {
        let up_to = match &submission.ops[0].action {
            Action::Expire(up_to) => *up_to,
            Action::NetWindow(op) if nettable(&self.set, op.window).is_ok() => {
                let lines = self.set.books.lines_of(op.window).map(|(key, _)| *key);
                self.lines.extend(lines);
                let prepared = netting::prepare(&self.set, op.window);
                let items = prepared.netting.payments.iter().map(|payment| ItemKey {
                    window: op.window,
                    debtor: payment.debtor,
                    creditor: payment.creditor,
                });
                self.items.extend(items);
                return Due {
                    netting: Some(Arc::new(prepared)),
                    ..Due::default()
                };
            }
            _ => return Due::default(),
        };
        let offset = self.set.governance().programme.utc_offset_min;
        let mut pairs: Vec<(Day, Reference)> = Vec::new();
        for (id, member) in self.accounts() {
            let days = member.due_days(offset);
            pairs.extend(days.into_iter().filter(|d| *d <= up_to).map(|d| (d, id)));
        }
        pairs.sort();
        let more = pairs.len() > SWEEP_LOTS_MAX;
        pairs.truncate(SWEEP_LOTS_MAX);
        Due {
            pairs,
            more,
            netting: None,
        }
    }

    /// Effects lead back from their bytes, and those that were refused say so.
    fn check_effects(&self, submission: &Submission, effects: &[Effect]) {
        let mut bytes = Vec::new();
        effects::encode(self.entry, effects, &mut bytes);
        let decimals = self.set.governance().programme.currency;
        let read = effects::decode(&bytes, self.entry, &submission.ops, &decimals);
        assert_eq!(read.expect("effects can be read"), effects);
    }

    /// The books follow from the members, and what all owe each other is nothing.
    pub fn check_sums(&self) {
        let parties = 0..u16::try_from(self.set.books.parties.len()).expect("few parties");
        invariants::assert_books(&self.set.books, parties.clone().map(Party));
        let mut sums = std::collections::BTreeMap::new();
        for (_, member) in self.accounts() {
            for lot in member.outstanding() {
                assert!(!lot.points.is_zero(), "no lot is empty");
                let key = (lot.key.issuer.0, lot.key.price_version);
                *sums.entry(key).or_insert(0) += lot.points.units();
            }
        }
        let mut booked = std::collections::BTreeMap::new();
        for party in parties {
            for (version, points) in &self.set.books.party(Party(party)).outstanding {
                booked.insert((party, *version), points.units());
            }
        }
        assert_eq!(booked, sums, "outstanding points are those of the members");
        self.check_unpaid();
    }

    /// What each party is owed is the worth of the lines not yet netted, what is rolled forward,
    /// and the payments still open.
    fn check_unpaid(&self) {
        let mut owed = vec![0_i128; self.set.books.parties.len()];
        let mut owe = |debtor: Party, creditor: Party, exact: i128| {
            owed[debtor.slot()] -= exact;
            owed[creditor.slot()] += exact;
        };
        let governance = self.set.governance();
        for (key, total) in &self.set.books.lines {
            let line = LineMove {
                debtor: key.debtor,
                creditor: key.creditor,
                reason: key.reason,
                price_version: key.price_version,
                total: *total,
            };
            let exact = exact_amount(governance, &line).expect("a price");
            owe(key.debtor, key.creditor, exact);
        }
        for ((first, second), amount) in self.set.windows.carried() {
            owe(*first, *second, amount.to_exact(0).expect("small"));
        }
        let mut collected = std::collections::BTreeMap::new();
        for (key, item) in self.known_items().filter(|(_, item)| item.paid.is_none()) {
            owe(
                key.debtor,
                key.creditor,
                item.amount.to_exact(0).expect("small"),
            );
            if key.creditor.is_house() {
                *collected.entry(key.window).or_insert(0) += 1;
            }
        }
        let booked = self.set.books.parties.iter().map(|party| party.net_exact);
        assert_eq!(booked.collect::<Vec<_>>(), owed, "what is not yet paid");
        for window in self.set.windows.iter() {
            let open = collected.get(&window.number).copied().unwrap_or(0);
            assert_eq!(window.uncollected, open, "window {}", window.number);
        }
    }

    fn known_items(&self) -> impl Iterator<Item = (&ItemKey, &Item)> {
        let netted = |key: &&ItemKey| self.set.windows.is_netted(key.window);
        let item = |key| Some((key, self.item(key)?));
        self.items.iter().filter(netted).filter_map(item)
    }

    fn item(&self, key: &ItemKey) -> Option<&Item> {
        match self.set.clearing.get(&ClearingKey::Item(*key)) {
            Some(ClearingRecord::Item(item)) => Some(item),
            _ => None,
        }
    }

    /// Every member that exists.
    pub fn accounts(&self) -> impl Iterator<Item = (Reference, Member)> {
        let all = self.members.iter();
        all.filter_map(|id| Some((*id, self.set.members.get(id)?)))
    }

    /// Every record of the state, as bytes.
    pub fn snapshot(&self, ops: &[(Party, Reference)]) -> Vec<Vec<u8>> {
        let mut bytes = vec![record::encode(self.set.governance().as_ref())];
        bytes.extend(self.set.books.parties.iter().map(record::encode));
        for (key, total) in &self.set.books.lines {
            bytes.push(record::line_key(key));
            bytes.push(record::encode(total));
        }
        bytes.extend(self.accounts().map(|(_, member)| record::encode(&member)));
        bytes.extend(self.set.windows.iter().map(record::encode));
        bytes.push(record::encode(self.set.windows.carried()));
        bytes.extend(self.known_items().map(|(_, item)| record::encode(item)));
        let known = ops.iter().filter_map(|key| self.set.op(key));
        bytes.extend(known.map(|record| record::encode(&record)));
        bytes
    }

    /// The party of a name.
    pub fn party(&self, name: &str) -> Party {
        let party = self
            .set
            .governance()
            .party(&Name::parse(name).expect("a name"));
        party.unwrap_or_else(|| panic!("no partner {name}"))
    }

    fn name(&self, party: Party) -> String {
        self.set.governance().name(party).as_str().to_owned()
    }

    /// Runs the steps of a script.
    pub fn run(&mut self, script: &str) {
        for line in script.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line.split_once(": ") {
                Some((author, rest)) => self.step(author, rest, line),
                None => self.expect(line),
            }
        }
    }

    fn step(&mut self, author: &str, rest: &str, line: &str) {
        let (author, mode) = match author.strip_suffix(" atomic") {
            Some(author) => (author, "atomic"),
            None => (author, "independent"),
        };
        let (sentences, codes) = rest.split_once(" -> ").unwrap_or((rest, ""));
        let mut ops: Vec<Value> = sentences.split(';').map(op).collect();
        for op in &mut ops {
            self.fill(op);
            if let Some(action) = op.get_mut("action") {
                self.fill(action);
            }
        }
        let effects = self.submit(author, mode, &ops);
        let outcomes: Vec<&str> = effects.iter().map(|e| e.outcome().code()).collect();
        let mut expected: Vec<&str> = codes.split(';').map(str::trim).collect();
        if codes.is_empty() {
            expected = vec!["applied"; ops.len()];
        }
        assert_eq!(outcomes, expected, "{line}");
    }

    /// Fills in what a clearing op needs of the house itself and its sentence leaves out.
    fn fill(&self, op: &mut Value) {
        let number = |name: &str| u32::try_from(op[name].as_u64().unwrap_or(0)).unwrap_or(0);
        let window = number("window");
        let kind = op["op"].as_str().expect("a kind").to_owned();
        let fields = op.as_object_mut().expect("an op");
        let mut default = |name: &str, value: &dyn Fn() -> Value| {
            fields.entry(name).or_insert_with(value);
        };
        let sha256 = || json!("ab".repeat(32));
        match kind.as_str() {
            "net_window" => {
                default("lines_root", &|| {
                    json!(hex::encode(&netting::prepare(&self.set, window).lines_root))
                });
                if fields["lines_root"] == "wrong" {
                    fields.insert("lines_root".to_owned(), json!("77".repeat(32)));
                }
            }
            "issue_statements" => {
                let window = self.set.windows.get(window);
                default("count", &|| json!(window.map_or(0, |w| w.statements)));
                default("root", &sha256);
                default("document_sha256", &sha256);
            }
            "confirm_payment" => {
                default("currency", &|| json!("EUR"));
                let word = |name: &str| fields[name].as_str().expect("a party").to_owned();
                let reference = self.reference(window, &word("debtor"), &word("creditor"));
                fields
                    .entry("reference")
                    .or_insert_with(|| json!(reference));
            }
            "dispute_open" => {
                default("reason", &|| json!("other"));
                default("evidence_sha256", &sha256);
                self.name_place(fields, "target");
            }
            "dispute_answer" | "dispute_resolve" => self.name_place(fields, "dispute"),
            _ => {}
        }
    }

    fn reference(&self, window: u32, debtor: &str, creditor: &str) -> String {
        let party = |name| self.set.governance().party(&Name::parse(name).ok()?);
        let key = party(debtor)
            .zip(party(creditor))
            .map(|(debtor, creditor)| ItemKey {
                window,
                debtor,
                creditor,
            });
        let reference = key.and_then(|key| payment_reference(ORIGIN, &key));
        reference.unwrap_or_else(|| "RF00".to_owned())
    }

    fn name_place(&self, fields: &mut Map<String, Value>, name: &str) {
        if let Some(Value::String(text)) = fields.get(name) {
            let at = self.place(text);
            fields.insert(name.to_owned(), json!({"entry": at.entry, "op": at.op}));
        }
    }

    /// The place of `bakery:d1` or `14/0`.
    fn place(&self, text: &str) -> OpAt {
        if let Some((author, id)) = text.split_once(':') {
            let id = Reference::parse(id).expect("an id");
            let record = self.set.op(&(self.party(author), id));
            return record.expect("an applied op").at;
        }
        let (entry, op) = text.split_once('/').expect("entry/op");
        OpAt {
            entry: entry.parse().expect("a number"),
            op: op.parse().expect("a number"),
        }
    }

    fn expect_clearing(&mut self, word: &str, rest: &str, line: &str) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        if matches!(word, "item" | "due") {
            let key = ClearingKey::Item(ItemKey {
                window: words[0].parse().expect("a window"),
                debtor: self.party(words[1]),
                creditor: self.party(words[2]),
            });
            if !self.set.clearing.touch(&key) {
                self.set.clearing.load(key, None);
            }
        }
        let number = || words[0].parse::<u32>().expect("a window");
        let window = || self.set.windows.get(number()).expect("a window");
        let item = || {
            self.item(&ItemKey {
                window: number(),
                debtor: self.party(words[1]),
                creditor: self.party(words[2]),
            })
        };
        let found = match word {
            "window" => format!("{} {}", words[0], window().state.as_str()),
            "uncollected" => format!("{} {}", words[0], window().uncollected),
            "item" => {
                let state = |item: &Item| match item.paid {
                    Some(_) => format!("{} paid", item.amount),
                    None => format!("{} open", item.amount),
                };
                let found = item().map_or("none".to_owned(), state);
                format!("{} {} {} {found}", words[0], words[1], words[2])
            }
            "due" => {
                let due_on = item().expect("a payment").due_on;
                format!("{} {} {} {due_on}", words[0], words[1], words[2])
            }
            "carried" => self.carried(),
            "exposure" => {
                let governance = self.set.governance();
                let exact = exposure(governance, &self.set.books, self.party(words[0]));
                format!("{} {}", words[0], decimal(exact))
            }
            "dispute" => {
                let key = ClearingKey::Dispute(self.place(words[0]));
                match self.set.clearing.get(&key) {
                    Some(ClearingRecord::Dispute(dispute)) => {
                        format!("{} {}", words[0], dispute.state.as_str())
                    }
                    other => panic!("{line}: {other:?}"),
                }
            }
            _ => panic!("unknown step: {line}"),
        };
        assert_eq!(found, rest, "{line}");
    }

    fn carried(&self) -> String {
        let say = |((first, second), amount): (&(Party, Party), &Net)| {
            format!("{} {} {amount}", self.name(*first), self.name(*second))
        };
        let all: Vec<String> = self.set.windows.carried().iter().map(say).collect();
        if all.is_empty() {
            "none".to_owned()
        } else {
            all.join(", ")
        }
    }

    fn expect(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').expect("an expectation has words");
        match word {
            "wait" => self.wait(rest),
            "member" => self.expect_member(rest, line),
            "moves" => assert_eq!(self.moves().join(", "), none(rest), "{line}"),
            "lines" => assert_eq!(self.lines().join(", "), none(rest), "{line}"),
            "debts" => assert_eq!(self.debts().join(", "), none(rest), "{line}"),
            "net" => {
                let (party, amount) = rest.split_once(' ').expect("net party amount");
                let net = self.set.books.party(self.party(party)).net_exact;
                assert_eq!(decimal(net), amount, "{line}");
            }
            "out" => {
                let (party, points) = rest.split_once(' ').expect("out party points");
                let totals = self.set.books.party(self.party(party));
                let out = totals.outstanding_total().expect("in range").units();
                assert_eq!(out.to_string(), points, "{line}");
            }
            "given" => assert_eq!(self.given(), rest, "{line}"),
            _ => self.expect_clearing(word, rest, line),
        }
    }

    fn wait(&mut self, duration: &str) {
        let at = duration
            .find(|c: char| !c.is_ascii_digit())
            .expect("a unit");
        let count: u64 = duration[..at].parse().expect("a number");
        let unit_us = match &duration[at..] {
            "d" => 86_400_000_000,
            "h" => 3_600_000_000,
            "s" => 1_000_000,
            "us" => 1,
            unit => panic!("unknown unit {unit}"),
        };
        self.now = Micros(self.now.0 + count * unit_us);
    }

    /// A member's totals as of now, with what time alone has done to it.
    pub fn balance(&self, member: &str) -> Balance {
        let id = Reference::parse(member).expect("a reference");
        let member = self.set.members.get(&id).expect("the member exists");
        let governance = self.set.governance();
        let offset = governance.programme.utc_offset_min;
        let stamp = Stamp::new(self.entry, self.now, offset);
        let fixed = &governance.programme;
        let visit = tallyhouse::domain::visit::Visit::open(id, true, member, &stamp, fixed);
        visit.member.balance(stamp.today).expect("in range")
    }

    fn expect_member(&self, rest: &str, line: &str) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let balance = self.balance(words[0]);
        let mut expected = [0_u64; 4];
        for pair in words[1..].chunks(2) {
            let names = ["available", "pending", "held", "debt"];
            let at = names.iter().position(|name| *name == pair[0]);
            expected[at.expect("a total of a member")] = pair[1].parse().expect("a number");
        }
        let found = [
            balance.available,
            balance.pending,
            balance.held,
            balance.debt,
        ];
        assert_eq!(
            found.map(tallyhouse::domain::points::Points::units),
            expected,
            "{line}"
        );
    }

    fn applied(&self) -> &Applied {
        match self.last.last() {
            Some(Effect::Applied(applied)) => applied,
            other => panic!("the last op was not applied: {other:?}"),
        }
    }

    fn moves(&self) -> Vec<String> {
        let moves = self.applied().touches.iter().flat_map(|t| t.moves.iter());
        let say = |step: &tallyhouse::domain::effect::Move| {
            let (issuer, points) = (self.name(step.slice.key.issuer), step.slice.points);
            format!("{} {issuer} {points}", step.kind.as_str())
        };
        moves.map(say).collect()
    }

    fn lines(&self) -> Vec<String> {
        let say = |line: &LineMove| {
            let total = match line.total {
                LineTotal::Priced(points) => points.to_string(),
                LineTotal::Amount(amount) => amount.to_string(),
            };
            let (debtor, creditor) = (self.name(line.debtor), self.name(line.creditor));
            let (reason, version) = (line.reason.as_str(), line.price_version);
            format!("{debtor} {creditor} {reason} {version} {total}")
        };
        self.applied().lines.iter().map(say).collect()
    }

    fn debts(&self) -> Vec<String> {
        let debts = self.applied().touches.iter().flat_map(|t| t.debts.iter());
        let say = |debt: &tallyhouse::domain::effect::DebtMove| {
            let change = if debt.repaid { "fell" } else { "rose" };
            let issuer = self.name(debt.issuer);
            format!("{change} {issuer} {} {}", debt.price_version, debt.points)
        };
        debts.map(say).collect()
    }

    fn given(&self) -> String {
        match &self.applied().given {
            Some(Given::Party(party)) => format!("party {}", party.0),
            Some(Given::PriceVersion(version)) => format!("version {version}"),
            Some(Given::More(more)) => format!("more {more}"),
            Some(Given::Cut {
                first_day,
                last_day,
                ..
            }) => format!("cut {first_day} {last_day}"),
            Some(Given::Netted(netted)) => {
                let word = if netted.held { "held" } else { "netted" };
                let (gross, net) = (netted.gross, netted.net);
                format!(
                    "{word} gross {gross} net {net} payments {}",
                    netted.payments
                )
            }
            Some(Given::Payment(payment)) => {
                let key = payment.key;
                let (debtor, creditor) = (self.name(key.debtor), self.name(key.creditor));
                format!("payment {} {debtor} {creditor}", key.window)
            }
            Some(Given::AnswerBy(party, day)) => format!("answer {} {day}", self.name(*party)),
            None => "none".to_owned(),
        }
    }

    /// The effects of the last submission.
    pub fn last(&self) -> &[Effect] {
        &self.last
    }
}

fn none(rest: &str) -> &str {
    if rest == "none" { "" } else { rest }
}

/// An exact sum at point scale 0 as a plain decimal, without needless zeros.
fn decimal(exact: i128) -> String {
    let (sign, units) = (if exact < 0 { "-" } else { "" }, exact.unsigned_abs());
    let text = format!("{sign}{}.{:08}", units / 100_000_000, units % 100_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
