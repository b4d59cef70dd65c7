//! A ledger on memory stores against an independent model, through faults and crashes.
//!
//! Groups of signed submissions are sent together, so that the ledger makes batches of its own;
//! their order is that of sending, so the entries follow from the seed whatever the batches were.

#[path = "simulation/desk.rs"]
pub mod desk;
#[path = "simulation/model.rs"]
mod model;
#[path = "simulation/random.rs"]
mod random;
#[path = "simulation/recovery.rs"]
mod recovery;
#[path = "simulation/rotation.rs"]
mod rotation;
#[path = "simulation/workload.rs"]
mod workload;

use crate::house::{self, ISSUER_PAYS, ISSUER_PAYS_DEBT, POOL, POOL_DEBT, Setup};
use desk::Desk;
use model::Model;
use serde_json::Value;
use std::collections::BTreeSet;
use tallyhouse::domain::time::{Day, Micros};
use tallyhouse::ledger::commit::{Acknowledged, Unacknowledged};
use tallyhouse::ledger::memory::Fault;
use workload::Workload;

/// What the model says of a submission.
enum Expected {
    Entry {
        index: u64,
        outcomes: Vec<&'static str>,
    },
    Known(u64),
    Declined(&'static str),
}

struct Sent {
    compact: String,
    expected: Expected,
}

struct Simulation {
    desk: Desk,
    model: Model,
    workload: Workload,
    offset_min: i16,
    size: u64,
    last_time: u64,
    clock: u64,
    sent: Vec<(String, u64)>,
    faults: u64,
    entries: u64,
    seen: BTreeSet<&'static str>,
}

impl Simulation {
    fn start(setup: Setup, seed: u64) -> Self {
        let setup = Setup {
            utc_offset_min: 60,
            ..setup
        };
        let start = Micros::parse(house::START).expect("an instant").0;
        let model = Model::new(
            setup.model == "pool",
            setup.clawback == "member_debt",
            setup.utc_offset_min.into(),
            365,
        );
        let mut simulation = Self {
            desk: Desk::found(&setup),
            model,
            workload: Workload::new(seed),
            offset_min: setup.utc_offset_min,
            size: 1,
            last_time: start,
            clock: start,
            sent: Vec::new(),
            faults: 0,
            entries: 0,
            seen: BTreeSet::new(),
        };
        for (author, sentence) in house::opening() {
            let sent = simulation.make(&house::kid_of(author), false, &[house::op(&sentence)]);
            simulation.send(&[sent]);
        }
        for (author, sentence) in clearing_keys() {
            let sent = simulation.make(author, false, &[house::op(&sentence)]);
            simulation.send(&[sent]);
        }
        simulation
    }

    /// Signs a submission, and asks the model what will become of it.
    fn make(&mut self, kid: &str, atomic: bool, ops: &[Value]) -> Sent {
        let mode = if atomic { "atomic" } else { "independent" };
        let time = self.clock.max(self.last_time + 1);
        let valid_until = Micros(time).plus_seconds(60);
        let id = format!("s{}", self.workload.random.next());
        let payload = house::submission(&id, mode, valid_until, ops);
        let compact = house::envelope(kid, &payload);
        let (author, key) = kid.split_once('/').expect("a kid");
        let expected = if self.model.key_is_good(author, key) {
            let at = (self.size, time);
            let outcomes = self.model.submit((author, key), atomic, ops, at);
            let index = self.size;
            (self.size, self.last_time) = (self.size + 1, time);
            self.sent.push((compact.clone(), index));
            Expected::Entry { index, outcomes }
        } else {
            Expected::Declined("key")
        };
        Sent { compact, expected }
    }

    fn group(&mut self) -> Vec<Sent> {
        let count = 1 + self.workload.random.below(12);
        let mut group = Vec::new();
        for _ in 0..count {
            let today = Micros(self.clock).day(self.offset_min).0;
            let date = |ahead: u64| {
                let ahead = i32::try_from(ahead).expect("few days");
                Day(today - 1 + ahead).to_string()
            };
            let wanted = self.workload.next(&self.model, &date);
            let kid = format!("{}/{}", wanted.author, wanted.key);
            group.push(self.make(&kid, wanted.atomic, &wanted.ops));
            if wanted.ops[0]["op"] == "key_add" {
                // An envelope is opened with the keys that are durable by then.
                break;
            }
            // Anything sent before may be sent again, and an id may be used again.
            if self.workload.random.once_in(10) {
                let at = self.workload.random.below(self.sent.len() as u64);
                let (compact, index) = self.sent[usize::try_from(at).expect("few")].clone();
                group.push(Sent {
                    compact,
                    expected: Expected::Known(index),
                });
            }
            if self.workload.random.once_in(25) {
                group.push(self.reuse());
            }
        }
        group
    }

    /// An accepted submission's id with other bytes.
    fn reuse(&mut self) -> Sent {
        let (compact, _) = self.sent.last().expect("something was sent").clone();
        let jws = tallyhouse::proof::jws::Jws::parse(
            compact.as_bytes(),
            tallyhouse::proof::jws::Typ::Submission,
        );
        let jws = jws.expect("our own envelope");
        let mut payload: Value = serde_json::from_slice(&jws.payload).expect("JSON");
        payload["ops"][0]["id"] = serde_json::json!("other");
        let compact = house::envelope(jws.kid.as_str(), payload.to_string().as_bytes());
        Sent {
            compact,
            expected: Expected::Declined("reused"),
        }
    }

    /// Sends a group until all of it is answered, through any number of stops.
    fn send(&mut self, group: &[Sent]) {
        self.desk.set_clock(self.clock);
        let compacts: Vec<&str> = group.iter().map(|sent| sent.compact.as_str()).collect();
        for _ in 0..4 {
            let answers = self.desk.submit(&compacts);
            let stopped = answers
                .iter()
                .any(|a| matches!(a, Err(Unacknowledged::Stopped)));
            for (sent, answer) in group.iter().zip(&answers) {
                self.check_answer(sent, answer);
            }
            if !stopped {
                return;
            }
            assert!(
                self.desk.ledger.stop_reason().is_some(),
                "a stop has a reason"
            );
            self.desk.crash();
            self.desk.open(self.clock).expect("it recovers");
        }
        panic!("a fault is injected once");
    }

    fn check_answer(&mut self, sent: &Sent, answer: &Result<Acknowledged, Unacknowledged>) {
        match (&sent.expected, answer) {
            (_, Err(Unacknowledged::Stopped)) => self.faults += 1,
            (Expected::Entry { index, outcomes }, Ok(Acknowledged::New(evidence))) => {
                assert_eq!(
                    evidence.index, *index,
                    "entries come in the order of sending"
                );
                assert_eq!(
                    self.desk.outcomes(&evidence.record),
                    *outcomes,
                    "entry {index}"
                );
                self.desk.check_evidence(evidence);
                self.entries += 1;
                self.seen.extend(outcomes);
            }
            // Sent again after a stop that kept it: it has its first answer, effects and all.
            (Expected::Entry { index, outcomes }, Ok(Acknowledged::Known(known))) => {
                assert_eq!(known, index);
                let evidence = self.desk.evidence(*known);
                assert_eq!(
                    self.desk.outcomes(&evidence.record),
                    *outcomes,
                    "entry {index}"
                );
                self.desk.check_evidence(&evidence);
            }
            (Expected::Known(index), Ok(Acknowledged::Known(known))) => assert_eq!(known, index),
            (Expected::Declined(why), Err(Unacknowledged::Declined(declined))) => {
                let said = declined.to_string();
                let word = if *why == "key" {
                    "key is not valid"
                } else {
                    "used before"
                };
                assert!(said.contains(word), "{said}");
            }
            (_, answer) => panic!("not what the model says: {answer:?}"),
        }
    }

    fn run(&mut self, groups: u64) {
        for at in 0..groups {
            let step = self.workload.random.below(40_000_000_000);
            self.clock += if self.workload.random.once_in(3) {
                step
            } else {
                step % 1_000_000
            };
            if step.is_multiple_of(2) {
                self.desk.ledger.flush();
            }
            if self.workload.random.once_in(4) {
                self.desk.store.sync_state();
            }
            if self.workload.random.once_in(5) {
                let past = self.size + self.workload.random.below(8);
                let faults = [&Fault::Refuse, &Fault::UncertainLost, &Fault::UncertainKept];
                let fault = *self.workload.random.of(&faults);
                self.desk.store.fail_append_past(past, fault);
            }
            let group = self.group();
            self.send(&group);
            if self.workload.random.once_in(10) {
                self.desk.crash();
                self.desk.open(self.clock).expect("it recovers");
            }
            if at % 10 == 0 {
                self.desk.check_state(&self.model, self.size);
            }
        }
        self.desk.check_state(&self.model, self.size);
    }
}

/// The keys that clearing takes beside those of the opening.
fn clearing_keys() -> Vec<(&'static str, String)> {
    let pay = "propose pay key_add y1 author=house public=house/y1 scopes=pay";
    let key =
        |partner: &str| format!("key_add statements st public={partner}/st scopes=statements");
    vec![
        ("house/g1", pay.to_owned()),
        ("house/g2", "approve ok-pay pay".to_owned()),
        ("bakery/k1", key("bakery")),
        ("cinema/k1", key("cinema")),
        ("florist/k1", key("florist")),
    ]
}

fn simulate(setup: Setup, seed: u64, groups: u64) -> Simulation {
    let mut simulation = Simulation::start(setup, seed);
    simulation.run(groups);
    assert!(simulation.faults > 0 && simulation.entries > groups);
    simulation.desk.audit();
    simulation
}

/// Simulates several seeds, and checks that they met nearly every outcome.
fn simulate_all(setups: [Setup; 2], seeds: std::ops::Range<u64>) {
    let mut seen = BTreeSet::new();
    for seed in seeds {
        for setup in setups {
            seen.extend(simulate(setup, seed, 120).seen);
        }
    }
    let rare = "applied duplicate op_id_reused batch_aborted partner_suspended member_frozen \
        member_unknown transfer_not_allowed points_out_of_range lot_dates_invalid \
        target_not_found target_not_reversible exceeds_remaining hold_not_active exceeds_hold \
        insufficient_points velocity_limit approval_required key_exists proposal_not_open \
        approver_not_other rules_version_unknown window_not_open window_days_invalid \
        window_unknown window_held window_not_cut window_out_of_order window_not_held \
        window_not_netted statements_mismatch window_not_stated payment_unknown \
        payment_not_open payment_mismatch collection_open payment_not_confirmed \
        dispute_too_late disputed_unknown dispute_unknown dispute_not_open answer_too_late \
        answer_pending already_acknowledged";
    let missing: Vec<_> = rare
        .split(' ')
        .filter(|code| !seen.contains(code))
        .collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}

#[test]
fn the_ledger_agrees_with_the_model_through_faults_under_issuer_pays() {
    simulate_all([ISSUER_PAYS, ISSUER_PAYS_DEBT], 1..9);
}

#[test]
fn the_ledger_agrees_with_the_model_through_faults_under_pool() {
    simulate_all([POOL, POOL_DEBT], 101..109);
}

#[test]
fn the_same_seed_makes_the_same_chain() {
    let head = |seed| {
        let simulation = simulate(POOL_DEBT, seed, 40);
        let view = simulation.desk.ledger.view();
        (view.size, view.chain_hash, view.checkpoint.clone())
    };
    assert_eq!(head(7), head(7));
    assert_ne!(head(7), head(8));
}
