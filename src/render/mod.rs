//! Files for people and banks, made from a statement or the house's document of a window.
//!
//! Pure: values in, bytes out; the same values give the same bytes. The signed JSON is what counts;
//! each file here names its SHA-256. Names and bank details appear only here.
//! Must not: work out an amount that the statement does not hold, beyond sums of what it shows.

pub mod account;
pub mod camt053;
pub mod csv;
mod figures;
pub mod html;
pub mod journal;
pub mod latin;
pub mod master;
pub mod pack;
pub mod pain;
pub mod pain001;
pub mod pain008;
pub mod pdf;
pub mod xlsx;
mod xml;

use self::master::Masters;
use crate::domain::statement::{Stated, Statement, WindowDocument};

/// A partner's statement with what is needed to present it.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// What binds it to the ledger, with its SHA-256.
    pub stated: &'a Stated,
    /// Names and accounts of the house and the partners that are known.
    pub masters: &'a Masters,
    /// Where the house serves the programme, such as `https://points.example/v1/demo`.
    pub address: &'a str,
}

/// The house's document of a window with what is needed to present it.
#[derive(Debug, Clone, Copy)]
pub struct WindowSheet<'a> {
    /// The document.
    pub document: &'a WindowDocument,
    /// SHA-256 of its canonical JSON, 64 hex digits.
    pub sha256: &'a str,
    /// Names and accounts of the house and the partners that are known.
    pub masters: &'a Masters,
    /// Where the house serves the programme.
    pub address: &'a str,
}
