//! `tallyhouse key`: makes and shows keys, and registers and revokes them in a ledger.
//!
//! A partner's first key, a recovered key and every house key are proposed by one govern key and
//! approved by another; a partner's further keys are its own affair.

use super::client::Client;
use super::exit::Exit;
use super::remote::{Key, Remote};
use super::{keyfile, ledger_key, sign, submit};
use crate::domain::ids::HOUSE;
use crate::domain::scope::{Scope, Scopes};
use crate::platform::keys::{KeyName, NamedKey};
use crate::proof::base64url;
use crate::proof::keys::Signer;
use anyhow::Context;
use clap::{Args, Subcommand};
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::DecodePublicKey;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// What a partner's key may do unless it is said otherwise.
pub const PARTNER_SCOPES: [&str; 4] = ["submit", "read", "statements", "manage"];
/// How long to go on while the house is busy or away.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes, shows, registers and revokes keys.
///
/// Exit code 0: done. 1: the ledger refused it. 2: it could not be done.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallyhouse key new --dir keys grocery/till-1")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(New),
    Show(Show),
    Add(Box<Add>),
    Revoke(Box<Revoke>),
    Ledger(ledger_key::Show),
    Handover(ledger_key::Handover),
    Retire(Box<ledger_key::Retire>),
}

/// Makes a private key, readable by you alone, and prints its public key.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallyhouse key new --dir keys grocery/till-1")]
struct New {
    /// The key's name, AUTHOR/KEY-ID
    kid: String,
    /// The folder for the file AUTHOR.KEY-ID.pem
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Prints the name and the public key of a key file.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallyhouse key show keys/grocery.till-1.pem")]
struct Show {
    /// The key file
    file: PathBuf,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Registers a public key in the ledger.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tallyhouse key add grocery/till-1 --public-key \
                  11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo \\\n    --scope submit --scope read \
                  --url http://127.0.0.1:7400/v1/demo \\\n    \
                  --key govern/demo/house.govern-1.pem \
                  --approve-with govern/demo/house.govern-2.pem"
)]
struct Add {
    /// The key's name, AUTHOR/KEY-ID
    kid: String,
    /// The public key in base64url, as `key show` prints it, or its file in PEM
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    public_key: String,
    /// What it may sign for; default for a partner: all but transfer
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// The second govern key, which approves
    #[arg(long, value_name = "FILE")]
    approve_with: Option<PathBuf>,
    /// Print the receipts as JSON
    #[arg(long)]
    json: bool,
}

/// Ends a key: nothing that it signs is accepted any more.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallyhouse key revoke grocery/till-1 \
                  --url http://127.0.0.1:7400/v1/demo --key keys/grocery.office.pem")]
struct Revoke {
    /// The key's name, AUTHOR/KEY-ID
    kid: String,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

/// Does what the arguments ask for.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::New(new) => {
            let name = KeyName::from_kid(&new.kid)?;
            std::fs::create_dir_all(&new.dir)
                .with_context(|| format!("cannot make the folder {}", new.dir.display()))?;
            let path = new.dir.join(name.file_name());
            let key = NamedKey::create(&new.dir, name)?;
            print(&keyfile::to_signer(&key)?, &path, new.json);
        }
        Command::Show(show) => print(&keyfile::signer(&show.file)?, &show.file, show.json),
        Command::Add(add) => return register(add),
        Command::Revoke(revoke) => return end(revoke),
        Command::Ledger(show) => return ledger_key::show(show),
        Command::Handover(handover) => return ledger_key::hand_over(handover),
        Command::Retire(retire) => return ledger_key::retire(retire),
    }
    Ok(Exit::Done)
}

fn print(signer: &Signer, file: &std::path::Path, as_json: bool) {
    let public = keyfile::public_key(signer);
    if as_json {
        println!(
            "{}",
            json!({"kid": signer.kid().as_str(), "public_key": public, "file": file})
        );
        return;
    }
    println!("kid         {}", signer.kid());
    println!("public key  {public}");
    println!("file        {}", file.display());
}

fn register(add: &Add) -> anyhow::Result<Exit> {
    let name = KeyName::from_kid(&add.kid)?;
    let signer = add.key.signer()?;
    let approver = add.approve_with.as_deref().map(keyfile::signer);
    let public = public_key(&add.public_key)?;
    let mut op = key_add(&name, &public, &scopes(add, &name)?);
    if signer.kid().author() == HOUSE {
        op["author"] = json!(name.author());
        op = json!({"op": "propose", "action": op});
    }
    let client = add.remote.client()?;
    let sender = sender(&client, add.json);
    let exit = sender.sign_and_send(
        sign::of_ops(vec![op]),
        &signer,
        approver.transpose()?.as_ref(),
    )?;
    if signer.kid().author() == HOUSE && add.approve_with.is_none() && !add.json {
        println!("Proposed. Another govern key has to approve it within 30 days: submit approve.");
    }
    Ok(exit)
}

fn end(revoke: &Revoke) -> anyhow::Result<Exit> {
    let name = KeyName::from_kid(&revoke.kid)?;
    let signer = revoke.key.signer()?;
    let op = json!({"op": "key_revoke", "author": name.author(), "key": name.key()});
    let client = revoke.remote.client()?;
    sender(&client, revoke.json).sign_and_send(sign::of_ops(vec![op]), &signer, None)
}

/// A sender that waits for a while, and keeps no receipt.
pub fn sender(client: &Client, json: bool) -> submit::Sender<'_> {
    submit::Sender {
        client,
        patience: PATIENCE,
        receipt: None,
        json,
    }
}

/// A `key_add` of one of the author's own keys.
pub fn key_add(name: &KeyName, public_key: &str, scopes: &[String]) -> Value {
    json!({"op": "key_add", "key": name.key(), "public_key": public_key, "scopes": scopes})
}

fn scopes(add: &Add, name: &KeyName) -> anyhow::Result<Vec<String>> {
    let is_house = name.author() == HOUSE;
    if add.scopes.is_empty() && !is_house {
        return Ok(PARTNER_SCOPES.map(str::to_owned).to_vec());
    }
    let known: Option<Scopes> = add.scopes.iter().map(|word| Scope::parse(word)).collect();
    let known = known.with_context(|| format!("no scope is called {}", add.scopes.join(" ")))?;
    let side = if is_house { "the house" } else { "a partner" };
    anyhow::ensure!(
        known.fit(is_house),
        "name at least one scope that a key of {side} may have"
    );
    Ok(add.scopes.clone())
}

/// The public key in an argument: itself, or that of a PEM file as `openssl pkey -pubout` writes.
///
/// # Errors
/// The file cannot be read, or holds another kind of key.
pub fn public_key(argument: &str) -> anyhow::Result<String> {
    if !argument.ends_with(".pem") {
        return Ok(argument.to_owned());
    }
    let text = std::fs::read_to_string(argument)
        .with_context(|| format!("cannot read the public key in {argument}"))?;
    let key = VerifyingKey::from_public_key_pem(&text)
        .with_context(|| format!("{argument} holds no Ed25519 public key in PEM"))?;
    Ok(base64url::encode(key.as_bytes()))
}
