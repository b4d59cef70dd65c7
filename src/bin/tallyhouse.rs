//! `tallyhouse`: the house's server, and the commands of the house and of partners.

use clap::Parser;
use std::process::ExitCode;
use tallyhouse::cli::{command, exit};

fn main() -> ExitCode {
    exit::code(command::run(&command::Arguments::parse()))
}
