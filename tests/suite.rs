//! The tests that look at the package from outside.

#[cfg(feature = "server")]
#[path = "suite/api/mod.rs"]
mod api;
#[path = "suite/schemas.rs"]
mod schemas;
#[cfg(feature = "server")]
#[path = "suite/support.rs"]
mod support;
