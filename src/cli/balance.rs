//! `tallyhouse balance`: what a member has, as far as the caller may see it.

use super::exit::Exit;
use super::remote::{Key, Remote, reading_scope};
use super::style;
use serde_json::Value;

/// Shows a member's points: totals, and the lots that you may see.
///
/// Exit code 0: shown. 1: there is no such member. 2: the house could not be asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse balance hh-0900 \
                  --url http://127.0.0.1:7400/v1/demo --key keys/grocery.till-1.pem")]
pub struct Arguments {
    /// The member's reference
    member: String,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Asks and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let client = arguments.remote.client()?;
    let member = crate::domain::ids::Reference::parse(&arguments.member)?;
    let reader = (&signer, reading_scope(&signer));
    let found = match client.get(&format!("/members/{member}"), reader) {
        Err(error) if error.code() == Some("not_found") => {
            match arguments.json {
                true => println!("{}", serde_json::json!({"code": "not_found"})),
                false => println!("{} {member}", style::bad("no such member:")),
            }
            return Ok(Exit::Refused);
        }
        answer => answer?,
    };
    if arguments.json {
        println!("{found}");
        return Ok(Exit::Done);
    }
    print(&arguments.member, &found);
    Ok(Exit::Done)
}

fn print(member: &str, found: &Value) {
    let number = |value: &Value| value.as_u64().map(style::grouped).unwrap_or_default();
    let as_of = found["as_of"].as_str().unwrap_or_default();
    println!(
        "{} {}",
        style::title(member),
        style::dim(&format!("as of {as_of}"))
    );
    if found["frozen"] == true {
        println!("  {}", style::warn("frozen: no burn, hold or transfer"));
    }
    for name in ["available", "pending", "held", "debt"] {
        let points = number(&found[name]);
        println!("  {} {points:>12}", style::dim(&format!("{name:<10}")));
    }
    let Some(lots) = found["lots"].as_array().filter(|lots| !lots.is_empty()) else {
        return;
    };
    let mut table = style::table();
    table.set_header([
        "state",
        "issuer",
        "issued",
        "spendable from",
        "until",
        "points",
    ]);
    for lot in lots {
        let text = |name: &str| lot[name].as_str().unwrap_or_default().to_owned();
        table.add_row([
            text("state"),
            text("issuer"),
            text("issued_on"),
            text("activates_on"),
            text("expires_on"),
            number(&lot["points"]),
        ]);
    }
    println!("{table}");
}
