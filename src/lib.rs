//! Tallyhouse: the clearing house of a loyalty coalition.

pub mod domain;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod ledger;
#[cfg(feature = "server")]
pub mod platform;
pub mod proof;
