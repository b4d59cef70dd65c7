//! A programme of its own for the tests of nights: on any terms, on a clock that is moved by hand,
//! closed and opened again at will. The same script gives the same bytes.

use crate::support::{public_key, secret, sign, signer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tallyhouse::audit::{Pins, Replay};
use tallyhouse::domain::time::Micros;
use tallyhouse::ledger::commit::Acknowledged;
use tallyhouse::ledger::memory::MemoryStore;
use tallyhouse::ledger::{self, Ledger, Setup};
use tallyhouse::platform::clock::Clock;
use tallyhouse::platform::config::{self, Config};
use tallyhouse::proof::base64url;
use tallyhouse::proof::entry::EntryRef;
use tallyhouse::proof::envelope;
use tallyhouse::proof::note::NoteSigner;
use tallyhouse::settlement::calendar::Schedule;
use tallyhouse::settlement::{Settlement, run};
use tempfile::TempDir;

/// What founding fixes, and when nights come.
#[derive(Debug, Clone)]
pub struct Terms {
    pub model: &'static str,
    pub clawback: &'static str,
    pub currency: &'static str,
    pub decimals: u8,
    pub point_scale: u8,
    pub utc_offset_min: i16,
    pub settings: Value,
    pub nights: config::Settlement,
    pub start: &'static str,
    pub clock: &'static str,
}

/// Issuers pay, in euro, and nights come at 02:00 UTC of the day after.
pub fn issuer_pays() -> Terms {
    Terms {
        model: "issuer_pays",
        clawback: "issuer_bears",
        currency: "EUR",
        decimals: 2,
        point_scale: 0,
        utc_offset_min: 0,
        settings: json!({"transfer_allowed": true}),
        nights: config::Settlement::default(),
        start: "2017-01-01T00:00:00Z",
        clock: "simulated",
    }
}

/// The house is paid for every point that is issued.
pub fn pool() -> Terms {
    Terms {
        model: "pool",
        clawback: "member_debt",
        ..issuer_pays()
    }
}

const ORIGIN: &str = "points.example/nights-0123abcd";
const HOUSE_KEYS: [(&str, &str); 5] = [
    ("govern-1", "govern"),
    ("govern-2", "govern"),
    ("operate-1", "operate"),
    ("pay-1", "pay"),
    ("audit-1", "audit"),
];
/// What a partner's key may sign for.
pub const TILL_SCOPES: [&str; 5] = ["submit", "transfer", "read", "statements", "manage"];

pub struct Programme {
    pub ledger: Ledger,
    pub settlement: Arc<Settlement>,
    pub store: Arc<MemoryStore>,
    pub terms: Terms,
    folder: PathBuf,
    /// Removed with the programme, unless the folder is another's.
    _own: Option<TempDir>,
}

/// A folder in memory where the machine allows it.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    made.expect("a folder")
}

impl Programme {
    /// Founds a programme in a folder of its own.
    pub fn found(terms: &Terms) -> Self {
        let own = folder();
        let path = own.path().to_owned();
        let mut programme = Self::found_in(terms, &path);
        programme._own = Some(own);
        programme
    }

    /// Founds a programme in this folder.
    pub fn found_in(terms: &Terms, folder: &Path) -> Self {
        let start = Micros::parse(terms.start).expect("an instant");
        Self::found_at(terms, folder, start)
    }

    /// Founds a programme on the real clock so many seconds ahead of it, as if the clock had been
    /// set back since then.
    pub fn found_ahead(terms: &Terms, seconds: u64) -> Self {
        let own = folder();
        let start = Micros(Clock::Real.now_us()).plus_seconds(seconds);
        let path = own.path().to_owned();
        let mut programme = Self::found_at(terms, &path, start);
        programme._own = Some(own);
        programme
    }

    fn found_at(terms: &Terms, folder: &Path, start: Micros) -> Self {
        let store = Arc::new(MemoryStore::default());
        let ledger_key = base64url::encode(&note().verifier_key().public_key().to_bytes());
        let keys = HOUSE_KEYS.map(|(key, scope)| {
            let public_key = public_key(&format!("house/{key}"));
            json!({"key": key, "public_key": public_key, "scopes": [scope]})
        });
        let founding = json!({
            "ledger": ORIGIN, "submission": "found",
            "valid_until": start.plus_seconds(3600).to_rfc3339_seconds(),
            "ops": [{
                "op": "found", "id": "found", "programme": "nights", "currency": terms.currency,
                "point_scale": terms.point_scale, "settlement_model": terms.model,
                "clawback": terms.clawback, "utc_offset_min": terms.utc_offset_min,
                "clock": terms.clock, "ledger_key": ledger_key, "rules_version": 1,
                "settings": terms.settings, "keys": keys,
            }],
        });
        let compact = sign("house/govern-1", &founding);
        ledger::found(store.as_ref(), note(), compact.as_bytes(), start).expect("it is founded");
        let ledger = open(&store, terms, start.0);
        Self {
            settlement: settlement(&ledger, terms, folder),
            ledger,
            store,
            terms: terms.clone(),
            folder: folder.to_owned(),
            _own: None,
        }
    }

    /// Ends everything as a crash would, but for what is durable, and starts again.
    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }

    /// Ends everything.
    pub fn stop(&self) {
        self.settlement.close();
        self.ledger.close();
        self.store.crash();
    }

    /// Starts again from what is durable, at the same time.
    pub fn start(&mut self) {
        let now = self.ledger.clock().now_us();
        self.ledger = open(&self.store, &self.terms, now);
        self.settlement = settlement(&self.ledger, &self.terms, &self.folder);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn windows(&self) -> PathBuf {
        self.path("windows")
    }

    /// The ledger's present.
    pub fn now(&self) -> Micros {
        self.settlement.now()
    }

    /// Moves the clock, and has the nights come that it passes.
    pub fn move_to(&self, to: &str) {
        let to = Micros::parse(to).expect("an instant");
        self.settlement.move_clock(to).expect("time goes on");
    }

    /// Has a submission accepted; answers its entry and its outcomes.
    pub fn send(&self, kid: &str, id: &str, mode: &str, ops: &[Value]) -> (u64, Vec<u16>) {
        let payload = json!({
            "ledger": ORIGIN, "submission": id, "mode": mode, "ops": ops,
            "valid_until": self.now().plus_seconds(3600).to_rfc3339_seconds(),
        });
        let compact = sign(kid, &payload);
        let view = self.ledger.view();
        let decimals = self.terms.decimals;
        let opened = envelope::open(compact.as_bytes(), ORIGIN, decimals, &*view.keys);
        let opened = opened.unwrap_or_else(|error| panic!("{id}: {error}"));
        match self.ledger.submit_blocking(opened) {
            Ok(Acknowledged::New(evidence)) => {
                let entry = EntryRef::decode(&evidence.record.entry).expect("an entry");
                let mut outcome: Vec<u16> = entry.outcome.to_vec();
                outcome.resize(ops.len(), 0);
                (evidence.index, outcome)
            }
            other => panic!("{id}: {other:?}"),
        }
    }

    /// Has a submission accepted and every op applied. Answers its entry.
    pub fn accept(&self, kid: &str, id: &str, ops: &[Value]) -> u64 {
        let (entry, outcome) = self.send(kid, id, "independent", ops);
        assert!(
            outcome.iter().all(|number| *number == 0),
            "{id}: {outcome:?}"
        );
        entry
    }

    /// Has one govern key propose actions, and the other approve them. Answers the entry of the
    /// approvals.
    pub fn approve(&self, id: &str, actions: &[Value]) -> u64 {
        let name = |place: usize| format!("{id}-{place}");
        let places = || actions.iter().enumerate();
        let propose: Vec<Value> = places()
            .map(|(at, action)| json!({"op": "propose", "id": name(at), "action": action}))
            .collect();
        let approve: Vec<Value> = places()
            .map(|(at, _)| {
                let own = format!("ok-{}", name(at));
                json!({"op": "approve", "id": own, "proposal": name(at)})
            })
            .collect();
        self.accept("house/govern-1", &format!("propose-{id}"), &propose);
        self.accept("house/govern-2", &format!("approve-{id}"), &approve)
    }

    /// Registers partners, each with its first key.
    pub fn register(&self, id: &str, partners: &[&str]) {
        for (place, partners) in partners.chunks(100).enumerate() {
            let set = |name: &&str| {
                json!({"op": "partner_set", "id": format!("set-{name}"), "partner": name,
                    "roles": ["issue", "burn"], "status": "active"})
            };
            let set: Vec<Value> = partners.iter().map(set).collect();
            self.accept("house/govern-1", &format!("set-{id}-{place}"), &set);
            let keys: Vec<Value> = partners.iter().map(|name| key(name, "till")).collect();
            self.approve(&format!("keys-{id}-{place}"), &keys);
        }
    }

    /// Releases a price list with one row for all.
    pub fn price(&self, id: &str, burn: &str) {
        self.approve(
            id,
            &[
                json!({"op": "price_set", "default": {"issue_price": "0.01", "burn_price": burn,
                "issue_fee": "0.0005", "burn_fee": "0.0001", "tax_code": "vat-20"}, "rows": []}),
            ],
        );
    }

    /// A published file.
    pub fn file(&self, window: u32, name: &str) -> Vec<u8> {
        let path = self.windows().join(window.to_string()).join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A published document.
    pub fn json(&self, window: u32, name: &str) -> Value {
        serde_json::from_slice(&self.file(window, name)).expect("JSON")
    }

    /// Every file under the folder of windows, with its bytes.
    pub fn published(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        read_all(&self.windows(), "", &mut files);
        files
    }

    /// Audits the whole ledger, every statement included.
    pub fn audit(&self) {
        let mut replay = Replay::new();
        for record in self.ledger.entries(0, usize::MAX).expect("entries") {
            if let Err(findings) = replay.push(&record.entry) {
                panic!("{findings:?}");
            }
        }
        let verdict = replay.finish(&Pins::default()).expect("judged");
        let verdict = verdict.expect("entries");
        assert!(verdict.holds(), "{:?}", verdict.findings);
    }

    /// Writes what `tallyhouse export` keeps, but for the effects.
    pub fn export(&self) -> PathBuf {
        use std::fmt::Write;
        let mut text = String::new();
        for record in self.ledger.entries(0, usize::MAX).expect("entries") {
            let entry = base64url::encode(&record.entry);
            writeln!(text, "{}", json!({"entry": entry})).expect("a text grows");
        }
        let path = self.path("entries.ndjson");
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Programme {
    fn drop(&mut self) {
        self.settlement.close();
        self.ledger.close();
    }
}

/// The first key of a partner.
pub fn key(partner: &str, id: &str) -> Value {
    let public_key = public_key(&format!("{partner}/{id}"));
    json!({"op": "key_add", "author": partner, "key": id, "public_key": public_key,
        "scopes": TILL_SCOPES})
}

fn note() -> NoteSigner {
    NoteSigner::new(ORIGIN, &secret(ORIGIN)).expect("an origin")
}

fn open(store: &Arc<MemoryStore>, terms: &Terms, now: u64) -> Ledger {
    let clock = match terms.clock {
        "simulated" => Clock::simulated(now),
        _ => Clock::Real,
    };
    let setup = Setup {
        log: store.clone(),
        state: store.clone(),
        signers: vec![note()],
        clock: Arc::new(clock),
        settings: Config::default().writer,
        checkpoint_file: None,
        accept_clock: false,
    };
    Ledger::open(setup).expect("it opens")
}

fn settlement(ledger: &Ledger, terms: &Terms, folder: &Path) -> Arc<Settlement> {
    let settings = run::Settings {
        schedule: Schedule::new(&terms.nights).expect("a schedule"),
        automatic: terms.nights.automatic,
        windows_dir: folder.join("windows"),
        masters_dir: folder.join("masters"),
        shadow_file: folder.join("shadow"),
        address: tallyhouse::settlement::address(&ledger.view().governance.programme),
    };
    let signer = signer("house/operate-1");
    Settlement::start(ledger.clone(), Some(signer), settings).expect("it starts")
}

/// Every file under a folder, by its path in it.
pub fn read_all(folder: &Path, inside: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = format!("{inside}{}", name.expect("a name of ours"));
        match path.is_dir() {
            true => read_all(&path, &format!("{name}/"), files),
            false => drop(files.insert(name, std::fs::read(&path).expect("a file"))),
        }
    }
}
