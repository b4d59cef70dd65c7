//! Rows: purchases as the CSV file tells them, each checked before anything is sent.
//!
//! Must not: send anything, or pass over a row without a word.

use crate::domain::ids::{Name, Reference};
use crate::domain::points::Points;
use crate::domain::time::Micros;
use csv::StringRecord;
use rust_decimal::Decimal;

/// The columns that a file must have, in any order.
pub const COLUMNS: [&str; 7] = [
    "occurred_at",
    "partner",
    "store",
    "basket",
    "member",
    "amount",
    "discount",
];
/// A column that a rejects file has beside them: the one op of the row that is still to be done.
pub const ONLY: &str = "only";

/// How purchases become points.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Displayed points issued per unit of the currency.
    pub earn: Decimal,
    /// Displayed points burned per unit of the currency.
    pub burn: Decimal,
    /// Decimals of a displayed point.
    pub point_scale: u32,
}

/// A purchase that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its line in the file; the header is line 1.
    pub line: u64,
    /// When it happened.
    pub occurred_at: Micros,
    /// Where.
    pub partner: Name,
    /// The receipt number.
    pub basket: Reference,
    /// Who bought.
    pub member: Reference,
    /// Smallest units to burn; 0 is no burn.
    pub burn: u64,
    /// Smallest units to issue; 0 is no issue.
    pub issue: u64,
    /// The row as it stands in the file.
    pub text: StringRecord,
}

/// Where each column stands.
#[derive(Debug, Clone)]
pub struct Header {
    places: [usize; 7],
    only: Option<usize>,
    width: usize,
}

impl Header {
    /// Finds the columns by their names; others are passed over.
    ///
    /// # Errors
    /// Which column is missing.
    pub fn parse(header: &StringRecord) -> anyhow::Result<Self> {
        let find = |name: &str| header.iter().position(|column| column.trim() == name);
        let mut places = [0; 7];
        for (place, name) in places.iter_mut().zip(COLUMNS) {
            *place = find(name).ok_or_else(|| {
                let wanted = COLUMNS.join(",");
                anyhow::anyhow!("the file has no column {name}; it needs {wanted}")
            })?;
        }
        Ok(Self {
            places,
            only: find(ONLY),
            width: header.len(),
        })
    }

    /// The wanted columns of a record, in their order.
    pub fn fields<'r>(&self, record: &'r StringRecord) -> [&'r str; 7] {
        self.places
            .map(|place| record.get(place).unwrap_or_default().trim())
    }

    /// Reads a row.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn row(&self, line: u64, record: &StringRecord, rates: &Rates) -> Result<Row, String> {
        if record.len() != self.width {
            let (found, wanted) = (record.len(), self.width);
            return Err(format!("it has {found} columns and the header {wanted}"));
        }
        let [
            occurred_at,
            partner,
            store,
            basket,
            member,
            amount,
            discount,
        ] = self.fields(record);
        let _ = store;
        let occurred_at = Micros::parse(occurred_at)
            .ok_or("occurred_at is written YYYY-MM-DDThh:mm:ssZ, in UTC")?;
        let partner = Name::parse_unreserved(partner).map_err(|e| format!("partner: {e}"))?;
        let basket = Reference::parse(basket).map_err(|error| format!("basket: {error}"))?;
        let member = Reference::parse(member).map_err(|error| format!("member: {error}"))?;
        let mut issue = units(amount, rates.earn, rates).map_err(|e| format!("amount {e}"))?;
        let mut burn = units(discount, rates.burn, rates).map_err(|e| format!("discount {e}"))?;
        match self.only.map(|only| record.get(only).unwrap_or_default()) {
            None | Some("") => {}
            Some("burn") => issue = 0,
            Some("issue") => burn = 0,
            Some(_) => return Err(format!("{ONLY} is burn, issue or empty")),
        }
        Ok(Row {
            line,
            occurred_at,
            partner,
            basket,
            member,
            burn,
            issue,
            text: record.clone(),
        })
    }
}

/// The worth of an amount of money in smallest units of points, rounded down.
fn units(amount: &str, rate: Decimal, rates: &Rates) -> Result<u64, &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if amount.is_empty() || !amount.bytes().all(is_plain) {
        return Err("is written like 12.50, not below zero");
    }
    let amount = Decimal::from_str_exact(amount).map_err(|_| "is written like 12.50")?;
    let scale = Decimal::from(10_u64.pow(rates.point_scale));
    let worth = amount
        .checked_mul(rate)
        .and_then(|points| points.checked_mul(scale))
        .map(|points| points.floor());
    let units = worth.and_then(|units| u64::try_from(units).ok());
    units
        .filter(|units| *units == 0 || Points::new(*units).is_some())
        .ok_or("is worth more points than can be counted")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[&str]) -> Result<Row, String> {
        let header = Header::parse(&StringRecord::from(COLUMNS.to_vec())).unwrap();
        let rates = Rates {
            earn: Decimal::from(10),
            burn: Decimal::from(100),
            point_scale: 0,
        };
        header.row(2, &StringRecord::from(fields.to_vec()), &rates)
    }

    const GOOD: [&str; 7] = [
        "2017-01-01T11:53:26Z",
        "pastry",
        "330",
        "31198570044",
        "hh-0900",
        "1.49",
        "0.03",
    ];

    #[test]
    fn amounts_become_whole_points_rounded_down() {
        let row = row(&GOOD).unwrap();
        assert_eq!((row.issue, row.burn), (14, 3));
    }

    #[test]
    fn a_bad_row_says_what_is_wrong() {
        for (column, value, reason) in [
            (0, "2017-01-01 11:53", "occurred_at is written"),
            (1, "Pastry", "partner: "),
            (1, "house", "partner: "),
            (3, "", "basket: "),
            (4, "hh 900", "member: "),
            (5, "-1.00", "amount is written"),
            (5, "1e3", "amount is written"),
            (6, "", "discount is written"),
            (5, "99999999999999999999", "amount is worth more"),
        ] {
            let mut fields = GOOD;
            fields[column] = value;
            let error = row(&fields).unwrap_err();
            assert!(error.starts_with(reason), "{error}");
        }
        assert!(row(&GOOD[..6]).unwrap_err().starts_with("it has 6 columns"));
    }
}
