//! What a log sends to a witness: its new checkpoint, and the proof that it extends the one before.
//!
//! Purpose: the body of `add-checkpoint`, and the address under which our own witnesses show what
//! they have. House and witness use the same code.
//!
//! Must not: judge it; [`super::witnessed`] does.
//!
//! Spec: C2SP tlog-witness.
//!
//! ```text
//! old <size of the checkpoint before, decimal>
//! <base64 of a hash>                  0 to 63 lines, RFC 6962 §2.1.2
//! <empty line>
//! <the signed checkpoint, verbatim>
//! ```

use super::base64url::{decode_standard_array, encode_standard};
use super::checkpoint::decimal;
use super::hex;
use super::merkle::Hash;
use super::note::NOTE_BYTES_MAX;
use sha2::{Digest as _, Sha256};

/// Most lines of a consistency proof.
pub const HASHES_MAX: usize = 63;
/// Longest body: the old size, all hashes, the empty line and the longest note.
pub const BODY_BYTES_MAX: usize = 26 + HASHES_MAX * 45 + NOTE_BYTES_MAX;
/// Media type of the answer 409: a size and a newline.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// A request to cosign a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the last checkpoint that the witness cosigned; 0 if none.
    pub old_size: u64,
    /// The proof from there.
    pub proof: Vec<Hash>,
    /// The signed checkpoint, as its note reads.
    pub checkpoint: String,
}

/// Why bytes are no such request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// More bytes or hashes than a request may have.
    #[error("a request has at most {BODY_BYTES_MAX} bytes and {HASHES_MAX} hashes")]
    TooLarge,
    /// The first line is not `old` and a decimal number.
    #[error("the first line is \"old\" and a decimal number without leading zeros")]
    OldSize,
    /// A line of the proof is not the base64 of 32 bytes, or there is no empty line.
    #[error("the lines of the proof are base64 of 32 bytes each, then an empty line")]
    Proof,
    /// The rest is not text.
    #[error("the checkpoint is not text")]
    NotText,
}

impl AddCheckpoint {
    /// The request's body.
    ///
    /// # Panics
    /// If the proof has more hashes than a tree can need.
    #[must_use]
    pub fn encode(&self) -> String {
        let hashes = self.proof.len();
        assert!(hashes <= HASHES_MAX, "a proof of {hashes} hashes");
        let mut body = format!("old {}\n", self.old_size);
        for hash in &self.proof {
            body += &encode_standard(hash);
            body.push('\n');
        }
        body.push('\n');
        body + &self.checkpoint
    }

    /// Reads a body. The checkpoint in it is kept as it is and not looked at.
    ///
    /// # Errors
    /// [`AddCheckpointError`].
    pub fn parse(body: &[u8]) -> Result<Self, AddCheckpointError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(AddCheckpointError::TooLarge);
        }
        let body = str::from_utf8(body).map_err(|_| AddCheckpointError::NotText)?;
        let (head, checkpoint) = body.split_once("\n\n").ok_or(AddCheckpointError::Proof)?;
        let mut lines = head.split('\n');
        let old_size = lines.next().and_then(|line| line.strip_prefix("old "));
        let old_size = old_size.and_then(decimal);
        let old_size = old_size.ok_or(AddCheckpointError::OldSize)?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == HASHES_MAX {
                return Err(AddCheckpointError::TooLarge);
            }
            let hash = decode_standard_array(line.as_bytes());
            proof.push(hash.map_err(|_| AddCheckpointError::Proof)?);
        }
        let checkpoint = checkpoint.to_owned();
        Ok(AddCheckpoint {
            old_size,
            proof,
            checkpoint,
        })
    }
}

/// The body of the answer 409: the size that the witness has.
#[must_use]
pub fn encode_size(size: u64) -> String {
    format!("{size}\n")
}

/// Reads the body of the answer 409.
#[must_use]
pub fn parse_size(body: &[u8]) -> Option<u64> {
    decimal(str::from_utf8(body).ok()?.strip_suffix('\n')?)
}

/// The name of a log in the addresses and folders of a witness: the SHA-256 of its origin, in hex.
#[must_use]
pub fn origin_hash(origin: &str) -> String {
    hex::encode(&<[u8; 32]>::from(Sha256::digest(origin)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of the specification, whose signatures are of keys that it does not show.
    const EXAMPLE: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5\
/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u{2014} example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks\
+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

    #[test]
    fn the_example_of_the_specification_is_read_and_written() {
        let request = AddCheckpoint::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(request.old_size, 20_852_014);
        assert_eq!(request.proof.len(), 4);
        assert!(
            request
                .checkpoint
                .starts_with("example.com/behind-the-sofa\n20852163\n")
        );
        assert_eq!(request.encode(), EXAMPLE);
    }

    #[test]
    fn other_forms_are_refused() {
        let check = |body: &str, expected| {
            assert_eq!(
                AddCheckpoint::parse(body.as_bytes()),
                Err(expected),
                "{body:?}"
            );
        };
        check("", AddCheckpointError::Proof);
        check("old 1\n", AddCheckpointError::Proof);
        for size in ["", "01", "-1", "+1", "1 ", "x", "18446744073709551616"] {
            check(&format!("old {size}\n\nx"), AddCheckpointError::OldSize);
        }
        check("1\n\nx", AddCheckpointError::OldSize);
        check("old 1\nAA==\n\nx", AddCheckpointError::Proof);
        check("old 1\r\n\r\nx", AddCheckpointError::Proof);
        let hash = format!("{}\n", encode_standard(&[7; 32]));
        let many = |count| format!("old 1\n{}\nx", hash.repeat(count));
        check(&many(64), AddCheckpointError::TooLarge);
        assert!(AddCheckpoint::parse(many(63).as_bytes()).is_ok());
        let long = format!("old 0\n\n{}", "x".repeat(BODY_BYTES_MAX));
        check(&long, AddCheckpointError::TooLarge);
        let bytes = AddCheckpoint::parse(b"old 0\n\n\xff");
        assert_eq!(bytes, Err(AddCheckpointError::NotText));
    }

    #[test]
    fn a_size_is_one_decimal_line() {
        assert_eq!(
            parse_size(encode_size(20_852_163).as_bytes()),
            Some(20_852_163)
        );
        for body in ["", "\n", "1", "01\n", "1\n\n", " 1\n", "1\r\n", "-1\n"] {
            assert_eq!(parse_size(body.as_bytes()), None, "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn parse_after_encode_is_the_identity(
            old_size: u64,
            proof in proptest::collection::vec(any::<Hash>(), 0..=HASHES_MAX),
            checkpoint in "[a-z\\n]{0,40}",
        ) {
            let request = AddCheckpoint { old_size, proof, checkpoint };
            let parsed = AddCheckpoint::parse(request.encode().as_bytes());
            prop_assert_eq!(parsed, Ok(request));
        }

        #[test]
        fn garbage_never_panics(body in "(old )?[0-9A-Za-z=/+ \\n]{0,120}") {
            if let Ok(request) = AddCheckpoint::parse(body.as_bytes()) {
                prop_assert_eq!(request.encode(), body);
            }
        }
    }
}
