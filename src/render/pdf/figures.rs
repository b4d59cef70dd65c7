//! Figures: amounts, counts, days and codes as people read them.
//!
//! Works on the texts and whole numbers that a statement holds. Must not: round, or use floats.

use crate::domain::money::{Currency, Money, Net};
use crate::domain::points::Points;
use crate::domain::price::Price;
use crate::domain::statement::Identity;
use crate::domain::time::Day;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// How a programme writes its numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures<'a> {
    /// ISO 4217.
    pub(super) currency: &'a str,
    /// Of an amount; none for a currency that is not in ISO 4217.
    decimals: Option<u8>,
    point_scale: u8,
}

impl<'a> Figures<'a> {
    pub(super) fn of(identity: &'a Identity) -> Self {
        let known = Currency::parse(&identity.currency);
        Self {
            currency: &identity.currency,
            decimals: known.map(|currency| currency.decimals()),
            point_scale: identity.point_scale.min(4),
        }
    }

    /// `2,693.26`
    pub(super) fn amount(&self, amount: Money) -> String {
        grouped(&padded(&amount.to_string(), self.decimals.unwrap_or(0)))
    }

    /// `EUR 2,693.26`
    pub(super) fn money(&self, amount: Money) -> String {
        format!("{} {}", self.currency, self.amount(amount))
    }

    /// An amount to be paid and nothing, or nothing and one to be received.
    pub(super) fn columns(&self, net: Net) -> [String; 2] {
        let amount = self.amount(net.magnitude());
        if net.is_debit() {
            [amount, String::new()]
        } else {
            [String::new(), amount]
        }
    }

    /// Points with the programme's decimals: `912,044` or `9,120.44`.
    pub(super) fn points(&self, points: Points) -> String {
        let one = 10_u64.pow(u32::from(self.point_scale));
        let (whole, part) = (points.units() / one, points.units() % one);
        let whole = count(whole);
        match usize::from(self.point_scale) {
            0 => whole,
            digits => format!("{whole}.{part:0digits$}"),
        }
    }
}

/// `3,120`
pub(super) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// A price with at least `decimals` decimals, so that prices of one column stand under another.
pub(super) fn price(price: Price, decimals: u8) -> String {
    grouped(&padded(&price.to_string(), decimals))
}

/// How many decimals a price has when written as short as it can be.
pub(super) fn price_decimals(price: Price) -> u8 {
    let text = price.to_string();
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    u8::try_from(decimals).expect("a price has at most 8 decimals")
}

/// The same number with zeros behind it until it has `decimals` decimals.
fn padded(number: &str, decimals: u8) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let width = usize::from(decimals);
    if part.is_empty() && width == 0 {
        return whole.to_owned();
    }
    format!("{whole}.{part:0<width$}")
}

/// Commas between thousands: `-1234567.89` becomes `-1,234,567.89`.
fn grouped(number: &str) -> String {
    let (whole, part) = number.split_at(number.find('.').unwrap_or(number.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let mut text = sign.to_owned();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + part
}

/// `5 March 2026`
pub(super) fn day(day: Day) -> String {
    let [year, month, day] = parts(day);
    format!("{day} {month} {year}")
}

/// `2 March 2026`, `2 to 5 March 2026`, `28 February to 2 March 2026` or both days in full.
pub(super) fn days(first: Day, last: Day) -> String {
    let [from_year, from_month, from_day] = parts(first);
    let [to_year, to_month, _] = parts(last);
    let to = day(last);
    if first == last {
        to
    } else if from_year != to_year {
        format!("{} to {to}", day(first))
    } else if from_month != to_month {
        format!("{from_day} {from_month} to {to}")
    } else {
        format!("{from_day} to {to}")
    }
}

/// Year, month and day in words.
fn parts(day: Day) -> [String; 3] {
    let text = day.to_string();
    let year_month = text.get(..7).unwrap_or(&text);
    let [year, month] = month_parts(year_month);
    let day = text.get(8..).unwrap_or_default().trim_start_matches('0');
    [year, month, day.to_owned()]
}

/// `March 2026` from `2026-03`; another text as it is.
pub(super) fn month(month: &str) -> String {
    let [year, month] = month_parts(month);
    if month.is_empty() {
        year
    } else {
        format!("{month} {year}")
    }
}

fn month_parts(text: &str) -> [String; 2] {
    let named = text.split_once('-').and_then(|(year, month)| {
        let number: usize = month.parse().ok()?;
        Some((year, *MONTHS.get(number.checked_sub(1)?)?))
    });
    named.map_or([text.to_owned(), String::new()], |(year, month)| {
        [year.to_owned(), month.to_owned()]
    })
}

/// `3 March 2026, 02:00:00 UTC` from RFC 3339; another text as it is.
pub(super) fn instant(rfc3339: &str) -> String {
    let read = |text: &str| {
        let date = Day::parse(text.get(..10)?)?;
        let time = text.get(11..19)?;
        text.ends_with('Z')
            .then(|| format!("{}, {time} UTC", day(date)))
    };
    read(rfc3339).unwrap_or_else(|| rfc3339.to_owned())
}

/// The day of an RFC 3339 instant, in UTC; another text as it is.
pub(super) fn instant_day(rfc3339: &str) -> String {
    let date = rfc3339.get(..10).and_then(Day::parse);
    date.map_or_else(|| rfc3339.to_owned(), day)
}

/// Groups of four with spaces between, as banks print accounts and references.
pub(super) fn in_fours(code: &str) -> String {
    let mut text = String::new();
    for (at, c) in code.chars().filter(|c| !c.is_whitespace()).enumerate() {
        if at > 0 && at.is_multiple_of(4) {
            text.push(' ');
        }
        text.push(c);
    }
    text
}

/// `1 payment`, `2 payments`
pub(super) fn counted(number: usize, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(&number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(currency: &str, point_scale: u8) -> Figures<'_> {
        Figures {
            currency,
            decimals: Currency::parse(currency).map(|currency| currency.decimals()),
            point_scale,
        }
    }

    fn money(text: &str, decimals: u8) -> Money {
        Money::parse(text, decimals).expect("an amount")
    }

    #[test]
    fn amounts_have_commas_and_the_currencys_decimals() {
        let euro = figures("EUR", 0);
        for (text, expected) in [
            ("0.00", "0.00"),
            ("12.50", "12.50"),
            ("999.99", "999.99"),
            ("1000.00", "1,000.00"),
            ("999999999999999.99", "999,999,999,999,999.99"),
        ] {
            assert_eq!(euro.amount(money(text, 2)), expected);
        }
        assert_eq!(euro.money(money("2693.26", 2)), "EUR 2,693.26");
        assert_eq!(
            figures("JPY", 0).money(money("1234567", 0)),
            "JPY 1,234,567"
        );
        assert_eq!(figures("KWD", 0).amount(money("1.250", 3)), "1.250");
        // A zero without decimals is shown with them all the same.
        assert_eq!(euro.amount(Money::default()), "0.00");
    }

    #[test]
    fn what_is_owed_stands_left_and_without_a_sign() {
        let euro = figures("EUR", 0);
        let debit = Net::debit(money("1234.50", 2));
        assert_eq!(euro.columns(debit), ["1,234.50", ""]);
        assert_eq!(euro.columns(debit.negated()), ["", "1,234.50"]);
    }

    #[test]
    fn points_have_the_programmes_decimals() {
        let shown = |units, scale| {
            let points = Points::new(units).expect("in range");
            figures("EUR", scale).points(points)
        };
        assert_eq!(shown(912_044, 0), "912,044");
        assert_eq!(shown(912_044, 2), "9,120.44");
        assert_eq!(shown(5, 2), "0.05");
        assert_eq!(shown(0, 4), "0.0000");
        assert_eq!(shown(Points::MAX.units(), 1), "900,719,925,474,099.1");
    }

    #[test]
    fn prices_line_up() {
        let shown = |text: &str, decimals| {
            let parsed = Price::parse(text).expect("a price");
            (price(parsed, decimals), price_decimals(parsed))
        };
        assert_eq!(shown("0.01", 4), ("0.0100".to_owned(), 2));
        assert_eq!(shown("0.0095", 4), ("0.0095".to_owned(), 4));
        assert_eq!(shown("1234", 0), ("1,234".to_owned(), 0));
        assert_eq!(shown("1234", 1), ("1,234.0".to_owned(), 0));
    }

    #[test]
    fn days_are_written_out() {
        let span = |first: &str, last: &str| {
            let read = |text| Day::parse(text).expect("a day");
            days(read(first), read(last))
        };
        assert_eq!(span("2026-03-02", "2026-03-02"), "2 March 2026");
        assert_eq!(span("2026-03-02", "2026-03-15"), "2 to 15 March 2026");
        let months = "28 February to 2 March 2026";
        assert_eq!(span("2026-02-28", "2026-03-02"), months);
        let years = "31 December 2025 to 1 January 2026";
        assert_eq!(span("2025-12-31", "2026-01-01"), years);
        assert_eq!(month("2026-11"), "November 2026");
        assert_eq!(month("2026-13"), "2026-13");
        let cut = "3 March 2026, 02:00:00 UTC";
        assert_eq!(instant("2026-03-03T02:00:00.120031Z"), cut);
        assert_eq!(instant("soon"), "soon");
        assert_eq!(instant_day("2026-03-03T02:00:00.120031Z"), "3 March 2026");
    }

    #[test]
    fn codes_stand_in_fours() {
        assert_eq!(in_fours("RF830123ABCD00070002"), "RF83 0123 ABCD 0007 0002");
        assert_eq!(in_fours("CH93 0076 2"), "CH93 0076 2");
        assert_eq!(counted(1, "payment"), "1 payment");
        assert_eq!(counted(1000, "payment"), "1,000 payments");
    }
}
