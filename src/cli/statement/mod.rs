//! `tallyhouse statement`: fetches a partner's statement, and checks one without trust.

mod get;
mod verify;

use super::exit::Exit;
use clap::{Args, Subcommand};

/// Fetches and checks statements.
///
/// Exit code 0: done, and everything held. 1: there is no such statement, or it does not hold.
/// 2: it could not be done, or not be decided.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tallyhouse statement get 7 bakery --format all --out books \
                  \\\n    --url http://127.0.0.1:7400/v1/demo --key keys/bakery.office.pem"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Get(get::Arguments),
    Verify(Box<verify::Arguments>),
}

/// Does what the arguments ask for.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Get(arguments) => get::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
    }
}
