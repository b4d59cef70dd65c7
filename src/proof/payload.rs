//! The payload of a submission: signed JSON to [`Submission`], in one reading only.
//!
//! Purpose: what the author signed, what the house executes and what an auditor replays are read
//! by this one code. Each kind of op names its members in `ops` (member ops) or `governance`
//! (house and key ops).
//!
//! Must not: decide. Formats and fixed bounds are judged here and answered `malformed`; whatever
//! depends on the ledger is the domain's. A count of points out of range is no bad format but an
//! answer of the domain (`points_out_of_range`), so it is kept as absent.
//!
//! Spec: `schemas/submission.schema.json`, read by [`super::json`].
//!
//! ```text
//! { "ledger": origin, "submission": id, "valid_until": "YYYY-MM-DDThh:mm:ssZ",
//!   "mode": "independent" | "atomic",     absent: independent
//!   "ops": [ { "op": kind, "id": id, … } ],
//!   "seen": a signed checkpoint }         may be absent
//! ```

mod governance;
mod ops;
mod values;

use super::json::{JsonError, Kind, Reader, Reason};
use crate::domain::ids::Reference;
use crate::domain::submission::{Action, Mode, OPS_MAX, Op, Submission, digests};
use std::borrow::Cow;
use std::fmt;
use values::{need, refuse, set, text};

/// Longest `seen`, in bytes.
pub const SEEN_BYTES_MAX: usize = 4096;
/// Longest origin, in bytes.
const ORIGIN_BYTES_MAX: usize = 255;

/// A short op of the usual kind, in bytes.
const OP_BYTES: usize = 64;

/// A payload is malformed: where, why, and what to do about it, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadError(JsonError);

impl PayloadError {
    /// The member concerned, as `ops[3].points`; empty at the top of the payload.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason()
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for PayloadError {}

impl From<JsonError> for PayloadError {
    fn from(error: JsonError) -> Self {
        Self(error)
    }
}

/// Reads a payload. `currency_decimals` are those of the ledger's currency, in which amounts must
/// be written; none before the ledger is founded, where no amount has a meaning.
///
/// # Errors
/// [`PayloadError`]: the payload is malformed.
pub fn parse(payload: &[u8], currency_decimals: Option<u8>) -> Result<Submission, PayloadError> {
    let mut reader = Reader::new(payload)?;
    let submission = submission(&mut reader, currency_decimals)?;
    reader.finish()?;
    Ok(submission)
}

fn submission(reader: &mut Reader<'_>, decimals: Option<u8>) -> Result<Submission, JsonError> {
    let (mut ledger, mut id, mut valid_until) = (None, None, None);
    let (mut mode, mut ops, mut seen) = (None, None, None);
    reader.object(|reader, name| match name {
        "ledger" => set(&mut ledger, reader, origin),
        "submission" => set(&mut id, reader, values::reference),
        "valid_until" => set(&mut valid_until, reader, values::instant),
        "mode" => set(&mut mode, reader, read_mode),
        "ops" => set(&mut ops, reader, |reader| read_ops(reader, decimals)),
        "seen" => set(&mut seen, reader, read_seen),
        _ => Err(reader.refuse(Reason::Unknown)),
    })?;
    let mut submission = Submission {
        ledger: need(ledger, "ledger", reader)?,
        id: need(id, "submission", reader)?,
        valid_until: need(valid_until, "valid_until", reader)?,
        mode: mode.unwrap_or(Mode::Independent),
        ops: need(ops, "ops", reader)?,
        digests: Vec::new(),
        seen,
    };
    // `found` names its ledger once, in the envelope, which may stand after it.
    for op in &mut submission.ops {
        if let Action::Found(found) = &mut op.action {
            found.programme.origin.clone_from(&submission.ledger);
        }
    }
    governance::check_handovers(&submission, reader)?;
    submission.digests = digests(&submission.ops);
    Ok(submission)
}

/// A ledger's name: `<host>/<name>`, where the name ends in 8 hex digits.
fn origin(reader: &mut Reader<'_>) -> Result<String, JsonError> {
    let name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let host = |byte: u8| name(byte) || matches!(byte, b'.' | b':');
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text(
        reader,
        "an origin is <host>/<name>, in small letters, the name ending in 8 hex digits; \
         copy it from the ledger's checkpoint",
        |text| {
            let (before, after) = text.split_once('/')?;
            let tail = after.len().checked_sub(8)?;
            let good = text.len() <= ORIGIN_BYTES_MAX
                && !before.is_empty()
                && before.bytes().all(host)
                && after.bytes().all(name)
                && after.as_bytes()[tail..].iter().copied().all(hex);
            good.then(|| text.to_owned())
        },
    )
}

fn read_mode(reader: &mut Reader<'_>) -> Result<Mode, JsonError> {
    text(reader, "mode is independent or atomic", |text| match text {
        "independent" => Some(Mode::Independent),
        "atomic" => Some(Mode::Atomic),
        _ => None,
    })
}

fn read_seen(reader: &mut Reader<'_>) -> Result<String, JsonError> {
    text(
        reader,
        "seen has at most 4096 bytes; send the checkpoint alone",
        |text| (text.len() <= SEEN_BYTES_MAX).then(|| text.to_owned()),
    )
}

fn read_ops(reader: &mut Reader<'_>, decimals: Option<u8>) -> Result<Vec<Op>, JsonError> {
    let before = reader.clone();
    // Room once for all: ops are large, and short ones of the usual kind have as many bytes.
    let mut ops = Vec::with_capacity(OPS_MAX.min(1 + reader.left() / OP_BYTES));
    reader.array(OPS_MAX, |reader| {
        ops.push(read_op(reader, decimals)?);
        Ok(())
    })?;
    if ops.is_empty() {
        return Err(refuse(&before, "no ops; send at least one"));
    }
    if ops.len() > 1 && ops.iter().any(|op| op.action.stands_alone()) {
        return Err(refuse(
            &before,
            "found, expire, cut_window, net_window and issue_statements stand alone; send each \
             in a submission of its own",
        ));
    }
    Ok(ops)
}

fn read_op(reader: &mut Reader<'_>, decimals: Option<u8>) -> Result<Op, JsonError> {
    let kind = kind_of(reader)?;
    let mut head = Head::new(decimals, Place::Submission, &kind);
    let action = read_action(reader, &kind, &mut head)?;
    Ok(Op {
        id: need(head.id, "id", reader)?,
        occurred_at: head.occurred_at,
        receipt_ref: head.receipt_ref,
        action,
    })
}

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is an op of the submission.
    Submission,
    /// It is proposed by an op, and has no id of its own.
    Proposal,
}

/// What every op has beside its own members.
struct Head {
    decimals: Option<u8>,
    place: Place,
    is_member_op: bool,
    kind_seen: Option<()>,
    id: Option<Reference>,
    occurred_at: Option<crate::domain::time::Micros>,
    receipt_ref: Option<Reference>,
}

impl Head {
    fn new(decimals: Option<u8>, place: Place, kind: &str) -> Self {
        Self {
            decimals,
            place,
            is_member_op: ops::KINDS.contains(&kind),
            kind_seen: None,
            id: None,
            occurred_at: None,
            receipt_ref: None,
        }
    }

    /// Reads one op's object. `own` reads the members of its kind, and answers false to a name
    /// that it does not know.
    fn object(
        &mut self,
        reader: &mut Reader<'_>,
        mut own: impl FnMut(&mut Reader<'_>, &str) -> Result<bool, JsonError>,
    ) -> Result<(), JsonError> {
        let with_id = self.place == Place::Submission;
        let with_shop = with_id && self.is_member_op;
        reader.object(|reader, name| match name {
            "op" => set(&mut self.kind_seen, reader, |reader| {
                reader.string().map(drop)
            }),
            "id" if with_id => set(&mut self.id, reader, values::reference),
            "occurred_at" if with_shop => set(&mut self.occurred_at, reader, values::instant),
            "ref" if with_shop => set(&mut self.receipt_ref, reader, values::reference),
            _ if own(reader, name)? => Ok(()),
            _ => Err(reader.refuse(Reason::Unknown)),
        })
    }
}

/// The kind of the op that comes next, wherever `op` stands among its members: writers of JSON
/// that sort the members are welcome, and those that begin with `op` are read once.
fn kind_of<'a>(reader: &Reader<'a>) -> Result<Cow<'a, str>, JsonError> {
    if let Some(kind) = reader.first_member("op") {
        return Ok(kind);
    }
    let mut ahead = reader.clone();
    let mut kind = None;
    ahead.object(|reader, name| match name {
        "op" => set(&mut kind, reader, Reader::string),
        _ => pass_over(reader),
    })?;
    need(kind, "op", &ahead)
}

/// Reads any value and keeps nothing of it; what is passed over here is read again and judged.
fn pass_over(reader: &mut Reader<'_>) -> Result<(), JsonError> {
    match reader.kind() {
        Kind::Object => reader.object(|reader, _| pass_over(reader)),
        Kind::Array => reader.array(usize::MAX, pass_over).map(drop),
        Kind::Number => reader.integer().map(drop),
        Kind::Boolean => reader.boolean().map(drop),
        Kind::String | Kind::Null | Kind::End | Kind::Other => reader.string().map(drop),
    }
}

fn read_action(reader: &mut Reader<'_>, kind: &str, head: &mut Head) -> Result<Action, JsonError> {
    match ops::read(reader, kind, head) {
        Some(action) => action,
        None => governance::read(reader, kind, head),
    }
}

#[cfg(test)]
mod tests;
