//! Tallyhouse.

#[cfg(feature = "server")]
pub mod platform;
