//! What partners and house send: ops of every kind, most of them sensible, some not.

use super::model::Model;
use super::random::Random;
use crate::house::{PARTNERS, op};
use serde_json::Value;

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
        let action = match random.below(7) {
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
            5 => {
                let kind = random.of(&["credit", "debit"]);
                format!("adjust {kind} 1/0 member={member} issuer={partner} points={points}")
            }
            _ => format!("adjust amount 1/0 debtor={partner} creditor=house amount={points}.25"),
        };
        format!("propose {id} {action}")
    }
}
