//! The chart of accounts: which account of the house an amount belongs to.
//!
//! Must not: give two parties one account. A partner id with a capital letter in front is a valid
//! account in both formats, and no two ids differ in that letter alone.

use crate::domain::ids::{HOUSE, Name};
use crate::domain::statement::WindowDocument;

/// An account's full name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account(String);

impl Account {
    /// The house's money account.
    pub fn bank() -> Self {
        Self("Assets:Bank".to_owned())
    }

    /// What a partner owes by lines that netting has not made payable.
    pub fn clearing(partner: &Name) -> Self {
        Self::of_partner("Assets:Clearing", partner)
    }

    /// What a partner is to pay.
    pub fn receivable(partner: &Name) -> Self {
        Self::of_partner("Assets:Receivable", partner)
    }

    /// What a partner is to get.
    pub fn payable(partner: &Name) -> Self {
        Self::of_partner("Liabilities:Payable", partner)
    }

    /// What the house holds against points that are out.
    pub fn pool() -> Self {
        Self("Liabilities:Pool".to_owned())
    }

    /// What came before the first window of a journal.
    pub fn opening() -> Self {
        Self("Equity:Opening".to_owned())
    }

    /// What the house earns, or bears.
    pub fn income(kind: &str) -> Self {
        Self(format!("Income:{kind}"))
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of_partner(parent: &str, partner: &Name) -> Self {
        let (first, rest) = partner.as_str().split_at(1);
        Self(format!("{parent}:{}{rest}", first.to_ascii_uppercase()))
    }
}

/// Income of the house in every programme, and with a pool.
const INCOME: [&str; 4] = ["Fees:Issue", "Fees:Burn", "Adjustments", "Other"];
const INCOME_OF_POOL: [&str; 5] = ["Breakage", "Spread", "Points", "Rounding", "Unexplained"];

/// The house's side of a line: fees and adjustments are income, or less of it where the house is
/// the debtor; what points are worth goes into and out of the pool.
pub fn house_account(reason: &str) -> Account {
    match reason {
        "issue_fee" | "issue_fee_reversal" => Account::income("Fees:Issue"),
        "burn_fee" | "burn_fee_reversal" => Account::income("Fees:Burn"),
        "adjustment" => Account::income("Adjustments"),
        _ if feeds_pool(reason) => Account::pool(),
        _ => Account::income("Other"),
    }
}

/// Whether a line of the house moves the pool's money.
pub fn feeds_pool(reason: &str) -> bool {
    let reasons = [
        "issue",
        "issue_reversal",
        "burn",
        "burn_reversal",
        "debt_repaid",
    ];
    reasons.contains(&reason)
}

/// Every account that a window's journal may name.
pub fn all(document: &WindowDocument) -> Vec<Account> {
    let mut accounts = vec![Account::bank(), Account::opening()];
    accounts.extend(INCOME.map(Account::income));
    accounts.push(Account::pool());
    if document.pool.is_some() {
        accounts.extend(INCOME_OF_POOL.map(Account::income));
    }
    for row in &document.positions {
        if row.party.as_str() != HOUSE {
            let party = &row.party;
            accounts.push(Account::clearing(party));
            accounts.push(Account::receivable(party));
            accounts.push(Account::payable(party));
        }
    }
    accounts.sort();
    accounts
}
