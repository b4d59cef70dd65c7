//! A table of multiples of one public key, with which its signatures are verified faster.
//!
//! Must not: decide otherwise than `verify_strict`. Both compute R' = S·B − k·A and compare its
//! one encoding with the bytes of R; so an R that is not canonical, or no point, is never equal.
//! What is left of `verify_strict` is asked first: S < L, and R none of the points of small order.
//! That A is no such point was checked when the key was registered.
//!
//! ```text
//! verify_strict   decompress R │ S·B + k·(−A), 256 doublings    │ compress │ compare
//! table           compare R    │ S·B, k·(−A): additions alone   │ compress │ compare
//! ```

use super::multiples::{ByBytes, ByNibbles};
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest as _, Sha512};
use std::fmt;
use std::sync::LazyLock;

/// Bytes that the table of one key takes, about.
pub const TABLE_BYTES: usize = 40 * 1024;
/// Signatures of one key after which a table pays.
pub const TABLE_FROM: u32 = 32;
/// Keys of a ledger that get a table at most: 80 MB of them.
pub const TABLES_MAX: usize = 2_000;

/// The encodings of the eight points of small order.
static SMALL_ORDER: LazyLock<[[u8; 32]; 8]> =
    LazyLock::new(|| EIGHT_TORSION.map(|point| point.compress().to_bytes()));

/// Multiples of B, which every signature needs.
static BASE: LazyLock<ByBytes> = LazyLock::new(|| ByBytes::new(&ED25519_BASEPOINT_POINT));

/// Multiples of −A, for the key A that these 32 bytes are.
#[derive(Clone)]
pub(super) struct KeyTable {
    key: [u8; 32],
    minus_key: ByNibbles,
}

impl KeyTable {
    /// The table of a key that passed registration.
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let point = CompressedEdwardsY(*key).decompress();
        let point = point.expect("a registered key is a point");
        Self {
            key: *key,
            minus_key: ByNibbles::new(&-point),
        }
    }

    /// Whether `verify_strict` accepts the signature.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let (r, s) = halves(signature);
        let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(s)) else {
            return false;
        };
        if SMALL_ORDER.contains(&r) {
            return false;
        }
        let hash = Sha512::new()
            .chain_update(r)
            .chain_update(self.key)
            .chain_update(message)
            .finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        let mut expected = self.minus_key.product(&k);
        BASE.add_product(&s, &mut expected);
        expected.compress().to_bytes() == r
    }
}

impl fmt::Debug for KeyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyTable")
    }
}

/// R and S.
fn halves(signature: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (mut r, mut s) = ([0; 32], [0; 32]);
    r.copy_from_slice(&signature[..32]);
    s.copy_from_slice(&signature[32..]);
    (r, s)
}
