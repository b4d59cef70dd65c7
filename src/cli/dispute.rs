//! `tallyhouse dispute`: opens, answers and resolves disputes about stated windows.
//!
//! Must not: send evidence anywhere; the ledger holds its SHA-256 alone.

use super::exit::Exit;
use super::key::sender;
use super::remote::{Key, Remote};
use super::{keyfile, sign};
use crate::domain::ids::Name;
use crate::domain::line::Reason as LineReason;
use crate::domain::submission::DisputeReason;
use crate::proof::hex;
use anyhow::Context;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Opens, answers and resolves disputes.
///
/// A dispute never changes a stated position: it is paid as stated, and what a resolution comes to
/// is posted in the open window. Exit code 0: done. 1: the ledger refused it. 2: it could not be
/// sent.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tallyhouse dispute open 7 --debtor bakery --creditor house \
                  --line issue_fee --price-version 1 \\\n    --reason amount_wrong \
                  --evidence letter.pdf --key keys/bakery.office.pem"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Open(Box<Open>),
    Answer(Answer),
    Resolve(Box<Resolve>),
}

/// Disputes a line of a stated window, or an op in it.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tallyhouse dispute open 7 --entry 4711 --op 2 \
                  --reason other \\\n    --evidence letter.pdf --key keys/bakery.office.pem"
)]
struct Open {
    /// The window's number
    window: u32,
    /// Who owes, by the line
    #[arg(value_parser = Name::parse, long, requires_all = ["creditor", "line", "price_version"])]
    debtor: Option<Name>,
    /// Who is owed, by the line
    #[arg(value_parser = Name::parse, long)]
    creditor: Option<Name>,
    /// What the line is for
    #[arg(long, value_name = "REASON", requires = "debtor", value_parser = line_reasons())]
    line: Option<String>,
    /// At which price version; 0 for adjustments
    #[arg(long, value_name = "VERSION")]
    price_version: Option<u32>,
    /// The entry of the op, instead of a line
    #[arg(long, conflicts_with = "debtor", required_unless_present = "debtor")]
    entry: Option<u64>,
    /// The op's place in the entry
    #[arg(long, default_value_t = 0)]
    op: u16,
    /// Why
    #[arg(long, value_parser = reasons())]
    reason: String,
    /// A file that shows it; it stays with you, and its SHA-256 goes into the ledger
    #[arg(long, value_name = "FILE")]
    evidence: PathBuf,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

/// Answers a dispute, as the other side of it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallyhouse dispute answer 4890 --reject \
                  --evidence contract.pdf --key keys/cinema.office.pem")]
struct Answer {
    /// The entry that opened the dispute
    entry: u64,
    /// The op's place in that entry
    #[arg(long, default_value_t = 0)]
    op: u16,
    /// You agree
    #[arg(long, conflicts_with = "reject", required_unless_present = "reject")]
    accept: bool,
    /// You do not agree
    #[arg(long)]
    reject: bool,
    /// A file that shows why; its SHA-256 goes into the ledger
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

/// Decides a dispute, with two govern keys: what makes it good is owed in the open window.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tallyhouse dispute resolve 4890 --uphold --debtor house \
                  --creditor bakery --amount 1.20 \\\n    --key govern/demo/house.govern-1.pem \
                  --approve-with govern/demo/house.govern-2.pem"
)]
struct Resolve {
    /// The entry that opened the dispute
    entry: u64,
    /// The op's place in that entry
    #[arg(long, default_value_t = 0)]
    op: u16,
    /// For who opened it
    #[arg(long, requires_all = ["debtor", "creditor", "amount"], conflicts_with = "dismiss",
          required_unless_present = "dismiss")]
    uphold: bool,
    /// Against who opened it
    #[arg(long)]
    dismiss: bool,
    /// Who owes what makes it good
    #[arg(value_parser = Name::parse, long, conflicts_with = "dismiss")]
    debtor: Option<Name>,
    /// Who is owed it
    #[arg(value_parser = Name::parse, long, conflicts_with = "dismiss")]
    creditor: Option<Name>,
    /// How much, with all decimals of the currency
    #[arg(long, conflicts_with = "dismiss")]
    amount: Option<String>,
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

fn reasons() -> PossibleValuesParser {
    DisputeReason::ALL.map(DisputeReason::as_str).into()
}

fn line_reasons() -> PossibleValuesParser {
    LineReason::ALL.map(LineReason::as_str).into()
}

/// Does what the arguments ask for.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Open(open) => {
            let mut op = json!({"op": "dispute_open", "window": open.window,
                "reason": open.reason, "evidence_sha256": sha256(&open.evidence)?});
            match open.entry {
                Some(entry) => op["target"] = json!({"entry": entry, "op": open.op}),
                None => {
                    op["line"] = json!({"debtor": open.debtor, "creditor": open.creditor,
                        "reason": open.line, "price_version": open.price_version});
                }
            }
            send(op, &open.remote, &open.key, None, open.json)
        }
        Command::Answer(answer) => {
            let place = json!({"entry": answer.entry, "op": answer.op});
            let mut op = json!({"op": "dispute_answer", "dispute": place,
                "accepted": answer.accept});
            if let Some(evidence) = &answer.evidence {
                op["evidence_sha256"] = json!(sha256(evidence)?);
            }
            send(op, &answer.remote, &answer.key, None, answer.json)
        }
        Command::Resolve(resolve) => {
            let place = json!({"entry": resolve.entry, "op": resolve.op});
            let mut action = json!({"op": "dispute_resolve", "dispute": place,
                "upheld": resolve.uphold});
            if resolve.uphold {
                action["debtor"] = json!(resolve.debtor);
                action["creditor"] = json!(resolve.creditor);
                action["amount"] = json!(resolve.amount);
            }
            let op = json!({"op": "propose", "action": action});
            let approver = resolve.approve_with.as_deref();
            send(op, &resolve.remote, &resolve.key, approver, resolve.json)
        }
    }
}

fn send(
    op: Value,
    remote: &Remote,
    key: &Key,
    approve_with: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<Exit> {
    let signer = key.signer()?;
    let approver = approve_with.map(keyfile::signer).transpose()?;
    let client = remote.client()?;
    let sender = sender(&client, as_json);
    sender.sign_and_send(sign::of_ops(vec![op]), &signer, approver.as_ref())
}

fn sha256(file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(hex::encode(&Sha256::digest(&bytes)))
}
