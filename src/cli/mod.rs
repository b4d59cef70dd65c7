//! Commands for people and scripts: one file per command.
//!
//! Each has `--help` with an example, `--json`, and an exit code (see [`exit`]). Answers go to
//! standard output; progress, notes and errors to standard error. Must not: hold a business rule.

pub mod exit;
mod style;
pub mod verify;
