//! Multiples of a point, from which any other is put together by additions alone.
//!
//! Must not: see a secret. What is looked up, and how long it takes, depends on the scalar; here
//! all scalars come from signatures and what they sign, which everybody may see.
//!
//! ```text
//! row i holds   1·256^i·P, 2·256^i·P, …, n·256^i·P       i = 0 … 31
//!
//! by bytes      n = 128: a scalar is the sum of d_i·256^i, −128 ≤ d_i < 128
//! by nibbles    n = 8:   a scalar is the sum of d_j·16^j,    −8 ≤ d_j < 8; 16·(odd j) + even j
//! ```

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;

/// Bytes of a scalar, and rows of a table.
const ROWS: usize = 32;

/// Multiples of one point: the first `N` of each row.
#[derive(Clone)]
pub(super) struct Multiples<const N: usize> {
    points: Vec<[EdwardsPoint; N]>,
}

/// For the one point that every signature needs: 640 KiB, 32 additions.
pub(super) type ByBytes = Multiples<128>;
/// For a point of many: 40 KiB, 64 additions and 4 doublings.
pub(super) type ByNibbles = Multiples<8>;

impl<const N: usize> Multiples<N> {
    /// The table of a point.
    pub(super) fn new(point: &EdwardsPoint) -> Self {
        let mut first = *point;
        let row = |_| {
            let mut row = [EdwardsPoint::identity(); N];
            let mut next = EdwardsPoint::identity();
            for place in &mut row {
                next += &first;
                *place = next;
            }
            first = (0..8).fold(first, |sum, _| sum + sum);
            row
        };
        Self {
            points: (0..ROWS).map(row).collect(),
        }
    }

    /// The multiples that digits stand for, less their signs; digit `d` is one of row `d / of_row`.
    /// All are read before any is added: reads that wait for memory then wait together.
    #[inline(always)]
    fn picked<const D: usize>(&self, digits: &[i16; D], of_row: usize) -> [EdwardsPoint; D] {
        std::array::from_fn(|place| {
            match usize::from(digits[place].unsigned_abs()).checked_sub(1) {
                Some(nth) => self.points[place / of_row][nth],
                None => EdwardsPoint::identity(),
            }
        })
    }
}

impl ByBytes {
    /// Adds the point times a scalar to a sum.
    pub(super) fn add_product(&self, scalar: &Scalar, sum: &mut EdwardsPoint) {
        let digits: [i16; ROWS] = digits(scalar.as_bytes().map(i16::from), 256);
        let picked = self.picked(&digits, 1);
        for (digit, point) in digits.iter().zip(&picked) {
            add(sum, *digit, point);
        }
    }
}

impl ByNibbles {
    /// The point times a scalar.
    pub(super) fn product(&self, scalar: &Scalar) -> EdwardsPoint {
        let bytes = scalar.as_bytes();
        let nibble = |place: usize| {
            let byte = bytes[place / 2];
            i16::from(if place.is_multiple_of(2) {
                byte & 15
            } else {
                byte >> 4
            })
        };
        let digits: [i16; 2 * ROWS] = digits(std::array::from_fn(nibble), 16);
        let picked = self.picked(&digits, 2);
        let mut sum = EdwardsPoint::identity();
        for place in (1..digits.len()).step_by(2) {
            add(&mut sum, digits[place], &picked[place]);
        }
        for _ in 0..4 {
            sum += sum;
        }
        for place in (0..digits.len()).step_by(2) {
            add(&mut sum, digits[place], &picked[place]);
        }
        sum
    }
}

/// Adds a point with the sign of a digit, or nothing for 0.
fn add(sum: &mut EdwardsPoint, digit: i16, point: &EdwardsPoint) {
    match digit.signum() {
        0 => {}
        1 => *sum += point,
        _ => *sum -= point,
    }
}

/// The digits of a number in a base, lowest first, with those from half of the base on made
/// negative and carried. The highest digit of a scalar is small enough to take the last carry.
fn digits<const D: usize>(mut digits: [i16; D], base: i16) -> [i16; D] {
    let mut carry = 0;
    for digit in &mut digits {
        *digit += carry;
        carry = i16::from(*digit >= base / 2);
        *digit -= carry * base;
    }
    assert_eq!(carry, 0, "a scalar is below 2^253");
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::ED25519_BASEPOINT_POINT as B;
    use proptest::prelude::*;

    fn check(scalar: Scalar) {
        use std::sync::LazyLock;
        static BYTES: LazyLock<ByBytes> = LazyLock::new(|| ByBytes::new(&B));
        static NIBBLES: LazyLock<ByNibbles> = LazyLock::new(|| ByNibbles::new(&B));
        let mut sum = B;
        BYTES.add_product(&scalar, &mut sum);
        assert_eq!(sum, B + B * scalar);
        assert_eq!(NIBBLES.product(&scalar), B * scalar);
    }

    #[test]
    fn small_scalars_and_the_last_are_multiplied() {
        for small in (0..=300_u32).chain([0x7f7f, 0x8080, 0x8888_8888, u32::MAX]) {
            check(Scalar::from(small));
            check(-Scalar::from(small));
        }
    }

    proptest! {
        #[test]
        fn any_scalar_is_multiplied(bytes: [u8; 32]) {
            check(Scalar::from_bytes_mod_order(bytes));
        }
    }
}
