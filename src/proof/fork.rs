//! Evidence of a fork: two checkpoints that one key signed, and that no one ledger can have.
//!
//! Purpose: whoever holds both needs no trust to convince a third party. Two roots of one size
//! contradict by themselves. For two sizes it takes a consistency proof that the newer tree begins
//! with *another* root of the older size than the older checkpoint says.
//!
//! Must not: take a proof that does not lead anywhere for evidence. That shows nothing.
//!
//! Spec: `schemas/README.md`, "Evidence of a fork"; RFC 9162 §2.1.4.2.
//!
//! ```text
//! older checkpoint:  size 5, root A ┐
//!                                   ├ A ≠ B: a fork
//! newer checkpoint:  size 9, root C ┘◀──proof── size 5, root B
//! ```

use super::base64url::{decode_standard_array, encode_standard};
use super::checkpoint::{Checkpoint, CheckpointError, Extensions};
use super::merkle::{Hash, verify_consistency};
use super::note::VerifierKey;
use serde::{Deserialize, Serialize};

/// The format's name, its first member.
pub const FORMAT: &str = "tallyhouse-fork/1";
/// Longest evidence: two checkpoints and a proof.
pub const EVIDENCE_BYTES_MAX: usize = 512 << 10;

/// Evidence as it is written, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// [`FORMAT`].
    pub format: String,
    /// The key that signed both, as a verifier key of C2SP signed notes.
    pub vkey: String,
    /// The signed checkpoint of the smaller size.
    pub older: String,
    /// The signed checkpoint of the greater size, or of the same.
    pub newer: String,
    /// The root that the newer tree has at the older size, in base64; absent for equal sizes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_in_newer: Option<String>,
    /// The consistency proof from that root to the newer one, in base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<String>,
}

/// What a newer tree shows of itself at an older size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its root at that size.
    pub root: Hash,
    /// The consistency proof from there.
    pub proof: Vec<Hash>,
}

/// A fork that is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The one checkpoint.
    pub older: Checkpoint,
    /// The other.
    pub newer: Checkpoint,
}

/// Why there is no proof of a fork.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// Not the JSON of evidence.
    #[error("not evidence of the form {FORMAT}")]
    Form,
    /// It names another key than the one that is known.
    #[error("the evidence is about another key: {0}")]
    OtherKey(String),
    /// A checkpoint is not one that the key signed.
    #[error("not a checkpoint that this key signed: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// Both can be checkpoints of one ledger.
    #[error("the two checkpoints agree; this is no fork")]
    Agree,
    /// The proof does not lead to the newer checkpoint, or there is none.
    #[error("nothing shows what the newer tree was at the older size; give its tiles")]
    NotShown,
}

/// Two checkpoints that keys of one ledger signed, the smaller first.
///
/// # Errors
/// [`CheckpointError`] if none of the keys signed one of them.
pub fn in_order<'a>(
    keys: &[VerifierKey],
    a: &'a str,
    b: &'a str,
) -> Result<[(Checkpoint, &'a str); 2], CheckpointError> {
    let origin = keys.first().map_or("", VerifierKey::name);
    let open = |note: &str| {
        let opened = Checkpoint::open(note.as_bytes(), origin, keys, Extensions::Refused);
        opened.map(|(checkpoint, _)| checkpoint)
    };
    let mut both = [(open(a)?, a), (open(b)?, b)];
    both.sort_by_key(|(checkpoint, _)| checkpoint.size);
    Ok(both)
}

/// The key that signed both checkpoints; none where one handed over to another in between.
#[must_use]
pub fn signer_of_both<'k>(keys: &'k [VerifierKey], a: &str, b: &str) -> Option<&'k VerifierKey> {
    let signed = |key: &&VerifierKey| in_order(std::slice::from_ref(*key), a, b).is_ok();
    keys.iter().find(signed)
}

impl Evidence {
    /// Makes evidence of two checkpoints that contradict.
    ///
    /// # Errors
    /// [`ForkError`] where they do not, or nothing shows it.
    pub fn of(
        key: &VerifierKey,
        a: &str,
        b: &str,
        shown: Option<&Shown>,
    ) -> Result<Self, ForkError> {
        let [(older, older_note), (newer, newer_note)] = in_order(std::slice::from_ref(key), a, b)?;
        let shown = shown.filter(|_| older.size != newer.size);
        let evidence = Self {
            format: FORMAT.to_owned(),
            vkey: key.to_string(),
            older: older_note.to_owned(),
            newer: newer_note.to_owned(),
            root_in_newer: shown.map(|shown| encode_standard(&shown.root)),
            proof: shown.map_or_else(Vec::new, |shown| {
                shown
                    .proof
                    .iter()
                    .map(|hash| encode_standard(hash))
                    .collect()
            }),
        };
        evidence.verify(key)?;
        Ok(evidence)
    }

    /// Reads evidence. This proves nothing yet.
    ///
    /// # Errors
    /// [`ForkError::Form`].
    pub fn parse(json: &[u8]) -> Result<Self, ForkError> {
        if json.len() > EVIDENCE_BYTES_MAX {
            return Err(ForkError::Form);
        }
        let evidence: Self = serde_json::from_slice(json).map_err(|_| ForkError::Form)?;
        match evidence.format == FORMAT {
            true => Ok(evidence),
            false => Err(ForkError::Form),
        }
    }

    /// The evidence as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.expect("texts and lists are JSON") + "\n"
    }

    /// Checks that the owner of this key forked its ledger.
    ///
    /// # Errors
    /// [`ForkError`] where that is not proved.
    pub fn verify(&self, key: &VerifierKey) -> Result<Fork, ForkError> {
        if self.vkey != key.to_string() {
            return Err(ForkError::OtherKey(self.vkey.chars().take(400).collect()));
        }
        let [(older, _), (newer, _)] =
            in_order(std::slice::from_ref(key), &self.older, &self.newer)?;
        if older.size != newer.size {
            let root = self.root_in_newer.as_deref().ok_or(ForkError::NotShown)?;
            let root = hash(root)?;
            let proof: Result<Vec<Hash>, _> = self.proof.iter().map(|text| hash(text)).collect();
            if !verify_consistency(older.size, &root, newer.size, &newer.root, &proof?) {
                return Err(ForkError::NotShown);
            }
            if root == older.root {
                return Err(ForkError::Agree);
            }
        } else if older.root == newer.root {
            return Err(ForkError::Agree);
        }
        Ok(Fork { older, newer })
    }
}

fn hash(text: &str) -> Result<Hash, ForkError> {
    decode_standard_array(text.as_bytes()).map_err(|_| ForkError::Form)
}

#[cfg(test)]
mod tests {
    use super::super::merkle::{self, Frontier, leaf_hash};
    use super::super::note::NoteSigner;
    use super::*;

    const ORIGIN: &str = "points.example/demo-01234567";

    fn leaves(of: &[u8]) -> Vec<Hash> {
        of.iter().map(|leaf| leaf_hash(&[*leaf])).collect()
    }

    fn root(of: &[u8]) -> Hash {
        let mut tree = Frontier::new();
        leaves(of).into_iter().for_each(|leaf| tree.push(leaf));
        tree.root()
    }

    fn signed(signer: &NoteSigner, of: &[u8]) -> String {
        let checkpoint = Checkpoint {
            origin: signer.verifier_key().name().to_owned(),
            size: of.len() as u64,
            root: root(of),
        };
        checkpoint.sign(&[signer])
    }

    /// What a tree of at most 8 leaves shows at an older size.
    fn shown(of: &[u8], at: usize) -> Shown {
        let node = |level: u32, index: u64| {
            let start = usize::try_from(index << level).unwrap();
            Ok::<_, ()>(root(&of[start..start + (1 << level)]))
        };
        let proof = merkle::consistency_proof(at as u64, of.len() as u64, node);
        Shown {
            root: root(&of[..at]),
            proof: proof.unwrap(),
        }
    }

    #[test]
    fn what_contradicts_is_evidence_and_what_agrees_is_none() {
        let signer = NoteSigner::new(ORIGIN, &[1; 32]).unwrap();
        let key = signer.verifier_key();
        let newer = signed(&signer, b"abcdefg");
        for size in 0..=7 {
            let mut forked = b"abcdefg"[..size].to_vec();
            let shown = shown(b"abcdefg", size);
            let honest = signed(&signer, &forked);
            let agree = Evidence::of(key, &newer, &honest, Some(&shown));
            assert_eq!(agree, Err(ForkError::Agree), "{size}");
            if size == 0 {
                continue;
            }
            forked[0] = b'x';
            let older = signed(&signer, &forked);
            let evidence = Evidence::of(key, &newer, &older, Some(&shown)).unwrap();
            let read = Evidence::parse(evidence.to_json().as_bytes()).unwrap();
            assert_eq!(read, evidence);
            assert_eq!(read.verify(key).unwrap().older.size, size as u64);
            let without = Evidence::of(key, &newer, &older, None);
            assert_eq!(without.is_ok(), size == 7, "only equal sizes need no proof");
        }
    }

    #[test]
    fn nothing_that_the_key_did_not_sign_or_that_leads_nowhere_is_evidence() {
        let signer = NoteSigner::new(ORIGIN, &[1; 32]).unwrap();
        let stranger = NoteSigner::new(ORIGIN, &[2; 32]).unwrap();
        let elsewhere = NoteSigner::new("points.example/other-01234567", &[1; 32]).unwrap();
        let key = signer.verifier_key();
        let (one, other) = (signed(&signer, b"abc"), signed(&signer, b"abx"));
        for wrong in [&stranger, &elsewhere] {
            let forged = signed(wrong, b"abx");
            let refused = Evidence::of(key, &one, &forged, None);
            assert!(matches!(refused, Err(ForkError::Checkpoint(_))));
        }
        let evidence = Evidence::of(key, &one, &other, None).unwrap();
        let refused = evidence.verify(stranger.verifier_key());
        assert!(matches!(refused, Err(ForkError::OtherKey(_))));
        let newer = signed(&signer, b"abcdefg");
        let mut lie = shown(b"abcdefg", 3);
        lie.root[0] ^= 1;
        let refused = Evidence::of(key, &one, &newer, Some(&lie));
        assert_eq!(refused, Err(ForkError::NotShown));
        for json in ["", "{}", "[]", "{\"format\":\"tallyhouse-fork/2\"}"] {
            assert_eq!(Evidence::parse(json.as_bytes()), Err(ForkError::Form));
        }
    }
}
