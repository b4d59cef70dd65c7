//! Beancount's language, version 2 and 3: <https://beancount.github.io/docs/beancount_language_syntax.html>.
//!
//! Must not: use an account that it does not open, unless the opening is left out.

use super::{Journal, Transaction};
use crate::render::figures::written;
use std::fmt::Write;

const AMOUNT_COLUMN: usize = 48;

/// The journal, with what came before if `opening`; without, accounts open by themselves, as an
/// earlier window may have opened them.
pub fn write(journal: &Journal, opening: bool) -> String {
    let mut text = String::new();
    for line in &journal.header {
        let _ = writeln!(text, "; {line}");
    }
    text.push('\n');
    if opening {
        write_opening(&mut text, journal);
    } else {
        text.push_str("plugin \"beancount.plugins.auto_accounts\"\n");
    }
    for transaction in &journal.transactions {
        text.push('\n');
        write_transaction(&mut text, journal, transaction);
    }
    text
}

fn write_opening(text: &mut String, journal: &Journal) {
    let (currency, day) = (&journal.currency, &journal.opened_on);
    text.push_str("; opening begins\n");
    let _ = writeln!(text, "option \"operating_currency\" \"{currency}\"\n");
    let _ = writeln!(text, "{day} commodity {currency}");
    for account in &journal.accounts {
        let _ = writeln!(text, "{day} open {} {currency}", account.as_str());
    }
    if let Some(transaction) = &journal.opening {
        text.push('\n');
        write_transaction(text, journal, transaction);
    }
    text.push_str("; opening ends\n");
}

fn write_transaction(text: &mut String, journal: &Journal, transaction: &Transaction) {
    let _ = writeln!(text, "{} * \"{}\"", transaction.day, transaction.narration);
    for (name, value) in &transaction.facts {
        let _ = writeln!(text, "  {name}: \"{value}\"");
    }
    for (account, amount) in &transaction.postings {
        let amount = written(journal.decimals, *amount);
        let (account, currency) = (account.as_str(), &journal.currency);
        let _ = writeln!(text, "  {account:<AMOUNT_COLUMN$}  {amount:>16} {currency}");
    }
}
