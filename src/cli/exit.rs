//! How a command ends: the exit code that scripts read.
//!
//! Must not: print. `0` is success, `1` is a no of the ledger or a finding, `2` is everything that
//! could not be done or decided, wrong arguments included (which is also what clap uses).

use std::process::ExitCode;

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and everything held.
    Done,
    /// The ledger refused something, or a check found something.
    Refused,
    /// It could not be done, or not be decided.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Refused => Self::from(1),
            Exit::Failed => Self::from(2),
        }
    }
}

/// The end of a command: its exit, or the failure printed to standard error with its causes.
pub fn code(result: anyhow::Result<Exit>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("{}: {error:#}", super::style::bad("error"));
            Exit::Failed.into()
        }
    }
}
