//! `tallyhouse`: the house's server, and the commands of the house and of partners.

use clap::Parser;
use std::process::ExitCode;
use tallyhouse::cli::{command, exit};

/// Records are allocated on one thread and freed on another, which glibc is slow at: with this one
/// an op of a long submission takes a tenth less of CPU.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    exit::code(command::run(&command::Arguments::parse()))
}
