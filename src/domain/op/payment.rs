//! `confirm_payment`, `payment_returned`: what the bank did, as the house's `pay` key says.
//!
//! Must not: change an amount. A payment matches its item exactly or is refused.

use super::refuse_if;
use crate::domain::dispute::{ClearingKey, ClearingRecord};
use crate::domain::effect::{Given, PaymentGiven};
use crate::domain::execute::{Draft, Request};
use crate::domain::ids::Reference;
use crate::domain::programme::Payout;
use crate::domain::rejection::Rejection;
use crate::domain::submission::ConfirmPayment;
use crate::domain::window::{Item, ItemKey, Window, payment_reference};
use crate::domain::working_set::Subject;

/// Decides a confirmation.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft_confirm(request: &Request<'_>, op: &ConfirmPayment) -> Result<Draft, Rejection> {
    let governance = request.governance;
    let party = |name| governance.party(name).ok_or(Rejection::PartnerUnknown);
    let key = ItemKey {
        window: op.window,
        debtor: party(&op.debtor)?,
        creditor: party(&op.creditor)?,
    };
    let window = request.set.windows.get(op.window);
    let window = window.ok_or(Rejection::WindowUnknown)?;
    let concerns = window.concerns(key.debtor) && window.concerns(key.creditor);
    refuse_if(!concerns, Rejection::PaymentUnknown)?;
    let mut item = item(request, &key).ok_or(Rejection::PaymentUnknown)?;
    refuse_if(item.paid.is_some(), Rejection::PaymentNotOpen)?;
    let programme = &governance.programme;
    let reference = payment_reference(&programme.origin, &key);
    let matches = op.currency == programme.currency.code()
        && op.amount == item.amount
        && reference.as_deref() == Some(op.reference.as_str());
    refuse_if(!matches, Rejection::PaymentMismatch)?;
    let waits = governance.settings.payout == Payout::WhenCollected && key.debtor.is_house();
    refuse_if(waits && window.uncollected > 0, Rejection::CollectionOpen)?;
    item.paid = Some(request.stamp.at);
    let mut draft = settle(request, window, key, item, false);
    draft.subject = Subject::Payment(key);
    Ok(draft)
}

/// Decides a return: the item is open again, due as it was.
///
/// # Errors
/// [`Rejection::TargetNotFound`], [`Rejection::PaymentNotConfirmed`].
pub fn draft_returned(request: &Request<'_>, confirmation: &Reference) -> Result<Draft, Rejection> {
    let record = request.target(confirmation)?;
    let Subject::Payment(key) = record.subject else {
        return Err(Rejection::TargetNotFound);
    };
    let window = request.set.windows.get(key.window);
    let window = window.expect("a payment's window exists");
    let mut item = item(request, &key).expect("a confirmed payment exists");
    let confirmed = item.paid == Some(record.at);
    refuse_if(!confirmed, Rejection::PaymentNotConfirmed)?;
    item.paid = None;
    Ok(settle(request, window, key, item, true))
}

fn item(request: &Request<'_>, key: &ItemKey) -> Option<Item> {
    match request.set.clearing.get(&ClearingKey::Item(*key)) {
        Some(ClearingRecord::Item(item)) => Some(item.clone()),
        _ => None,
    }
}

/// What a payment, or its return, does to the books.
fn settle(
    request: &Request<'_>,
    window: &Window,
    key: ItemKey,
    item: Item,
    returned: bool,
) -> Draft {
    let scale = request.governance.programme.point_scale;
    let exact = item.amount.to_exact(scale).expect("an amount of a window");
    let exact = if returned {
        exact.saturating_neg()
    } else {
        exact
    };
    let mut draft = Draft::default();
    let nets = [(key.debtor, exact), (key.creditor, exact.saturating_neg())];
    draft.clearing().nets.extend(nets);
    if key.creditor.is_house() {
        let mut window = window.clone();
        window.uncollected = match returned {
            true => window.uncollected.saturating_add(1),
            false => window.uncollected.saturating_sub(1),
        };
        draft.clearing().windows.push(window);
    }
    draft.applied.given = Some(Given::Payment(PaymentGiven {
        key,
        amount: item.amount,
        due_on: item.due_on,
    }));
    let record = (ClearingKey::Item(key), ClearingRecord::Item(item));
    draft.clearing().records.push(record);
    draft
}
