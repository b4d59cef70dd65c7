//! A proof in one text file: this entry is in that ledger, which stood like this.
//!
//! Purpose: the portable part of a receipt. With the entry's bytes beside it, anybody can check it
//! offline, with our tools or any other for C2SP logs.
//!
//! Must not: trust `extra`, which nothing signs.
//!
//! Spec: C2SP tlog-proof v1, file extension `.tlog-proof`.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>                      may be missing
//! index <decimal>
//! <base64 of a hash>                  0 to 64 lines, from the leaf's sibling up
//! <empty line>
//! <the signed checkpoint, verbatim>
//! ```

use super::base64url::{decode_standard, decode_standard_array, encode_standard};
use super::checkpoint::{Checkpoint, CheckpointError, Extensions, decimal};
use super::merkle::{self, Hash};
use super::note::{NOTE_BYTES_MAX, VerifierKey};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 64-bit size has no longer path.
const HASHES_MAX: usize = 64;
/// Longest extra data, decoded.
pub const EXTRA_BYTES_MAX: usize = 128 * 1024;
/// Longest text: extra data, hashes and checkpoint at their limits, and the other lines.
pub const PROOF_BYTES_MAX: usize =
    EXTRA_BYTES_MAX.div_ceil(3) * 4 + HASHES_MAX * 45 + NOTE_BYTES_MAX + 128;

/// An entry's inclusion proof with the checkpoint that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// The entry's index.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as its note reads.
    pub checkpoint: String,
    /// Data that nothing vouches for.
    pub extra: Option<Vec<u8>>,
}

/// Why a text is no proof, or proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// More bytes or hashes than a proof may have.
    #[error("longer than a proof may be")]
    TooLarge,
    /// Not text, or another format or version.
    #[error("the first line of a proof is \"{HEADER}\"")]
    Header,
    /// The extra data is not base64.
    #[error("extra is the base64 of any bytes")]
    Extra,
    /// There is no index, or it is no plain decimal number.
    #[error("index is a decimal number without leading zeros")]
    Index,
    /// A line of the inclusion proof is not the base64 of 32 bytes, or there is no empty line.
    #[error("hashes are base64 of 32 bytes, one a line, then an empty line")]
    Hashes,
    /// The checkpoint is not to be trusted.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead from this entry to the checkpoint's root.
    #[error("the proof does not lead from this entry to the checkpoint; the entry is not proved")]
    NotIncluded,
}

impl TlogProof {
    /// The proof as text.
    ///
    /// # Panics
    /// If the hashes are more than a tree can need or the extra data is too long.
    #[must_use]
    pub fn encode(&self) -> String {
        assert!(
            self.hashes.len() <= HASHES_MAX,
            "{} hashes",
            self.hashes.len()
        );
        let mut text = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            assert!(
                extra.len() <= EXTRA_BYTES_MAX,
                "extra of {} bytes",
                extra.len()
            );
            text += &format!("extra {}\n", encode_standard(extra));
        }
        text += &format!("index {}\n", self.index);
        for hash in &self.hashes {
            text += &encode_standard(hash);
            text.push('\n');
        }
        text.push('\n');
        text += &self.checkpoint;
        text
    }

    /// Reads a proof. The checkpoint in it is kept as it is and not looked at.
    ///
    /// # Errors
    /// [`TlogProofError`].
    pub fn parse(bytes: &[u8]) -> Result<TlogProof, TlogProofError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(TlogProofError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TlogProofError::Header)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(TlogProofError::Hashes)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(TlogProofError::Header);
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(extra) => {
                lines.next();
                Some(decode_standard(extra.as_bytes()).map_err(|_| TlogProofError::Extra)?)
            }
            None => None,
        };
        if extra
            .as_ref()
            .is_some_and(|extra| extra.len() > EXTRA_BYTES_MAX)
        {
            return Err(TlogProofError::TooLarge);
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(decimal).ok_or(TlogProofError::Index)?;
        let mut hashes = Vec::new();
        for line in lines {
            if hashes.len() == HASHES_MAX {
                return Err(TlogProofError::TooLarge);
            }
            hashes
                .push(decode_standard_array(line.as_bytes()).map_err(|_| TlogProofError::Hashes)?);
        }
        Ok(TlogProof {
            index,
            hashes,
            checkpoint: checkpoint.to_owned(),
            extra,
        })
    }

    /// Checks that the ledger `origin`, in a checkpoint signed by one of the known keys, has the
    /// entry with `leaf_hash` at this index. Gives the checkpoint and the known keys that signed.
    ///
    /// # Errors
    /// [`TlogProofError::Checkpoint`] or [`TlogProofError::NotIncluded`].
    pub fn verify<'k>(
        &self,
        leaf_hash: &Hash,
        origin: &str,
        known: &'k [VerifierKey],
    ) -> Result<(Checkpoint, Vec<&'k VerifierKey>), TlogProofError> {
        let note = self.checkpoint.as_bytes();
        let (checkpoint, signed_by) = Checkpoint::open(note, origin, known, Extensions::Refused)?;
        let Checkpoint { size, root, .. } = &checkpoint;
        if !merkle::verify_inclusion(leaf_hash, self.index, *size, &self.hashes, root) {
            return Err(TlogProofError::NotIncluded);
        }
        Ok((checkpoint, signed_by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::{Frontier, leaf_hash};
    use crate::proof::note::NoteSigner;
    use proptest::prelude::*;

    const ORIGIN: &str = "points.example/coalition-0123abcd";

    /// The example of the specification; its signatures are abridged there.
    const EXAMPLE: &str = "c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

\u{2014} example.com/fancylog hI2DJw[...]1roloI=
";

    fn signer() -> NoteSigner {
        NoteSigner::new(ORIGIN, &[5; 32]).unwrap()
    }

    fn proof(size: u8, index: u8, extra: Option<Vec<u8>>) -> TlogProof {
        let mut frontier = Frontier::new();
        let leaves: Vec<Hash> = (0..size).map(|leaf| leaf_hash(&[leaf])).collect();
        let appended = frontier.append(&leaves);
        let checkpoint = Checkpoint {
            origin: ORIGIN.into(),
            size: size.into(),
            root: frontier.root(),
        };
        let hashes = appended.inclusion_proof(index.into());
        TlogProof {
            index: index.into(),
            hashes,
            checkpoint: checkpoint.sign(&[&signer()]),
            extra,
        }
    }

    #[test]
    fn the_example_of_the_specification_is_read_and_written() {
        // The extra data printed there is no valid base64; its first 40 characters are.
        let example = EXAMPLE.replace("kYXJ3aW4tYXJ\n", "\n");
        let proof = TlogProof::parse(example.as_bytes()).unwrap();
        assert_eq!((proof.index, proof.hashes.len()), (73_894, 2));
        assert!(
            proof
                .checkpoint
                .starts_with("example.com/fancylog\n109482\n")
        );
        assert_eq!(proof.encode(), example);
    }

    #[test]
    fn a_proof_holds_for_its_entry_and_for_nothing_else() {
        let known = [signer().verifier_key().clone()];
        let verify = |proof: &TlogProof, leaf: u8, origin| {
            proof
                .verify(&leaf_hash(&[leaf]), origin, &known)
                .map(|(checkpoint, _)| checkpoint.size)
        };
        let ours = proof(11, 6, None);
        assert_eq!(verify(&ours, 6, ORIGIN), Ok(11));
        assert_eq!(verify(&proof(1, 0, None), 0, ORIGIN), Ok(1));
        assert_eq!(verify(&ours, 7, ORIGIN), Err(TlogProofError::NotIncluded));
        let moved = TlogProof {
            index: 5,
            ..ours.clone()
        };
        assert_eq!(verify(&moved, 6, ORIGIN), Err(TlogProofError::NotIncluded));
        let other = Err(TlogProofError::Checkpoint(CheckpointError::OtherOrigin));
        assert_eq!(verify(&ours, 6, "other"), other);
        assert!(matches!(
            ours.verify(&leaf_hash(&[6]), ORIGIN, &[]),
            Err(TlogProofError::Checkpoint(CheckpointError::Note(_)))
        ));
    }

    #[test]
    fn other_forms_are_refused() {
        let text = proof(3, 1, Some(vec![1, 2, 3])).encode();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra AQID\nindex 1\n"));
        let refused = |from: &str, to: &str| {
            assert!(text.contains(from));
            TlogProof::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
        };
        assert_eq!(refused("@v1", "@v2"), TlogProofError::Header);
        assert_eq!(refused("c2sp", " c2sp"), TlogProofError::Header);
        assert_eq!(refused("AQID", "AQI"), TlogProofError::Extra);
        assert_eq!(refused("extra AQID", "extras"), TlogProofError::Index);
        assert_eq!(refused("index 1", "index 01"), TlogProofError::Index);
        assert_eq!(
            refused("index 1", "index 1\nindex 1"),
            TlogProofError::Hashes
        );
        assert_eq!(refused("index 1\n", ""), TlogProofError::Index);
        assert_eq!(
            refused("index 1\n", "index 1\n\r\n"),
            TlogProofError::Hashes
        );
        let hash = format!("{}\n", encode_standard(&[0; 32]));
        let many = format!("index 1\n{}", hash.repeat(64));
        assert_eq!(refused("index 1\n", &many), TlogProofError::TooLarge);
        assert_eq!(
            TlogProof::parse(b"c2sp.org/tlog-proof@v1\nindex 0\n"),
            Err(TlogProofError::Hashes)
        );
        let long = vec![b'a'; PROOF_BYTES_MAX + 1];
        assert_eq!(TlogProof::parse(&long), Err(TlogProofError::TooLarge));
    }

    proptest! {
        #[test]
        fn parse_after_encode_is_the_identity(size in 1u8.., pick: u8, extra: Option<Vec<u8>>) {
            let proof = proof(size, pick % size, extra);
            prop_assert_eq!(TlogProof::parse(proof.encode().as_bytes()), Ok(proof));
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>, text in "(index 1|[a\\n =])*") {
            let _ = TlogProof::parse(&bytes);
            let text = format!("{HEADER}\n{text}");
            if let Ok(proof) = TlogProof::parse(text.as_bytes()) {
                prop_assert_eq!(proof.encode(), text);
            }
        }
    }
}
