//! Clearing in an audit: the second computation of lines and points, and every statement again.
//!
//! Must not: take a number from the ledger's own books. The tally sums stored effects with code of
//! its own, and statements are written from it alone.

use super::findings::{Check, Finding};
use super::statements::{Bound, Rebuilt, Wanted};
use crate::domain::effect::{Effect, Given, Netted};
use crate::domain::governance::Governance;
use crate::domain::submission::{Action, IssueStatements};
use crate::domain::tally::statements::Statements;
use crate::domain::tally::{Seen, Tally};
use crate::proof::hex::encode as hex;
use crate::proof::merkle::Hash;
use crate::proof::netting;
use crate::proof::statement::{Canonical, Hashes};
use std::collections::BTreeMap;

/// What follows windows through a replay.
#[derive(Debug, Default)]
pub struct Clearing {
    pub(super) tally: Option<Tally>,
    /// What binds the statements of each window that was stated.
    pub(super) stated: BTreeMap<u32, Bound>,
    pub(super) wanted: Option<Wanted>,
    pub(super) rebuilt: Option<Rebuilt>,
}

impl Clearing {
    /// The tally so far; nothing before entry 0.
    pub fn tally(&self) -> Option<&Tally> {
        self.tally.as_ref()
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
        let Self {
            tally,
            stated,
            wanted,
            rebuilt,
        } = self;
        let tally = tally.get_or_insert_with(|| Tally::new(currency));
        let mut findings = Vec::new();
        for (op, effect) in seen.submission.ops.iter().zip(seen.effects) {
            let Effect::Applied(applied) = effect else {
                continue;
            };
            match (&op.action, &applied.given) {
                (Action::NetWindow(op), Some(Given::Netted(netted))) => {
                    findings.extend(lines(tally, governance, seen.index, op.window, netted));
                }
                (Action::IssueStatements(op), _) => {
                    let wanted = wanted.as_ref().filter(|wanted| wanted.window == op.window);
                    let compared = statements(tally, governance, seen, op, &root_at, wanted);
                    findings.extend(compared.0);
                    *rebuilt = compared.1.or(rebuilt.take());
                    stated.insert(op.window, Bound::of(seen, op));
                    tally.forget(op.window);
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

/// Every statement of the window, written again; and the one that is asked for.
fn statements(
    tally: &Tally,
    governance: &Governance,
    seen: &Seen<'_>,
    op: &IssueStatements,
    root_at: &impl Fn(u64) -> Option<Hash>,
    wanted: Option<&Wanted>,
) -> (Vec<Finding>, Option<Rebuilt>) {
    let mut findings = Vec::new();
    let closing = tally.closing(op.window);
    let cut = closing.and_then(|closing| Some((closing, root_at(closing.cut.cut.entry)?)));
    let Some((closing, root)) = cut else {
        let found = format!("statements of window {}", op.window);
        findings.push(Finding::new(
            seen.index,
            Check::Statements,
            "a netted window",
            found,
        ));
        return (findings, None);
    };
    let statements = Statements::new(closing, governance, &root);
    let hashes = Hashes::of(&statements);
    let document = Canonical::of(&statements.document()).sha256;
    let mut compare = |expected: String, found: String| {
        if expected != found {
            let finding = Finding::new(seen.index, Check::Statements, expected, found);
            findings.push(finding);
        }
    };
    compare(hashes.count().to_string(), op.count.to_string());
    compare(hex(&hashes.root()), hex(&op.root));
    compare(hex(&document), hex(&op.document_sha256));
    let rebuilt =
        wanted.and_then(|wanted| Rebuilt::of(wanted, &statements, &hashes, governance, seen));
    (findings, rebuilt)
}
