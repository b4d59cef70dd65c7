//! The tests that look at the package from outside.

#[cfg(feature = "server")]
#[path = "suite/api/mod.rs"]
mod api;
#[cfg(feature = "server")]
#[path = "suite/audit.rs"]
mod audit;
#[cfg(feature = "server")]
#[path = "suite/cli.rs"]
mod cli;
#[cfg(feature = "server")]
#[path = "suite/crash.rs"]
mod crash;
#[cfg(feature = "server")]
#[path = "suite/model.rs"]
mod model;
#[cfg(feature = "server")]
#[path = "suite/month.rs"]
mod month;
#[cfg(feature = "server")]
#[path = "suite/process.rs"]
mod process;
#[path = "suite/schemas.rs"]
mod schemas;
#[cfg(feature = "server")]
#[path = "suite/support.rs"]
mod support;
