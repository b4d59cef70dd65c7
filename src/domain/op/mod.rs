//! Op kinds: each file decides what one kind would change, and why it may not.
//!
//! Must not: change anything. A [`Draft`] is put in place as a whole by [`super::execute`].
//! Checks run in the order of the rejection numbers.

pub mod adjust;
pub mod approve;
pub mod burn;
pub mod capture;
pub mod cut_window;
pub mod dispute;
pub mod expire;
pub mod freeze;
pub mod hold;
pub mod issue;
pub mod keys;
pub mod ledger_key;
pub mod net_window;
pub mod partner_set;
pub mod payment;
pub mod price_set;
pub mod release;
pub mod reverse;
pub mod settings;
pub mod transfer;
pub mod window;

use super::execute::{Draft, Due, Request};
use super::ids::{OpAt, Party, Reference};
use super::member::{DayCount, Member};
use super::points::Points;
use super::price::PriceRow;
use super::rejection::Rejection;
use super::submission::{Action, Asked};
use super::visit::Visit;
use super::working_set::OpRecord;

/// Decides one op.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft(request: &Request<'_>, due: &Due) -> Result<Draft, Rejection> {
    match &request.op.action {
        Action::Issue(op) => issue::draft(request, op),
        Action::Burn(op) => burn::draft(request, op),
        Action::Hold(op) => hold::draft(request, op),
        Action::Capture(op) => capture::draft(request, op),
        Action::Release(op) => release::draft(request, op),
        Action::Reverse(op) => reverse::draft(request, op),
        Action::Transfer(op) => transfer::draft(request, op),
        Action::KeyAdd(op) => keys::draft_add(request, op),
        Action::KeyRevoke(op) => keys::draft_revoke(request, op),
        Action::PartnerSet(op) => partner_set::draft(request, op),
        Action::MemberFreeze(member) => freeze::draft(request, member, true),
        Action::MemberUnfreeze(member) => freeze::draft(request, member, false),
        Action::Expire(up_to) => expire::draft(request, *up_to, due),
        Action::Propose(action) => approve::draft_propose(request, action),
        Action::Approve(proposal) => approve::draft_approve(request, proposal),
        Action::CutWindow(op) => cut_window::draft(request, op),
        Action::NetWindow(op) => net_window::draft(request, op, due),
        Action::IssueStatements(op) => window::draft_statements(request, op),
        Action::ConfirmPayment(op) => payment::draft_confirm(request, op),
        Action::PaymentReturned(op) => payment::draft_returned(request, op),
        Action::DisputeOpen(op) => dispute::draft_open(request, op),
        Action::DisputeAnswer(op) => dispute::draft_answer(request, op),
        Action::StatementAcknowledge(window) => dispute::draft_acknowledge(request, *window),
        Action::WindowRelease(_)
        | Action::DisputeResolve(_)
        | Action::PriceSet(_)
        | Action::LimitSet(_)
        | Action::ProgrammeSet(_)
        | Action::RulesUpgrade(_)
        | Action::LedgerKeyAdd(_)
        | Action::LedgerKeyRetire(_)
        | Action::Adjust(_) => Err(Rejection::ApprovalRequired),
        Action::Found(_) => Err(Rejection::OpNotAllowed),
    }
}

impl<'a> Request<'a> {
    /// The author.
    fn author(&self) -> Party {
        self.signer.party
    }

    /// Refuses an author that is suspended.
    fn check_not_suspended(&self) -> Result<(), Rejection> {
        refuse_if(
            self.governance.is_suspended(self.author()),
            Rejection::PartnerSuspended,
        )
    }

    /// Refuses an author without the role to burn.
    fn check_may_burn(&self) -> Result<(), Rejection> {
        let may = self
            .governance
            .partner(self.author())
            .is_some_and(|p| p.roles.burn);
        refuse_if(!may, Rejection::OpNotAllowed)
    }

    /// A member that exists.
    fn member(&self, id: &Reference) -> Result<Member, Rejection> {
        self.set.members.get(id).ok_or(Rejection::MemberUnknown)
    }

    /// A member that exists and may spend.
    fn spender(&self, id: &Reference) -> Result<Member, Rejection> {
        let member = self.member(id)?;
        refuse_if(member.frozen, Rejection::MemberFrozen)?;
        Ok(member)
    }

    /// Checks the points asked for and the op's value date.
    fn check_points(&self, asked: Asked) -> Result<Points, Rejection> {
        let points = asked.ok_or(Rejection::PointsOutOfRange)?;
        self.check_occurred()?;
        Ok(points)
    }

    /// Checks that `occurred_at` is neither ahead of time nor too far back.
    fn check_occurred(&self) -> Result<(), Rejection> {
        let Some(occurred) = self.op.occurred_at else {
            return Ok(());
        };
        let settings = &self.governance.settings;
        let now = self.stamp.accepted_at;
        let latest = now.plus_seconds(u64::from(settings.occurred_ahead_s));
        refuse_if(occurred > latest, Rejection::OccurredInFuture)?;
        let back = u64::from(settings.occurred_past_days).saturating_mul(86_400);
        refuse_if(
            occurred.plus_seconds(back) < now,
            Rejection::OccurredTooLongAgo,
        )
    }

    /// The author's price row in force.
    fn price_row(&self) -> Result<&'a PriceRow, Rejection> {
        let version = self.governance.price_version();
        self.governance
            .price_row(version, self.author())
            .ok_or(Rejection::NoPrice)
    }

    /// Opens a visit to a member.
    fn visit(&self, id: Reference, named: bool, member: Member) -> Visit {
        Visit::open(id, named, member, self.stamp, &self.governance.programme)
    }

    /// The author's applied op of this id.
    fn target(&self, id: &Reference) -> Result<OpRecord, Rejection> {
        let record = self.set.op(&(self.author(), *id));
        record.ok_or(Rejection::TargetNotFound)
    }

    /// The author's active hold of this id: whose it is, and the member with its time settled.
    fn held(&self, id: &Reference) -> Result<(OpAt, Visit), Rejection> {
        let record = self.target(id)?;
        let super::working_set::Subject::Hold(member) = record.subject else {
            return Err(Rejection::TargetNotFound);
        };
        let visit = self.visit(member, false, self.member(&member)?);
        Ok((record.at, visit))
    }

    /// Checks the day's limits of burned points and returns the counts they would rise to. A count
    /// past its range is over any limit; where there is none, it is an overflow.
    fn check_velocity(
        &self,
        member: &Member,
        points: Points,
    ) -> Result<(DayCount, DayCount), Rejection> {
        let day = self.stamp.utc_day;
        let author = self.governance.partner(self.author());
        let partner_max = author.and_then(|partner| partner.limit.burn_points_per_day);
        let member_max = self.governance.settings.member_burn_points_per_day;
        let of_partner = self.set.books.burned_with(self.author(), day, points);
        let of_member = member.burned.plus(day, points);
        let over = |max: Option<Points>, count: &Option<DayCount>| {
            max.is_some_and(|max| count.is_none_or(|count| count.on(day) > max))
        };
        let refused = over(partner_max, &of_partner) || over(member_max, &of_member);
        refuse_if(refused, Rejection::VelocityLimit)?;
        of_partner.zip(of_member).ok_or(Rejection::Overflow)
    }
}

/// Refuses where a condition holds.
fn refuse_if(refused: bool, rejection: Rejection) -> Result<(), Rejection> {
    if refused { Err(rejection) } else { Ok(()) }
}
