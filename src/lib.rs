//! Tallyhouse: the clearing house of a loyalty coalition.
//!
//! | module | what it is | may use |
//! |---|---|---|
//! | [`domain`] | pure business rules | nothing of ours |
//! | [`proof`] | pure bytes and cryptography | `domain` |
//! | `render` | pure files from statements | `domain` |
//! | `platform` | settings, clock, key files, logs | `proof::keys` |
//! | [`audit`] | pure replay of a ledger from its entries | `domain`, `proof` |
//! | `ledger` | the durable single writer | `domain`, `proof`, `platform` |
//! | `settlement` | the nightly run | `domain`, `proof`, `audit`, `render`, `ledger`, `platform` |
//! | `witness` | asking witnesses, and being one | `domain`, `proof`, `platform`, `ledger` |
//! | `http` | the house over HTTP | all but `cli` |
//! | [`cli`] | one file per command | all |
//!
//! Pure modules name no file, socket, thread, clock or randomness; `tests/tidy.rs` reads the
//! sources and checks this table. The server's modules need the feature `server`.

pub mod audit;
pub mod cli;
pub mod domain;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod ledger;
#[cfg(feature = "server")]
pub mod platform;
pub mod proof;
#[cfg(feature = "server")]
pub mod render;
#[cfg(feature = "server")]
pub mod settlement;
#[cfg(feature = "server")]
pub mod witness;
