//! The files that are made from statements and windows.

mod cases;
mod csv;
mod folder;
mod html;
mod journal;
mod pack;
mod xlsx;
