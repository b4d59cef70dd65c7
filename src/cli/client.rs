//! A small blocking client of the house: requests, tokens, retries, and errors that say what to do.
//!
//! Must not: decide what a retry means for a submission. The same bytes may always be sent again;
//! whatever is sent anew is the caller's choice.

use crate::domain::ids::HOUSE;
use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use crate::proof::jws::{self, Typ};
use crate::proof::keys::Signer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

/// Longest answer that is read: a page of entries.
const ANSWER_BYTES_MAX: u64 = 256 << 20;
/// How long a token that the client signs for itself is good, in seconds.
const TOKEN_LIFE_S: u64 = 540;
/// Time for a request that closes windows, or moves the clock past their cutoffs.
const NIGHT_TIMEOUT: Duration = Duration::from_secs(900);
/// Time for any other request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_LAST: Duration = Duration::from_secs(5);

/// What the house answers to a refused request (RFC 9457).
#[derive(Debug, Clone, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// The stable word for the error.
    #[serde(default)]
    pub code: String,
    /// What it means and what to do.
    #[serde(default)]
    pub title: String,
    /// What is wrong with this request.
    #[serde(default)]
    pub detail: String,
    /// Whether the same bytes may succeed when sent again.
    #[serde(default)]
    pub retryable: bool,
    /// To be named in a call to the house.
    #[serde(default)]
    pub request_id: String,
}

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The house said no.
    #[error("{}: {}", .0.code, words(.0))]
    Problem(Box<Problem>),
    /// The house could not be reached, or did not answer in time.
    #[error("cannot reach the house at {address}: {reason}; is it running there?")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// The answer is not of the documented form.
    #[error("the answer of {address} cannot be read: {reason}; is this a Tallyhouse server?")]
    Answer {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
}

fn words(problem: &Problem) -> String {
    match problem.detail.is_empty() {
        true => problem.title.clone(),
        false => problem.detail.clone(),
    }
}

impl ClientError {
    /// Whether the same bytes may succeed when sent again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.retryable,
            Self::Unreachable { .. } => true,
            Self::Answer { .. } => false,
        }
    }

    /// Whether what was asked for is not there: never, not yet, or for a reason that is told.
    pub fn is_absent(&self) -> bool {
        matches!(
            self.code(),
            Some("not_found" | "not_stated" | "not_available")
        )
    }

    /// The code of a problem.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.code),
            _ => None,
        }
    }
}

/// What the house says about a programme to everybody.
#[derive(Debug, Clone, Deserialize)]
pub struct Info {
    /// The ledger's origin.
    pub origin: String,
    /// `real` or `simulated`.
    pub clock: String,
    /// Decimals of a displayed point.
    pub point_scale: u32,
    /// The key that checkpoints verify with, as a C2SP verifier key.
    #[serde(default)]
    pub ledger_key: String,
    /// Every key that they verify with or did, oldest first.
    #[serde(default)]
    pub ledger_keys: Vec<LedgerKey>,
    /// Every key that the house ever had.
    #[serde(default)]
    pub house_keys: Vec<HouseKey>,
}

/// A key that checkpoints verify with, or did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LedgerKey {
    /// A C2SP verifier key.
    pub vkey: String,
    /// The entry that added it.
    pub added: u64,
    /// The entry that retired it, if one did.
    pub retired: Option<u64>,
}

/// A key of the house.
#[derive(Debug, Clone, Deserialize)]
pub struct HouseKey {
    /// Its id.
    pub key: String,
    /// Ed25519, base64url.
    pub public_key: String,
}

impl Info {
    /// The verifier keys in force, one a line.
    pub fn vkeys(&self) -> String {
        let in_force = self.ledger_keys.iter().filter(|key| key.retired.is_none());
        let lines: String = in_force.map(|key| format!("{}\n", key.vkey)).collect();
        if lines.is_empty() {
            self.ledger_key.clone()
        } else {
            lines
        }
    }

    /// Whether the clock is set by hand.
    pub fn is_simulated(&self) -> bool {
        self.clock == "simulated"
    }
}

/// An instant as the house writes it, rounded down to whole seconds.
fn parse_instant(text: &str) -> Option<Micros> {
    let seconds = text.get(..19)?;
    Micros::parse(&format!("{seconds}Z"))
}

/// A client of one programme.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    tokens: RefCell<HashMap<String, (String, u64)>>,
    /// The scope with which a key could read books.
    scopes: RefCell<HashMap<String, &'static str>>,
}

impl Client {
    /// A client of the programme at an address such as `http://127.0.0.1:7400/v1/demo`.
    pub fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(REQUEST_TIMEOUT))
            .http_status_as_error(false)
            .no_delay(true)
            .build();
        Self {
            agent: config.into(),
            base: url.trim_end_matches('/').to_owned(),
            tokens: RefCell::default(),
            scopes: RefCell::default(),
        }
    }

    /// The programme's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What the house says about the programme.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn info(&self) -> Result<Info, ClientError> {
        let (_, body) = self.answer(&self.base, self.agent.get(&self.base).call())?;
        self.read_json(&self.base, &body)
    }

    /// The ledger's present, in whole seconds.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn now(&self) -> Result<Micros, ClientError> {
        let address = format!("{}/clock", self.base);
        let (_, body) = self.answer(&address, self.agent.get(&address).call())?;
        self.read_clock(&address, &body)
    }

    fn read_clock(&self, address: &str, body: &[u8]) -> Result<Micros, ClientError> {
        let clock: Value = self.read_json(address, body)?;
        let now = clock["now"].as_str().and_then(parse_instant);
        now.ok_or_else(|| ClientError::Answer {
            address: address.to_owned(),
            reason: "it names no time".to_owned(),
        })
    }

    /// A read token for the signer, with these scopes, good for some minutes; signed anew only
    /// shortly before it ends.
    fn token(&self, signer: &Signer, scope: &str) -> Result<String, ClientError> {
        let name = format!("{} {scope}", signer.kid());
        let now_s = Micros(Clock::Real.now_us()).seconds();
        if let Some((token, until)) = self.tokens.borrow().get(&name)
            && now_s + 60 < *until
        {
            return Ok(token.clone());
        }
        let until = now_s + TOKEN_LIFE_S;
        let token = token(signer, &self.info()?.origin, scope, until);
        self.tokens
            .borrow_mut()
            .insert(name, (token.clone(), until));
        Ok(token)
    }

    /// Reads a resource below the programme's address as its raw bytes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get_bytes(
        &self,
        path: &str,
        accept: &str,
        reader: Option<(&Signer, &str)>,
    ) -> Result<Vec<u8>, ClientError> {
        let address = format!("{}{path}", self.base);
        let mut request = self.agent.get(&address).header("Accept", accept);
        if let Some((signer, scope)) = reader {
            let token = self.token(signer, scope)?;
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        Ok(self.answer(&address, request.call())?.1)
    }

    /// Reads a resource below the programme's address as JSON.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get(&self, path: &str, reader: (&Signer, &str)) -> Result<Value, ClientError> {
        let body = self.get_bytes(path, "application/json", Some(reader))?;
        self.read_json(&format!("{}{path}", self.base), &body)
    }

    /// Reads what any of several scopes may read: windows, statements and reports. Nobody but the
    /// ledger knows a key's scopes, so they are tried in turn.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn read_books(&self, path: &str, signer: &Signer) -> Result<Vec<u8>, ClientError> {
        let scopes: &[&'static str] = match signer.kid().author() == HOUSE {
            true => &["audit", "operate", "pay"],
            false => &["statements", "read"],
        };
        let known = self.scopes.borrow().get(signer.kid().as_str()).copied();
        let mut refused = None;
        for scope in known
            .iter()
            .chain(scopes.iter().filter(|s| Some(**s) != known))
        {
            match self.get_bytes(path, "*/*", Some((signer, scope))) {
                Err(error) if error.code() == Some("scope_missing") => refused = Some(error),
                Err(error) => return Err(error),
                Ok(body) => {
                    let kid = signer.kid().as_str().to_owned();
                    self.scopes.borrow_mut().insert(kid, scope);
                    return Ok(body);
                }
            }
        }
        Err(refused.expect("there is a scope to try"))
    }

    /// The same as JSON.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn read_books_json(&self, path: &str, signer: &Signer) -> Result<Value, ClientError> {
        let body = self.read_books(path, signer)?;
        self.read_json(&format!("{}{path}", self.base), &body)
    }

    /// Sends a signed submission and answers its receipt, byte for byte.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn submit(&self, compact: &str) -> Result<Vec<u8>, ClientError> {
        let address = format!("{}/submissions", self.base);
        let request = self.agent.post(&address);
        let sent = request
            .header("Content-Type", "application/jose")
            .send(compact);
        Ok(self.answer(&address, sent)?.1)
    }

    /// The receipt of an author's submission, if it was accepted.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn find(&self, signer: &Signer, submission: &str) -> Result<Option<Value>, ClientError> {
        let path = format!("/submissions/{}/{submission}", signer.kid().author());
        match self.get(&path, (signer, "read")) {
            Ok(receipt) => Ok(Some(receipt)),
            Err(error) if error.code() == Some("not_found") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Moves a simulated clock to an instant, and answers where it stands. It never goes back, and
    /// to find it beyond is no error.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn move_clock(&self, signer: &Signer, to: Micros) -> Result<Micros, ClientError> {
        let wanted = json!({"now": to.to_rfc3339_seconds()});
        match self.operate(signer, "/clock", &wanted) {
            Err(error) if error.code() == Some("clock_backwards") => self.now(),
            answer => self.read_clock(&format!("{}/clock", self.base), &answer?),
        }
    }

    /// Asks for something that only the house may ask for, with a token of the scope `operate`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn operate(
        &self,
        signer: &Signer,
        path: &str,
        body: &Value,
    ) -> Result<Vec<u8>, ClientError> {
        let address = format!("{}{path}", self.base);
        let token = self.token(signer, "operate")?;
        let request = self.agent.post(&address).config();
        let request = request.timeout_global(Some(NIGHT_TIMEOUT)).build();
        let sent = request
            .header("Content-Type", "application/json")
            .header("Authorization", format!("Bearer {token}"))
            .send(body.to_string());
        Ok(self.answer(&address, sent)?.1)
    }

    fn answer(
        &self,
        address: &str,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<(u16, Vec<u8>), ClientError> {
        let unreachable = |error: ureq::Error| ClientError::Unreachable {
            address: address.to_owned(),
            reason: error.to_string(),
        };
        let mut response = sent.map_err(unreachable)?;
        let status = response.status().as_u16();
        let limited = response.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let body = limited.read_to_vec().map_err(unreachable)?;
        if (200..300).contains(&status) {
            return Ok((status, body));
        }
        let mut problem: Problem = serde_json::from_slice(&body).map_err(|_| {
            let reason = format!("status {status} without a problem document");
            let address = address.to_owned();
            ClientError::Answer { address, reason }
        })?;
        problem.status = status;
        Err(ClientError::Problem(Box::new(problem)))
    }

    fn read_json<T: serde::de::DeserializeOwned>(
        &self,
        address: &str,
        body: &[u8],
    ) -> Result<T, ClientError> {
        serde_json::from_slice(body).map_err(|error| ClientError::Answer {
            address: address.to_owned(),
            reason: error.to_string(),
        })
    }
}

/// Signs a read token: who reads, which ledger, what for, and until when (seconds since 1970).
pub fn token(signer: &Signer, ledger: &str, scope: &str, until_s: u64) -> String {
    let claims = json!({"aud": ledger, "exp": until_s, "scope": scope});
    jws::sign(Typ::Token, claims.to_string().as_bytes(), signer)
}

/// Pauses that grow from attempt to attempt, until patience runs out.
pub struct Backoff {
    pause: Duration,
    left: Duration,
}

impl Backoff {
    /// Pauses that together last as long as one is ready to wait.
    pub fn new(patience: Duration) -> Self {
        Self {
            pause: BACKOFF_FIRST,
            left: patience,
        }
    }

    /// Waits before the next attempt; false if patience has run out.
    pub fn wait(&mut self) -> bool {
        if self.left.is_zero() {
            return false;
        }
        let pause = self.pause.min(self.left);
        std::thread::sleep(pause);
        self.left -= pause;
        self.pause = (self.pause * 2).min(BACKOFF_LAST);
        true
    }
}

/// Does a request again as long as that may help and patience lasts.
///
/// # Errors
/// The last [`ClientError`].
pub fn retrying<T>(
    patience: Duration,
    mut request: impl FnMut() -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let mut backoff = Backoff::new(patience);
    loop {
        match request() {
            Err(error) if error.is_retryable() && backoff.wait() => {}
            answer => return answer,
        }
    }
}
