//! Clearing in an audit: the second computation of lines and points, and every statement again.
//!
//! Must not: take a number from the ledger's own books. The tally sums stored effects with code of
//! its own, and statements are written from it alone.

use super::findings::{Check, Finding};
use crate::domain::effect::{Effect, Given, Netted};
use crate::domain::governance::Governance;
use crate::domain::submission::{Action, IssueStatements};
use crate::domain::tally::statements::Statements;
use crate::domain::tally::{Seen, Tally};
use crate::proof::hex::encode as hex;
use crate::proof::merkle::Hash;
use crate::proof::netting;
use crate::proof::statement::{Canonical, Hashes};

/// What follows windows through a replay.
#[derive(Debug, Default)]
pub struct Clearing {
    tally: Option<Tally>,
    windows: u64,
    statements: u64,
}

impl Clearing {
    /// The tally so far; nothing before entry 0.
    pub fn tally(&self) -> Option<&Tally> {
        self.tally.as_ref()
    }

    /// How many windows were netted a second time, and how many statements were written again.
    pub fn again(&self) -> (u64, u64) {
        (self.windows, self.statements)
    }

    /// Adds an entry, and compares what it says of a window. `root_at` is the tree's root after an
    /// entry before this one.
    pub fn check(
        &mut self,
        governance: &Governance,
        seen: &Seen<'_>,
        root_at: impl Fn(u64) -> Option<Hash>,
    ) -> Vec<Finding> {
        let currency = governance.programme.currency;
        let tally = self.tally.get_or_insert_with(|| Tally::new(currency));
        let mut findings = Vec::new();
        for (op, effect) in seen.submission.ops.iter().zip(seen.effects) {
            let Effect::Applied(applied) = effect else {
                continue;
            };
            match (&op.action, &applied.given) {
                (Action::NetWindow(op), Some(Given::Netted(netted))) => {
                    findings.extend(lines(tally, governance, seen.index, op.window, netted));
                    self.windows += u64::from(!netted.held);
                }
                (Action::IssueStatements(op), _) => {
                    findings.extend(statements(tally, governance, seen.index, op, &root_at));
                    tally.forget(op.window);
                    self.statements += u64::from(op.count);
                }
                _ => {}
            }
        }
        tally.add(governance, seen);
        if let Some(difference) = &tally.difference {
            let expected = "two computations that agree";
            findings.push(Finding::new(seen.index, Check::Tally, expected, difference));
        }
        findings
    }
}

/// The ledger's lines are those that the tally summed.
fn lines(
    tally: &Tally,
    governance: &Governance,
    index: u64,
    window: u32,
    netted: &Netted,
) -> Option<Finding> {
    let priced = netting::price_lines(governance, tally.lines_of(window));
    let root = netting::lines_root(&priced);
    let (own, stated) = (hex(&root), hex(&netted.lines_root));
    (own != stated).then(|| Finding::new(index, Check::Lines, own, stated))
}

/// Every statement of the window, written again.
fn statements(
    tally: &Tally,
    governance: &Governance,
    index: u64,
    op: &IssueStatements,
    root_at: &impl Fn(u64) -> Option<Hash>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let closing = tally.closing(op.window);
    let cut = closing.and_then(|closing| Some((closing, root_at(closing.cut.cut.entry)?)));
    let Some((closing, root)) = cut else {
        let found = format!("statements of window {}", op.window);
        findings.push(Finding::new(
            index,
            Check::Statements,
            "a netted window",
            found,
        ));
        return findings;
    };
    let statements = Statements::new(closing, governance, &root);
    let hashes = Hashes::of(&statements);
    let document = Canonical::of(&statements.document()).sha256;
    let mut compare = |expected: String, found: String| {
        if expected != found {
            findings.push(Finding::new(index, Check::Statements, expected, found));
        }
    };
    compare(hashes.count().to_string(), op.count.to_string());
    compare(hex(&hashes.root()), hex(&op.root));
    compare(hex(&document), hex(&op.document_sha256));
    findings
}
