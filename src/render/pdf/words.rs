//! Words: what the statement's codes mean to somebody in finance.
//!
//! Must not: fail on a code that it does not know; it is shown with spaces for underscores.

use crate::domain::ids::{HOUSE, Name};
use crate::domain::statement::{Line, Statement};
use crate::render::master::Masters;

/// A line as its partner sees it: who is on the other side, and on which side the partner is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) counterparty: &'a Name,
    pub(super) pays: bool,
}

impl<'a> Side<'a> {
    pub(super) fn of(line: &'a Line, partner: &Name) -> Self {
        let pays = line.debtor == *partner;
        let counterparty = if pays { &line.creditor } else { &line.debtor };
        Self { counterparty, pays }
    }
}

/// A party's registered name, or its id if there is no master of it.
pub(super) fn party<'a>(party: &'a Name, masters: &'a Masters) -> &'a str {
    let name = masters.get(party).map(|master| master.legal_name.trim());
    let name = name.filter(|name| !name.is_empty());
    let id = match party.as_str() {
        HOUSE => "the house",
        id => id,
    };
    name.unwrap_or(id)
}

/// A party by its registered name with its id, by which the other files know it.
pub(super) fn party_with_id(id: &Name, masters: &Masters) -> String {
    let name = party(id, masters);
    if masters.contains_key(id) {
        format!("{name} ({id})")
    } else {
        name.to_owned()
    }
}

/// What a line is for.
pub(super) fn reason(line: &Line, statement: &Statement) -> String {
    let pays = Side::of(line, &statement.partner).pays;
    let pool = statement.identity.settlement_model == "pool";
    let known = match (line.reason.as_str(), pays) {
        ("issue", _) => "Points you issued",
        ("issue_reversal", _) => "Points you issued, taken back",
        ("burn", _) if pool => "Points you burned",
        ("burn", true) => "Your points, burned by them",
        ("burn", false) => "Their points, burned by you",
        ("burn_reversal", _) if pool => "Points you burned, restored",
        ("burn_reversal", true) => "Their points, burned by you, restored",
        ("burn_reversal", false) => "Your points, burned by them, restored",
        ("issue_fee", _) => "Fee for points issued",
        ("issue_fee_reversal", _) => "Fee for points issued, given back",
        ("burn_fee", _) => "Fee for points burned",
        ("burn_fee_reversal", _) => "Fee for points burned, given back",
        ("debt_repaid", _) if pool => "Points that repaid members' debts to you",
        ("debt_repaid", true) => "Your points that repaid members' debts to them",
        ("debt_repaid", false) => "Their points that repaid members' debts to you",
        ("adjustment", _) => "Adjustment",
        (other, _) => return sentence(other),
    };
    known.to_owned()
}

/// What a notice says, and whether somebody should look at it.
pub(super) fn notice(kind: &str) -> (String, bool) {
    let known = match kind {
        "key_added" => ("A key was added", false),
        "key_recovered" => ("A key was added by recovery, without your old keys", true),
        "key_revoked" => ("A key was revoked", false),
        "registered" => ("You were registered as a partner", false),
        "status_active" => ("You were set to active", false),
        "status_suspended" => ("You were suspended", true),
        "master_changed" => (
            "Your name, address, account or tax number was changed",
            true,
        ),
        other => return (sentence(other), false),
    };
    (known.0.to_owned(), known.1)
}

/// `status_active` becomes `Status active`.
pub(super) fn sentence(code: &str) -> String {
    let text = code.replace('_', " ");
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_sentences() {
        assert_eq!(sentence("confirm_payment"), "Confirm payment");
        assert_eq!(sentence(""), "");
        assert_eq!(notice("new_kind"), ("New kind".to_owned(), false));
        assert!(notice("key_recovered").1);
    }
}
