//! `net_window`: makes positions and payments of a window's lines, if both computations agree.
//!
//! Must not: be decided out of order, or by one computation alone. A difference holds the window.

use super::refuse_if;
use crate::domain::calendar::due_day;
use crate::domain::dispute::{ClearingKey, ClearingRecord};
use crate::domain::effect::{Given, Netted};
use crate::domain::execute::{Draft, Due, Prepared, Request};
use crate::domain::rejection::Rejection;
use crate::domain::submission::NetWindow;
use crate::domain::window::{Item, ItemKey, Step, Window, WindowState};
use crate::domain::working_set::WorkingSet;

/// The window that a `net_window` could net now.
///
/// # Errors
/// [`Rejection::WindowUnknown`], [`Rejection::WindowHeld`], [`Rejection::WindowNotCut`],
/// [`Rejection::WindowOutOfOrder`].
pub fn nettable(set: &WorkingSet, number: u32) -> Result<&Window, Rejection> {
    let window = set.windows.get(number).ok_or(Rejection::WindowUnknown)?;
    refuse_if(window.state == WindowState::Held, Rejection::WindowHeld)?;
    refuse_if(window.state != WindowState::Cut, Rejection::WindowNotCut)?;
    let first = set.windows.first_not_netted();
    let in_order = first.is_some_and(|first| first.number == number);
    refuse_if(!in_order, Rejection::WindowOutOfOrder)?;
    Ok(window)
}

/// Decides a netting, which was worked out when the op was taken up.
///
/// # Errors
/// Those of [`nettable`].
pub fn draft(request: &Request<'_>, op: &NetWindow, due: &Due) -> Result<Draft, Rejection> {
    let window = nettable(request.set, op.window)?;
    let prepared = due.netting.as_deref();
    let prepared = prepared.expect("what can be netted was worked out");
    let settings = &request.governance.settings;
    let holidays = &request.governance.holidays;
    let due_on = due_day(request.stamp.today, settings.payment_days, holidays);
    let held = op.lines_root != prepared.lines_root;
    let mut window = window.clone();
    let mut draft = Draft::default();
    let netting = &prepared.netting;
    draft.applied.given = Some(Given::Netted(Box::new(Netted {
        held,
        lines_root: prepared.lines_root,
        positions_root: prepared.positions_root,
        netting: settings.netting,
        payment_minimum: settings.payment_minimum,
        due_on,
        lines: netting.lines,
        gross: netting.gross,
        net: netting.net,
        payments: netting.payments.len() as u64,
    })));
    if held {
        window.state = WindowState::Held;
        draft.clearing().windows.push(window);
        return Ok(draft);
    }
    settle(request, prepared, due_on, &mut window, &mut draft);
    draft.clearing().windows.push(window);
    Ok(draft)
}

/// Puts the payments in place of the lines.
fn settle(
    request: &Request<'_>,
    prepared: &Prepared,
    due_on: crate::domain::time::Day,
    window: &mut Window,
    draft: &mut Draft,
) {
    let netting = &prepared.netting;
    window.state = WindowState::Netted;
    window.netted = Some(Step {
        entry: request.stamp.at.entry,
        at: request.stamp.accepted_at,
    });
    window.statements = u32::try_from(request.governance.partners.len()).expect("16 bits");
    for payment in &netting.payments {
        if payment.creditor.is_house() {
            window.uncollected = window.uncollected.saturating_add(1);
        }
        let key = ItemKey {
            window: window.number,
            debtor: payment.debtor,
            creditor: payment.creditor,
        };
        let item = Item {
            amount: payment.amount,
            due_on,
            paid: None,
        };
        let record = (ClearingKey::Item(key), ClearingRecord::Item(item));
        draft.clearing().records.push(record);
    }
    draft.clearing().nets.clone_from(&prepared.rounding);
    draft.clearing().carried = Some(netting.carried.clone());
    draft.clearing().netted = Some(window.number);
}
