//! An independent model of the rules: plain vectors and sums, written from `schemas/README.md`.
//!
//! Must not: call the domain. Where it and the ledger disagree, one of them has a bug.

#[path = "clearing.rs"]
pub mod clearing;

use clearing::{CENT, Clearing, ItemKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const DAY_US: u64 = 86_400_000_000;
/// 1 point at a price of 1, as books count money.
const EXACT: f64 = 100_000_000.0;

/// Entry and place of an op.
pub type At = (u64, u16);

/// Points of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slice {
    pub exp: i64,
    pub first: At,
    pub issuer: usize,
    pub issued: i64,
    pub act: i64,
    pub ver: usize,
    pub n: u64,
}

impl Slice {
    fn like(&self, other: &Slice) -> bool {
        (self.exp, self.issuer, self.issued, self.act, self.ver)
            == (other.exp, other.issuer, other.issued, other.act, other.ver)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    pub deadline: u64,
    pub at: At,
    pub slices: Vec<Slice>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    pub frozen: bool,
    pub lots: Vec<Slice>,
    pub pending: Vec<Slice>,
    pub holds: Vec<Hold>,
    /// Issuer, version, points.
    pub debts: Vec<(usize, usize, u64)>,
    burned: (u64, u64),
}

#[derive(Debug, Clone)]
enum Kind {
    Other,
    Hold(String),
    Issue(String, Slice, u64),
    Spend(String, Vec<Slice>, usize, u64),
    Payment(ItemKey),
}

/// What an op makes one party owe another.
#[derive(Debug, Clone)]
struct Owed {
    debtor: usize,
    creditor: usize,
    reason: u8,
    version: usize,
    count: i128,
    exact: i128,
}

#[derive(Debug, Clone)]
struct Done {
    fields: Value,
    at: At,
    time: u64,
    kind: Kind,
}

/// The whole state, as the model sees it.
#[derive(Debug, Clone)]
pub struct Model {
    pub pool: bool,
    pub debt: bool,
    offset_min: i64,
    /// Issue price, burn price, issue fee, burn fee of each version, in exact units.
    prices: Vec<[i128; 4]>,
    pub names: Vec<String>,
    pub net: Vec<i128>,
    pub accounts: BTreeMap<String, Account>,
    done: BTreeMap<(usize, String), Done>,
    proposals: BTreeMap<String, (Value, String, u64)>,
    suspended: Vec<bool>,
    limits: Vec<Option<u64>>,
    burned: Vec<(u64, u64)>,
    grace: i64,
    life: i64,
    transfers: bool,
    keys: BTreeMap<(usize, String), bool>,
    publics: BTreeSet<String>,
    // Of the op under way.
    time: u64,
    at: At,
    author: usize,
    key: String,
    lines: Vec<Owed>,
    pub clearing: Clearing,
}

type Outcome = Result<(), &'static str>;

fn refuse(refused: bool, code: &'static str) -> Outcome {
    if refused { Err(code) } else { Ok(()) }
}

fn text<'a>(op: &'a Value, name: &str) -> &'a str {
    op[name].as_str().unwrap_or_default()
}

fn days(text: &str) -> i64 {
    let number = |at: std::ops::Range<usize>| text[at].parse::<i64>().expect("digits");
    // Days from the civil date, after Howard Hinnant.
    let (y, m, d) = (number(0..4), number(5..7), number(8..10));
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (m + if m > 2 { -3 } else { 9 }) + 2) / 5 + d - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "prices of the tests have few decimals"
)]
fn exact(price: &Value) -> i128 {
    let price: f64 = price.as_str().expect("a price").parse().expect("a number");
    (price * EXACT).round() as i128
}

fn add(lots: &mut Vec<Slice>, slice: Slice) {
    let mut slice = slice;
    if let Some(at) = lots.iter().position(|lot| lot.like(&slice)) {
        let old = lots.remove(at);
        slice.n += old.n;
        slice.first = slice.first.min(old.first);
    }
    lots.push(slice);
    lots.sort();
}

fn take(lots: &mut Vec<Slice>, n: u64, good: impl Fn(&Slice) -> bool) -> Vec<Slice> {
    let mut left = n;
    let mut taken = Vec::new();
    for lot in lots.iter_mut().filter(|lot| good(lot)) {
        let part = lot.n.min(left);
        if part > 0 {
            taken.push(Slice {
                n: part,
                ..lot.clone()
            });
            lot.n -= part;
            left -= part;
        }
    }
    lots.retain(|lot| lot.n > 0);
    taken
}

fn sum(slices: &[Slice]) -> u64 {
    slices.iter().map(|slice| slice.n).sum()
}

impl Model {
    pub fn new(pool: bool, debt: bool, offset_min: i64, life: i64) -> Self {
        let mut model = Self {
            pool,
            debt,
            offset_min,
            prices: Vec::new(),
            names: Vec::new(),
            net: Vec::new(),
            accounts: BTreeMap::new(),
            done: BTreeMap::new(),
            proposals: BTreeMap::new(),
            suspended: Vec::new(),
            limits: Vec::new(),
            burned: Vec::new(),
            grace: 30,
            life,
            transfers: true,
            keys: BTreeMap::new(),
            publics: BTreeSet::new(),
            time: 0,
            at: (0, 0),
            author: 0,
            key: String::new(),
            lines: Vec::new(),
            clearing: Clearing::new(days(&crate::house::START[..10])),
        };
        model.register("house");
        for key in ["g1", "g2", "o1"] {
            model.keys.insert((0, key.to_owned()), true);
            model
                .publics
                .insert(crate::house::public(&format!("house/{key}")));
        }
        model
    }

    fn register(&mut self, name: &str) {
        self.names.push(name.to_owned());
        self.net.push(0);
        self.suspended.push(false);
        self.limits.push(None);
        self.burned.push((0, 0));
    }

    fn party(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Whether a key was registered and is not revoked.
    pub fn key_is_good(&self, author: &str, key: &str) -> bool {
        let party = self.party(author).expect("a known author");
        self.keys.get(&(party, key.to_owned())) == Some(&true)
    }

    /// Whether a key was ever registered.
    pub fn key_is_known(&self, author: &str, key: &str) -> bool {
        let party = self.party(author).expect("a known author");
        self.keys.contains_key(&(party, key.to_owned()))
    }

    /// What is out of an issuer's points, by version.
    pub fn outstanding(&self, issuer: usize) -> BTreeMap<usize, u64> {
        let mut sums = BTreeMap::new();
        for account in self.accounts.values() {
            let held = account.holds.iter().flat_map(|hold| &hold.slices);
            let all = account.lots.iter().chain(&account.pending).chain(held);
            for slice in all.filter(|slice| slice.issuer == issuer) {
                *sums.entry(slice.ver).or_insert(0) += slice.n;
            }
        }
        sums
    }

    /// The ids of an author's applied ops of a kind that a later op may name.
    pub fn named(&self, author: &str) -> Vec<String> {
        let party = self.party(author).expect("a known author");
        let own = self.done.iter().filter(|((owner, _), _)| *owner == party);
        own.filter(|(_, done)| !matches!(done.kind, Kind::Other | Kind::Payment(_)))
            .map(|((_, id), _)| id.clone())
            .collect()
    }

    /// The ids of open proposals.
    pub fn open(&self) -> Vec<String> {
        self.proposals.keys().cloned().collect()
    }

    /// Executes a submission and returns one outcome per op.
    pub fn submit(
        &mut self,
        (author, key): (&str, &str),
        atomic: bool,
        ops: &[Value],
        (entry, time): (u64, u64),
    ) -> Vec<&'static str> {
        let before = atomic.then(|| self.clone());
        (self.time, self.key) = (time, key.to_owned());
        self.author = self.party(author).expect("a known author");
        let mut outcomes = Vec::new();
        for (place, op) in ops.iter().enumerate() {
            self.at = (entry, u16::try_from(place).expect("few ops"));
            let outcome = self.one(op).err().unwrap_or("applied");
            outcomes.push(outcome);
            if let (Some(before), true) = (&before, outcome != "applied") {
                let aborted = |at| {
                    if at == place {
                        outcome
                    } else {
                        "batch_aborted"
                    }
                };
                *self = before.clone();
                return (0..ops.len()).map(aborted).collect();
            }
        }
        outcomes
    }

    fn one(&mut self, op: &Value) -> Outcome {
        let id = (self.author, text(op, "id").to_owned());
        if let Some(done) = self.done.get(&id) {
            return Err(if done.fields == *op {
                "duplicate"
            } else {
                "op_id_reused"
            });
        }
        self.lines.clear();
        let kind = self.act(op)?;
        for owed in std::mem::take(&mut self.lines) {
            self.net[owed.debtor] -= owed.exact;
            self.net[owed.creditor] += owed.exact;
            let parties = (owed.debtor, owed.creditor);
            let window = self.clearing.open();
            let line = (window, parties.0, parties.1, owed.reason, owed.version);
            *self.clearing.lines.entry(line).or_insert(0) += owed.count;
        }
        let (fields, at, time) = (op.clone(), self.at, self.time);
        self.done.insert(
            id,
            Done {
                fields,
                at,
                time,
                kind,
            },
        );
        Ok(())
    }

    fn act(&mut self, op: &Value) -> Result<Kind, &'static str> {
        match text(op, "op") {
            "issue" => self.issue(op),
            "burn" => self.burn(op, false),
            "hold" => self.burn(op, true),
            "capture" => self.capture(op),
            "release" => self.release(op),
            "reverse" => self.reverse(op),
            "transfer" => self.transfer(op),
            _ => match self.clear(op) {
                Some(cleared) => cleared,
                None => self.govern(op).map(|()| Kind::Other),
            },
        }
    }

    fn day(&self, time: u64) -> i64 {
        let seconds = i64::try_from(time / 1_000_000).expect("a time");
        (seconds + self.offset_min * 60).div_euclid(86_400)
    }

    fn today(&self) -> i64 {
        self.day(self.time)
    }

    /// The row in force: everybody has the same.
    fn version(&self) -> usize {
        self.prices.len()
    }

    /// The price of a reason's lines: of the issue, the burn, or a fee on either.
    fn price(&self, reason: u8, version: usize) -> i128 {
        let what = match reason {
            0 | 1 => 0,
            2 | 3 => 1,
            4 | 5 => 2,
            6 | 7 => 3,
            _ if self.pool => 0,
            _ => 1,
        };
        self.prices[version - 1][what]
    }

    fn owe(&mut self, debtor: usize, creditor: usize, reason: u8, version: usize, n: u64) {
        let (count, price) = (i128::from(n), self.price(reason, version));
        if debtor != creditor && n > 0 && price > 0 {
            self.lines.push(Owed {
                debtor,
                creditor,
                reason,
                version,
                count,
                exact: price * count,
            });
        }
    }

    fn owe_amount(&mut self, debtor: usize, creditor: usize, exact: i128) {
        self.lines.push(Owed {
            debtor,
            creditor,
            reason: 9,
            version: 0,
            count: exact / CENT,
            exact,
        });
    }

    /// A member with its time settled.
    fn settled(&mut self, member: &str) -> Account {
        let mut account = self.accounts.get(member).cloned().unwrap_or_default();
        let (now, today) = (self.time, self.today());
        account.holds.sort_by_key(|hold| (hold.deadline, hold.at));
        for hold in account.holds.extract_if(.., |hold| hold.deadline <= now) {
            for slice in hold.slices {
                add(&mut account.lots, slice);
            }
        }
        let arrived: Vec<_> = account
            .pending
            .extract_if(.., |lot| lot.act <= today)
            .collect();
        for lot in arrived {
            self.arrive(&mut account, lot);
        }
        account
    }

    fn arrive(&mut self, account: &mut Account, slice: Slice) {
        let mut slice = slice;
        for (issuer, ver, owed) in &mut account.debts {
            let paid = slice.n.min(*owed);
            *owed -= paid;
            slice.n -= paid;
            if self.pool {
                self.owe(0, *issuer, 8, *ver, paid);
            } else {
                self.owe(slice.issuer, *issuer, 8, slice.ver, paid);
            }
        }
        account.debts.retain(|(_, _, owed)| *owed > 0);
        if slice.n > 0 {
            add(&mut account.lots, slice);
        }
    }

    fn points(op: &Value) -> Result<u64, &'static str> {
        op["points"]
            .as_u64()
            .filter(|n| *n > 0)
            .ok_or("points_out_of_range")
    }

    fn issue(&mut self, op: &Value) -> Result<Kind, &'static str> {
        refuse(self.suspended[self.author], "partner_suspended")?;
        let n = Self::points(op)?;
        let (member, today) = (text(op, "member").to_owned(), self.today());
        let date = |name: &str, or| op[name].as_str().map_or(or, days);
        let act = date("activates_on", today);
        let exp = date("expires_on", act + self.life);
        refuse(act < today || exp < act, "lot_dates_invalid")?;
        let (issuer, ver) = (self.author, self.version());
        let slice = Slice {
            exp,
            first: self.at,
            issuer,
            issued: today,
            act,
            ver,
            n,
        };
        if self.pool {
            self.owe(issuer, 0, 0, ver, n);
        }
        self.owe(issuer, 0, 4, ver, n);
        let mut account = self.settled(&member);
        if act > today {
            add(&mut account.pending, slice.clone());
        } else {
            self.arrive(&mut account, slice.clone());
        }
        self.accounts.insert(member.clone(), account);
        Ok(Kind::Issue(member, slice, 0))
    }

    fn burn(&mut self, op: &Value, hold: bool) -> Result<Kind, &'static str> {
        refuse(self.suspended[self.author], "partner_suspended")?;
        let member = text(op, "member").to_owned();
        let known = self.accounts.get(&member);
        refuse(known.is_some_and(|account| account.frozen), "member_frozen")?;
        refuse(known.is_none(), "member_unknown")?;
        let mut n = Self::points(op)?;
        let mut account = self.settled(&member);
        let today = self.today();
        let good = |lot: &Slice| lot.exp >= today;
        let available: u64 = account.lots.iter().filter(|l| good(l)).map(|l| l.n).sum();
        if op["allow_partial"] == Value::Bool(true) {
            n = n.min(available);
        }
        refuse(n == 0 || n > available, "insufficient_points")?;
        let utc_day = self.time / DAY_US;
        let counted = |(day, count): (u64, u64)| if day == utc_day { count + n } else { n };
        let count = counted(self.burned[self.author]);
        refuse(
            self.limits[self.author].is_some_and(|max| count > max),
            "velocity_limit",
        )?;
        self.burned[self.author] = (utc_day, count);
        account.burned = (utc_day, counted(account.burned));
        let slices = take(&mut account.lots, n, good);
        let kind = if hold {
            let deadline = self.time + op["ttl_s"].as_u64().expect("seconds") * 1_000_000;
            account.holds.push(Hold {
                deadline,
                at: self.at,
                slices,
            });
            Kind::Hold(member.clone())
        } else {
            self.spent(&slices);
            Kind::Spend(member.clone(), slices, self.version(), 0)
        };
        self.accounts.insert(member, account);
        Ok(kind)
    }

    fn spent(&mut self, slices: &[Slice]) {
        let (burner, ver) = (self.author, self.version());
        for slice in slices {
            match self.pool {
                true => self.owe(0, burner, 2, ver, slice.n),
                false => self.owe(slice.issuer, burner, 2, slice.ver, slice.n),
            }
            self.owe(burner, 0, 6, ver, slice.n);
        }
    }

    fn held(&mut self, op: &Value) -> Result<(String, Account, Option<Hold>), &'static str> {
        let target = (self.author, text(op, "hold").to_owned());
        let done = self.done.get(&target).ok_or("target_not_found")?.clone();
        let Kind::Hold(member) = done.kind else {
            return Err("target_not_found");
        };
        let mut account = self.settled(&member);
        let place = account.holds.iter().position(|hold| hold.at == done.at);
        let hold = place.map(|at| account.holds.remove(at));
        Ok((member, account, hold))
    }

    fn capture(&mut self, op: &Value) -> Result<Kind, &'static str> {
        let n = Self::points(op)?;
        let (member, mut account, hold) = self.held(op)?;
        let mut slices = hold.ok_or("hold_not_active")?.slices;
        refuse(n > sum(&slices), "exceeds_hold")?;
        let burned = take(&mut slices, n, |_| true);
        for slice in slices {
            add(&mut account.lots, slice);
        }
        self.spent(&burned);
        self.accounts.insert(member.clone(), account);
        Ok(Kind::Spend(member, burned, self.version(), 0))
    }

    fn release(&mut self, op: &Value) -> Result<Kind, &'static str> {
        let (member, mut account, hold) = self.held(op)?;
        for slice in hold.ok_or("hold_not_active")?.slices {
            add(&mut account.lots, slice);
        }
        self.accounts.insert(member, account);
        Ok(Kind::Other)
    }

    fn reverse(&mut self, op: &Value) -> Result<Kind, &'static str> {
        let n = Self::points(op)?;
        let target = (self.author, text(op, "target").to_owned());
        let done = self.done.get(&target).ok_or("target_not_found")?.clone();
        refuse(
            self.time > done.time + 400 * DAY_US,
            "target_not_reversible",
        )?;
        let kind = match done.kind {
            Kind::Issue(member, slice, reversed) => self.take_back(n, member, slice, reversed)?,
            Kind::Spend(member, slices, ver, reversed) => {
                self.restore(n, member, slices, ver, reversed)?
            }
            Kind::Hold(_) | Kind::Payment(_) | Kind::Other => return Err("target_not_reversible"),
        };
        self.done.get_mut(&target).expect("it was there").kind = kind;
        Ok(Kind::Other)
    }

    fn take_back(
        &mut self,
        n: u64,
        member: String,
        slice: Slice,
        reversed: u64,
    ) -> Result<Kind, &'static str> {
        refuse(n > slice.n - reversed, "exceeds_remaining")?;
        let mut account = self.settled(&member);
        let mut got = sum(&take(&mut account.lots, n, |lot| lot.like(&slice)));
        got += sum(&take(&mut account.pending, n - got, |lot| lot.like(&slice)));
        let mut counted = n;
        if self.debt {
            if n > got {
                let alike =
                    |debt: &&mut (usize, usize, u64)| (debt.0, debt.1) == (slice.issuer, slice.ver);
                match account.debts.last_mut().filter(alike) {
                    Some(last) => last.2 += n - got,
                    None => account.debts.push((slice.issuer, slice.ver, n - got)),
                }
            }
        } else {
            refuse(got == 0, "insufficient_points")?;
            counted = got;
        }
        if self.pool {
            self.owe(0, slice.issuer, 1, slice.ver, got);
        }
        self.owe(0, slice.issuer, 5, slice.ver, got);
        self.accounts.insert(member.clone(), account);
        Ok(Kind::Issue(member, slice, reversed + counted))
    }

    fn restore(
        &mut self,
        n: u64,
        member: String,
        slices: Vec<Slice>,
        ver: usize,
        reversed: u64,
    ) -> Result<Kind, &'static str> {
        let all = sum(&slices);
        refuse(n > all - reversed, "exceeds_remaining")?;
        let mut account = self.settled(&member);
        // What is left are the first points; the last of those come back first.
        let mut left = slices.clone();
        let keep = take(&mut left, all - reversed, |_| true);
        let mut rest = n;
        for slice in keep.into_iter().rev() {
            let part = slice.n.min(rest);
            rest -= part;
            if part == 0 {
                continue;
            }
            let exp = slice.exp.max(self.today() + self.grace);
            let first = if exp == slice.exp {
                slice.first
            } else {
                self.at
            };
            let (issuer, issue_ver) = (slice.issuer, slice.ver);
            self.arrive(
                &mut account,
                Slice {
                    exp,
                    first,
                    n: part,
                    ..slice
                },
            );
            match self.pool {
                true => self.owe(self.author, 0, 3, ver, part),
                false => self.owe(self.author, issuer, 3, issue_ver, part),
            }
            self.owe(0, self.author, 7, ver, part);
        }
        self.accounts.insert(member.clone(), account);
        Ok(Kind::Spend(member, slices, ver, reversed + n))
    }

    fn transfer(&mut self, op: &Value) -> Result<Kind, &'static str> {
        refuse(self.suspended[self.author], "partner_suspended")?;
        let (from, to) = (text(op, "from").to_owned(), text(op, "to").to_owned());
        let frozen = |id| self.accounts.get(id).is_some_and(|account| account.frozen);
        refuse(frozen(&to) || frozen(&from), "member_frozen")?;
        refuse(!self.accounts.contains_key(&from), "member_unknown")?;
        refuse(!self.transfers, "transfer_not_allowed")?;
        let n = Self::points(op)?;
        let mut giver = self.settled(&from);
        let today = self.today();
        let slices = take(&mut giver.lots, n, |lot| lot.exp >= today);
        refuse(sum(&slices) < n, "insufficient_points")?;
        let mut taker = self.settled(&to);
        for slice in slices {
            self.arrive(&mut taker, slice);
        }
        self.accounts.insert(from, giver);
        self.accounts.insert(to, taker);
        Ok(Kind::Other)
    }

    fn govern(&mut self, op: &Value) -> Outcome {
        match text(op, "op") {
            "partner_set" => {
                let name = text(op, "partner");
                if self.party(name).is_none() {
                    self.register(name);
                }
                let party = self.party(name).expect("registered");
                self.suspended[party] = text(op, "status") == "suspended";
                Ok(())
            }
            "member_freeze" | "member_unfreeze" => {
                let member = text(op, "member");
                refuse(!self.accounts.contains_key(member), "member_unknown")?;
                let mut account = self.settled(member);
                account.frozen = text(op, "op") == "member_freeze";
                self.accounts.insert(member.to_owned(), account);
                Ok(())
            }
            "expire" => self.expire(days(text(op, "up_to"))),
            "key_add" if self.author == 0 => Err("approval_required"),
            "key_add" => self.key_add(op, self.author),
            "key_revoke" => self.key_revoke(op),
            "propose" => {
                let proposal = (op["action"].clone(), self.key.clone(), self.time);
                self.proposals.insert(text(op, "id").to_owned(), proposal);
                Ok(())
            }
            "approve" => {
                let id = text(op, "proposal").to_owned();
                let Some((action, proposer, _)) = self.proposals.get(&id).cloned() else {
                    let used = self.done.contains_key(&(0, id));
                    return Err(if used {
                        "proposal_not_open"
                    } else {
                        "target_not_found"
                    });
                };
                refuse(proposer == self.key, "approver_not_other")?;
                self.approved(&action)?;
                self.proposals.remove(&id);
                Ok(())
            }
            _ => Err("approval_required"),
        }
    }

    fn key_add(&mut self, op: &Value, party: usize) -> Outcome {
        let (key, public) = (
            text(op, "key").to_owned(),
            text(op, "public_key").to_owned(),
        );
        let known = self.keys.contains_key(&(party, key.clone()));
        refuse(known || self.publics.contains(&public), "key_exists")?;
        self.keys.insert((party, key), true);
        self.publics.insert(public);
        Ok(())
    }

    fn key_revoke(&mut self, op: &Value) -> Outcome {
        let party = op["author"]
            .as_str()
            .map_or(Some(self.author), |name| self.party(name));
        let party = party.ok_or("partner_unknown")?;
        let key = (party, text(op, "key").to_owned());
        refuse(self.keys.get(&key) != Some(&true), "key_not_active")?;
        // The house has two keys that govern and one that operates, and the tests add none.
        refuse(party == 0, "keys_insufficient")?;
        self.keys.insert(key, false);
        Ok(())
    }

    fn approved(&mut self, action: &Value) -> Outcome {
        match text(action, "op") {
            "price_set" => {
                let row = &action["default"];
                let names = ["issue_price", "burn_price", "issue_fee", "burn_fee"];
                self.prices.push(names.map(|name| exact(&row[name])));
                Ok(())
            }
            "limit_set" => {
                let party = self
                    .party(text(action, "partner"))
                    .ok_or("partner_unknown")?;
                self.limits[party] = action["burn_points_per_day"].as_u64();
                Ok(())
            }
            "programme_set" => {
                self.grace = action["grace_days"].as_i64().unwrap_or(self.grace);
                self.transfers = action["transfer_allowed"]
                    .as_bool()
                    .unwrap_or(self.transfers);
                self.set_clearing(action);
                Ok(())
            }
            "rules_upgrade" => Err("rules_version_unknown"),
            "window_release" | "dispute_resolve" => self.approved_clearing(action),
            "key_add" => {
                let party = self
                    .party(text(action, "author"))
                    .ok_or("partner_unknown")?;
                self.key_add(action, party)
            }
            _ => self.adjust(action),
        }
    }

    fn adjust(&mut self, op: &Value) -> Outcome {
        let earlier = op["corrects"]["entry"].as_u64() < Some(self.at.0);
        if text(op, "kind") == "amount" {
            refuse(!earlier, "target_not_found")?;
            let debtor = self.party(text(op, "debtor")).ok_or("partner_unknown")?;
            let creditor = self.party(text(op, "creditor")).ok_or("partner_unknown")?;
            self.owe_amount(debtor, creditor, exact(&op["amount"]));
            return Ok(());
        }
        let member = text(op, "member").to_owned();
        refuse(!self.accounts.contains_key(&member), "member_unknown")?;
        let n = Self::points(op)?;
        refuse(!earlier, "target_not_found")?;
        let issuer = self.party(text(op, "issuer")).ok_or("partner_unknown")?;
        let mut account = self.settled(&member);
        let today = self.today();
        if text(op, "kind") == "credit" {
            let exp = today + self.life;
            let (first, ver) = (self.at, self.version());
            let slice = Slice {
                exp,
                first,
                issuer,
                issued: today,
                act: today,
                ver,
                n,
            };
            self.arrive(&mut account, slice);
        } else {
            let good = |lot: &Slice| lot.issuer == issuer && lot.exp >= today;
            let taken = take(&mut account.lots, n, good);
            refuse(sum(&taken) < n, "insufficient_points")?;
        }
        self.accounts.insert(member, account);
        Ok(())
    }

    fn expire(&mut self, up_to: i64) -> Outcome {
        refuse(up_to >= self.today(), "expire_not_due")?;
        let ids: Vec<String> = self.accounts.keys().cloned().collect();
        for id in ids {
            let account = &self.accounts[&id];
            let lots = account
                .lots
                .iter()
                .chain(&account.pending)
                .map(|lot| lot.exp);
            let held = account.holds.iter().flat_map(|hold| {
                let day = self.day(hold.deadline);
                hold.slices.iter().map(move |slice| slice.exp.max(day))
            });
            let due = lots.chain(held).filter(|day| *day <= up_to).max();
            let Some(due) = due else { continue };
            let mut account = self.settled(&id);
            account.lots.retain(|lot| lot.exp > due);
            self.accounts.insert(id, account);
        }
        Ok(())
    }
}
