//! Signatures that satisfy a laxer equation than that of `verify_strict`, in entries of a ledger:
//! an audit comes to the verdict of the house, for keys with a table and for those without.

use super::{Given, first_finding, trade};
use crate::support::{Coalition, secret};
use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::SigningKey;
use ed25519_dalek::hazmat::ExpandedSecretKey;
use sha2::{Digest, Sha512};
use tallyhouse::proof::entry::Entry;
use tallyhouse::proof::jws::signing_input_from_parts;

/// The last entry, which the grocer signed, with R = `nonce`·B + `torsion`.
fn with_r(given: &Given, nonce: u64, torsion: EdwardsPoint) -> Vec<u8> {
    let last = given.entries.last().expect("entries");
    let mut entry = Entry::decode(last).expect("an entry");
    assert_eq!(entry.author, "grocer");
    let secret = secret("grocer/till");
    let public = SigningKey::from_bytes(&secret).verifying_key().to_bytes();
    let nonce = Scalar::from(nonce);
    let r = (EdwardsPoint::mul_base(&nonce) + torsion).compress();
    let hash = Sha512::new()
        .chain_update(r.as_bytes())
        .chain_update(public)
        .chain_update(signing_input_from_parts(&entry.protected, &entry.payload))
        .finalize();
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.into());
    let s = nonce + challenge * ExpandedSecretKey::from(&secret).scalar;
    entry.signature[..32].copy_from_slice(r.as_bytes());
    entry.signature[32..].copy_from_slice(s.as_bytes());
    let mut bytes = Vec::new();
    entry.encode(&mut bytes);
    bytes
}

#[test]
fn an_audit_accepts_no_signature_that_strict_verification_refuses() {
    // Each trade is one signature of the grocer; a table is made for a key that signs often.
    for (id, trades) in [("plain", 2), ("table", 70)] {
        let coalition = Coalition::simulated(id);
        (0..trades).for_each(|number| trade(&coalition, number));
        let given = Given::of(&coalition);
        let last = given.entries.len() as u64 - 1;
        for (place, torsion) in EIGHT_TORSION.into_iter().enumerate() {
            // With a nonce of 0, R is a point of small order.
            for nonce in [0, 123_456_789] {
                let mut entries = given.entries.clone();
                *entries.last_mut().expect("entries") = with_r(&given, nonce, torsion);
                let (code, said) = Given::made(entries, &coalition.origin).verdict(&[]);
                if place == 0 && nonce != 0 {
                    assert_eq!(code, 0, "{id}: a plain signature: {said}");
                } else {
                    let found = first_finding(&said);
                    assert_eq!(code, 1, "{id} {place} {nonce}: {said}");
                    assert_eq!(
                        found,
                        (last, "signature".to_owned()),
                        "{id} {place} {nonce}"
                    );
                }
            }
        }
    }
}
