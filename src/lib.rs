//! Tallyhouse: the clearing house of a loyalty coalition.

pub mod domain;
