//! The house over HTTP: one file per resource, every route in [`mod@router`].
//!
//! A submission's way: `front` (past hyper and the router, if it comes plainly; `busy` when the
//! house is full) → `limits` (places, request id) → `extract` (raw bytes, within limits) →
//! `verifier` (signature over exactly these bytes, then parse) → `limits` (rate of the author) →
//! the ledger's queue → receipt. A read's way: `front` → hyper → the router → `limits` → `token` →
//! the resource.
//!
//! Must not: decide business rules, or know a status code outside [`problem`]. What a refused
//! request leaves is a metric and one log line, never a payload.
//!
//! | File | Resource |
//! |---|---|
//! | `programme` | `/v1/{programme}` |
//! | `verify` | `/v1/{programme}/verify`, a page |
//! | `submissions` | `/v1/{programme}/submissions` |
//! | `entries` | `/v1/{programme}/entries` |
//! | `receipts` | `/v1/{programme}/receipts` |
//! | `members`, `history` | `/v1/{programme}/members` |
//! | `partners`, `lines` | `/v1/{programme}/partners` |
//! | `windows`, `statements`, `settle` | `/v1/{programme}/windows`, `/v1/{programme}/settle` |
//! | `reports` | `/v1/{programme}/reports` |
//! | `portable` | `/v1/{programme}/receipts/{index}.tlog-proof` |
//! | `log`, `tiles` | `/v1/{programme}/log` |
//! | `clock` | `/v1/{programme}/clock` |
//! | `status` | `/healthz`, `/readyz`, `/metrics`, `/openapi.json` |
//!
//! [`witness`] is another service on another port: a witness's.

mod busy;
mod clock;
mod connection;
mod entries;
mod extract;
mod front;
mod gossip;
mod history;
mod house;
mod limits;
mod lines;
mod log;
mod members;
mod metrics;
mod partners;
mod plain;
mod portable;
pub mod problem;
mod programme;
mod published;
mod receipts;
mod reports;
pub mod router;
mod serve;
mod settle;
mod statements;
mod status;
mod submissions;
mod tiles;
mod token;
mod verifier;
mod verify;
mod windows;
pub mod witness;

pub use house::{House, Programme};
pub use router::{openapi, router};
pub use serve::{ServeError, serve};
