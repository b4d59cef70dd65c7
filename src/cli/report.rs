//! `tallyhouse report`: sums over the ledger, as a table, as JSON, or as CSV for a spreadsheet.

use super::exit::Exit;
use super::remote::{Key, Remote};
use super::style;
use super::table::{self, right, text_of};
use crate::domain::time::Day;
use anyhow::Context;
use clap::ValueEnum;
use comfy_table::Cell;
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;

/// Shows a report: the house sees all of it, a partner what is its own.
///
/// Exit code 0: shown. 2: the house could not be asked.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse report liability --csv --out liability.csv \\\n    \
                  --url http://127.0.0.1:7400/v1/demo --key house/keys/demo/house.audit-1.pem"
)]
pub struct Arguments {
    /// Which one
    #[arg(value_enum)]
    name: Report,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// Write CSV
    #[arg(long)]
    csv: bool,
    /// Keep it in this file; default: standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only rows about this partner
    #[arg(long)]
    partner: Option<String>,
    /// The first day of the report activity; default: 30 days before the last
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day of the report activity; default: today
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Print the answer as JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
}

/// A report's name.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Report {
    /// What members have of each issuer's points
    Liability,
    /// What moved of each issuer's points on each day
    Activity,
    /// The share of each issuer's points that was burned
    Redemption,
    /// Where each issuer's points were burned
    Flow,
    /// What is risked with each partner
    Exposure,
    /// What became of each issuer's points by month of issue
    Breakage,
    /// What is to be paid, and how late it is
    Payments,
}

/// Asks and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let client = arguments.remote.client()?;
    let ending = if arguments.csv { "csv" } else { "json" };
    let name = arguments.name.to_possible_value();
    let name = name.context("a report has a name")?;
    let mut path = format!("/reports/{}.{ending}", name.get_name());
    let mut sign = '?';
    for (name, value) in [
        ("partner", &arguments.partner),
        ("from", &arguments.from),
        ("to", &arguments.to),
    ] {
        if let Some(value) = value {
            let is_day = name == "partner" || Day::parse(value).is_some();
            anyhow::ensure!(is_day, "--{name} is written YYYY-MM-DD");
            path.push_str(&format!("{sign}{name}={value}"));
            sign = '&';
        }
    }
    let report = client.read_books(&path, &signer)?;
    if let Some(file) = &arguments.out {
        std::fs::write(file, &report)
            .with_context(|| format!("cannot write {}", file.display()))?;
        eprintln!("{} {}", style::good("kept"), file.display());
    } else if arguments.csv || arguments.json {
        std::io::stdout().write_all(&report)?;
    } else {
        print(&serde_json::from_slice(&report).context("the answer is no JSON")?);
    }
    Ok(Exit::Done)
}

fn print(report: &Value) {
    let as_of = &report["as_of"];
    let day = text_of(&as_of["day"]);
    let note = format!("as of {day}, entry {}", as_of["entry"]);
    println!(
        "{} {}",
        style::title(&text_of(&report["report"])),
        style::dim(&note)
    );
    let columns = report["columns"].as_array().map_or(&[][..], Vec::as_slice);
    let rows = report["rows"].as_array().map_or(&[][..], Vec::as_slice);
    let is_number = |name: &str| {
        let values = rows.iter().map(|row| &row[name]);
        let number = |value: &Value| {
            let text = value.as_str().unwrap_or("0");
            value.is_null() || text.parse::<rust_decimal::Decimal>().is_ok()
        };
        values.into_iter().all(number)
    };
    let names: Vec<&str> = columns.iter().filter_map(Value::as_str).collect();
    let numbers: Vec<bool> = names.iter().map(|name| is_number(name)).collect();
    let headers = names.iter().zip(&numbers).map(|(name, number)| {
        let words = name.replace('_', " ");
        if *number { words } else { format!("<{words}") }
    });
    let headers: Vec<String> = headers.collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let mut table = table::with_header(&headers);
    for row in rows {
        let cells = names.iter().zip(&numbers);
        table.add_row(cells.map(|(name, number)| cell(&row[*name], *number)));
    }
    println!("{table}");
}

fn cell(value: &Value, is_number: bool) -> Cell {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) if is_number => table::money_of(&Value::String(text.clone())),
        Value::String(text) => text.clone(),
        other => table::count_of(other),
    };
    if is_number {
        right(text)
    } else {
        Cell::new(text)
    }
}
