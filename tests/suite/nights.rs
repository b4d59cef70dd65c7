//! Nights: windows that close one after the other, by real ledgers and settlements.

#[path = "nights/month.rs"]
mod month;
#[path = "nights/programme.rs"]
pub mod programme;
#[path = "nights/random.rs"]
mod random;
#[path = "nights/traffic.rs"]
mod traffic;
