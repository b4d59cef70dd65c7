//! The tests that look at the package from outside.

#[cfg(feature = "server")]
#[path = "suite/api/mod.rs"]
mod api;
#[cfg(feature = "server")]
#[path = "suite/audit.rs"]
mod audit;
#[cfg(feature = "server")]
#[path = "suite/auditor/mod.rs"]
mod auditor;
#[cfg(feature = "server")]
#[path = "suite/cli/mod.rs"]
mod cli;
#[cfg(feature = "server")]
#[path = "suite/crash.rs"]
mod crash;
#[cfg(feature = "server")]
#[path = "suite/golden.rs"]
mod golden;
#[cfg(feature = "server")]
#[path = "suite/house.rs"]
mod house;
#[cfg(feature = "server")]
#[path = "suite/mirror.rs"]
mod mirror;
#[cfg(feature = "server")]
#[path = "suite/model.rs"]
mod model;
#[cfg(feature = "server")]
#[path = "suite/month.rs"]
mod month;
#[cfg(feature = "server")]
#[path = "suite/nights.rs"]
mod nights;
#[cfg(feature = "server")]
#[path = "suite/process.rs"]
mod process;
#[cfg(feature = "server")]
#[path = "suite/property.rs"]
mod property;
#[cfg(feature = "server")]
#[path = "suite/render/mod.rs"]
mod render;
#[cfg(feature = "server")]
#[path = "suite/rotation.rs"]
mod rotation;
#[cfg(feature = "server")]
#[path = "suite/rules.rs"]
mod rules;
#[path = "suite/schemas.rs"]
mod schemas;
#[cfg(feature = "server")]
#[path = "suite/settlement.rs"]
mod settlement;
#[cfg(feature = "server")]
#[path = "suite/simulation.rs"]
mod simulation;
#[cfg(feature = "server")]
#[path = "suite/stores.rs"]
mod stores;
#[cfg(feature = "server")]
#[path = "suite/support.rs"]
mod support;
#[cfg(feature = "server")]
#[path = "suite/witness.rs"]
mod witness;
#[cfg(feature = "server")]
#[path = "suite/witnessing.rs"]
mod witnessing;
