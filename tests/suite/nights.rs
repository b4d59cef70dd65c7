//! Nights: windows that close one after the other, by real ledgers and settlements.

#[path = "nights/conformance.rs"]
mod conformance;
#[path = "nights/crash.rs"]
mod crash;
#[path = "nights/held.rs"]
mod held;
#[path = "nights/inputs.rs"]
mod inputs;
#[path = "nights/killed.rs"]
mod killed;
#[path = "nights/many.rs"]
mod many;
#[path = "nights/masters.rs"]
mod masters;
#[path = "nights/month.rs"]
mod month;
#[path = "nights/programme.rs"]
pub mod programme;
#[path = "nights/random.rs"]
mod random;
#[path = "nights/traffic.rs"]
mod traffic;
