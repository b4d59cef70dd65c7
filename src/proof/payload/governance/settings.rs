//! `programme_set` of a payload, whose settings founding takes too.
//!
//! Must not: know a default; what is absent stays as it is.

use super::super::values::{self, refuse, set, text};
use super::super::{Head, JsonError, Reader};
use crate::domain::calendar::HOLIDAYS_MAX;
use crate::domain::programme::{DAYS_MAX, Netting, PAYMENT_DAYS_MAX, Payout, Silence};
use crate::domain::submission::{Action, ProgrammeSet};
use crate::domain::time::Day;

/// The furthest ahead that `occurred_at` may be allowed to lie: a day.
const AHEAD_S_MAX: u32 = 86_400;

/// Reads `programme_set`.
pub fn read(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let mut settings = ProgrammeSet::default();
    let decimals = head.decimals;
    head.object(reader, |reader, name| {
        setting(&mut settings, reader, name, decimals)
    })?;
    if settings == ProgrammeSet::default() {
        return Err(refuse(
            reader,
            "programme_set changes nothing; name at least one setting",
        ));
    }
    Ok(Action::ProgrammeSet(settings))
}

/// Reads one setting; false for a name that is none. `decimals` are those of the ledger's currency.
pub fn setting(
    settings: &mut ProgrammeSet,
    reader: &mut Reader<'_>,
    name: &str,
    decimals: Option<u8>,
) -> Result<bool, JsonError> {
    match name {
        "life_days" => set(&mut settings.life_days, reader, |r| days(r, 1))?,
        "grace_days" => set(&mut settings.grace_days, reader, |r| days(r, 0))?,
        "reversible_days" => set(&mut settings.reversible_days, reader, |r| days(r, 0))?,
        "occurred_past_days" => set(&mut settings.occurred_past_days, reader, |r| days(r, 0))?,
        "occurred_ahead_s" => set(&mut settings.occurred_ahead_s, reader, ahead)?,
        "transfer_allowed" => set(&mut settings.transfer_allowed, reader, Reader::boolean)?,
        "netting" => set(&mut settings.netting, reader, netting)?,
        "payout" => set(&mut settings.payout, reader, payout)?,
        "payment_minimum" => {
            set(&mut settings.payment_minimum, reader, |r| {
                values::money(r, decimals)
            })?;
        }
        "payment_days" => set(&mut settings.payment_days, reader, payment_days)?,
        "dispute_days" => set(&mut settings.dispute_days, reader, |r| days(r, 0))?,
        "answer_days" => set(&mut settings.answer_days, reader, |r| days(r, 0))?,
        "silence" => set(&mut settings.silence, reader, silence)?,
        "holidays" => set(&mut settings.holidays, reader, holidays)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn days(reader: &mut Reader<'_>, min: u32) -> Result<u32, JsonError> {
    let wanted = match min {
        0 => "write a number of days from 0 to 36525",
        _ => "write a number of days from 1 to 36525",
    };
    values::uint32(reader, min, DAYS_MAX, wanted)
}

fn ahead(reader: &mut Reader<'_>) -> Result<u32, JsonError> {
    let wanted = "write a number of seconds from 0 to 86400";
    values::uint32(reader, 0, AHEAD_S_MAX, wanted)
}

fn payment_days(reader: &mut Reader<'_>) -> Result<u32, JsonError> {
    let wanted = "write a number of business days from 0 to 366";
    values::uint32(reader, 0, PAYMENT_DAYS_MAX, wanted)
}

fn netting(reader: &mut Reader<'_>) -> Result<Netting, JsonError> {
    text(reader, "netting is multilateral or bilateral", |word| {
        [Netting::Multilateral, Netting::Bilateral]
            .into_iter()
            .find(|netting| netting.as_str() == word)
    })
}

fn payout(reader: &mut Reader<'_>) -> Result<Payout, JsonError> {
    text(reader, "payout is guaranteed or when_collected", |word| {
        [Payout::Guaranteed, Payout::WhenCollected]
            .into_iter()
            .find(|payout| payout.as_str() == word)
    })
}

fn silence(reader: &mut Reader<'_>) -> Result<Silence, JsonError> {
    text(reader, "silence is accepts or rejects", |word| {
        [Silence::Accepts, Silence::Rejects]
            .into_iter()
            .find(|silence| silence.as_str() == word)
    })
}

fn holidays(reader: &mut Reader<'_>) -> Result<Vec<Day>, JsonError> {
    let mut holidays: Vec<Day> = Vec::new();
    reader.array(HOLIDAYS_MAX, |reader| {
        let day = values::day(reader)?;
        if holidays.last().is_some_and(|last| *last >= day) {
            return Err(refuse(reader, "write holidays in order, each once"));
        }
        holidays.push(day);
        Ok(())
    })?;
    Ok(holidays)
}
