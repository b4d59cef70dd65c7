//! Dev only.
#[path = "suite/nights.rs"]
mod nights;
#[path = "suite/process.rs"]
mod process;
#[path = "suite/support.rs"]
mod support;
