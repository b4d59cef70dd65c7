//! `window_release`, `issue_statements`: what else takes a window further.

use super::refuse_if;
use crate::domain::execute::{Draft, Request};
use crate::domain::governance::Governance;
use crate::domain::rejection::Rejection;
use crate::domain::submission::IssueStatements;
use crate::domain::window::{Step, WindowState};

/// Decides an approved release: the window goes back to be netted again.
///
/// # Errors
/// [`Rejection::WindowUnknown`], [`Rejection::WindowNotHeld`].
pub fn draft_release(
    request: &Request<'_>,
    governance: Governance,
    number: u32,
) -> Result<Draft, Rejection> {
    let window = request.set.windows.get(number);
    let mut window = window.ok_or(Rejection::WindowUnknown)?.clone();
    refuse_if(window.state != WindowState::Held, Rejection::WindowNotHeld)?;
    window.state = WindowState::Cut;
    let mut draft = Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    };
    draft.clearing().windows.push(window);
    Ok(draft)
}

/// Decides the binding of statements. Their root is the author's word, which an audit checks by
/// writing all of them again.
///
/// # Errors
/// [`Rejection::WindowUnknown`], [`Rejection::WindowNotNetted`], [`Rejection::StatementsMismatch`].
pub fn draft_statements(request: &Request<'_>, op: &IssueStatements) -> Result<Draft, Rejection> {
    let window = request.set.windows.get(op.window);
    let mut window = window.ok_or(Rejection::WindowUnknown)?.clone();
    let netted = window.state == WindowState::Netted;
    refuse_if(!netted, Rejection::WindowNotNetted)?;
    refuse_if(op.count != window.statements, Rejection::StatementsMismatch)?;
    let days = request.governance.settings.dispute_days;
    window.state = WindowState::Stated;
    window.stated = Some(Step {
        entry: request.stamp.at.entry,
        at: request.stamp.accepted_at,
    });
    let until = request.stamp.today.plus_days(days);
    window.dispute_until = Some(until.unwrap_or(crate::domain::time::Day::MAX));
    let mut draft = Draft::default();
    draft.clearing().windows.push(window);
    Ok(draft)
}
