//! Tallyhouse.

pub mod proof;
