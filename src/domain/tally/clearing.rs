//! How the tally follows windows, payments, disputes, partners and keys.
//!
//! Must not: decide any of it; it reads what was decided from ops and effects.

use super::closing::{Closing, CutFacts, MovementFact, MovementKind, PartyFacts};
use super::period::{AdjustmentChange, AdjustmentFact, NoticeFact, NoticeKind};
use super::{Seen, Tally};
use crate::domain::dispute::{Dispute, DisputeState};
use crate::domain::effect::{Applied, ControlTotals, Given, Netted, PaymentGiven};
use crate::domain::governance::Governance;
use crate::domain::ids::{Name, OpAt, Party};
use crate::domain::money::Net;
use crate::domain::netting::{self, Terms, price_line};
use crate::domain::partner::Status;
use crate::domain::submission::{Action, DisputeOpen, DisputeResolve, PartnerSet};
use crate::domain::window::{Item, ItemKey, Step};
use minicbor::{Decode, Encode};

/// What a later `partner_set` is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct PartnerFact {
    #[n(0)]
    suspended: bool,
    #[cbor(n(1), with = "minicbor::bytes")]
    master_sha256: Option<[u8; 32]>,
}

impl Tally {
    /// Freezes what the window that is cut here says.
    pub(super) fn add_cut(&mut self, governance: &Governance, seen: &Seen<'_>, done: &Applied) {
        let Some(Given::Cut {
            first_day,
            last_day,
            rules_version,
            price_version,
            control,
        }) = &done.given
        else {
            return;
        };
        let mut periods = std::mem::take(&mut self.periods);
        let mut parties: Vec<PartyFacts> = Vec::with_capacity(control.len());
        for (slot, stated) in control.iter().enumerate() {
            let party = Party(u16::try_from(slot).expect("parties fit 16 bits"));
            let period = periods.remove(&party).unwrap_or_default();
            let facts = PartyFacts::of(period, self.issuer(party));
            self.compare_points(governance, party, &facts, stated);
            let issuer = self.issuer(party);
            issuer.at_cut = issuer.moved;
            parties.push(facts);
        }
        let facts = CutFacts {
            window: self.window,
            first_entry: self.first_entry,
            first_day: *first_day,
            last_day: *last_day,
            cut: Step {
                entry: seen.index,
                at: seen.accepted_at,
            },
            chain_hash: seen.chain_hash,
            rules_version: *rules_version,
            price_version: *price_version,
            parties,
            pool: self.pool,
            pool_before: std::mem::replace(&mut self.pool_at_cut, self.pool),
        };
        self.cut.insert(self.window, facts);
        self.window = self.window.saturating_add(1);
        self.first_entry = seen.index.saturating_add(1);
        self.first_day = last_day.plus_days(1).unwrap_or(*last_day);
    }

    /// Points are computed twice as well: the cut states the ledger's own totals.
    fn compare_points(
        &mut self,
        governance: &Governance,
        party: Party,
        facts: &PartyFacts,
        stated: &ControlTotals,
    ) {
        let own = facts.moved.control();
        let out = Some(own.outstanding);
        let in_months = facts.outstanding_in_months();
        if own != *stated || in_months != (out, out) {
            let name = governance.name(party);
            let window = self.window;
            self.differ(format!(
                "points of {name} in window {window}: the ledger says {stated:?}, the tally \
                 {own:?} and by month {in_months:?}"
            ));
        }
    }

    /// Nets the window from the tally's own lines, and freezes what its statements say.
    pub(super) fn add_netted(
        &mut self,
        governance: &Governance,
        seen: &Seen<'_>,
        window: u32,
        netted: &Netted,
    ) {
        if netted.held {
            return;
        }
        let Some(cut) = self.cut.remove(&window) else {
            self.differ(format!("window {window} was netted but never cut"));
            return;
        };
        let lines: Vec<_> = self.lines_of(window).map(|(k, t)| (*k, *t)).collect();
        self.lines.retain(|key, _| key.window != window);
        let zero = Net::zero(&self.currency);
        let parties = self.standings.len().saturating_add(1);
        self.accounts.resize(parties, zero);
        let closing = Closing {
            cut,
            netted: Step {
                entry: seen.index,
                at: seen.accepted_at,
            },
            terms: netted.into(),
            lines,
            parties: u16::try_from(parties).expect("parties fit 16 bits"),
            accounts: self.accounts.clone(),
            carried: self.carried.clone(),
            items: self.items.clone(),
            movements: std::mem::take(&mut self.movements),
            disputes: self.disputes.clone(),
        };
        self.disputes
            .retain(|_, dispute| !dispute.state.is_resolved());
        self.settle(governance, &closing);
        self.closings.insert(window, closing);
    }

    /// Brings items, accounts and what is rolled forward after the window.
    fn settle(&mut self, governance: &Governance, closing: &Closing) {
        let lines = closing.lines.iter();
        let priced = lines.filter_map(|(key, total)| price_line(governance, key, total));
        let priced: Vec<_> = priced.collect();
        let terms = Terms {
            netting: closing.terms.netting,
            payment_minimum: closing.terms.payment_minimum,
            currency: self.currency,
        };
        let parties = usize::from(closing.parties);
        let netting = netting::net(&priced, parties, &closing.carried, &terms);
        for (account, position) in self.accounts.iter_mut().zip(&netting.positions) {
            *account = plus(*account, position.net());
        }
        for movement in &closing.movements {
            let paid = match movement.kind {
                MovementKind::Confirmed => Net::credit(movement.amount),
                MovementKind::Returned => Net::debit(movement.amount),
            };
            let debtor = &mut self.accounts[movement.key.debtor.slot()];
            *debtor = plus(*debtor, paid);
            let creditor = &mut self.accounts[movement.key.creditor.slot()];
            *creditor = plus(*creditor, paid.negated());
        }
        for payment in &netting.payments {
            let key = ItemKey {
                window: closing.cut.window,
                debtor: payment.debtor,
                creditor: payment.creditor,
            };
            let item = Item {
                amount: payment.amount,
                due_on: closing.terms.due_on,
                paid: None,
            };
            self.items.insert(key, item);
        }
        self.carried = netting.carried;
    }

    /// Follows the other ops.
    pub(super) fn add_clearing(
        &mut self,
        governance: &Governance,
        seen: &Seen<'_>,
        at: OpAt,
        action: &Action,
        done: &Applied,
    ) {
        match (action, &done.given) {
            (Action::ConfirmPayment(_), Some(Given::Payment(payment))) => {
                if self.items.remove(&payment.key).is_none() {
                    let key = payment.key;
                    self.differ(format!("the payment {key:?} was confirmed but is not open"));
                }
                self.add_movement(seen, at, MovementKind::Confirmed, payment);
            }
            (Action::PaymentReturned(_), Some(Given::Payment(payment))) => {
                let item = Item {
                    amount: payment.amount,
                    due_on: payment.due_on,
                    paid: None,
                };
                self.items.insert(payment.key, item);
                self.add_movement(seen, at, MovementKind::Returned, payment);
            }
            (Action::DisputeOpen(op), Some(Given::AnswerBy(counterparty, answer_by))) => {
                let dispute = opened(seen, op, *counterparty, *answer_by);
                self.disputes.insert(at, dispute);
            }
            (Action::DisputeAnswer(op), _) => {
                if let Some(dispute) = self.disputes.get_mut(&op.dispute) {
                    dispute.state = match op.accepted {
                        true => DisputeState::Accepted,
                        false => DisputeState::Rejected,
                    };
                }
            }
            (Action::DisputeResolve(op), _) => self.add_resolved(governance, at, op),
            (Action::PartnerSet(set), Some(Given::Party(party))) => {
                self.add_partner(at, *party, set);
            }
            (Action::KeyAdd(add), _) => {
                let party = subject(governance, seen, add.author.as_ref());
                let recovered = governance
                    .key(party, &add.key)
                    .is_some_and(|key| key.recovered);
                let kind = match recovered {
                    true => NoticeKind::KeyRecovered,
                    false => NoticeKind::KeyAdded,
                };
                self.note(party, at, kind, Some(add.key));
            }
            (Action::KeyRevoke(revoke), _) => {
                let party = subject(governance, seen, revoke.author.as_ref());
                self.note(party, at, NoticeKind::KeyRevoked, Some(revoke.key));
            }
            _ => {}
        }
    }

    fn add_movement(
        &mut self,
        seen: &Seen<'_>,
        at: OpAt,
        kind: MovementKind,
        payment: &PaymentGiven,
    ) {
        self.movements.push(MovementFact {
            at,
            accepted_at: seen.accepted_at,
            kind,
            key: payment.key,
            amount: payment.amount,
        });
    }

    fn add_resolved(&mut self, governance: &Governance, at: OpAt, op: &DisputeResolve) {
        if let Some(dispute) = self.disputes.get_mut(&op.dispute) {
            dispute.state = match op.upheld {
                Some(_) => DisputeState::Upheld,
                None => DisputeState::Dismissed,
            };
        }
        if let Some(remedy) = &op.upheld {
            let party = |name| governance.party(name).unwrap_or(Party::HOUSE);
            let (debtor, creditor) = (party(&remedy.debtor), party(&remedy.creditor));
            self.note_adjustment(AdjustmentFact {
                at,
                corrects: op.dispute,
                change: AdjustmentChange::Amount(debtor, creditor, remedy.amount),
            });
        }
    }

    fn add_partner(&mut self, at: OpAt, party: Party, set: &PartnerSet) {
        let suspended = set.status == Status::Suspended;
        let before = self.standings.get(&party).copied();
        let master_sha256 = set
            .master_sha256
            .or(before.and_then(|before| before.master_sha256));
        let fact = PartnerFact {
            suspended,
            master_sha256,
        };
        self.standings.insert(party, fact);
        let Some(before) = before else {
            self.issuer(party);
            self.note(party, at, NoticeKind::Registered, None);
            return;
        };
        if before.suspended != suspended {
            let kind = match suspended {
                true => NoticeKind::Suspended,
                false => NoticeKind::Active,
            };
            self.note(party, at, kind, None);
        }
        if before.master_sha256 != master_sha256 {
            self.note(party, at, NoticeKind::MasterChanged, None);
        }
    }

    fn note(&mut self, party: Party, at: OpAt, kind: NoticeKind, key: Option<Name>) {
        let notices = &mut self.periods.entry(party).or_default().notices;
        notices.push(NoticeFact { at, kind, key });
    }
}

fn opened(
    seen: &Seen<'_>,
    op: &DisputeOpen,
    counterparty: Party,
    answer_by: crate::domain::time::Day,
) -> Dispute {
    Dispute {
        window: op.window,
        opened_by: seen.author,
        counterparty,
        reason: op.reason,
        evidence_sha256: op.evidence_sha256,
        answer_by,
        state: DisputeState::Open,
    }
}

/// Whose key an op is about: the author's own, unless it names another.
fn subject(governance: &Governance, seen: &Seen<'_>, named: Option<&Name>) -> Party {
    let named = named.and_then(|name| governance.party(name));
    named.unwrap_or(seen.author)
}

fn plus(a: Net, b: Net) -> Net {
    a.checked_add(b).expect("sums of payments fit 96 bits")
}
