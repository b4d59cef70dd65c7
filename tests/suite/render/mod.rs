//! Files for people and banks, made from the examples beside this file.

mod pdf;
