//! `tallyhouse token`: prints a read token that the caller's own key signs.

use super::client;
use super::exit::Exit;
use super::remote::{Key, Remote, reading_scope};
use crate::domain::scope::Scope;
use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use serde_json::json;

/// The longest life of a token, in seconds.
const TTL_S_MAX: u64 = 600;

/// Prints a bearer token for reading, signed by your key; the house issues none.
///
/// Exit code 0: printed. 2: not printed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  curl -H \"Authorization: Bearer $(tallyhouse token \
                  --url http://127.0.0.1:7400/v1/demo --key keys/grocery.till-1.pem)\" \\\n    \
                  http://127.0.0.1:7400/v1/demo/members/hh-0900"
)]
pub struct Arguments {
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// The ledger's origin; asked of the house if absent
    #[arg(long, value_name = "ORIGIN")]
    ledger: Option<String>,
    /// What the token may be used for; default: read, or audit for a house key
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Seconds until it expires
    #[arg(long, default_value_t = TTL_S_MAX,
          value_parser = clap::value_parser!(u64).range(1..=TTL_S_MAX))]
    ttl_s: u64,
    /// Print the token and when it expires as JSON
    #[arg(long)]
    json: bool,
}

/// Signs and prints the token.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let scopes = match arguments.scopes.as_slice() {
        [] => reading_scope(&signer).to_owned(),
        scopes => {
            let unknown = scopes.iter().find(|word| Scope::parse(word).is_none());
            anyhow::ensure!(unknown.is_none(), "no scope is called {}", scopes.join(" "));
            scopes.join(" ")
        }
    };
    let ledger = match &arguments.ledger {
        Some(ledger) => ledger.clone(),
        None => arguments.remote.client()?.info()?.origin,
    };
    let until_s = Micros(Clock::Real.now_us()).seconds() + arguments.ttl_s;
    let token = client::token(&signer, &ledger, &scopes, until_s);
    if arguments.json {
        let until = Micros::from_seconds(until_s).to_rfc3339_seconds();
        println!(
            "{}",
            json!({"token": token, "scope": scopes, "expires_at": until})
        );
    } else {
        println!("{token}");
    }
    Ok(Exit::Done)
}
