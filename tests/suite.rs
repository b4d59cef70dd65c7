//! The tests that look at the package from outside.

#[path = "suite/schemas.rs"]
mod schemas;
