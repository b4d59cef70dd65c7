//! The business rules: what partners, members, points, prices and lines are, and what ops do.
//!
//! Pure: no files, network, clock, threads or randomness, and nothing of our other modules. The
//! same entries give the same effects in normal running, in recovery and in an audit.
//! [`execute`] is the way in; `schemas/README.md` states the rules for strangers.

#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

pub mod admission;
pub mod books;
pub mod calendar;
pub mod dispute;
pub mod effect;
pub mod execute;
pub mod governance;
pub mod ids;
pub mod invariants;
pub mod ledger_key;
pub mod line;
pub mod lot;
pub mod member;
pub mod members;
pub mod money;
pub mod netting;
pub mod op;
pub mod partner;
pub mod points;
pub mod price;
pub mod programme;
pub mod rejection;
pub mod report;
pub mod scope;
pub mod statement;
pub mod submission;
pub mod table;
pub mod tally;
pub mod time;
pub mod visit;
pub mod window;
pub mod working_set;
