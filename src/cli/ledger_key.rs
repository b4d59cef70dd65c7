//! `tallyhouse key ledger`, `handover` and `retire`: the keys that sign checkpoints.
//!
//! The old and the new key are on the house's machine, the govern keys are not: so `handover`
//! writes an op that can be carried to them, and `submit` proposes and approves it there.

use super::client::{Client, Info};
use super::exit::Exit;
use super::key::sender;
use super::remote::{Key, Remote};
use super::{keyfile, sign, style};
use crate::platform::keys;
use crate::proof::base64url;
use crate::proof::handover;
use crate::proof::note::{NoteSigner, VerifierKey};
use anyhow::Context;
use serde_json::json;
use std::path::PathBuf;

/// Prints the keys that checkpoints verify with, and from which entry to which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse key ledger --url http://127.0.0.1:7400/v1/demo")]
pub struct Show {
    #[command(flatten)]
    remote: Remote,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Lets the ledger key hand over to another, which is made if its file does not exist.
///
/// Prints the op that adds the new key. Two govern keys have to propose and approve it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse key handover --from keys/demo/ledger.pem \
                  --to keys/demo/ledger-2.pem \\\n    \
                  --url http://127.0.0.1:7400/v1/demo > handover.json\n  \
                  (next_ledger_key_file = \"keys/demo/ledger-2.pem\", and start again)\n  \
                  tallyhouse submit handover.json --url http://127.0.0.1:7400/v1/demo \\\n    \
                  --key house.govern-1.pem --approve-with house.govern-2.pem"
)]
pub struct Handover {
    /// The file of a ledger key in force
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The file of the new key; its verifier key is written beside it
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    remote: Remote,
    /// Print one JSON object that holds the new verifier key and the op
    #[arg(long)]
    json: bool,
}

/// Ends a ledger key: no checkpoint that covers the approval is signed with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse key retire ledger.vkey \
                  --url http://127.0.0.1:7400/v1/demo \\\n    \
                  --key house.govern-1.pem --approve-with house.govern-2.pem")]
pub struct Retire {
    /// The verifier key (name+hash+base64), or a file that holds it
    vkey: String,
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

/// Prints the ledger's keys.
///
/// # Errors
/// The house does not answer.
pub fn show(show: &Show) -> anyhow::Result<Exit> {
    let info = show.remote.client()?.info()?;
    if show.json {
        println!("{}", serde_json::to_string(&info.ledger_keys)?);
        return Ok(Exit::Done);
    }
    for key in &info.ledger_keys {
        let until = key.retired.map(style::grouped);
        let until = until.map_or_else(|| "in force".to_owned(), |by| format!("until entry {by}"));
        println!(
            "{}  from entry {}, {until}",
            key.vkey,
            style::grouped(key.added)
        );
    }
    Ok(Exit::Done)
}

/// Makes the new key if need be, and prints the op that adds it.
///
/// # Errors
/// A key cannot be read or made, or is not that of this ledger.
pub fn hand_over(arguments: &Handover) -> anyhow::Result<Exit> {
    let info = arguments.remote.client()?.info()?;
    let from = NoteSigner::new(&info.origin, &keys::load(&arguments.from)?.to_bytes())?;
    check_in_force(&info, from.verifier_key())
        .with_context(|| arguments.from.display().to_string())?;
    let new = match arguments.to.exists() {
        true => keys::load(&arguments.to)?,
        false => keys::create(&arguments.to)?,
    };
    let to = NoteSigner::new(&info.origin, &new.to_bytes())?;
    anyhow::ensure!(
        from.public() != to.public(),
        "--from and --to hold one and the same key; name a file that does not exist yet"
    );
    let vkey = to.verifier_key().to_string();
    let vkey_file = arguments.to.with_extension("vkey");
    std::fs::write(&vkey_file, format!("{vkey}\n"))
        .with_context(|| format!("cannot write {}", vkey_file.display()))?;
    let handover = handover::sign(&from, &to);
    let action = json!({"op": "ledger_key_add", "handover": handover});
    let op = json!({"op": "propose", "action": action});
    if arguments.json {
        println!(
            "{}",
            json!({"vkey": vkey, "vkey_file": vkey_file, "propose": op})
        );
        return Ok(Exit::Done);
    }
    println!("{op}");
    let file = arguments.to.display();
    eprintln!("{} {vkey}", style::good("new ledger key:"));
    eprintln!(
        "Write next_ledger_key_file = \"{file}\" into the settings and start the house again; then \
         two govern keys propose and approve what was printed: tallyhouse submit."
    );
    Ok(Exit::Done)
}

/// Proposes the end of a ledger key, and approves it with the second key.
///
/// # Errors
/// It could not be sent.
pub fn retire(arguments: &Retire) -> anyhow::Result<Exit> {
    let vkeys = super::verify::verifier_keys(&arguments.vkey)?;
    let [vkey] = vkeys.as_slice() else {
        anyhow::bail!("the file holds several keys; name the one that ends");
    };
    let client: Client = arguments.remote.client()?;
    check_in_force(&client.info()?, vkey)?;
    let public = base64url::encode(&vkey.public_key().to_bytes());
    let action = json!({"op": "ledger_key_retire", "public_key": public});
    let op = json!({"op": "propose", "action": action});
    let approver = arguments.approve_with.as_deref().map(keyfile::signer);
    let approver = approver.transpose()?;
    let signer = arguments.key.signer()?;
    let sender = sender(&client, arguments.json);
    sender.sign_and_send(sign::of_ops(vec![op]), &signer, approver.as_ref())
}

fn check_in_force(info: &Info, vkey: &VerifierKey) -> anyhow::Result<()> {
    let vkey = vkey.to_string();
    let in_force = info.ledger_keys.iter().filter(|key| key.retired.is_none());
    anyhow::ensure!(
        in_force.clone().any(|key| key.vkey == vkey),
        "{vkey} is no key in force of {}; `tallyhouse key ledger` prints them",
        info.origin
    );
    Ok(())
}
