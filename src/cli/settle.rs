//! `tallyhouse settle`: closes the windows that are due, now.
//!
//! Must not: know when something is due; the house does. Asked again, it goes on where it stopped.

use super::client::ClientError;
use super::exit::Exit;
use super::remote::{Key, Remote};
use super::style;
use super::table::{self, count_of, days_of, right, text_of};
use crate::domain::time::Day;
use anyhow::Context;
use comfy_table::Cell;
use serde_json::{Value, json};

/// Closes windows: sweeps, cuts, nets, states and publishes what is due.
///
/// Needs a house key with the scope operate. Run again, it goes on where it stopped; where nothing
/// is due, it does nothing. Exit code 0: everything that was due is published. 1: a window is held,
/// because two computations differ. 2: it could not be done, or ended early; what was done stands.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse settle --url http://127.0.0.1:7400/v1/demo \
                  --key house/keys/demo/house.operate-1.pem"
)]
pub struct Arguments {
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// The last day that the open window covers, today at the latest; default: the last day whose
    /// cutoff has passed
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Asks the house and prints the windows that it closed.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let client = arguments.remote.client()?;
    let body = match &arguments.until {
        None => json!({}),
        Some(until) => {
            let day = Day::parse(until).context("--until is written YYYY-MM-DD")?;
            json!({"until": day})
        }
    };
    let answer = match client.operate(&signer, "/settle", &body) {
        Err(ClientError::Problem(problem)) if problem.code == "window_held" => {
            match arguments.json {
                true => println!(
                    "{}",
                    json!({"code": problem.code, "detail": problem.detail})
                ),
                false => println!("{} {}", style::bad("held:"), problem.detail),
            }
            return Ok(Exit::Refused);
        }
        answer => answer?,
    };
    if arguments.json {
        println!("{}", String::from_utf8_lossy(&answer));
    } else {
        print(&serde_json::from_slice(&answer).context("the answer is no JSON")?);
    }
    Ok(Exit::Done)
}

fn print(answer: &Value) {
    let settled = answer["settled"].as_array().map_or(&[][..], Vec::as_slice);
    if settled.is_empty() {
        let until = text_of(&answer["now"]);
        println!("nothing is due {}", style::dim(&format!("at {until}")));
        return;
    }
    let mut table = table::with_header(&["window", "<days", "statements", "files not made"]);
    for window in settled {
        let problems = window["problems"].as_array().map_or(0, Vec::len);
        table.add_row([
            right(&window["window"]),
            Cell::new(days_of(&window["first_day"], &window["last_day"])),
            right(count_of(&window["statements"])),
            right(problems),
        ]);
    }
    println!("{table}");
    settled.iter().for_each(print_problems);
    let (now, open) = (text_of(&answer["now"]), &answer["open_window"]);
    println!("{}", style::dim(&format!("window {open} is open, {now}")));
}

/// Says which files of a window could not be made, and why.
pub fn print_problems(window: &Value) {
    for problem in window["problems"].as_array().into_iter().flatten() {
        let (file, why) = (text_of(&problem["file"]), text_of(&problem["problem"]));
        let place = format!("window {}: {file}", window["window"]);
        println!("{} {why}", style::warn(&place));
    }
}
