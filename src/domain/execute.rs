//! Executes one submission against the working set, op by op: the heart of the house.
//!
//! Must not: fetch, wait, read a clock or draw randomness. The same entries give the same effects
//! here in normal running, in recovery and in an audit.

use super::dispute::{ClearingKey, ClearingRecord};
use super::effect::{Applied, Effect};
use super::governance::Governance;
use super::ids::{Name, OpAt, Party, Reference};
use super::invariants;
use super::member::DayCount;
use super::netting::Netting;
use super::op;
use super::points::Points;
use super::rejection::Rejection;
use super::submission::{Mode, Op, Submission, digests};
use super::time::{Day, Micros};
use super::visit::{Revision, Visit};
use super::window::{Carried, Window};
use super::working_set::packed::PackedOp;
use super::working_set::{OpRecord, Subject, WorkingSet};
use smallvec::SmallVec;
use std::sync::Arc;

/// Where and when an op is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Entry index and place of the op.
    pub at: OpAt,
    /// The entry's time.
    pub accepted_at: Micros,
    /// The ledger day, at the programme's fixed offset.
    pub today: Day,
    /// The UTC day, by which velocity is limited.
    pub utc_day: Day,
}

impl Stamp {
    /// The stamp of an entry's first op.
    pub fn new(entry: u64, accepted_at: Micros, utc_offset_min: i16) -> Self {
        Self {
            at: OpAt { entry, op: 0 },
            accepted_at,
            today: accepted_at.day(utc_offset_min),
            utc_day: accepted_at.day(0),
        }
    }
}

/// Who signed the submission, and with which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signer {
    /// The author.
    pub party: Party,
    /// The key id.
    pub key: Name,
}

/// What an op that stands alone needs beyond the records it names.
///
/// For a sweep: the first (day, member) pairs up to its day, and whether that is all.
#[derive(Debug, Clone, Default)]
pub struct Due {
    /// In order of (day, member), at most [`super::op::expire::SWEEP_LOTS_MAX`].
    pub pairs: Vec<(Day, Reference)>,
    /// Whether there are further pairs.
    pub more: bool,
    /// What netting a window comes to, for a `net_window` of a window that can be netted.
    pub netting: Option<Arc<Prepared>>,
}

/// A netting worked out before its op is decided: the lines of a window that was cut do not change.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Positions and payments.
    pub netting: Netting,
    /// RFC 6962 root over the priced lines.
    pub lines_root: [u8; 32],
    /// RFC 6962 root over the positions.
    pub positions_root: [u8; 32],
    /// By how much rounding each line once changes what each party is owed, in units of
    /// 10^−8 / 10^point_scale.
    pub rounding: Vec<(Party, i128)>,
}

/// One op with everything that may decide it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The state before the op.
    pub set: &'a WorkingSet,
    /// Programme, partners, keys, prices.
    pub governance: &'a Governance,
    /// Where and when.
    pub stamp: &'a Stamp,
    /// Who.
    pub signer: &'a Signer,
    /// The op.
    pub op: &'a Op,
}

/// What an op would change: put in place as a whole, or not at all.
#[derive(Debug)]
pub struct Draft {
    /// What it reports.
    pub applied: Applied,
    /// Accounts as they would be.
    pub members: SmallVec<[Revision; 1]>,
    /// What a later op may need of it.
    pub subject: Subject,
    /// The record of an earlier op that it changes.
    pub target: Option<(Reference, Box<OpRecord>)>,
    /// The author's count of points burned this day.
    pub burned: Option<DayCount>,
    /// Governance as it would be.
    pub governance: Option<Arc<Governance>>,
    /// What it does to windows, payments and disputes.
    pub clearing: Option<Box<ClearingDraft>>,
}

/// What an op does to windows, payments and disputes.
#[derive(Debug, Default)]
pub struct ClearingDraft {
    /// Windows as they would be.
    pub windows: Vec<Window>,
    /// Records as they would be.
    pub records: Vec<(ClearingKey, ClearingRecord)>,
    /// What is added to what parties are owed.
    pub nets: Vec<(Party, i128)>,
    /// What is rolled forward.
    pub carried: Option<Carried>,
    /// The window that entries belong to from now on.
    pub begins: Option<u32>,
    /// The window whose lines were netted.
    pub netted: Option<u32>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            applied: Applied::default(),
            members: SmallVec::new(),
            subject: Subject::Other,
            target: None,
            burned: None,
            governance: None,
            clearing: None,
        }
    }
}

impl Draft {
    /// What it does to windows, payments and disputes.
    pub fn clearing(&mut self) -> &mut ClearingDraft {
        self.clearing.get_or_insert_default()
    }

    /// Takes a finished visit in.
    ///
    /// # Errors
    /// [`Rejection::Overflow`] if the member's points would pass their range.
    pub fn close(&mut self, mut visit: Visit) -> Result<(), Rejection> {
        self.applied.lines.append(&mut visit.lines);
        let (touch, revision) = visit.close()?;
        self.applied.touches.push(touch);
        self.members.push(revision);
        Ok(())
    }

    /// Adds a line of points; none for zero points or from a party to itself.
    pub fn line(
        &mut self,
        parties: (Party, Party),
        reason: super::line::Reason,
        price_version: u32,
        points: Points,
    ) {
        if points.is_zero() || parties.0 == parties.1 {
            return;
        }
        let same = |line: &&mut super::line::LineMove| {
            (line.debtor, line.creditor) == parties
                && line.reason == reason
                && line.price_version == price_version
        };
        if let Some(line) = self.applied.lines.iter_mut().find(same) {
            let more = super::line::LineTotal::Priced(points);
            line.total = line
                .total
                .checked_add(more)
                .expect("one op's points are within range");
            return;
        }
        self.applied.lines.push(super::line::LineMove::priced(
            parties,
            reason,
            price_version,
            points,
        ));
    }
}

/// The most slices that one submission may move, which bounds its effects. The op that would pass
/// it is refused; a sweep ends early instead.
pub const MOVES_MAX: usize = 20_000;

/// Executes a submission and returns one effect per op.
pub fn execute(
    set: &mut WorkingSet,
    stamp: &Stamp,
    signer: &Signer,
    submission: &Submission,
    due: &Due,
) -> Vec<Effect> {
    // Since the batch was prefetched, its other submissions have taken the processor's cache.
    if submission.ops.len() > 1 {
        let named = submission.ops.iter().map(|op| op.action.members());
        set.members.near(named.flatten().flatten().copied());
    }
    let is_atomic = submission.mode == Mode::Atomic;
    let mut run = Run {
        set,
        signer,
        due,
        undo: Undo::new(is_atomic),
        effects: Vec::with_capacity(submission.ops.len()),
        room: MOVES_MAX,
    };
    let mut stamp = *stamp;
    for (place, (op, digest)) in submission.digested().enumerate() {
        stamp.at.op = u16::try_from(place).expect("OPS_MAX fits 16 bits");
        if let Err(unapplied) = run.execute(&stamp, op, *digest) {
            run.effects.push(match unapplied {
                Unapplied::Duplicate(at) => Effect::Duplicate(at),
                Unapplied::Refused(rejection) => Effect::Refused(rejection),
            });
            if is_atomic {
                run.undo.roll_back(run.set);
                return abort(run.effects, submission.ops.len());
            }
        }
    }
    run.effects
}

/// Why an op has no effect on anything.
enum Unapplied {
    Duplicate(OpAt),
    Refused(Rejection),
}

impl From<Rejection> for Unapplied {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

/// A submission under way.
struct Run<'a> {
    set: &'a mut WorkingSet,
    signer: &'a Signer,
    due: &'a Due,
    undo: Undo,
    effects: Vec<Effect>,
    /// Slices that it may still move.
    room: usize,
}

fn abort(mut effects: Vec<Effect>, ops: usize) -> Vec<Effect> {
    let first = effects.pop().expect("the refused op has an effect");
    let aborted = || Effect::Refused(Rejection::BatchAborted);
    let mut all: Vec<Effect> = effects.iter().map(|_| aborted()).collect();
    all.push(first);
    all.resize_with(ops, aborted);
    all
}

impl Run<'_> {
    /// Executes an op and adds its effect if it is applied; else says why not.
    fn execute(&mut self, stamp: &Stamp, op: &Op, digest: [u8; 16]) -> Result<(), Unapplied> {
        match self.set.op(&(self.signer.party, op.id)) {
            Some(record) if record.digest == digest => {
                return Err(Unapplied::Duplicate(record.at));
            }
            Some(_) => return Err(Rejection::OpIdReused.into()),
            None => {}
        }
        let request = Request {
            set: self.set,
            governance: self.set.governance(),
            stamp,
            signer: self.signer,
            op,
        };
        let draft = op::draft(&request, self.due)?;
        let moves = draft.applied.moves();
        if moves > self.room && !op.action.stands_alone() {
            return Err(Rejection::Overflow.into());
        }
        let record = OpRecord {
            at: stamp.at,
            digest,
            accepted_at: stamp.accepted_at,
            subject: Subject::Other,
        };
        self.apply(op, draft, record)?;
        self.room = self.room.saturating_sub(moves);
        Ok(())
    }

    /// Puts a draft in place. Books go first, because they alone can still refuse.
    fn apply(&mut self, op: &Op, mut draft: Draft, mut record: OpRecord) -> Result<(), Rejection> {
        let Self { set, undo, .. } = self;
        let author = self.signer.party;
        let governance = draft.governance.as_ref().or(set.governance.as_ref());
        let governance = governance.expect("the ledger is founded");
        set.books.post(governance, &draft.applied)?;
        let is_new = |changed: &Arc<Governance>| !Arc::ptr_eq(changed, set.governance());
        if let Some(changed) = draft.governance.filter(is_new) {
            undo.governance(set);
            set.set_governance(changed);
        }
        undo.posted(&draft.applied);
        for (revision, touch) in draft.members.iter_mut().zip(&draft.applied.touches) {
            let before = revision.before.checksum;
            invariants::assert_member_moves(before, &revision.member, &touch.moves);
            undo.member(set, revision.id);
            set.put_member(revision);
        }
        if let Some(count) = draft.burned {
            undo.burned(author, set.books.party(author).burned_by_day);
            set.books.count_burned(author, count);
        }
        if let Some((target, changed)) = draft.target {
            let key = (author, target);
            let before = set.put_op(key, &changed);
            undo.op(key, before);
        }
        if let Some(clearing) = draft.clearing {
            settle(set, *clearing, undo);
        }
        record.subject = draft.subject;
        let key = (author, op.id);
        let before = set.put_op(key, &record);
        undo.op(key, before);
        // Moved once, for it is large.
        self.effects.push(Effect::Applied(draft.applied));
        Ok(())
    }
}

/// Puts what an op does to windows, payments and disputes in place.
fn settle(set: &mut WorkingSet, draft: ClearingDraft, undo: &mut Undo) {
    for window in draft.windows {
        let number = window.number;
        let before = set.windows.put(number, Some(window));
        undo.note(|| Step::Window(number, before));
    }
    for (key, record) in draft.records {
        let before = set.put_clearing(key, Some(record));
        undo.note(|| Step::Clearing(key, before));
    }
    for (party, exact) in draft.nets {
        set.books.add_net(party, exact);
        undo.note(|| Step::Net(party, exact));
    }
    // The rest is done only by ops that stand alone, of which none is ever taken back.
    if let Some(carried) = draft.carried {
        set.windows.set_carried(carried);
    }
    if let Some(number) = draft.begins {
        set.books.window = number;
    }
    if let Some(number) = draft.netted {
        set.books.forget_lines(number);
    }
}

/// How to take an atomic submission back.
#[derive(Debug)]
struct Undo {
    steps: Option<Vec<Step>>,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "most steps are of effects that were posted"
)]
enum Step {
    /// Packed, as it was.
    Member(Reference, Option<Box<[u8]>>),
    Op((Party, Reference), Option<PackedOp>),
    Posted(Applied),
    Burned(Party, DayCount),
    Governance(Arc<Governance>),
    Window(u32, Option<Window>),
    Clearing(ClearingKey, Option<ClearingRecord>),
    Net(Party, i128),
}

impl Undo {
    fn new(atomic: bool) -> Self {
        Self {
            steps: atomic.then(Vec::new),
        }
    }

    fn note(&mut self, step: impl FnOnce() -> Step) {
        if let Some(steps) = &mut self.steps {
            steps.push(step());
        }
    }

    fn member(&mut self, set: &WorkingSet, id: Reference) {
        self.note(|| Step::Member(id, set.members.packed(&id)));
    }

    fn op(&mut self, key: (Party, Reference), before: Option<PackedOp>) {
        self.note(|| Step::Op(key, before));
    }

    fn posted(&mut self, applied: &Applied) {
        self.note(|| Step::Posted(applied.clone()));
    }

    fn burned(&mut self, party: Party, before: DayCount) {
        self.note(|| Step::Burned(party, before));
    }

    fn governance(&mut self, set: &WorkingSet) {
        self.note(|| Step::Governance(set.governance().clone()));
    }

    fn roll_back(self, set: &mut WorkingSet) {
        for step in self.steps.into_iter().flatten().rev() {
            match step {
                Step::Member(id, before) => set.restore_member(&id, before.as_deref()),
                Step::Op(key, before) => set.restore_op(key, before),
                Step::Posted(applied) => {
                    let governance = set.governance().clone();
                    set.books.unpost(&governance, &applied);
                }
                Step::Burned(party, before) => set.books.count_burned(party, before),
                Step::Governance(before) => set.set_governance(before),
                Step::Window(number, before) => drop(set.windows.put(number, before)),
                Step::Clearing(key, before) => drop(set.put_clearing(key, before)),
                Step::Net(party, exact) => set.books.add_net(party, exact.wrapping_neg()),
            }
        }
    }
}

/// Executes the founding submission: the only op of entry 0.
pub fn found(set: &mut WorkingSet, accepted_at: Micros, op: &Op) -> Vec<Effect> {
    let super::submission::Action::Found(found) = &op.action else {
        panic!("entry 0 holds found alone");
    };
    let at = OpAt { entry: 0, op: 0 };
    set.set_governance(Arc::new(Governance::founded(found, at, accepted_at)));
    let today = accepted_at.day(found.programme.utc_offset_min);
    set.windows.put(0, Some(Window::open(0, 0, today)));
    let record = OpRecord {
        at,
        digest: digests(std::slice::from_ref(op))[0],
        accepted_at,
        subject: Subject::Other,
    };
    set.put_op((Party::HOUSE, op.id), &record);
    vec![Effect::Applied(Applied::default())]
}
