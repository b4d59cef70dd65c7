//! Points: integer counts of the programme's smallest unit.
//!
//! Must not: hold a value above 2^53 − 1, which every JSON reader can represent exactly.

use minicbor::{Decode, Encode};
use serde::Serialize;

/// A count of points, 0 ..= 2^53 − 1.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Points(#[n(0)] u64);

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);
    /// The greatest count, 2^53 − 1: what a JSON number carries exactly (RFC 8259 §6).
    pub const MAX: Self = Self((1 << 53) - 1);

    /// The count, if it is within 0 ..= 2^53 − 1.
    pub fn new(units: u64) -> Option<Self> {
        (units <= Self::MAX.0).then_some(Self(units))
    }

    /// The bare number.
    pub fn units(self) -> u64 {
        self.0
    }

    /// Whether there are none.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it passes [`Points::MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::new)
    }

    /// The difference, unless it is negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// What is left after taking `other`, or nothing.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum of counts, unless it passes [`Points::MAX`].
    pub fn sum(counts: impl IntoIterator<Item = Self>) -> Option<Self> {
        counts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl<'de> serde::Deserialize<'de> for Points {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = u64::deserialize(deserializer)?;
        Self::new(units).ok_or_else(|| serde::de::Error::custom("points pass 2^53 - 1"))
    }
}

impl std::fmt::Display for Points {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_end_at_two_to_the_53() {
        assert_eq!(Points::new(1 << 53), None);
        assert_eq!(Points::MAX.checked_add(Points(1)), None);
        assert_eq!(Points::ZERO.checked_sub(Points(1)), None);
        assert_eq!(Points::sum([Points(2), Points(3)]), Some(Points(5)));
    }
}
