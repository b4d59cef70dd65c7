//! `tallyhouse windows`: the windows of a programme, and how far each has come.

use super::exit::Exit;
use super::remote::{Key, Remote};
use super::settle::print_problems;
use super::style;
use super::table::{self, count, count_of, days_of, money_of, right, text_of};
use comfy_table::{Cell, Color, Table};
use serde_json::{Value, json};

/// The most windows of one page.
const LIMIT_MAX: u64 = 200;

/// Shows windows, the newest first, or one of them.
///
/// What was owed and what is paid is the house's to see; a partner sees its own in its statement.
/// Exit code 0: shown. 1: there is no such window. 2: the house could not be asked.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse windows --url http://127.0.0.1:7400/v1/demo \
                  --key house/keys/demo/house.audit-1.pem"
)]
pub struct Arguments {
    /// Only the window with this number
    number: Option<u32>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// How many
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u64).range(1..=LIMIT_MAX))]
    limit: u64,
    /// Only windows before this number
    #[arg(long, value_name = "NUMBER", conflicts_with = "number")]
    before: Option<u32>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Asks and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let client = arguments.remote.client()?;
    let path = match (arguments.number, arguments.before) {
        (Some(number), _) => format!("/windows/{number}"),
        (None, Some(before)) => format!("/windows?limit={}&before={before}", arguments.limit),
        (None, None) => format!("/windows?limit={}", arguments.limit),
    };
    let found = match client.read_books_json(&path, &signer) {
        Err(error) if error.code() == Some("not_found") => {
            let number = arguments.number.unwrap_or_default();
            return Ok(no_such_window(number, arguments.json));
        }
        answer => answer?,
    };
    if arguments.json {
        println!("{found}");
        return Ok(Exit::Done);
    }
    let currency = text_of(&found["currency"]);
    let mut table = table(&currency);
    match found["windows"].as_array() {
        Some(windows) => {
            windows.iter().for_each(|window| add(&mut table, window));
            println!("{table}");
            windows.iter().for_each(print_problems);
            let last = windows.last().and_then(|last| last["window"].as_u64());
            if let Some(last) = last.filter(|last| *last > 0) {
                println!("{}", style::dim(&format!("earlier ones: --before {last}")));
            }
        }
        None => {
            add(&mut table, &found);
            println!("{table}");
            print_steps(&found);
            print_problems(&found);
        }
    }
    Ok(Exit::Done)
}

/// Says that there is no such window.
pub fn no_such_window(number: u32, as_json: bool) -> Exit {
    match as_json {
        true => println!("{}", json!({"code": "not_found"})),
        false => println!("{} {number}", style::bad("no such window:")),
    }
    Exit::Refused
}

fn table(currency: &str) -> Table {
    table::with_header(&[
        "window",
        "<days",
        "<state",
        "entries",
        "lines",
        &format!("owed {currency}"),
        &format!("moves {currency}"),
        "saved",
        "payments",
        "statements",
        "<published",
    ])
}

fn add(table: &mut Table, window: &Value) {
    let netting = &window["netting"];
    let state = text_of(&window["state"]);
    let entries = window["last_entry"].as_u64();
    let entries = entries.zip(window["first_entry"].as_u64());
    let entries = entries.map(|(last, first)| count(last + 1 - first));
    let saved = netting["efficiency_percent"].as_str();
    table.add_row([
        right(&window["window"]),
        Cell::new(days_of(&window["first_day"], &window["last_day"])),
        match state.as_str() {
            "held" => Cell::new(state).fg(Color::Red),
            _ => Cell::new(state),
        },
        right(entries.unwrap_or_default()),
        right(count_of(&netting["lines"])),
        right(money_of(&netting["gross"])),
        right(money_of(&netting["net"])),
        right(saved.map(|saved| format!("{saved} %")).unwrap_or_default()),
        right(count_of(&netting["payments"])),
        right(count_of(&window["statements"])),
        Cell::new(match window["published"] == true {
            true => "✓",
            false => "",
        }),
    ]);
}

fn print_steps(window: &Value) {
    for step in ["cut", "netted", "stated"] {
        if let Some(entry) = window[step]["entry"].as_u64() {
            let at = text_of(&window[step]["at"]);
            let name = style::dim(&format!("{step:<16}"));
            println!("  {name} entry {}, {at}", style::grouped(entry));
        }
    }
    let line = |name: &str, text: String| println!("  {} {text}", style::dim(name));
    if let Some(open) = window["open_payments"].as_u64() {
        line("open payments   ", open.to_string());
    }
    if window["dispute_until"].is_string() {
        line("disputable until", text_of(&window["dispute_until"]));
    }
}
