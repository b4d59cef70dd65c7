//! `tallyhouse-verify`: checks receipts and ledgers, with no trust in the house.

use clap::Parser;
use std::process::ExitCode;
use tallyhouse::cli::{exit, verify};

/// What is made on one thread is let go on another, which the system's allocator is slow at.
#[cfg(feature = "server")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    exit::code(verify::run(&verify::Arguments::parse()))
}
