//! The files that are made from statements and from the house's document of a window.

mod camt053;
mod master;
mod payments;
mod xml;
