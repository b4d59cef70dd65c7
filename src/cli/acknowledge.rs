//! `tallyhouse acknowledge`: a partner says that it has seen its statement.

use super::exit::Exit;
use super::key::sender;
use super::remote::{Key, Remote};
use super::sign;
use serde_json::json;

/// Acknowledges your statement of a window.
///
/// It is a partner's word that it has the statement; it gives up no dispute. Needs a key with the
/// scope statements. Exit code 0: done. 1: the ledger refused it. 2: it could not be sent.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse acknowledge 7 \
                  --url http://127.0.0.1:7400/v1/demo --key keys/bakery.office.pem")]
pub struct Arguments {
    /// The window's number
    window: u32,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

/// Signs and sends it.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let op = json!({"op": "statement_acknowledge", "window": arguments.window});
    let client = arguments.remote.client()?;
    let sender = sender(&client, arguments.json);
    sender.sign_and_send(sign::of_ops(vec![op]), &signer, None)
}
