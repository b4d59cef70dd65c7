//! Member ops of a payload: what a partner does with a member's points.
//!
//! Must not: know house ops; those are in `governance`.

use super::values::{self, need, set};
use super::{Head, JsonError, Reader};
use crate::domain::submission::{
    Action, Burn, Capture, HOLD_TTL_S_MAX, Hold, Issue, Release, Reverse, Transfer,
};

/// The kinds read here: they alone take `occurred_at` and `ref`.
pub const KINDS: [&str; 7] = [
    "issue", "burn", "hold", "capture", "release", "reverse", "transfer",
];

/// Reads an op of one of [`KINDS`]; nothing is read for another kind.
pub fn read(
    reader: &mut Reader<'_>,
    kind: &str,
    head: &mut Head,
) -> Option<Result<Action, JsonError>> {
    Some(match kind {
        "issue" => issue(reader, head),
        "burn" => burn(reader, head),
        "hold" => hold(reader, head),
        "capture" => capture(reader, head),
        "release" => release(reader, head),
        "reverse" => reverse(reader, head),
        "transfer" => transfer(reader, head),
        _ => return None,
    })
}

fn issue(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut member, mut points) = (None, None);
    let (mut activates_on, mut expires_on) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "member" => set(&mut member, reader, values::reference)?,
            "points" => set(&mut points, reader, values::points)?,
            "activates_on" => set(&mut activates_on, reader, values::day)?,
            "expires_on" => set(&mut expires_on, reader, values::day)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::Issue(Issue {
        member: need(member, "member", reader)?,
        points: need(points, "points", reader)?,
        activates_on,
        expires_on,
    }))
}

fn burn(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut member, mut points, mut allow_partial) = (None, None, None);
    head.object(reader, |reader, name| {
        match name {
            "member" => set(&mut member, reader, values::reference)?,
            "points" => set(&mut points, reader, values::points)?,
            "allow_partial" => set(&mut allow_partial, reader, Reader::boolean)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::Burn(Burn {
        member: need(member, "member", reader)?,
        points: need(points, "points", reader)?,
        allow_partial: allow_partial.unwrap_or(false),
    }))
}

fn hold(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut member, mut points, mut ttl_s) = (None, None, None);
    let ttl_max = u32::try_from(HOLD_TTL_S_MAX).expect("30 days are few seconds");
    head.object(reader, |reader, name| {
        match name {
            "member" => set(&mut member, reader, values::reference)?,
            "points" => set(&mut points, reader, values::points)?,
            "ttl_s" => set(&mut ttl_s, reader, |reader| {
                let wanted = "a hold lasts 1 to 2592000 seconds (30 days)";
                values::uint32(reader, 1, ttl_max, wanted)
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::Hold(Hold {
        member: need(member, "member", reader)?,
        points: need(points, "points", reader)?,
        ttl_s: need(ttl_s, "ttl_s", reader)?.into(),
    }))
}

fn capture(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut hold, mut points) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "hold" => set(&mut hold, reader, values::reference)?,
            "points" => set(&mut points, reader, values::points)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::Capture(Capture {
        hold: need(hold, "hold", reader)?,
        points: need(points, "points", reader)?,
    }))
}

fn release(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let mut hold = None;
    head.object(reader, |reader, name| match name {
        "hold" => set(&mut hold, reader, values::reference).map(|()| true),
        _ => Ok(false),
    })?;
    Ok(Action::Release(Release {
        hold: need(hold, "hold", reader)?,
    }))
}

fn reverse(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut target, mut points) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "target" => set(&mut target, reader, values::reference)?,
            "points" => set(&mut points, reader, values::points)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::Reverse(Reverse {
        target: need(target, "target", reader)?,
        points: need(points, "points", reader)?,
    }))
}

fn transfer(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut from, mut to, mut points) = (None, None, None);
    head.object(reader, |reader, name| {
        match name {
            "from" => set(&mut from, reader, values::reference)?,
            "to" => set(&mut to, reader, values::reference)?,
            "points" => set(&mut points, reader, values::points)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let transfer = Transfer {
        from: need(from, "from", reader)?,
        to: need(to, "to", reader)?,
        points: need(points, "points", reader)?,
    };
    if transfer.from == transfer.to {
        return Err(values::refuse(
            reader,
            "from and to are one member; name two members",
        ));
    }
    Ok(Action::Transfer(transfer))
}
