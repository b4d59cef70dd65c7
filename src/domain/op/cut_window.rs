//! `cut_window`: ends the open window with this entry and begins the next.
//!
//! Must not: wait for anything or count anything. Lines of the window stand as they are here.

use super::refuse_if;
use crate::domain::books::PartyBooks;
use crate::domain::effect::Given;
use crate::domain::execute::{Draft, Request};
use crate::domain::rejection::Rejection;
use crate::domain::submission::CutWindow;
use crate::domain::window::{Step, Window, WindowState};

/// Decides a cut. One cut covers every day since the last one.
///
/// # Errors
/// [`Rejection::WindowNotOpen`], [`Rejection::WindowDaysInvalid`].
pub fn draft(request: &Request<'_>, op: &CutWindow) -> Result<Draft, Rejection> {
    let open = request.set.windows.open();
    let open = open.expect("a founded ledger has an open window");
    refuse_if(op.window != open.number, Rejection::WindowNotOpen)?;
    let within = op.last_day >= open.first_day && op.last_day <= request.stamp.today;
    refuse_if(!within, Rejection::WindowDaysInvalid)?;
    let at = request.stamp.at;
    let next_day = op.last_day.plus_days(1).ok_or(Rejection::Overflow)?;
    let number = open.number.checked_add(1).ok_or(Rejection::Overflow)?;
    let mut cut = open.clone();
    cut.state = WindowState::Cut;
    cut.last_day = Some(op.last_day);
    cut.cut = Some(Step {
        entry: at.entry,
        at: request.stamp.accepted_at,
    });
    let next = Window::open(number, at.entry.saturating_add(1), next_day);
    let books = &request.set.books;
    let mut draft = Draft::default();
    draft.applied.given = Some(Given::Cut {
        first_day: open.first_day,
        last_day: op.last_day,
        rules_version: request.governance.rules_version,
        price_version: request.governance.price_version(),
        control: books.parties.iter().map(PartyBooks::control).collect(),
    });
    draft.clearing().windows = vec![cut, next];
    draft.clearing().begins = Some(number);
    Ok(draft)
}
