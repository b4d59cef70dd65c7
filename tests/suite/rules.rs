//! The rules, case by case: setup, submissions, and what must follow, as one script each.
//!
//! [`crate::house`] says how scripts read. Amounts follow from prices of 0.01 (issue) and 0.008
//! (burn) unless a script sets others.

#[path = "rules/adjust.rs"]
mod adjust;
#[path = "rules/atomic.rs"]
mod atomic;
#[path = "rules/codes.rs"]
mod codes;
#[path = "rules/disputes.rs"]
mod disputes;
#[path = "rules/expiry.rs"]
mod expiry;
#[path = "rules/governance.rs"]
mod governance;
#[path = "rules/holds.rs"]
mod holds;
#[path = "rules/ledger_keys.rs"]
mod ledger_keys;
#[path = "rules/limits.rs"]
mod limits;
#[path = "rules/lots.rs"]
mod lots;
#[path = "rules/member_debt.rs"]
mod member_debt;
#[path = "rules/member_ops.rs"]
mod member_ops;
#[path = "rules/netting.rs"]
mod netting;
#[path = "rules/payments.rs"]
mod payments;
#[path = "rules/reverse.rs"]
mod reverse;
#[path = "rules/settlement.rs"]
mod settlement;
#[path = "rules/windows.rs"]
mod windows;
