//! `tallyhouse payments`: what is to be paid for a window, as a table or as the bank's file.
//!
//! Must not: make a bank file; the house does, from masters that the ledger binds.

use super::client::Client;
use super::exit::Exit;
use super::remote::{Key, Remote};
use super::style;
use super::table::{self, money_of, right, text_of};
use super::windows::no_such_window;
use crate::domain::ids::HOUSE;
use crate::proof::keys::Signer;
use anyhow::Context;
use clap::ValueEnum;
use comfy_table::{Cell, Color};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

/// Shows the payments of a window, or fetches the file for the bank.
///
/// The house sees all of them; a partner its own, and no bank file. Exit code 0: shown. 1: there is
/// no such window or file. 2: the house could not be asked.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse payments 7 --format pain001 --out payments.xml \\\n    \
                  --url http://127.0.0.1:7400/v1/demo --key house/keys/demo/house.operate-1.pem"
)]
pub struct Arguments {
    /// The window's number
    window: u32,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// A table, or which file
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Keep the bank's file here; default: standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the table as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Who pays whom, by when, and whether it was paid
    Table,
    /// What the house pays: ISO 20022 pain.001
    Pain001,
    /// What the house collects by direct debit: ISO 20022 pain.008
    Pain008,
}

/// Asks and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let client = arguments.remote.client()?;
    match arguments.format {
        Format::Table => show(arguments, &client, &signer),
        Format::Pain001 => fetch(arguments, &client, &signer, "pain001"),
        Format::Pain008 => fetch(arguments, &client, &signer, "pain008"),
    }
}

fn fetch(
    arguments: &Arguments,
    client: &Client,
    signer: &Signer,
    kind: &str,
) -> anyhow::Result<Exit> {
    let window = arguments.window;
    let path = format!("/windows/{window}/payments.{kind}.xml");
    let bytes = match client.read_books(&path, signer) {
        Err(error) if error.is_absent() => {
            match arguments.json {
                true => println!("{}", json!({"code": error.code()})),
                false => println!(
                    "{} {kind} of window {window}; {error}",
                    style::bad("no such file:")
                ),
            }
            return Ok(Exit::Refused);
        }
        answer => answer?,
    };
    let Some(file) = &arguments.out else {
        std::io::stdout().write_all(&bytes)?;
        return Ok(Exit::Done);
    };
    std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    match arguments.json {
        true => println!("{}", json!({"file": file})),
        false => println!("{} {}", style::good("kept"), file.display()),
    }
    Ok(Exit::Done)
}

fn show(arguments: &Arguments, client: &Client, signer: &Signer) -> anyhow::Result<Exit> {
    let window = arguments.window;
    let payments = match payments(client, signer, window) {
        Err(error) if error.code() == Some("not_stated") => {
            match arguments.json {
                true => println!("{}", json!({"code": "not_stated"})),
                false => println!("{} window {window}; {error}", style::bad("no payments:")),
            }
            return Ok(Exit::Refused);
        }
        Err(error) if error.code() == Some("not_found") => {
            return Ok(no_such_window(window, arguments.json));
        }
        answer => answer?,
    };
    let open = client.read_books_json("/reports/payments.json", signer)?;
    let open = open["rows"].as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Value> = payments
        .iter()
        .map(|payment| {
            let is_it = |row: &&Value| row["reference"] == payment["reference"];
            let mut row = payment.clone();
            row["status"] = match open.iter().find(is_it) {
                Some(open) => open["status"].clone(),
                None => json!("paid"),
            };
            row
        })
        .collect();
    if arguments.json {
        println!("{}", json!({"window": window, "payments": rows}));
        return Ok(Exit::Done);
    }
    let names = ["<pays", "<gets", "amount", "<due", "<reference", "<status"];
    let mut table = table::with_header(&names);
    for row in &rows {
        let status = text_of(&row["status"]);
        table.add_row([
            Cell::new(text_of(&row["debtor"])),
            Cell::new(text_of(&row["creditor"])),
            right(money_of(&row["amount"])),
            Cell::new(text_of(&row["due_on"])),
            Cell::new(text_of(&row["reference"])),
            match status.as_str() {
                "overdue" => Cell::new(status).fg(Color::Yellow),
                _ => Cell::new(status),
            },
        ]);
    }
    println!("{table}");
    Ok(Exit::Done)
}

/// The payments of a window: for the house all of them, for a partner those in its statement.
fn payments(
    client: &Client,
    signer: &Signer,
    window: u32,
) -> Result<Vec<Value>, super::client::ClientError> {
    let author = signer.kid().author();
    if author == HOUSE {
        let path = format!("/windows/{window}/matrix.json");
        let document = client.read_books_json(&path, signer)?;
        return Ok(document["payments"].as_array().cloned().unwrap_or_default());
    }
    let path = format!("/windows/{window}/statements/{author}.json");
    let statement = client.read_books_json(&path, signer)?;
    let own = statement["position"]["payments"].as_array();
    let named = own.into_iter().flatten().map(|payment| {
        let (own, other) = (json!(author), payment["counterparty"].clone());
        let pays = payment["direction"] == "pay";
        let (debtor, creditor) = if pays { (own, other) } else { (other, own) };
        json!({"window": window, "debtor": debtor, "creditor": creditor,
            "amount": payment["amount"], "due_on": payment["due_on"],
            "reference": payment["reference"]})
    });
    Ok(named.collect())
}
