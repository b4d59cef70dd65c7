//! The files that are made from statements and from the house's document of a window.

mod camt053;
mod cases;
mod csv;
mod folder;
mod html;
mod journal;
mod master;
mod pack;
mod payments;
mod pdf;
mod xlsx;
mod xml;
