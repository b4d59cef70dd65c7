//! Dev only.
#[path = "suite/model.rs"]
mod model;
#[path = "suite/nights.rs"]
mod nights;
#[path = "suite/process.rs"]
mod process;
#[path = "suite/support.rs"]
mod support;
