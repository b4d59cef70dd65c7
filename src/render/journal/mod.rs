//! Journal: a window as double entry in plain text, as the house sees it.
//!
//! For each partner three accounts together are its account with the house, with the sign turned:
//! `Assets:Clearing` holds what lines brought and netting has not made payable, so after netting
//! what is rolled forward; `Assets:Receivable` what it is to pay, `Liabilities:Payable` what it is
//! to get. Where partners pay each other, the house's bank has no part in it, their accounts do.
//!
//! A file stands alone: its opening section brings forward what came before. To read several
//! windows as one journal, take the first with it and the others without, or cut from each other
//! file what stands between the lines `; opening begins` and `; opening ends`. Beancount then needs
//! `plugin "beancount.plugins.auto_accounts"` for partners that came later; a file made without an
//! opening names it.
//!
//! Must not: work out money beyond sums; each amount is a line's, a payment's, a movement's or the
//! pool's, and what the pool's rounded numbers leave open goes to `Income:Rounding`.

mod beancount;
mod chart;
mod hledger;
mod pool;

use self::chart::{Account, house_account};
use super::WindowSheet;
use super::figures::sum;
use crate::domain::ids::{HOUSE, Name};
use crate::domain::statement::{Line, Movement, Payment};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The window for hledger; passes `hledger check --strict`.
pub fn hledger(sheet: &WindowSheet, opening: bool) -> String {
    hledger::write(&Journal::of(sheet), opening)
}

/// The window for beancount; passes `bean-check`.
pub fn beancount(sheet: &WindowSheet, opening: bool) -> String {
    beancount::write(&Journal::of(sheet), opening)
}

/// A window's transactions with what each file says of them.
struct Journal {
    header: Vec<String>,
    currency: String,
    decimals: u32,
    /// The first day that anything is booked on.
    opened_on: String,
    accounts: Vec<Account>,
    /// What came before; none if nothing did.
    opening: Option<Transaction>,
    transactions: Vec<Transaction>,
}

/// Postings that sum to zero.
struct Transaction {
    day: String,
    narration: String,
    facts: Vec<(&'static str, String)>,
    postings: Vec<(Account, Decimal)>,
}

impl Journal {
    fn of(sheet: &WindowSheet) -> Self {
        let document = sheet.document;
        let identity = &document.identity;
        let booked_on = identity.last_day.to_string();
        let mut transactions: Vec<Transaction> = document
            .movements
            .iter()
            .map(movement_transaction)
            .chain(
                document
                    .lines
                    .iter()
                    .map(|l| line_transaction(l, &booked_on)),
            )
            .chain(
                document
                    .payments
                    .iter()
                    .map(|p| netting_transaction(p, &booked_on)),
            )
            .collect();
        transactions.extend(pool::transaction(document, &booked_on));
        transactions.sort_by(|a, b| a.day.cmp(&b.day));
        let days = transactions.iter().map(|t| t.day.clone());
        let first_day = identity.first_day.to_string();
        let opened_on = days.chain([first_day.clone()]).min().unwrap_or(first_day);
        let mut opening = opening_transaction(sheet, &opened_on);
        for transaction in transactions.iter_mut().chain(opening.as_mut()) {
            let window = ("window", identity.window.to_string());
            let document = ("sha256", sheet.sha256.to_owned());
            transaction.facts.splice(0..0, [window, document]);
            transaction.assert_balanced();
        }
        Self {
            header: header(sheet),
            currency: plain(&identity.currency),
            decimals: document.netting.gross.decimal().scale(),
            opened_on,
            accounts: chart::all(document),
            opening,
            transactions,
        }
    }
}

impl Transaction {
    fn assert_balanced(&self) {
        let total = sum(0, self.postings.iter().map(|(_, amount)| *amount));
        assert!(total.is_zero(), "{} does not balance", self.narration);
    }
}

fn header(sheet: &WindowSheet) -> Vec<String> {
    let identity = &sheet.document.identity;
    let (first, last) = (identity.first_day, identity.last_day);
    let mut header =
        vec![
        format!("Window {} of {}, {first} to {last}", identity.window, identity.programme),
        format!("Ledger {}", plain(&identity.origin)),
        format!("Made from the window document with SHA-256 {}", plain(sheet.sha256)),
        "A partner's account with the house, as its statement has it, is the sum of its Clearing,"
            .to_owned(),
        "Receivable and Payable accounts with the sign turned.".to_owned(),
        "To read several windows as one, cut the opening section of all but the first.".to_owned(),
    ];
    if identity.simulated {
        header.push("The ledger's time is set by hand: this is a simulation.".to_owned());
    }
    header
}

/// What a partner's debit does to its clearing account, and a house's to its own.
fn line_transaction(line: &Line, booked_on: &str) -> Transaction {
    let amount = line.amount.decimal();
    let side = |party: &Name| match party.as_str() {
        HOUSE => house_account(&line.reason),
        _ => Account::clearing(party),
    };
    let mut facts = vec![
        ("debtor", line.debtor.to_string()),
        ("creditor", line.creditor.to_string()),
        ("reason", plain(&line.reason)),
        ("price-version", line.price_version.to_string()),
    ];
    if let (Some(units), Some(price)) = (line.units, line.price) {
        facts.extend([("units", units.to_string()), ("price", price.to_string())]);
    }
    facts.extend(line.tax_code.map(|code| ("tax-code", code.to_string())));
    Transaction {
        day: booked_on.to_owned(),
        narration: format!(
            "{} owes {}: {}",
            line.debtor,
            line.creditor,
            plain(&line.reason)
        ),
        facts,
        postings: vec![
            (side(&line.debtor), amount),
            (side(&line.creditor), -amount),
        ],
    }
}

/// Netting turns what is cleared into what is to be paid.
fn netting_transaction(payment: &Payment, booked_on: &str) -> Transaction {
    let amount = payment.amount.decimal();
    let (debtor, creditor) = (&payment.debtor, &payment.creditor);
    let mut postings = Vec::new();
    if debtor.as_str() != HOUSE {
        postings.push((Account::receivable(debtor), amount));
        postings.push((Account::clearing(debtor), -amount));
    }
    if creditor.as_str() != HOUSE {
        postings.push((Account::clearing(creditor), amount));
        postings.push((Account::payable(creditor), -amount));
    }
    Transaction {
        day: booked_on.to_owned(),
        narration: format!("{debtor} is to pay {creditor}"),
        facts: vec![
            ("reference", plain(&payment.reference)),
            ("due-on", payment.due_on.to_string()),
        ],
        postings,
    }
}

/// The bank has a part in a payment to or from the house, none in one between partners.
fn movement_transaction(movement: &Movement) -> Transaction {
    let amount = settled(movement);
    let side = |party: &Name, account: fn(&Name) -> Account| match party.as_str() {
        HOUSE => Account::bank(),
        _ => account(party),
    };
    let (debtor, creditor) = (&movement.debtor, &movement.creditor);
    Transaction {
        day: movement.at.get(..10).unwrap_or_default().to_owned(),
        narration: format!("{debtor} to {creditor}: payment {}", plain(&movement.kind)),
        facts: vec![
            ("reference", plain(&movement.reference)),
            ("of-window", movement.window.to_string()),
            ("entry", movement.entry.to_string()),
            ("op", movement.op.to_string()),
        ],
        postings: vec![
            (side(debtor, Account::receivable), -amount),
            (side(creditor, Account::payable), amount),
        ],
    }
}

/// What a movement takes off its item: the amount, or its opposite if the payment came back.
fn settled(movement: &Movement) -> Decimal {
    let amount = movement.amount.decimal();
    if movement.kind == "returned" {
        -amount
    } else {
        amount
    }
}

/// What every account held when the window before was netted: what is open now, less what moved
/// since, and what was rolled forward.
fn opening_transaction(sheet: &WindowSheet, opened_on: &str) -> Option<Transaction> {
    let document = sheet.document;
    let mut balances: BTreeMap<Account, Vec<Decimal>> = BTreeMap::new();
    let mut open = |debtor: &Name, creditor: &Name, amount: Decimal| {
        if debtor.as_str() != HOUSE {
            let account = Account::receivable(debtor);
            balances.entry(account).or_default().push(amount);
        }
        if creditor.as_str() != HOUSE {
            let account = Account::payable(creditor);
            balances.entry(account).or_default().push(-amount);
        }
    };
    for item in &document.open_items {
        open(&item.debtor, &item.creditor, item.amount.decimal());
    }
    for movement in &document.movements {
        open(&movement.debtor, &movement.creditor, settled(movement));
    }
    let partners = document
        .positions
        .iter()
        .filter(|row| row.party.as_str() != HOUSE);
    for row in partners {
        let account = Account::clearing(&row.party);
        balances
            .entry(account)
            .or_default()
            .push(-row.rolled_in.decimal());
    }
    if let Some(pool) = &document.pool {
        balances.insert(Account::pool(), vec![-pool.opening.decimal()]);
    }
    let mut postings: Vec<(Account, Decimal)> = balances
        .into_iter()
        .map(|(account, amounts)| (account, sum(0, amounts)))
        .filter(|(_, amount)| !amount.is_zero())
        .collect();
    let equity = sum(0, postings.iter().map(|(_, amount)| -*amount));
    if !equity.is_zero() {
        postings.push((Account::opening(), equity));
    }
    (!postings.is_empty()).then(|| Transaction {
        day: opened_on.to_owned(),
        narration: "opening balances".to_owned(),
        facts: Vec::new(),
        postings,
    })
}

/// The text with nothing that either format could take for its own.
fn plain(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || " ._:/-".contains(c);
    let kept = |c: char| if harmless(c) { c } else { '_' };
    text.chars().map(kept).collect()
}
