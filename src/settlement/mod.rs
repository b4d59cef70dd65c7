//! The nightly run: when a window is cut, and the masters that its money files are made with.
//!
//! It asks and the ledger decides: what it wants is a house-signed submission like any other, and a
//! step that was done already changes nothing. Must not: change state, or hold a business rule.

pub mod alarm;
pub mod calendar;
pub mod desk;
pub mod masters;
pub mod night;
pub mod outcome;
pub mod publish;
pub mod run;
pub mod shadow;

use crate::platform::files;

pub use outcome::{SettleError, Settled};
pub use run::{Settlement, address};
