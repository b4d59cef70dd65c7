//! The tests that look at the package from outside.

#[path = "suite/golden.rs"]
mod golden;
#[path = "suite/house.rs"]
mod house;
#[path = "suite/property.rs"]
mod property;
#[path = "suite/rules.rs"]
mod rules;
#[path = "suite/schemas.rs"]
mod schemas;
#[path = "suite/simulation.rs"]
mod simulation;
#[path = "suite/stores.rs"]
mod stores;
