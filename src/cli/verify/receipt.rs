//! `tallyhouse-verify receipt`: is the entry in the ledger, and are its results the ledger's?

use crate::cli::exit::Exit;
use crate::cli::style;
use crate::domain::time::Micros;
use crate::proof::receipt::{self, RECEIPT_BYTES_MAX, Verified};
use serde_json::json;
use std::path::PathBuf;

/// Checks a receipt: the entry is under the signed checkpoint, and every word follows from it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse-verify receipt receipt.json --vkey ledger.vkey")]
pub struct Arguments {
    /// The receipt in JSON, as the house answered it; - for standard input
    file: PathBuf,
    /// The ledger's verifier key (name+hash+base64), or a file that holds one a line
    #[arg(long)]
    vkey: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Checks the receipt and prints what it proves.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let keys = super::verifier_keys(&arguments.vkey)?;
    let bytes = super::read(&arguments.file, RECEIPT_BYTES_MAX)?;
    match receipt::verify(&bytes, &keys) {
        Ok(verified) => {
            print_proved(&verified, arguments.json);
            Ok(Exit::Done)
        }
        Err(error) => {
            if arguments.json {
                println!("{}", json!({"holds": false, "finding": error.to_string()}));
            } else {
                println!("{} {error}", style::bad("does not hold:"));
            }
            Ok(Exit::Refused)
        }
    }
}

fn print_proved(verified: &Verified, as_json: bool) {
    let entry = &verified.entry;
    let accepted_at = Micros(entry.accepted_at_us).to_rfc3339();
    if as_json {
        let outcomes: Vec<&str> = verified
            .effects
            .iter()
            .map(|effect| effect.outcome().code())
            .collect();
        let report = json!({
            "holds": true,
            "ledger": entry.origin,
            "index": entry.index,
            "accepted_at": accepted_at,
            "author": entry.author,
            "author_seq": entry.author_seq,
            "submission": verified.submission.id,
            "outcomes": outcomes,
            "checkpoint_size": verified.checkpoint.size,
        });
        println!("{report}");
        return;
    }
    println!("{} {}", style::good("holds:"), entry.origin);
    println!(
        "  entry {} of {}, accepted {accepted_at}",
        entry.index, verified.checkpoint.size
    );
    println!(
        "  submission {} of {}, its entry number {}",
        verified.submission.id, entry.author, entry.author_seq
    );
    for (op, effect) in verified.submission.ops.iter().zip(&verified.effects) {
        let (kind, outcome) = (op.action.kind(), effect.outcome());
        println!("  {kind} {}: {}", op.id, outcome.code());
    }
}
