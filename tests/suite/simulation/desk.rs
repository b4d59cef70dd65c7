//! A ledger on a memory store, at which signed submissions are handed in.

use super::model::clearing::{self, CENT, Clearing};
use super::model::{Model, Slice};
use crate::house::{self, ORIGIN, Setup};
use std::collections::BTreeMap;
use std::sync::Arc;
use tallyhouse::audit::{Check, Pins, Replay};
use tallyhouse::domain::dispute::{ClearingKey, ClearingRecord};
use tallyhouse::domain::ids::{OpAt, Party, Reference};
use tallyhouse::domain::line::LineTotal;
use tallyhouse::domain::lot::Lot;
use tallyhouse::domain::time::{Day, Micros};
use tallyhouse::domain::window::{Carried, ItemKey, Window};
use tallyhouse::ledger::commit::{Acknowledged, Evidence, Unacknowledged};
use tallyhouse::ledger::memory::MemoryStore;
use tallyhouse::ledger::record;
use tallyhouse::ledger::store::{Record, StateStore, Table};
use tallyhouse::ledger::{self, Ledger, OpenError};
use tallyhouse::platform::clock::Clock;
use tallyhouse::platform::config::Writer as Settings;
use tallyhouse::proof::entry::EntryRef;
use tallyhouse::proof::{effects, envelope, merkle, note, payload};

/// The ledger's key.
pub fn note_signer() -> note::NoteSigner {
    house::note_signer("house/ledger")
}

/// The key to which it may hand over.
pub fn next_note_signer() -> note::NoteSigner {
    house::note_signer("house/ledger-2")
}

/// Where and how the ledger of these tests runs.
pub fn setup(store: &Arc<MemoryStore>, now: u64) -> ledger::Setup {
    ledger::Setup {
        log: store.clone(),
        state: store.clone(),
        signers: vec![note_signer(), next_note_signer()],
        clock: Arc::new(Clock::simulated(now)),
        // Small enough that records are let go and read again.
        settings: Settings {
            cache_bytes_max: 16 << 10,
            batch_submissions_max: 8,
            ..Settings::default()
        },
        checkpoint_file: None,
        accept_clock: false,
    }
}

/// The founding envelope of a setup.
pub fn founding(setup: &Setup) -> String {
    let start = Micros::parse(house::START).expect("an instant");
    let ops = [house::found(setup)];
    let payload = house::submission("found", "independent", start.plus_seconds(60), &ops);
    house::envelope("house/g1", &payload)
}

/// An open ledger and what it stands on.
pub struct Desk {
    pub store: Arc<MemoryStore>,
    pub ledger: Ledger,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    /// Founds a ledger and opens it.
    pub fn found(of: &Setup) -> Self {
        let store = Arc::new(MemoryStore::default());
        let start = Micros::parse(house::START).expect("an instant");
        let compact = founding(of);
        ledger::found(store.as_ref(), note_signer(), compact.as_bytes(), start).expect("founded");
        let ledger = Ledger::open(setup(&store, start.0)).expect("opened");
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        Self {
            store,
            ledger,
            runtime: runtime.expect("a runtime"),
        }
    }

    /// Opens the ledger anew.
    pub fn open(&mut self, now: u64) -> Result<(), OpenError> {
        self.ledger = Ledger::open(setup(&self.store, now))?;
        Ok(())
    }

    /// Ends the threads, and loses what a crash loses.
    pub fn crash(&self) {
        self.ledger.close();
        self.store.crash();
    }

    pub fn set_clock(&self, now: u64) {
        self.ledger.clock().advance_to(now).expect("time goes on");
    }

    /// Hands envelopes in, in order and all at once, and waits for their answers.
    pub fn submit(&self, compacts: &[&str]) -> Vec<Result<Acknowledged, Unacknowledged>> {
        let view = self.ledger.view();
        let open = |compact: &&str| {
            envelope::open(compact.as_bytes(), ORIGIN, 2, view.keys.as_ref()).expect("well signed")
        };
        let envelopes: Vec<_> = compacts.iter().map(open).collect();
        self.runtime.block_on(async {
            // Tasks of a single thread begin in the order in which they were made.
            let submit = |envelope| {
                let ledger = self.ledger.clone();
                tokio::spawn(async move { ledger.submit(envelope).await })
            };
            let tasks: Vec<_> = envelopes.into_iter().map(submit).collect();
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.expect("a submission does not panic"));
            }
            answers
        })
    }

    /// The codes in a record's effects.
    pub fn outcomes(&self, record: &Record) -> Vec<&'static str> {
        let entry = EntryRef::decode(&record.entry).expect("an entry");
        let submission = payload::parse(entry.payload, Some(2)).expect("a payload");
        let currency = self.ledger.view().governance.programme.currency;
        let read = effects::decode(&record.effects, entry.index, &submission.ops, &currency);
        let outcomes = read.expect("effects").into_iter();
        outcomes.map(|effect| effect.outcome().code()).collect()
    }

    pub fn evidence(&self, index: u64) -> Evidence {
        let evidence = self.ledger.evidence(index).expect("the store reads");
        evidence.expect("the entry is there")
    }

    /// An audit of all entries finds nothing.
    pub fn audit(&self) {
        let records = self.ledger.entries(0, usize::MAX).expect("the store reads");
        let mut replay = Replay::new();
        for record in records {
            if let Err(findings) = replay.push(&record.entry) {
                // The workload names hashes of statements that nobody wrote: there it ends.
                let invented = findings.iter().all(|f| f.check == Check::Statements);
                assert!(invented, "{findings:?}");
                return;
            }
        }
        let verdict = replay.finish(&Pins::default()).expect("it is founded");
        assert_eq!(verdict.expect("a verdict").findings.len(), 0);
    }

    /// The proof holds under the view that it came with.
    pub fn check_evidence(&self, evidence: &Evidence) {
        let leaf = merkle::leaf_hash(&evidence.record.entry);
        let (root, size) = (evidence.view.edge.root(), evidence.view.size);
        let proved = merkle::verify_inclusion(&leaf, evidence.index, size, &evidence.proof, &root);
        assert!(proved, "entry {} is not proved", evidence.index);
    }

    /// Everything that the ledger has is what the model has, and the other way round.
    pub fn check_state(&self, model: &Model, size: u64) {
        assert_eq!(self.ledger.view().size, size);
        for (id, account) in &model.accounts {
            let reference = Reference::parse(id).expect("a reference");
            let member = self.ledger.member(&reference).expect("the store reads");
            let member = member.unwrap_or_else(|| panic!("{id} is missing"));
            assert_eq!(member.frozen, account.frozen, "{id}");
            assert_eq!(slices(member.lots.iter()), account.lots, "{id}: lots");
            assert_eq!(
                slices(member.pending.iter()),
                account.pending,
                "{id}: pending"
            );
            let mut holds = account.holds.clone();
            holds.sort_by_key(|hold| (hold.deadline, hold.at));
            assert_eq!(member.holds.len(), holds.len(), "{id}: holds");
            for (found, hold) in member.holds.iter().zip(&holds) {
                assert_eq!(found.deadline.0, hold.deadline, "{id}: deadline");
                assert_eq!(slices(found.slices.iter()), hold.slices, "{id}: held");
            }
            let debts = member.debts.iter();
            let debts = debts.map(|debt| {
                let version = usize::try_from(debt.price_version).expect("few versions");
                (debt.issuer.slot(), version, debt.points.units())
            });
            assert_eq!(debts.collect::<Vec<_>>(), account.debts, "{id}: debts");
        }
        for (party, name) in model.names.iter().enumerate() {
            let number = Party(u16::try_from(party).expect("few parties"));
            let books = self.ledger.party(number).expect("the store reads");
            assert_eq!(books.net_exact, model.net[party], "{name}: net");
            let out = books.outstanding.iter();
            let out = out.map(|(version, points)| {
                (
                    usize::try_from(*version).expect("few versions"),
                    points.units(),
                )
            });
            let out: BTreeMap<_, _> = out.collect();
            assert_eq!(out, model.outstanding(party), "{name}: outstanding");
        }
        self.check_clearing(&model.clearing, size);
    }

    /// The tables of clearing, as they are stored, are those of the model to the last record.
    fn check_clearing(&self, model: &Clearing, size: u64) {
        // The state is flushed behind the log.
        self.ledger.flush();
        let stored = StateStore::index(self.store.as_ref()).expect("the store reads");
        assert_eq!((stored, self.ledger.stop_reason()), (size, None));
        let scan = |table| {
            let pairs = self.store.scan(table, &[], &[0xFF], usize::MAX);
            pairs.expect("the store reads")
        };
        for (key, value) in scan(Table::Windows) {
            if key == record::CARRIED {
                let carried: Carried = record::decode(&value).expect("a record");
                let carried = carried.iter().map(|((first, second), amount)| {
                    let exact = amount.to_exact(0).expect("small");
                    ((first.slot(), second.slot()), exact / CENT)
                });
                assert_eq!(carried.collect::<BTreeMap<_, _>>(), model.carried);
                continue;
            }
            let window: Window = record::decode(&value).expect("a record");
            let at = usize::try_from(window.number).expect("few windows");
            let number = |day: Day| i64::from(day.0);
            let found = clearing::Window {
                state: window.state.as_str(),
                first: window.first_entry,
                first_day: number(window.first_day),
                last_day: window.last_day.map(number),
                cut: window.cut.map(|cut| cut.entry),
                statements: usize::try_from(window.statements).expect("few"),
                until: window.dispute_until.map(number),
            };
            assert_eq!(found, model.windows[at], "window {at}");
            let open = usize::try_from(window.uncollected).expect("few");
            assert_eq!(open, model.uncollected(window.number), "window {at}");
        }
        assert!(scan(Table::Windows).len() >= model.windows.len());
        let lines = scan(Table::Lines).into_iter().map(|(key, total)| {
            let key = record::parse_line_key(&key).expect("a key");
            let count = match record::decode(&total).expect("a total") {
                LineTotal::Priced(points) => i128::from(points.units()),
                LineTotal::Amount(amount) => amount.minor_units(),
            };
            let (debtor, creditor) = (key.debtor.slot(), key.creditor.slot());
            let version = usize::try_from(key.price_version).expect("few versions");
            let reason = key.reason.number();
            ((key.window, debtor, creditor, reason, version), count)
        });
        assert_eq!(lines.collect::<BTreeMap<_, _>>(), model.lines, "lines");
        check_records(&scan(Table::Clearing).into_iter().collect(), model);
    }
}

/// Every payment, dispute and acknowledgement of the model is stored, and nothing else.
fn check_records(stored: &BTreeMap<Vec<u8>, Vec<u8>>, model: &Clearing) {
    let number = |party: &usize| Party(u16::try_from(*party).expect("few parties"));
    let find = |key: ClearingKey| -> ClearingRecord {
        let value = stored.get(&record::clearing_key(&key));
        record::decode(value.unwrap_or_else(|| panic!("{key:?} is missing"))).expect("a record")
    };
    for ((window, debtor, creditor), item) in &model.items {
        let key = ClearingKey::Item(ItemKey {
            window: *window,
            debtor: number(debtor),
            creditor: number(creditor),
        });
        let ClearingRecord::Item(found) = find(key) else {
            panic!("{key:?} is no item");
        };
        let found = clearing::Item {
            cents: found.amount.minor_units(),
            due: i64::from(found.due_on.0),
            paid: found.paid.map(|at| (at.entry, at.op)),
        };
        assert_eq!(found, *item, "{key:?}");
    }
    for ((entry, op), dispute) in &model.disputes {
        let (entry, op) = (*entry, *op);
        let key = ClearingKey::Dispute(OpAt { entry, op });
        let ClearingRecord::Dispute(found) = find(key) else {
            panic!("{key:?} is no dispute");
        };
        let found = clearing::Dispute {
            window: found.window,
            by: found.opened_by.slot(),
            counterparty: found.counterparty.slot(),
            until: i64::from(found.answer_by.0),
            state: found.state.as_str(),
        };
        assert_eq!(found, *dispute, "{key:?}");
    }
    for ((window, by), (entry, op)) in &model.seen {
        let key = ClearingKey::Acknowledgement(*window, number(by));
        let at = OpAt {
            entry: *entry,
            op: *op,
        };
        assert_eq!(find(key), ClearingRecord::Acknowledgement(at));
    }
    let all = model.items.len() + model.disputes.len() + model.seen.len();
    assert_eq!(stored.len(), all, "records of clearing");
}

fn slices<'a>(lots: impl Iterator<Item = &'a Lot>) -> Vec<Slice> {
    let slice = |lot: &Lot| Slice {
        exp: lot.key.expires_on.0.into(),
        first: (lot.first.entry, lot.first.op),
        issuer: lot.key.issuer.slot(),
        issued: lot.key.issued_on.0.into(),
        act: lot.key.activates_on.0.into(),
        ver: usize::try_from(lot.key.price_version).expect("few versions"),
        n: lot.points.units(),
    };
    lots.map(slice).collect()
}
