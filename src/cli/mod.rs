//! Commands for people and scripts: one file per command.
//!
//! Each has `--help` with an example, `--json`, and an exit code (see [`exit`]). Answers go to
//! standard output; progress, notes and errors to standard error. Must not: hold a business rule.

#[cfg(feature = "server")]
pub mod command;
pub mod exit;
mod style;
pub mod verify;

#[cfg(feature = "server")]
mod acknowledge;
#[cfg(feature = "server")]
mod balance;
#[cfg(feature = "server")]
mod bench;
#[cfg(feature = "server")]
mod client;
#[cfg(feature = "server")]
mod confirm;
#[cfg(feature = "server")]
mod demo;
#[cfg(feature = "server")]
mod dispute;
#[cfg(feature = "server")]
mod export;
#[cfg(feature = "server")]
mod house;
#[cfg(feature = "server")]
mod import;
#[cfg(feature = "server")]
mod init;
#[cfg(feature = "server")]
mod key;
#[cfg(feature = "server")]
mod keyfile;
#[cfg(feature = "server")]
mod ledger_key;
#[cfg(feature = "server")]
mod master;
#[cfg(feature = "server")]
mod payments;
#[cfg(feature = "server")]
mod remote;
#[cfg(feature = "server")]
mod report;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "server")]
mod settle;
#[cfg(feature = "server")]
mod sign;
#[cfg(feature = "server")]
mod statement;
#[cfg(feature = "server")]
mod submit;
#[cfg(feature = "server")]
mod table;
#[cfg(feature = "server")]
mod token;
#[cfg(feature = "server")]
mod windows;
#[cfg(feature = "server")]
mod witness;
