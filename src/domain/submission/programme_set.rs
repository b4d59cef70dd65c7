//! Fields of `programme_set`, which founding takes too.
//!
//! Must not: hold a default; what is absent stays as it is.

use crate::domain::money::Money;
use crate::domain::programme::{Netting, Payout, Settings, Silence};
use crate::domain::time::Day;
use minicbor::{Decode, Encode};

/// Fields of `programme_set`; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct ProgrammeSet {
    /// See [`Settings::life_days`].
    #[n(0)]
    pub life_days: Option<u32>,
    /// See [`Settings::grace_days`].
    #[n(1)]
    pub grace_days: Option<u32>,
    /// See [`Settings::reversible_days`].
    #[n(2)]
    pub reversible_days: Option<u32>,
    /// See [`Settings::occurred_past_days`].
    #[n(3)]
    pub occurred_past_days: Option<u32>,
    /// See [`Settings::occurred_ahead_s`].
    #[n(4)]
    pub occurred_ahead_s: Option<u32>,
    /// See [`Settings::transfer_allowed`].
    #[n(5)]
    pub transfer_allowed: Option<bool>,
    /// See [`Settings::netting`].
    #[n(6)]
    pub netting: Option<Netting>,
    /// See [`Settings::payout`].
    #[n(7)]
    pub payout: Option<Payout>,
    /// See [`Settings::payment_minimum`].
    #[n(8)]
    pub payment_minimum: Option<Money>,
    /// See [`Settings::payment_days`].
    #[n(9)]
    pub payment_days: Option<u32>,
    /// See [`Settings::dispute_days`].
    #[n(10)]
    pub dispute_days: Option<u32>,
    /// See [`Settings::answer_days`].
    #[n(11)]
    pub answer_days: Option<u32>,
    /// See [`Settings::silence`].
    #[n(12)]
    pub silence: Option<Silence>,
    /// All holidays from now on: days on which no payment is due.
    #[n(13)]
    pub holidays: Option<Vec<Day>>,
}

impl ProgrammeSet {
    /// Puts what is present in place.
    pub fn apply(&self, settings: &mut Settings) {
        fn put<T: Copy>(slot: &mut T, value: Option<T>) {
            *slot = value.unwrap_or(*slot);
        }
        put(&mut settings.life_days, self.life_days);
        put(&mut settings.grace_days, self.grace_days);
        put(&mut settings.reversible_days, self.reversible_days);
        put(&mut settings.occurred_past_days, self.occurred_past_days);
        put(&mut settings.occurred_ahead_s, self.occurred_ahead_s);
        put(&mut settings.transfer_allowed, self.transfer_allowed);
        put(&mut settings.netting, self.netting);
        put(&mut settings.payout, self.payout);
        put(&mut settings.payment_minimum, self.payment_minimum);
        put(&mut settings.payment_days, self.payment_days);
        put(&mut settings.dispute_days, self.dispute_days);
        put(&mut settings.answer_days, self.answer_days);
        put(&mut settings.silence, self.silence);
    }
}
