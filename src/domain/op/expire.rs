//! `expire`: sweeps lots whose last valid day has passed.
//!
//! Due lots are taken by (expires_on, member, lot key), [`SWEEP_LOTS_MAX`] a sweep; the effect says
//! whether more are due. Held slices do not expire; a lapsed hold's slices are due once both their
//! expiry and the hold's deadline day have passed.

use super::refuse_if;
use crate::domain::effect::{Given, MoveKind};
use crate::domain::execute::{Draft, Due, Request};
use crate::domain::ids::Reference;
use crate::domain::lot::Lot;
use crate::domain::rejection::Rejection;
use crate::domain::time::Day;
use crate::domain::visit::Visit;
use std::collections::HashMap;

/// The most lots of one sweep.
pub const SWEEP_LOTS_MAX: usize = 5_000;

/// Decides a sweep.
///
/// # Errors
/// [`Rejection::ExpireNotDue`].
pub fn draft(request: &Request<'_>, up_to: Day, due: &Due) -> Result<Draft, Rejection> {
    refuse_if(up_to >= request.stamp.today, Rejection::ExpireNotDue)?;
    let mut visits: Vec<Visit> = Vec::new();
    let mut places: HashMap<Reference, usize> = HashMap::new();
    let mut room = SWEEP_LOTS_MAX;
    let mut more = due.more;
    for (day, id) in &due.pairs {
        assert!(*day <= up_to, "only what is due is looked at");
        if room == 0 {
            more = true;
            break;
        }
        let place = *places.entry(*id).or_insert_with(|| {
            let member = request
                .set
                .members
                .get(id)
                .expect("the index names members");
            let visit = request.visit(*id, false, member);
            // What lapsed and arrived on the way counts too, so that a sweep stays small.
            room = room.saturating_sub(visit.moves());
            visits.push(visit);
            visits.len().saturating_sub(1)
        });
        let swept = sweep(&mut visits[place], *day, room);
        more |= swept.more;
        room = room.saturating_sub(swept.lots);
    }
    let mut draft = Draft::default();
    for visit in visits {
        draft.close(visit)?;
    }
    draft.applied.given = Some(Given::More(more));
    Ok(draft)
}

struct Swept {
    lots: usize,
    more: bool,
}

fn sweep(visit: &mut Visit, day: Day, room: usize) -> Swept {
    let mut due: Vec<Lot> = visit.member.lots.extract(|lot| lot.key.expires_on <= day);
    due.sort_unstable_by_key(|lot| (lot.key.expires_on, lot.key));
    let lots = due.len().min(room);
    for lot in due.drain(..lots) {
        visit.note(MoveKind::Expired, lot);
    }
    let more = !due.is_empty();
    for lot in due {
        visit.member.lots.add(lot).expect("it was there before");
    }
    Swept { lots, more }
}
