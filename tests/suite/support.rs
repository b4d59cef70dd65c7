//! What the tests share: a small coalition on a ledger in memory, its keys, a real server on a free
//! port, and a client.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tallyhouse::domain::time::Micros;
use tallyhouse::http::{House, ServeError, serve};
use tallyhouse::ledger::commit::Acknowledged;
use tallyhouse::ledger::memory::MemoryStore;
use tallyhouse::ledger::{self, Ledger, Setup};
use tallyhouse::platform;
use tallyhouse::platform::clock::Clock;
use tallyhouse::platform::config::Config;
use tallyhouse::proof::entry::EntryRef;
use tallyhouse::proof::jws::{self, Typ};
use tallyhouse::proof::keys::{Kid, PublicKey, Signer};
use tallyhouse::proof::note::{NoteSigner, VerifierKey};
use tallyhouse::proof::{base64url, envelope};
use tallyhouse::settlement::calendar::Schedule;
use tallyhouse::settlement::{Settlement, run};
use tallyhouse::witness::Witnessing;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// When the simulated ledgers of the tests begin.
pub const START: &str = "2026-03-01T12:00:00Z";

/// An instant before [`START`].
pub const PAST: &str = "2026-03-01T11:59:59Z";

/// The secret of a test key: it follows from the key's name.
pub fn secret(kid: &str) -> [u8; 32] {
    *blake3::hash(kid.as_bytes()).as_bytes()
}

/// A test key by its name.
pub fn signer(kid: &str) -> Signer {
    Signer::new(Kid::parse(kid).expect("a kid"), &secret(kid))
}

/// The public half of a test key, as submissions write it.
pub fn public_key(kid: &str) -> String {
    base64url::encode(&signer(kid).public_key().to_bytes())
}

/// A signed submission.
pub fn sign(kid: &str, payload: &Value) -> String {
    jws::sign(
        Typ::Submission,
        payload.to_string().as_bytes(),
        &signer(kid),
    )
}

/// A signed token with these claims.
pub fn sign_token(kid: &str, claims: &Value) -> String {
    jws::sign(Typ::Token, claims.to_string().as_bytes(), &signer(kid))
}

/// Seconds of real time since 1970.
pub fn real_now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is later than 1970").as_secs()
}

/// The keys of the test coalition, with their scopes.
const HOUSE_KEYS: [(&str, &[&str]); 4] = [
    ("govern-1", &["govern"]),
    ("govern-2", &["govern"]),
    ("operate-1", &["operate"]),
    ("audit-1", &["audit"]),
];
/// What each partner's key `manage` adds; the house registers `manage`, and later `recovered`.
const PARTNER_KEYS: [(&str, &str, &[&str]); 5] = [
    ("bakery", "till", &["submit", "transfer", "read"]),
    ("bakery", "old", &["submit", "read"]),
    ("bakery", "reader", &["read"]),
    ("grocer", "till", &["submit", "read"]),
    ("grocer", "writer", &["submit"]),
];

/// A founded ledger in memory with two partners, their keys and a price list. `bakery/old` is
/// revoked, and `bakery/recovered` is good only after a day.
pub struct Coalition {
    pub ledger: Ledger,
    pub store: Arc<MemoryStore>,
    pub origin: String,
    /// The programme's id.
    pub id: String,
    /// Where its files go.
    pub folder: tempfile::TempDir,
}

impl Coalition {
    /// On a simulated clock that stands at [`START`].
    pub fn simulated(id: &str) -> Self {
        Self::found(
            id,
            Clock::simulated(Micros::parse(START).expect("an instant").0),
        )
    }

    /// On the real clock.
    pub fn real(id: &str) -> Self {
        Self::found(id, Clock::Real)
    }

    fn found(id: &str, clock: Clock) -> Self {
        let coalition = Self::open(id, clock);
        let partner = |name: &str| {
            json!({"op": "partner_set", "id": format!("partner-{name}"), "partner": name,
                "roles": ["issue", "burn"], "status": "active"})
        };
        let partners = json!([partner("bakery"), partner("grocer")]);
        coalition.accept("house/govern-1", "partners", &partners);
        let key = |author: &str, key: &str, scopes: &[&str]| {
            let public_key = public_key(&format!("{author}/{key}"));
            json!({"op": "key_add", "author": author, "key": key, "public_key": public_key,
                "scopes": scopes})
        };
        coalition.approve(&[
            (
                "prices",
                json!({"op": "price_set", "default": {"issue_price": "0.01",
                "burn_price": "0.008", "issue_fee": "0.0005", "burn_fee": "0.0001",
                "tax_code": "vat-20"}, "rows": []}),
            ),
            (
                "limit",
                json!({"op": "limit_set", "subject": "partner", "partner": "bakery",
                "exposure": "1000.00", "burn_points_per_day": 5000}),
            ),
            ("manage-bakery", key("bakery", "manage", &["manage"])),
            ("manage-grocer", key("grocer", "manage", &["manage"])),
        ]);
        for (author, id, scopes) in PARTNER_KEYS {
            let mut add = key(author, id, scopes);
            add["id"] = json!(format!("add-{id}"));
            let submission = format!("add-{id}");
            coalition.accept(&format!("{author}/manage"), &submission, &json!([add]));
        }
        let revoke = json!([{"op": "key_revoke", "id": "revoke-old", "key": "old"}]);
        coalition.accept("bakery/manage", "revoke-old", &revoke);
        coalition.approve(&[("recover", key("bakery", "recovered", &["submit", "read"]))]);
        coalition
    }

    /// Has one govern key propose actions, and the other approve them.
    pub fn approve(&self, actions: &[(&str, Value)]) {
        let propose =
            |(id, action): &(&str, Value)| json!({"op": "propose", "id": id, "action": action});
        let approve = |(id, _): &(&str, Value)| {
            let approve = format!("approve-{id}");
            json!({"op": "approve", "id": approve, "proposal": id})
        };
        let proposed: Vec<Value> = actions.iter().map(propose).collect();
        let approved: Vec<Value> = actions.iter().map(approve).collect();
        let first = actions[0].0;
        self.accept(
            "house/govern-1",
            &format!("propose-{first}"),
            &json!(proposed),
        );
        self.accept(
            "house/govern-2",
            &format!("approve-{first}"),
            &json!(approved),
        );
    }

    fn open(id: &str, clock: Clock) -> Self {
        let origin = format!("points.example/{id}-0123abcd");
        let store = Arc::new(MemoryStore::default());
        let note = || ledger_signer(&origin, "");
        let ledger_key = base64url::encode(&note().verifier_key().public_key().to_bytes());
        let keys = HOUSE_KEYS.iter().map(|(key, scopes)| {
            let public_key = public_key(&format!("house/{key}"));
            json!({"key": key, "public_key": public_key, "scopes": scopes})
        });
        let kind = if clock.is_simulated() {
            "simulated"
        } else {
            "real"
        };
        let now = Micros(clock.now_us());
        let founding = json!({
            "ledger": origin, "submission": "found",
            "valid_until": now.plus_seconds(3600).to_rfc3339_seconds(),
            "ops": [{
                "op": "found", "id": "found", "programme": id, "currency": "EUR",
                "point_scale": 0, "settlement_model": "issuer_pays", "clawback": "member_debt",
                "utc_offset_min": 0, "clock": kind, "ledger_key": ledger_key, "rules_version": 1,
                "settings": {"transfer_allowed": true}, "keys": keys.collect::<Vec<_>>(),
            }],
        });
        let compact = sign("house/govern-1", &founding);
        ledger::found(store.as_ref(), note(), compact.as_bytes(), now).expect("it is founded");
        let setup = Setup {
            log: store.clone(),
            state: store.clone(),
            signers: vec![note(), ledger_signer(&origin, "next")],
            clock: Arc::new(clock),
            settings: Config::default().writer,
            checkpoint_file: None,
            accept_clock: false,
        };
        let ledger = Ledger::open(setup).expect("it opens");
        let id = id.to_owned();
        Self {
            ledger,
            store,
            origin,
            id,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// What closes its windows; it signs with `operate-1` and is started by hand only.
    pub fn settlement(&self) -> Arc<Settlement> {
        self.settlement_with(Some(signer("house/operate-1")))
    }

    /// The same with another key, or none.
    pub fn settlement_with(&self, signer: Option<Signer>) -> Arc<Settlement> {
        let folder = self.folder.path();
        let settings = run::Settings {
            schedule: Schedule::new(&platform::config::Settlement::default()).expect("a schedule"),
            automatic: false,
            windows_dir: folder.join("windows"),
            masters_dir: folder.join("masters"),
            shadow_file: folder.join("shadow"),
            address: tallyhouse::settlement::address(&self.ledger.view().governance.programme),
        };
        Settlement::start(self.ledger.clone(), signer, settings).expect("it starts")
    }

    /// The ledger's present.
    pub fn now(&self) -> Micros {
        Micros(self.ledger.clock().now_us()).max(self.ledger.view().last_time)
    }

    /// How many entries there are.
    pub fn size(&self) -> u64 {
        self.ledger.view().size
    }

    /// A submission for this ledger, good for an hour.
    pub fn payload(&self, submission: &str, ops: &Value) -> Value {
        json!({
            "ledger": self.origin,
            "submission": submission,
            "valid_until": self.now().plus_seconds(3600).to_rfc3339_seconds(),
            "ops": ops,
        })
    }

    /// The same, signed.
    pub fn signed(&self, kid: &str, submission: &str, ops: &Value) -> String {
        sign(kid, &self.payload(submission, ops))
    }

    /// Has a submission accepted without HTTP, and every op applied. Answers its entry.
    pub fn accept(&self, kid: &str, submission: &str, ops: &Value) -> u64 {
        let compact = self.signed(kid, submission, ops);
        let view = self.ledger.view();
        let opened = envelope::open(compact.as_bytes(), &self.origin, 2, &*view.keys);
        let opened = opened.unwrap_or_else(|error| panic!("{submission}: {error}"));
        match self.ledger.submit_blocking(opened) {
            Ok(Acknowledged::New(evidence)) => {
                let entry = EntryRef::decode(&evidence.record.entry).expect("an entry");
                assert!(
                    entry.outcome.is_empty(),
                    "{submission}: {:?}",
                    entry.outcome
                );
                evidence.index
            }
            other => panic!("{submission}: {other:?}"),
        }
    }

    /// Adds entries until there are so many: one point for a member each.
    pub fn lengthen(&self, member: &str, entries: u64) {
        for number in self.size()..entries {
            let id = format!("long-{number}");
            let issue = json!({"op": "issue", "id": id, "member": member, "points": 1});
            self.accept("bakery/till", &id, &json!([issue]));
        }
    }

    /// The key that its checkpoints verify with.
    pub fn verifier_key(&self) -> VerifierKey {
        let view = self.ledger.view();
        let key = PublicKey::register(&view.governance.programme.ledger_key);
        VerifierKey::new(&self.origin, key.expect("a key")).expect("an origin")
    }

    /// A token for this ledger, good for five minutes.
    pub fn token(&self, kid: &str, scope: &str) -> String {
        let exp = real_now_s() + 300;
        sign_token(
            kid,
            &json!({"aud": self.origin, "exp": exp, "scope": scope}),
        )
    }

    /// A token of an auditor.
    pub fn audit_token(&self) -> String {
        self.token("house/audit-1", "audit")
    }
}

/// The ledger key of an origin, or another one with a name. A coalition holds `next` too.
pub fn ledger_signer(origin: &str, name: &str) -> NoteSigner {
    NoteSigner::new(origin, &secret(&format!("{origin}{name}"))).expect("an origin")
}

/// A real server on a free loopback port.
pub struct Server {
    pub address: SocketAddr,
    runtime: Option<Runtime>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<Result<(), ServeError>>>,
    settlements: Vec<Arc<Settlement>>,
}

impl Server {
    /// Serves these coalitions.
    pub fn start(config: &Config, coalitions: &[&Coalition]) -> Self {
        let settlements = coalitions.iter().map(|c| (c.settlement(), None)).collect();
        Self::with_witnesses(config, settlements)
    }

    /// Serves what these settle, with default settings.
    pub fn with_settlements(settlements: Vec<Arc<Settlement>>) -> Self {
        let alone = settlements.into_iter().map(|s| (s, None)).collect();
        Self::with_witnesses(&Config::default(), alone)
    }

    /// Serves these settlements; some have witnesses.
    pub fn with_witnesses(
        config: &Config,
        witnessed: Vec<(Arc<Settlement>, Option<Arc<Witnessing>>)>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let settlements = witnessed.iter().map(|(s, _)| s.clone()).collect::<Vec<_>>();
        let house = House::with_witnesses(config, witnessed).expect("a house");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let served = runtime.spawn(serve(listener, house, stopped));
        Self {
            address,
            runtime: Some(runtime),
            stop: Some(stop),
            served: Some(served),
            settlements,
        }
    }

    /// Serves one coalition with default settings.
    pub fn of(coalition: &Coalition) -> Self {
        Self::start(&Config::default(), &[coalition])
    }

    /// Serves one coalition, its entries to everybody.
    pub fn with_public_entries(coalition: &Coalition) -> Self {
        let programme = platform::config::Programme {
            id: coalition.id.clone(),
            ledger_key_file: "none".into(),
            next_ledger_key_file: None,
            keys_dir: "none".into(),
            public_entries: true,
            settlement: platform::config::Settlement::default(),
            witnessing: platform::config::Witnessing::default(),
            witnesses: Vec::new(),
        };
        let config = Config {
            programmes: vec![programme],
            ..Config::default()
        };
        Self::start(&config, &[coalition])
    }

    /// Asks it to stop, and waits until it has; or until it stopped by itself.
    pub fn ended(&mut self) -> Result<(), ServeError> {
        drop(self.stop.take());
        let served = self.served.take().expect("it was not waited for before");
        let runtime = self.runtime.as_ref().expect("it was not dropped");
        runtime.block_on(served).expect("serving does not panic")
    }

    /// Waits until it stops by itself.
    pub fn stopped_by_itself(&mut self) -> Result<(), ServeError> {
        let served = self.served.take().expect("it was not waited for before");
        let runtime = self.runtime.as_ref().expect("it was not dropped");
        let waited = async { tokio::time::timeout(Duration::from_secs(60), served).await };
        let served = runtime.block_on(waited).expect("it stops within a minute");
        served.expect("serving does not panic")
    }

    /// Gets a path.
    pub fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.ask("GET", path, token, &[], b"")
    }

    /// Sends a submission.
    pub fn submit(&self, coalition: &Coalition, compact: &str) -> Answer {
        let path = format!("/v1/{}/submissions", coalition.id);
        let jose = [("content-type", "application/jose")];
        self.ask("POST", &path, None, &jose, compact.as_bytes())
    }

    /// Sends any request, on a connection of its own.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let url = format!("http://{}{path}", self.address);
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body.is_empty() && method == "GET" {
            true => agent.run(request.body(()).expect("a request")),
            false => agent.run(request.body(body).expect("a request")),
        };
        let answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let (parts, body) = answer.into_parts();
        let body = body.into_with_config().limit(64 << 20).read_to_vec();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.expect("the body is whole"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.served.is_some() && !std::thread::panicking() {
            self.ended().expect("it serves until it is told to stop");
        }
        for settlement in &self.settlements {
            settlement.close();
            let ledger = settlement.ledger();
            ledger.close();
        }
        self.runtime
            .take()
            .expect("it is dropped once")
            .shutdown_background();
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of a problem, whose form is checked; else `200` and the like.
    pub fn code(&self) -> String {
        if self.status < 400 {
            return self.status.to_string();
        }
        let problem = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], self.status);
        let code = problem["code"].as_str().expect("a code");
        assert_eq!(problem["type"], format!("urn:tallyhouse:problem:{code}"));
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        assert!(problem["retryable"].is_boolean());
        if self.status == 401 {
            assert_eq!(self.header("www-authenticate"), "Bearer");
        }
        if matches!(code, "busy" | "rate_limited") {
            assert_eq!(self.header("retry-after"), "1");
        }
        code.to_owned()
    }

    /// A header's text; empty if absent.
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }
}
