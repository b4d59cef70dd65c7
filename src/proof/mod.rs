//! Bytes and cryptography: the formats in which the ledger is signed, stored, chained and proved.
pub mod base64url;
pub mod chain;
pub mod json;
pub mod jws;
pub mod keys;
pub mod merkle;
pub mod tile;
