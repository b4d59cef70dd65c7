//! Read tokens: who asks, and what they may see.
//!
//! A token is a JWT (RFC 7519) that the caller signs with a key registered in the ledger: our
//! envelope with `typ` `tallyhouse-token+jwt`. The house issues none and keeps none.
//!
//! Must not: accept a submission as a token, or a claim that it does not know.
//!
//! ```text
//! { "aud": origin, "exp": seconds since 1970, at most 600 ahead, "scope": "read …",
//!   "iat", "nbf": seconds; "iss", "sub", "jti": text      may be absent }
//! ```
//!
//! `exp` and `nbf` are compared with real time, also where the ledger's clock is simulated; whether
//! the key is valid follows the ledger's clock.

use super::extract::At;
use super::house::{House, Programme};
use super::problem::{Code, Problem};
use crate::domain::ids::{Name, Party};
use crate::domain::scope::{Scope, Scopes};
use crate::domain::time::Micros;
use crate::ledger::view::View;
use crate::platform::clock::Clock;
use crate::proof::envelope::KeyLookup;
use crate::proof::json::{Fields, JsonError, Reader as Json, Reason};
use crate::proof::jws::{Jws, Typ};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use std::sync::Arc;

/// How far ahead `exp` may lie, in seconds.
const AHEAD_S_MAX: u64 = 600;
/// The longest token; real ones have some 300 bytes.
const TOKEN_BYTES_MAX: usize = 4_096;

/// Who asks, proved by a token.
pub struct Caller {
    /// The programme that the address names.
    pub programme: Arc<Programme>,
    /// The author whose key signed the token.
    pub party: Party,
    /// The author's name.
    pub name: Name,
    /// What the token may be used for.
    scopes: Scopes,
}

/// A caller that may read: a partner its own, the house what its scopes allow.
pub struct Reader(pub Caller);

impl Caller {
    /// Whether the house itself asks.
    pub fn is_house(&self) -> bool {
        self.party.is_house()
    }

    /// Whether the business of a party is the caller's: its own, and for the house everyone's.
    pub fn may_see(&self, party: Party) -> bool {
        self.is_house() || party == self.party
    }

    /// Refuses a token without a scope.
    ///
    /// # Errors
    /// `scope_missing`.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        Err(Problem::new(
            Code::ScopeMissing,
            format!("this needs a token with the scope {}", scope.as_str()),
        ))
    }

    /// Refuses who may read neither statements nor what else is the books': the house needs
    /// `operate`, `pay` or `audit`, a partner one of these scopes.
    ///
    /// # Errors
    /// `scope_missing`.
    pub fn may_read_books(&self, of_partner: &[Scope]) -> Result<(), Problem> {
        let scopes = match self.is_house() {
            true => &[Scope::Operate, Scope::Pay, Scope::Audit],
            false => of_partner,
        };
        if scopes.iter().any(|scope| self.scopes.contains(*scope)) {
            return Ok(());
        }
        let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let detail = format!("this needs a token with the scope {}", words.join(" or "));
        Err(Problem::new(Code::ScopeMissing, detail))
    }

    /// Refuses to show what an author sent to anybody but that author and an auditor.
    ///
    /// # Errors
    /// `not_found` for another partner, so that nobody learns that there is something;
    /// `scope_missing` for a house key that is no auditor's.
    pub fn may_see_entry_of(&self, author: &str) -> Result<(), Problem> {
        if author == self.name.as_str() {
            return Ok(());
        }
        match self.is_house() {
            true => self.require(Scope::Audit),
            false => Err(Problem::not_found()),
        }
    }
}

impl FromRequestParts<House> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Problem> {
        let At(programme) = At::from_request_parts(parts, house).await?;
        let caller = authenticate(house, &programme, &parts.headers).await;
        if let Err(problem) = &caller {
            let (id, code) = (programme.id.as_str(), problem.code.as_str());
            house.metrics().token_refused(id, code);
        }
        caller
    }
}

impl FromRequestParts<House> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, house).await?;
        match caller.is_house() {
            true if caller.scopes.contains(Scope::Operate) => {}
            true => caller.require(Scope::Audit)?,
            false => caller.require(Scope::Read)?,
        }
        Ok(Self(caller))
    }
}

async fn authenticate(
    house: &House,
    programme: &Arc<Programme>,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    let token = bearer(headers)?;
    let view = programme.ledger.view();
    let ledger_now = programme.now();
    let real_now = Micros(Clock::Real.now_us());
    let checked = house.check(token.len(), move || {
        let (party, scopes) = check(&token, &view, ledger_now, real_now)?;
        Ok::<_, Problem>((party, view.governance.name(party), scopes))
    });
    let (party, name, scopes) = checked.await??;
    programme.rates.take(party)?;
    Ok(Caller {
        programme: programme.clone(),
        party,
        name,
        scopes,
    })
}

fn bearer(headers: &HeaderMap) -> Result<String, Problem> {
    let mut all = headers.get_all(header::AUTHORIZATION).into_iter();
    let Some(value) = all.next() else {
        return Err(Problem::of(Code::TokenMissing));
    };
    let scheme_and_token = value.to_str().ok().and_then(|text| text.split_once(' '));
    match scheme_and_token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && all.next().is_none() => {
            match token.len() <= TOKEN_BYTES_MAX {
                true => Ok(token.trim().to_owned()),
                false => Err(invalid(format!(
                    "a token has at most {TOKEN_BYTES_MAX} bytes"
                ))),
            }
        }
        _ => Err(invalid("Authorization must be Bearer and one token")),
    }
}

/// Checks a token: form and claims, key, signature, times, and the key at the ledger's present.
fn check(
    token: &str,
    view: &View,
    ledger_now: Micros,
    real_now: Micros,
) -> Result<(Party, Scopes), Problem> {
    let jws =
        Jws::parse(token.as_bytes(), Typ::Token).map_err(|error| invalid(error.to_string()))?;
    let claims = Claims::parse(&jws.payload).map_err(|error| invalid(error.to_string()))?;
    if claims.aud != view.governance.programme.origin {
        return Err(invalid("aud is not the origin of this ledger"));
    }
    let unknown = || Problem::of(Code::KeyUnknown);
    let (party, public) = view.keys.key(&jws.kid).ok_or_else(unknown)?;
    if !jws.verify(public) {
        return Err(invalid("the signature does not verify"));
    }
    let now_s = real_now.seconds();
    if claims.exp <= now_s {
        return Err(Problem::of(Code::TokenExpired));
    }
    if claims.exp > now_s + AHEAD_S_MAX {
        return Err(invalid("exp lies more than 10 minutes ahead"));
    }
    if claims.nbf > now_s {
        return Err(invalid("nbf lies ahead"));
    }
    let id = Name::parse(jws.kid.key_id()).map_err(|_| unknown())?;
    let key = view.governance.key(party, &id).ok_or_else(unknown)?;
    if !key.is_valid_at(ledger_now) {
        return Err(Problem::of(Code::KeyNotValid));
    }
    if !key.scopes.contains_all(claims.scopes) {
        let detail = "the token claims a scope that its key does not have";
        return Err(Problem::new(Code::ScopeMissing, detail));
    }
    Ok((party, claims.scopes))
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(Code::TokenInvalid, detail)
}

#[derive(Debug, PartialEq, Eq)]
struct Claims {
    aud: String,
    exp: u64,
    nbf: u64,
    scopes: Scopes,
}

impl Claims {
    fn parse(payload: &[u8]) -> Result<Self, JsonError> {
        const REQUIRED: [(u32, &str); 3] = [(0, "aud"), (1, "exp"), (2, "scope")];
        const OPTIONAL: [(u32, &str); 5] =
            [(3, "nbf"), (4, "iat"), (5, "iss"), (6, "sub"), (7, "jti")];
        let mut claims = Self {
            aud: String::new(),
            exp: 0,
            nbf: 0,
            scopes: Scopes::default(),
        };
        let mut json = Json::new(payload)?;
        let mut fields = Fields::new();
        json.object(|json, name| {
            let mut known = REQUIRED.iter().chain(&OPTIONAL);
            let Some((bit, _)) = known.find(|(_, known)| *known == name) else {
                return Err(json.refuse(Reason::Unknown));
            };
            fields.mark(*bit, json)?;
            match name {
                "aud" => claims.aud = json.string()?.into_owned(),
                "exp" => claims.exp = seconds(json)?,
                "nbf" => claims.nbf = seconds(json)?,
                "iat" => drop(seconds(json)?),
                "scope" => claims.scopes = scopes(json)?,
                _ => drop(json.string()?),
            }
            Ok(())
        })?;
        fields.require(&REQUIRED, &json)?;
        json.finish()?;
        Ok(claims)
    }
}

fn seconds(json: &mut Json<'_>) -> Result<u64, JsonError> {
    let before = json.clone();
    let number = json.integer()?.within(0..=1 << 53);
    let refused = || before.refuse(Reason::Refused("seconds since 1970, a whole number"));
    number
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(refused)
}

/// Words of RFC 6749 §3.3: scopes, single spaces between them.
fn scopes(json: &mut Json<'_>) -> Result<Scopes, JsonError> {
    let before = json.clone();
    let text = json.string()?;
    let words: Option<Scopes> = text.split(' ').map(Scope::parse).collect();
    let advice = "scope holds scopes of the key, with single spaces between them";
    words.ok_or_else(|| before.refuse(Reason::Refused(advice)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_in_one_form_only() {
        let good = r#"{"aud":"a/b","exp":9,"scope":"read submit","iat":1,"jti":"x"}"#;
        let claims = Claims::parse(good.as_bytes()).unwrap();
        assert_eq!((claims.aud.as_str(), claims.exp), ("a/b", 9));
        assert!(claims.scopes.contains(Scope::Read) && claims.scopes.contains(Scope::Submit));
        for bad in [
            r#"{"aud":["a/b"],"exp":9,"scope":"read"}"#,
            r#"{"aud":"a/b","exp":9.0,"scope":"read"}"#,
            r#"{"aud":"a/b","exp":-9,"scope":"read"}"#,
            r#"{"aud":"a/b","exp":"9","scope":"read"}"#,
            r#"{"aud":"a/b","exp":9,"scope":""}"#,
            r#"{"aud":"a/b","exp":9,"scope":"read  submit"}"#,
            r#"{"aud":"a/b","exp":9,"scope":"root"}"#,
            r#"{"aud":"a/b","exp":9}"#,
            r#"{"aud":"a/b","exp":9,"exp":9,"scope":"read"}"#,
            r#"{"aud":"a/b","exp":9,"scope":"read","admin":"x"}"#,
            r#"{"aud":"a/b","exp":9,"scope":"read"} "#
                .trim_end()
                .trim_end_matches('}'),
        ] {
            assert!(Claims::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
