//! The audit: replays a ledger from its entries alone and compares every claim with its own result.
//!
//! It trusts no database of the house. What it needs is the entries in order; a checkpoint, the key
//! that signs it and the pinned hash of entry 0 tie them to what others have seen.
//! Must not: read files, clocks or sockets, or correct anything.
//!
//! ```text
//! entry bytes ─▶ Replay::push ─▶ fold (domain::execute) ─▶ Replay::finish ─▶ Verdict
//!                     │ first entry that does not hold          │ checkpoint, found, sums
//!                     ▼                                         ▼
//!                 Finding { entry, check, expected, found }
//! ```
//!
//! A replay stops at the first entry with a finding: what stands behind it cannot be judged.

mod archive;
mod clearing;
mod expiry;
pub mod findings;
mod fold;
pub mod history;
mod keys;
pub mod pins;
pub mod prepared;
pub mod replay;
mod seen;
pub mod state;
pub mod statements;
mod sums;
mod verdict;

pub use findings::{Check, Finding};
pub use history::History;
pub use pins::Pins;
pub use prepared::{Prepared, Preparer};
pub use replay::Replay;
pub use verdict::Verdict;
