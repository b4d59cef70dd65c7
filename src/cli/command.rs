//! `tallyhouse`: the commands of the house and of partners, and which code each one calls.

use super::exit::Exit;
use super::{
    acknowledge, balance, bench, confirm, demo, dispute, export, import, init, key, master,
    payments, report, serve, settle, sign, statement, submit, token, windows, witness,
};
use clap::{Parser, Subcommand};

/// The clearing house of a loyalty coalition.
///
/// Exit codes: 0 done; 1 the ledger refused something, or a check found something; 2 it could not
/// be done, or the arguments are wrong.
#[derive(Debug, Parser)]
#[command(
    name = "tallyhouse",
    version,
    after_help = "Example:\n  tallyhouse demo        a small coalition, a week of purchases, \
                  checked to the last point"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(Box<init::Arguments>),
    Serve(serve::Arguments),
    Key(key::Arguments),
    Master(master::Arguments),
    Token(token::Arguments),
    Sign(sign::Arguments),
    Submit(submit::Arguments),
    Import(Box<import::Arguments>),
    Balance(balance::Arguments),
    Export(export::Arguments),
    Witness(witness::Arguments),
    Settle(settle::Arguments),
    Windows(windows::Arguments),
    Statement(statement::Arguments),
    Acknowledge(acknowledge::Arguments),
    Payments(payments::Arguments),
    Confirm(Box<confirm::Arguments>),
    Dispute(dispute::Arguments),
    Report(report::Arguments),
    Demo(demo::Arguments),
    Bench(bench::Arguments),
}

/// Does what the arguments ask for.
///
/// # Errors
/// What could not be done, and why.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Init(arguments) => init::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Key(arguments) => key::run(arguments),
        Command::Master(arguments) => master::run(arguments),
        Command::Token(arguments) => token::run(arguments),
        Command::Sign(arguments) => sign::run(arguments),
        Command::Submit(arguments) => submit::run(arguments),
        Command::Import(arguments) => import::run(arguments),
        Command::Balance(arguments) => balance::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Witness(arguments) => witness::run(arguments),
        Command::Settle(arguments) => settle::run(arguments),
        Command::Windows(arguments) => windows::run(arguments),
        Command::Statement(arguments) => statement::run(arguments),
        Command::Acknowledge(arguments) => acknowledge::run(arguments),
        Command::Payments(arguments) => payments::run(arguments),
        Command::Confirm(arguments) => confirm::run(arguments),
        Command::Dispute(arguments) => dispute::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
    }
}
