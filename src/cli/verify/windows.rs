//! `tallyhouse-verify windows`: the windows of a ledger, as its entries make them.

use super::audited::{self, Pinned};
use crate::audit::Verdict;
use crate::cli::exit::Exit;
use crate::cli::style;
use crate::proof::hex::encode as hex;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Replays a ledger and lists its windows: days, state, entries, and the root over statements.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse-verify windows entries.ndjson --state audit.state")]
pub struct Arguments {
    /// The entries, or a folder or an address of tiles, as for `ledger`
    #[arg(value_name = "FILE|DIR|URL")]
    path: PathBuf,
    #[command(flatten)]
    pinned: Pinned,
    /// Print the windows as JSON
    #[arg(long)]
    json: bool,
}

/// Replays the ledger and prints its windows.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let audited = audited::audit(&arguments.path, &arguments.pinned, |_| ())?;
    let stated = audited.replay.stated();
    let windows: Vec<Value> = audited
        .replay
        .windows()
        .map(|window| {
            let bound = stated.get(&window.number);
            json!({
                "window": window.number,
                "state": window.state.as_str(),
                "first_day": window.first_day,
                "last_day": window.last_day,
                "first_entry": window.first_entry,
                "last_entry": window.cut.map(|cut| cut.entry),
                "netted_in": window.netted.map(|netted| netted.entry),
                "stated_in": window.stated.map(|stated| stated.entry),
                "statements": bound.map(|bound| bound.count),
                "statements_root": bound.map(|bound| hex(&bound.root)),
                "document_sha256": bound.map(|bound| hex(&bound.document_sha256)),
            })
        })
        .collect();
    let findings = audited::findings(&audited);
    if arguments.json {
        println!("{}", json!({"windows": windows, "findings": findings}));
    } else {
        audited::print_findings(findings);
        windows.iter().for_each(print);
    }
    Ok(match audited.verdict.as_ref().is_some_and(Verdict::holds) {
        true => Exit::Done,
        false => Exit::Refused,
    })
}

fn print(window: &Value) {
    let text = |name: &str| match &window[name] {
        Value::Null => "…".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    println!(
        "window {:>4}  {:<6}  {} to {:<10}  entries {} to {}",
        text("window"),
        text("state"),
        text("first_day"),
        text("last_day"),
        text("first_entry"),
        text("last_entry"),
    );
    if !window["statements_root"].is_null() {
        let bound = format!(
            "{} statements in entry {}, root {}",
            text("statements"),
            text("stated_in"),
            text("statements_root")
        );
        println!("             {}", style::dim(&bound));
    }
}
