//! What partners and house send: ops of every kind, most of them sensible, some not.

use super::model::Model;
use super::model::clearing::Window;
use super::random::Random;
use crate::house::{PARTNERS, op};
use serde_json::{Value, json};

/// One submission to be signed: the key's author and id, its mode and its ops.
pub struct Wanted {
    pub author: String,
    pub key: String,
    pub atomic: bool,
    pub ops: Vec<Value>,
}

/// Makes submissions that suit the state of a model.
pub struct Workload {
    pub random: Random,
    counter: u64,
    used: Vec<Value>,
}

impl Workload {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            counter: 0,
            used: Vec::new(),
        }
    }

    fn id(&mut self, letter: &str) -> String {
        self.counter += 1;
        format!("{letter}{}", self.counter)
    }

    fn member(&mut self) -> String {
        format!("m{}", self.random.below(12))
    }

    fn points(&mut self) -> u64 {
        if self.random.once_in(60) {
            0
        } else {
            1 + self.random.below(300)
        }
    }

    /// The next submission. `date` writes a day so many days from now.
    pub fn next(&mut self, model: &Model, date: &dyn Fn(u64) -> String) -> Wanted {
        if self.random.once_in(6) {
            return self.house(model, date);
        }
        if self.random.once_in(5) {
            return self.clearing(model, date);
        }
        let author = self.random.of(&PARTNERS).to_owned();
        // A key that was revoked is tried too.
        let spare = self.random.once_in(12) && model.key_is_known(&author, "spare");
        let key = if spare { "spare" } else { "k1" };
        let count = 1 + self.random.below(4);
        let mut ops: Vec<Value> = (0..count)
            .map(|_| self.member_op(model, &author, date))
            .collect();
        if self.random.once_in(25) && !self.used.is_empty() {
            let at = self.random.below(self.used.len() as u64);
            ops[0]["id"] = self.used[usize::try_from(at).expect("few")]["id"].clone();
        }
        self.used.extend(ops.iter().take(1).cloned());
        if self.random.once_in(15) {
            // Some op of anyone again: a duplicate, or an id of another author.
            let at = self.random.below(self.used.len() as u64);
            ops.push(self.used[usize::try_from(at).expect("few")].clone());
        }
        let key_op = |key: &str, sentence: String| Wanted {
            author: author.clone(),
            key: key.to_owned(),
            atomic: false,
            ops: vec![op(&sentence)],
        };
        if self.random.once_in(40) {
            let id = self.id("k");
            return match model.key_is_good(&author, "spare") {
                true => key_op("k1", format!("key_revoke {id} spare")),
                false => {
                    let scopes = "scopes=submit,transfer";
                    key_op(
                        "k1",
                        format!("key_add {id} spare public={author}/spare {scopes}"),
                    )
                }
            };
        }
        let atomic = self.random.once_in(4);
        Wanted {
            author,
            key: key.to_owned(),
            atomic,
            ops,
        }
    }

    fn target(&mut self, model: &Model, author: &str) -> String {
        let named = model.named(author);
        if named.is_empty() || self.random.once_in(30) {
            return "nothing".to_owned();
        }
        // Recent ones, most of the time.
        let back = self.random.below(10.min(named.len() as u64));
        let at = if self.random.once_in(3) {
            self.random.below(named.len() as u64)
        } else {
            back
        };
        named[named.len() - 1 - usize::try_from(at).expect("few")].clone()
    }

    fn member_op(&mut self, model: &Model, author: &str, date: &dyn Fn(u64) -> String) -> Value {
        let (id, member, points) = (self.id("o"), self.member(), self.points());
        let sentence = match self.random.below(20) {
            0..=4 => format!("issue {id} {member} {points}"),
            5 => {
                let act = self.random.below(6);
                let exp = act + self.random.below(40);
                let (act, exp) = (date(act), date(exp));
                format!("issue {id} {member} {points} activates_on={act} expires_on={exp}")
            }
            6 => {
                let exp = date(self.random.below(5));
                format!("issue {id} {member} {points} expires_on={exp}")
            }
            7..=9 => format!("burn {id} {member} {points}"),
            10 => format!("burn {id} {member} {points} allow_partial=true"),
            11 | 12 => {
                let ttl = 1 + self.random.below(100_000);
                format!("hold {id} {member} {} {ttl}", 1 + points / 2)
            }
            13 | 14 => {
                let hold = self.target(model, author);
                format!("capture {id} {hold} {}", 1 + points / 4)
            }
            15 => format!("release {id} {}", self.target(model, author)),
            16 | 17 => format!(
                "reverse {id} {} {}",
                self.target(model, author),
                1 + points / 3
            ),
            _ => {
                let mut to = self.member();
                if to == member {
                    to = "m12".to_owned();
                }
                format!("transfer {id} {member} {to} {}", 1 + points / 4)
            }
        };
        op(&sentence)
    }

    fn house(&mut self, model: &Model, date: &dyn Fn(u64) -> String) -> Wanted {
        let (id, member) = (self.id("h"), self.member());
        let partner = self.random.of(&PARTNERS);
        let mut key = if self.random.once_in(2) { "g1" } else { "g2" };
        let open = model.open();
        let sentence = match self.random.below(16) {
            0 | 1 => {
                key = "o1";
                let kind = if self.random.once_in(4) {
                    "freeze"
                } else {
                    "unfreeze"
                };
                format!("member_{kind} {id} {member}")
            }
            2 | 3 => {
                key = "o1";
                format!("expire {id} {}", date(0))
            }
            4 => {
                let status = if self.random.once_in(3) {
                    "suspended"
                } else {
                    "active"
                };
                format!("partner_set {id} {partner} status={status}")
            }
            5..=10 => self.proposal(&id, partner),
            11 => format!("price_set {id} default=1/1/1/1"),
            _ if open.is_empty() || self.random.once_in(12) => {
                format!("approve {id} {}", self.random.of(&["nothing", "prices-1"]))
            }
            _ => {
                let at = self.random.below(open.len() as u64);
                format!("approve {id} {}", open[usize::try_from(at).expect("few")])
            }
        };
        let ops = vec![op(&sentence)];
        Wanted {
            author: "house".to_owned(),
            key: key.to_owned(),
            atomic: false,
            ops,
        }
    }

    fn proposal(&mut self, id: &str, partner: &str) -> String {
        let (member, points) = (self.member(), self.points());
        let random = &mut self.random;
        let action = match random.below(8) {
            0 => {
                let mut price = || format!("0.0{}", 1 + random.below(98));
                let row = [price(), price(), price(), price()].join("/");
                format!("price_set default={row}")
            }
            1 => {
                let limit = 500 + points * 4;
                format!("limit_set partner partner={partner} burn_points_per_day={limit}")
            }
            2 => format!("limit_set partner partner={partner}"),
            3 => {
                let (grace, transfers) = (random.below(40), !random.once_in(4));
                format!("programme_set grace_days={grace} transfer_allowed={transfers}")
            }
            4 => "rules_upgrade 2".to_owned(),
            7 => {
                let netting = random.of(&["multilateral", "bilateral"]);
                let payout = random.of(&["guaranteed", "when_collected", "when_collected"]);
                let (minimum, payment) = (random.below(4), random.below(5));
                let (dispute, answer) = (random.below(4), random.below(3));
                format!(
                    "programme_set netting={netting} payout={payout} payment_minimum={minimum}.00 \
                     payment_days={payment} dispute_days={dispute} answer_days={answer} \
                     holidays=2026-03-0{},2026-03-1{}",
                    3 + random.below(5),
                    random.below(9)
                )
            }
            5 => {
                let kind = random.of(&["credit", "debit"]);
                format!("adjust {kind} 1/0 member={member} issuer={partner} points={points}")
            }
            _ => format!("adjust amount 1/0 debtor={partner} creditor=house amount={points}.25"),
        };
        format!("propose {id} {action}")
    }
}

/// What closes windows, tracks payments and settles disputes.
impl Workload {
    fn clearing(&mut self, model: &Model, date: &dyn Fn(u64) -> String) -> Wanted {
        let choice = self.random.below(24);
        let by = |author: &str, key: &str, ops: Vec<Value>| Wanted {
            author: author.to_owned(),
            key: key.to_owned(),
            atomic: false,
            ops,
        };
        match choice {
            0..=8 => by("house", "o1", vec![self.window_op(model, date)]),
            9..=13 => {
                let count = 1 + self.random.below(3);
                let ops = (0..count).map(|_| self.payment_op(model)).collect();
                let atomic = self.random.once_in(3);
                Wanted {
                    atomic,
                    ..by("house", "y1", ops)
                }
            }
            14 => {
                let op = self.answer_op(model, "house");
                by("house", "o1", vec![op])
            }
            15..=19 => {
                let author = self.random.of(&PARTNERS).to_owned();
                let count = 1 + self.random.below(3);
                let ops = (0..count)
                    .map(|_| self.dispute_op(model, &author))
                    .collect();
                let atomic = self.random.once_in(4);
                Wanted {
                    atomic,
                    ..by(&author, "st", ops)
                }
            }
            20 | 21 => by("house", "g1", vec![self.two_key_op(model)]),
            _ => {
                let id = self.id("h");
                let proposed = model.proposed();
                let Some((proposal, proposer)) = self.pick(&proposed) else {
                    return by("house", "g2", vec![op(&format!("approve {id} nothing"))]);
                };
                let key = if proposer == "g1" { "g2" } else { "g1" };
                let key = if self.random.once_in(10) {
                    proposer
                } else {
                    key
                };
                by("house", key, vec![op(&format!("approve {id} {proposal}"))])
            }
        }
    }

    fn pick<'a, T>(&mut self, these: &'a [T]) -> Option<&'a T> {
        let count = these.len() as u64;
        let at = (count > 0).then(|| self.random.below(count))?;
        these.get(usize::try_from(at).expect("few"))
    }

    /// A window in one of these states, most of the time the first.
    fn window(&mut self, model: &Model, states: &[&str]) -> u64 {
        let windows = &model.clearing.windows;
        if self.random.once_in(8) {
            return self.random.below(windows.len() as u64 + 1);
        }
        let fit = |window: &Window| states.contains(&window.state);
        let mut fits = windows.iter();
        let at = match self.random.once_in(4) {
            true => fits.rposition(fit),
            false => fits.position(fit),
        };
        at.unwrap_or(0) as u64
    }

    fn window_op(&mut self, model: &Model, date: &dyn Fn(u64) -> String) -> Value {
        let id = self.id("w");
        match self.random.below(8) {
            0..=2 => {
                let window = self.window(model, &["open"]);
                let ahead = if self.random.once_in(4) { 3 } else { 2 };
                let last_day = date(self.random.below(ahead));
                json!({"op": "cut_window", "id": id, "window": window, "last_day": last_day})
            }
            3..=5 => {
                let window = self.window(model, &["cut", "held"]);
                let number = u32::try_from(window).expect("few windows");
                let root = match self.random.once_in(5) {
                    true => "77".repeat(32),
                    false => model.lines_root(number),
                };
                json!({"op": "net_window", "id": id, "window": window, "lines_root": root})
            }
            _ => {
                let window = self.window(model, &["netted"]);
                let count = 3 + u64::from(self.random.once_in(8));
                let hash = "ab".repeat(32);
                json!({"op": "issue_statements", "id": id, "window": window, "count": count,
                       "root": hash, "document_sha256": hash})
            }
        }
    }

    fn payment_op(&mut self, model: &Model) -> Value {
        let id = self.id("y");
        let confirmations = model.confirmations();
        if self.random.once_in(3)
            && let Some(confirmation) = self.pick(&confirmations)
        {
            return json!({"op": "payment_returned", "id": id, "confirmation": confirmation});
        }
        let items = model.clearing.items.iter();
        let open = items.filter(|(_, item)| item.paid.is_none());
        let mut some: Vec<_> = open.map(|(key, item)| (*key, item.cents)).collect();
        if some.is_empty() || self.random.once_in(8) {
            let all = model.clearing.items.iter();
            some = all.map(|(key, item)| (*key, item.cents)).collect();
        }
        if self.random.once_in(3) && some.iter().any(|((_, debtor, _), _)| *debtor == 0) {
            some.retain(|((_, debtor, _), _)| *debtor == 0);
        }
        let Some(((window, debtor, creditor), cents)) = self.pick(&some).copied() else {
            return json!({"op": "payment_returned", "id": id, "confirmation": "nothing"});
        };
        let cents = cents + i128::from(self.random.once_in(12));
        let mut debtor = debtor;
        if self.random.once_in(15) {
            debtor = usize::try_from(self.random.below(4)).expect("few");
        }
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
        let reference = model.reference((window, debtor, creditor));
        let (debtor, creditor) = (&model.names[debtor], &model.names[creditor]);
        json!({"op": "confirm_payment", "id": id, "window": window, "debtor": debtor,
               "creditor": creditor, "currency": "EUR", "amount": amount,
               "reference": reference})
    }

    /// Any dispute, most of the time one that the author answers.
    fn answer_op(&mut self, model: &Model, author: &str) -> Value {
        let id = self.id("d");
        let asked = |counterparty: usize| model.names[counterparty] == author;
        let all = model.clearing.disputes.iter();
        let own = all
            .clone()
            .filter(|(_, dispute)| asked(dispute.counterparty));
        let mut places: Vec<_> = own.map(|(at, _)| *at).collect();
        if self.random.once_in(6) {
            places = all.map(|(at, _)| *at).collect();
        }
        let (entry, place) = self.pick(&places).copied().unwrap_or((1, 0));
        let accepted = self.random.once_in(2);
        json!({"op": "dispute_answer", "id": id, "dispute": {"entry": entry, "op": place},
               "accepted": accepted})
    }

    fn dispute_op(&mut self, model: &Model, author: &str) -> Value {
        let window = self.window(model, &["stated"]);
        // Statements late in the run, too.
        let stated = model.clearing.windows.iter().enumerate();
        let mut stated = stated.filter(|(_, window)| window.state == "stated");
        let window = match stated.next_back() {
            Some((last, _)) if !self.random.once_in(3) => last as u64,
            _ => window,
        };
        match self.random.below(6) {
            0 => {
                let id = self.id("k");
                json!({"op": "statement_acknowledge", "id": id, "window": window})
            }
            1 | 2 => self.answer_op(model, author),
            3 => {
                let id = self.id("d");
                let entry = self.random.below(model.clearing.windows.len() as u64 * 60);
                json!({"op": "dispute_open", "id": id, "window": window,
                       "target": {"entry": entry, "op": 0}, "reason": "other",
                       "evidence_sha256": "cd".repeat(32)})
            }
            _ => {
                let id = self.id("d");
                let of_window = model.clearing.lines.keys();
                let of_window = of_window.filter(|line| u64::from(line.0) == window);
                let party = |at: usize| model.names[at].as_str();
                let mine = |line: &&(u32, usize, usize, u8, usize)| {
                    party(line.1) == author || party(line.2) == author
                };
                let strange = self.random.once_in(6);
                let lines: Vec<_> = of_window.filter(|line| strange || mine(line)).collect();
                let line = self.pick(&lines).map_or((0, 1, 2, 2, 1), |line| **line);
                let (_, debtor, creditor, reason, version) = line;
                let reason = tallyhouse::domain::line::Reason::ALL[usize::from(reason)].as_str();
                json!({"op": "dispute_open", "id": id, "window": window,
                       "line": {"debtor": party(debtor), "creditor": party(creditor),
                                "reason": reason, "price_version": version},
                       "reason": "points_wrong", "evidence_sha256": "cd".repeat(32)})
            }
        }
    }

    /// A release or a resolution, proposed or, once in a while, sent as if one key were enough.
    fn two_key_op(&mut self, model: &Model) -> Value {
        let id = self.id("h");
        let held = model.clearing.windows.iter().any(|w| w.state == "held");
        let action = if held || self.random.once_in(6) {
            let window = self.window(model, &["held"]);
            json!({"op": "window_release", "window": window})
        } else {
            let places: Vec<_> = model.clearing.disputes.keys().copied().collect();
            let (entry, place) = self.pick(&places).copied().unwrap_or((1, 0));
            let dispute = json!({"entry": entry, "op": place});
            if self.random.once_in(2) {
                json!({"op": "dispute_resolve", "dispute": dispute, "upheld": false})
            } else {
                let (debtor, creditor) = (self.random.of(&PARTNERS), "house");
                let amount = format!("{}.50", self.random.below(4));
                json!({"op": "dispute_resolve", "dispute": dispute, "upheld": true,
                       "debtor": debtor, "creditor": creditor, "amount": amount})
            }
        };
        if self.random.once_in(12) {
            let mut alone = action;
            alone["id"] = json!(id);
            return alone;
        }
        json!({"op": "propose", "id": id, "action": action})
    }
}
