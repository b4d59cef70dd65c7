//! `tallyhouse-verify`: checks receipts and ledgers, with no trust in the house.

use clap::Parser;
use std::process::ExitCode;
use tallyhouse::cli::{exit, verify};

fn main() -> ExitCode {
    exit::code(verify::run(&verify::Arguments::parse()))
}
