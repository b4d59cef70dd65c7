//! Prices per displayed point, and the programme-wide price list versions.
//!
//! Must not: change a released version; a new one holds from the next entry on.

use super::ids::{Name, Party};
use super::points::Points;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// A price per displayed point in the programme's currency: at most 8 decimals, below 10,000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Price(#[n(0)] u64);

impl Price {
    /// Decimals of the exact unit that prices and exposures are counted in.
    pub const DECIMALS: u8 = 8;
    const LIMIT: u64 = 10_000 * 100_000_000;

    /// Parses a plain decimal: `[0-9]{1,4}` and up to 8 decimals, no sign, no exponent.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if !digits(whole) || !digits(fraction) || whole.len() > 4 || leading_zero {
            return None;
        }
        let missing = usize::from(Self::DECIMALS).checked_sub(fraction.len())?;
        let up = 10_u64.checked_pow(u32::try_from(missing).ok()?)?;
        let fraction = fraction.parse::<u64>().ok()?.checked_mul(up)?;
        let whole = whole.parse::<u64>().ok()?.checked_mul(100_000_000)?;
        let mantissa = whole.checked_add(fraction)?;
        (mantissa < Self::LIMIT).then_some(Self(mantissa))
    }

    /// Whether it is zero, which only a fee may be.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The price in units of 10^−8.
    pub fn units(self) -> u64 {
        self.0
    }

    /// units × price, exact, in units of 10^−8 / 10^point_scale of the currency. Fits: 2^53 × 10^12
    /// is below 2^93.
    pub fn exact_worth(self, units: Points) -> i128 {
        i128::from(units.units())
            .checked_mul(i128::from(self.0))
            .expect("points and prices within their limits fit 93 bits")
    }
}

impl std::fmt::Display for Price {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:08}", self.0 / 100_000_000, self.0 % 100_000_000);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.pad(text)
    }
}

impl serde::Serialize for Price {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Price {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a price"))
    }
}

/// What one partner, or every partner without a row of its own, pays and gets.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, serde::Serialize)]
pub struct PriceRow {
    /// What an issuer owes per point issued (`pool`). Above zero.
    #[n(0)]
    pub issue_price: Price,
    /// What is owed per point burned. Above zero.
    #[n(1)]
    pub burn_price: Price,
    /// What an issuer owes the house per point issued.
    #[n(2)]
    pub issue_fee: Price,
    /// What a burning partner owes the house per point burned.
    #[n(3)]
    pub burn_fee: Price,
    /// The tax code that finance books these amounts under.
    #[n(4)]
    pub tax_code: Name,
}

/// One immutable version of the price list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct PriceVersion {
    /// The row of every partner that has none of its own.
    #[n(0)]
    pub default: Option<PriceRow>,
    /// Rows by partner.
    #[n(1)]
    pub rows: BTreeMap<Party, PriceRow>,
}

impl PriceVersion {
    /// The row that holds for a partner.
    pub fn row(&self, party: Party) -> Option<&PriceRow> {
        self.rows.get(&party).or(self.default.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_have_at_most_8_decimals_and_stay_below_10_000() {
        for good in ["0", "0.01", "0.00000001", "9999.99999999", "12"] {
            assert_eq!(
                Price::parse(good).map(|p| p.to_string()).as_deref(),
                Some(good)
            );
        }
        for bad in [
            "",
            ".1",
            "1.",
            "0.000000001",
            "10000",
            "-1",
            "+1",
            "1e3",
            "01",
            "0x1",
            "1,0",
        ] {
            assert_eq!(Price::parse(bad), None, "{bad}");
        }
    }
}
