//! Tables: how rows of names, counts and amounts look in a terminal.
//!
//! Must not: round an amount; what the house answers is shown with the decimals it has.

use super::style;
use comfy_table::{Attribute, Cell, CellAlignment, Table};
use rust_decimal::Decimal;
use serde_json::Value;

/// A table with a bold header. Columns whose name begins with `<` are on the left, others, which
/// hold numbers, on the right.
pub fn with_header(names: &[&str]) -> Table {
    let mut table = style::table();
    let cells = names.iter().map(|name| match name.strip_prefix('<') {
        Some(name) => Cell::new(name),
        None => Cell::new(name).set_alignment(CellAlignment::Right),
    });
    table.set_header(cells.map(|cell| cell.add_attribute(Attribute::Bold)));
    table
}

/// A number's cell.
pub fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// A row of sums.
pub fn bold(cells: Vec<Cell>) -> Vec<Cell> {
    let bold = |cell: Cell| cell.add_attribute(Attribute::Bold);
    cells.into_iter().map(bold).collect()
}

/// A count with its thousands in groups, and a dot for none.
pub fn count(number: u64) -> String {
    match number {
        0 => "·".to_owned(),
        number => style::grouped(number),
    }
}

/// An amount with its thousands in groups, and a dot where there is nothing.
pub fn money(amount: Decimal) -> String {
    if amount.is_zero() {
        return "·".to_owned();
    }
    let text = amount.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if amount.is_sign_negative() { "−" } else { "" };
    let whole = whole
        .parse()
        .map_or_else(|_| whole.to_owned(), style::grouped);
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// The same with its sign, whichever it is.
pub fn signed(amount: Decimal) -> String {
    match amount.is_sign_negative() || amount.is_zero() {
        true => money(amount),
        false => format!("+{}", money(amount)),
    }
}

/// How much less money moves, in percent with one decimal; a dot where nothing was owed.
pub fn saved(gross: Decimal, net: Decimal) -> String {
    let less = (gross - net) * Decimal::ONE_HUNDRED;
    let share = less.checked_div(gross).map(|share| share.round_dp(1));
    share.map_or_else(|| "·".to_owned(), |share| format!("{share:.1} %"))
}

/// A count in an answer of the house.
pub fn count_of(value: &Value) -> String {
    value.as_u64().map(count).unwrap_or_default()
}

/// An amount in an answer of the house.
pub fn money_of(value: &Value) -> String {
    let amount = value
        .as_str()
        .and_then(|text| Decimal::from_str_exact(text).ok());
    amount.map(money).unwrap_or_default()
}

/// A text in an answer of the house.
pub fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The days in an answer of the house: one, or the first and the last.
pub fn days_of(first: &Value, last: &Value) -> String {
    let (first, last) = (text_of(first), text_of(last));
    match first == last || last.is_empty() {
        true => first,
        false => format!("{first} – {last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_signed_and_never_rounded() {
        for (amount, plain, with_sign) in [
            ("0.00", "·", "·"),
            ("1234567.80", "1,234,567.80", "+1,234,567.80"),
            ("-12.5", "−12.5", "−12.5"),
            ("3", "3", "+3"),
        ] {
            let amount: Decimal = amount.parse().unwrap();
            assert_eq!(
                (money(amount), signed(amount)),
                (plain.into(), with_sign.into())
            );
        }
    }

    #[test]
    fn what_is_saved_is_a_share_of_what_was_owed() {
        let of = |gross: i64, net: i64| saved(gross.into(), net.into());
        assert_eq!(of(0, 0), "·");
        assert_eq!(of(3, 1), "66.7 %");
        assert_eq!(of(3, 3), "0.0 %");
    }
}
