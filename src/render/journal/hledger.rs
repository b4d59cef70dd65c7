//! hledger's journal format: <https://hledger.org/hledger.html#journal>.
//!
//! Must not: use an account or commodity that it does not declare.

use super::{Journal, Transaction};
use crate::render::figures::written;
use std::fmt::Write;

const AMOUNT_COLUMN: usize = 48;

/// The journal, with what came before if `opening`.
pub fn write(journal: &Journal, opening: bool) -> String {
    let mut text = String::new();
    for line in &journal.header {
        let _ = writeln!(text, "; {line}");
    }
    let sample = "0".repeat(usize::try_from(journal.decimals).unwrap_or_default());
    let _ = writeln!(text, "\ncommodity 1000.{sample} {}\n", journal.currency);
    for account in &journal.accounts {
        let _ = writeln!(text, "account {}", account.as_str());
    }
    if opening {
        text.push_str("\n; opening begins\n");
        if let Some(transaction) = &journal.opening {
            write_transaction(&mut text, journal, transaction);
        }
        text.push_str("; opening ends\n");
    }
    for transaction in &journal.transactions {
        text.push('\n');
        write_transaction(&mut text, journal, transaction);
    }
    text
}

fn write_transaction(text: &mut String, journal: &Journal, transaction: &Transaction) {
    let _ = writeln!(text, "{} * {}", transaction.day, transaction.narration);
    for (name, value) in &transaction.facts {
        let _ = writeln!(text, "    ; {name}:{value}");
    }
    for (account, amount) in &transaction.postings {
        let amount = written(journal.decimals, *amount);
        let (account, currency) = (account.as_str(), &journal.currency);
        let _ = writeln!(
            text,
            "    {account:<AMOUNT_COLUMN$}  {amount:>16} {currency}"
        );
    }
}
