//! Money: exact decimal amounts in the programme's currency.
//!
//! Must not: use floats, or round anywhere but in [`Money::of_points`].

use super::points::Points;
use super::price::Price;
use minicbor::{Decode, Encode};
use rust_decimal::{Decimal, RoundingStrategy};

/// An ISO 4217 currency code with its number of decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Currency {
    #[n(0)]
    code: [u8; 3],
    #[n(1)]
    decimals: u8,
}

impl Currency {
    /// Looks a code up in ISO 4217.
    pub fn parse(code: &str) -> Option<Self> {
        let known = iso_currency::Currency::from_code(code)?;
        let decimals = u8::try_from(known.exponent()?).ok()?;
        Some(Self {
            code: code.as_bytes().try_into().ok()?,
            decimals,
        })
    }

    /// The three-letter code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).expect("ISO 4217 codes are ASCII")
    }

    /// How many decimals an amount has: 2 for USD, 0 for JPY.
    pub fn decimals(&self) -> u8 {
        self.decimals
    }
}

/// An amount of money, exact; its text has exactly the currency's decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(Decimal);

/// The greatest integer part an amount may have in a request: 15 digits.
const INTEGER_DIGITS_MAX: usize = 15;

impl Money {
    /// Parses a positive or zero amount with exactly `decimals` decimals, below 10^15.
    pub fn parse(text: &str, decimals: u8) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || whole.len() > INTEGER_DIGITS_MAX || leading_zero {
            return None;
        }
        let dangling = text.ends_with('.');
        if !digits(whole) || !digits(fraction) || dangling {
            return None;
        }
        (fraction.len() == usize::from(decimals)).then_some(())?;
        Decimal::from_str_exact(text).ok().map(Self)
    }

    /// The worth of points: round half even of units × price / 10^point_scale to the currency's
    /// decimals. The one place where money is rounded (`schemas/README.md`, "Rounding").
    ///
    /// Returns nothing past 96 bits, which points and prices within their limits cannot reach.
    pub fn of_points(
        units: Points,
        price: Price,
        point_scale: u8,
        currency: &Currency,
    ) -> Option<Self> {
        let exact = price.exact_worth(units);
        let scale = u32::from(Price::DECIMALS).checked_add(u32::from(point_scale))?;
        let exact = Decimal::try_from_i128_with_scale(exact, scale).ok()?;
        let decimals = u32::from(currency.decimals());
        let mut rounded =
            exact.round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven);
        rounded.rescale(decimals);
        Some(Self(rounded))
    }

    /// The decimal number.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum, unless it passes 96 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless it is negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0
            .checked_sub(other.0)
            .filter(|left| !left.is_sign_negative())
            .map(Self)
    }

    /// The amount in units of 10^−8 / 10^point_scale, the unit of exact exposure sums.
    pub fn to_exact(self, point_scale: u8) -> Option<i128> {
        let scale = u32::from(Price::DECIMALS).checked_add(u32::from(point_scale))?;
        let up = scale.checked_sub(self.0.scale())?;
        self.0.mantissa().checked_mul(10_i128.checked_pow(up)?)
    }

    /// The amount from exact units of 10^−8 / 10^point_scale, rounded half even for display.
    pub fn from_exact(exact: i128, point_scale: u8, currency: &Currency) -> Option<Self> {
        let scale = u32::from(Price::DECIMALS).checked_add(u32::from(point_scale))?;
        let decimals = u32::from(currency.decimals());
        let mut rounded = Decimal::try_from_i128_with_scale(exact, scale)
            .ok()?
            .round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven);
        rounded.rescale(decimals);
        Some(Self(rounded))
    }

    /// The amount in the currency's smallest unit.
    pub fn minor_units(self) -> i128 {
        self.0.mantissa()
    }

    /// An amount from the currency's smallest unit.
    pub fn from_minor_units(units: i128, currency: &Currency) -> Option<Self> {
        let decimals = u32::from(currency.decimals());
        Decimal::try_from_i128_with_scale(units, decimals)
            .ok()
            .map(Self)
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl serde::Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let net = Net::deserialize(deserializer)?;
        let negative = || serde::de::Error::custom("an amount is not negative");
        net.to_be_received().ok_or_else(negative)
    }
}

/// A signed amount of money, exact: positive is to be received, negative to be paid. Its text has
/// exactly the currency's decimals, and zero has no sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Net(Decimal);

impl Net {
    /// Zero, with a currency's decimals.
    pub fn zero(currency: &Currency) -> Self {
        Self(Decimal::new(0, u32::from(currency.decimals())))
    }

    /// Parses an amount with exactly `decimals` decimals, of any size, with or without a minus.
    pub fn parse(text: &str, decimals: u8) -> Option<Self> {
        let plain = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-'));
        let number = Decimal::from_str_exact(text).ok().filter(|_| plain)?;
        (number.scale() == u32::from(decimals)).then(|| Self::unsigned_zero(number))
    }

    /// credits − debits.
    pub fn of(credits: Money, debits: Money) -> Option<Self> {
        credits.0.checked_sub(debits.0).map(Self::unsigned_zero)
    }

    /// Zero, with as many decimals as this amount.
    #[must_use]
    pub fn zeroed(self) -> Self {
        Self(Decimal::new(0, self.0.scale()))
    }

    /// An amount to be received.
    pub fn credit(amount: Money) -> Self {
        Self(amount.0)
    }

    /// An amount to be paid.
    pub fn debit(amount: Money) -> Self {
        Self::unsigned_zero(amount.0).negated()
    }

    /// The same amount the other way round.
    #[must_use]
    pub fn negated(self) -> Self {
        let mut negated = self.0;
        negated.set_sign_positive(self.0.is_sign_negative());
        Self::unsigned_zero(negated)
    }

    /// The decimal number.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is to be paid.
    pub fn is_debit(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// The amount without its sign.
    pub fn magnitude(self) -> Money {
        Money(self.0.abs())
    }

    /// The amount from exact units of 10^−8 / 10^point_scale, rounded half even for display.
    pub fn from_exact(exact: i128, point_scale: u8, currency: &Currency) -> Option<Self> {
        Money::from_exact(exact, point_scale, currency).map(|money| Self::unsigned_zero(money.0))
    }

    /// The amount to be received; nothing if it is to be paid.
    pub fn to_be_received(self) -> Option<Money> {
        (!self.is_debit()).then_some(Money(self.0))
    }

    /// The sum, unless it passes 96 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self::unsigned_zero)
    }

    /// The difference, unless it passes 96 bits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self::unsigned_zero)
    }

    /// The amount in units of 10^−8 / 10^point_scale.
    pub fn to_exact(self, point_scale: u8) -> Option<i128> {
        let exact = Money(self.0.abs()).to_exact(point_scale)?;
        if self.is_debit() {
            exact.checked_neg()
        } else {
            Some(exact)
        }
    }

    fn unsigned_zero(mut number: Decimal) -> Self {
        if number.is_zero() {
            number.set_sign_positive(true);
        }
        Self(number)
    }
}

impl std::fmt::Display for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl serde::Serialize for Net {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Net {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let plain = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-'));
        let number = Decimal::from_str_exact(&text).ok().filter(|_| plain);
        number
            .map(Self::unsigned_zero)
            .ok_or_else(|| serde::de::Error::custom("not an amount of money"))
    }
}

impl<C> Encode<C> for Net {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0.serialize())?;
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Net {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        Money::decode(d, ctx).map(|money| Self(money.0))
    }
}

impl<C> Encode<C> for Money {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0.serialize())?;
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Money {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes: [u8; 16] = d
            .bytes()?
            .try_into()
            .map_err(|_| minicbor::decode::Error::message("an amount has 16 bytes"))?;
        Ok(Self(Decimal::deserialize(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd() -> Currency {
        Currency::parse("USD").expect("USD exists")
    }

    #[test]
    fn amounts_have_exactly_the_currencys_decimals() {
        assert_eq!(
            Money::parse("12.50", 2).map(|m| m.to_string()).as_deref(),
            Some("12.50")
        );
        assert_eq!(
            Money::parse("12", 0).map(|m| m.to_string()).as_deref(),
            Some("12")
        );
        for bad in [
            "12.5", "12.500", "012.50", "-1.00", "+1.00", ".50", "1e2", "", "12.", "1 2.00",
        ] {
            assert_eq!(Money::parse(bad, 2), None, "{bad}");
        }
        assert_eq!(Money::parse("12.", 0), None);
        assert_eq!(Currency::parse("JPY").map(|c| c.decimals()), Some(0));
        assert_eq!(Currency::parse("XXQ"), None);
    }

    #[test]
    fn worth_is_exact_before_one_half_even_rounding() {
        let worth = |units: u64, price: &str| {
            let units = Points::new(units).expect("in range");
            let price = Price::parse(price).expect("a price");
            Money::of_points(units, price, 0, &usd()).map(|m| m.to_string())
        };
        assert_eq!(worth(1, "0.005").as_deref(), Some("0.00"));
        assert_eq!(worth(3, "0.005").as_deref(), Some("0.02"));
        assert_eq!(worth(1, "0.015").as_deref(), Some("0.02"));
        assert_eq!(
            worth(Points::MAX.units(), "9999.99999999").map(|m| m.len()),
            Some(23)
        );
    }

    #[test]
    fn exact_units_go_there_and_back() {
        let limit = Money::parse("1000.25", 2).expect("an amount");
        let exact = limit.to_exact(3).expect("small");
        assert_eq!(exact, 100_025_000_000_000);
        assert_eq!(Money::from_exact(exact, 3, &usd()), Some(limit));
    }
}
