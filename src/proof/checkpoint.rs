//! The checkpoint: the ledger's name, its size and its root, signed.
//!
//! Purpose: one short text that fixes the whole ledger up to its size. The house signs one for
//! every commit; whoever holds two of them that do not agree holds evidence of a fork.
//!
//! Must not: sign or verify by itself; the signatures are those of [`super::note`].
//!
//! Spec: C2SP tlog-checkpoint. Our own have no extension lines; those of others may.
//!
//! ```text
//! points.example/coalition-0123abcd                       origin
//! 20852163                                                number of entries, decimal
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=            root, standard base64
//! (extension lines, none of them empty)
//! ```

use super::base64url::{decode_standard_array, encode_standard};
use super::merkle::Hash;
use super::note::{self, NoteError, NoteSigner, VerifierKey};

/// Longest origin, in bytes.
pub const ORIGIN_BYTES_MAX: usize = 255;

/// The name, size and root of a ledger at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger's name.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over these entries.
    pub root: Hash,
}

/// Whether a checkpoint may have extension lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extensions {
    /// As in all checkpoints of this house: none.
    Refused,
    /// As in those of another log: passed over.
    Tolerated,
}

/// Why a text is no checkpoint, or not one that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Fewer than three lines, an empty one, or no newline at the end.
    #[error("a checkpoint has three lines: origin, size, root")]
    Lines,
    /// The origin is longer than [`ORIGIN_BYTES_MAX`].
    #[error("an origin has at most {ORIGIN_BYTES_MAX} bytes")]
    Origin,
    /// The size is no plain decimal number of 64 bits.
    #[error("the size is a decimal number without leading zeros")]
    Size,
    /// The root is not the base64 of 32 bytes.
    #[error("the root is the base64 of 32 bytes")]
    Root,
    /// There are extension lines where none belong.
    #[error("this checkpoint has extension lines, and ours have none")]
    Extension,
    /// It is the checkpoint of another ledger.
    #[error("this checkpoint is of another ledger; compare the origins")]
    OtherOrigin,
    /// The note around it is not to be trusted.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Checkpoint {
    /// The text that is signed.
    ///
    /// # Panics
    /// If the origin is no single line of 1 to [`ORIGIN_BYTES_MAX`] bytes.
    #[must_use]
    pub fn text(&self) -> String {
        let Checkpoint { origin, size, root } = self;
        assert!(is_origin(origin), "not an origin: {origin:?}");
        format!("{origin}\n{size}\n{}\n", encode_standard(root))
    }

    /// The signed checkpoint, as a note.
    #[must_use]
    pub fn sign(&self, signers: &[&NoteSigner]) -> String {
        note::sign(&self.text(), signers)
    }

    /// Reads the text of a checkpoint. This says nothing about who made it.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn parse(text: &str, extensions: Extensions) -> Result<Checkpoint, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        if origin.is_empty() {
            return Err(CheckpointError::Lines);
        }
        if !is_origin(origin) {
            return Err(CheckpointError::Origin);
        }
        let size = decimal(size).ok_or(CheckpointError::Size)?;
        let root = decode_standard_array(root.as_bytes()).map_err(|_| CheckpointError::Root)?;
        for line in lines {
            if extensions == Extensions::Refused {
                return Err(CheckpointError::Extension);
            }
            if line.is_empty() {
                return Err(CheckpointError::Lines);
            }
        }
        Ok(Checkpoint {
            origin: origin.to_owned(),
            size,
            root,
        })
    }

    /// Opens a signed checkpoint of the ledger `origin`; gives it with the known keys that signed.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open<'k>(
        note: &[u8],
        origin: &str,
        known: &'k [VerifierKey],
        extensions: Extensions,
    ) -> Result<(Checkpoint, Vec<&'k VerifierKey>), CheckpointError> {
        let opened = note::open(note, known)?;
        let checkpoint = Checkpoint::parse(opened.text, extensions)?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherOrigin);
        }
        Ok((checkpoint, opened.signed_by))
    }
}

fn is_origin(origin: &str) -> bool {
    let length_is_right = (1..=ORIGIN_BYTES_MAX).contains(&origin.len());
    length_is_right && origin.bytes().all(|byte| byte >= 0x20)
}

/// A decimal number of 64 bits without sign or leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|digit| digit.is_ascii_digit());
    let has_leading_zero = text.len() > 1 && text.starts_with('0');
    if !is_plain || has_leading_zero {
        None
    } else {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of the specification.
    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const ORIGIN: &str = "example.com/behind-the-sofa";

    fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::parse(text, Extensions::Refused)
    }

    #[test]
    fn the_example_of_the_specification_is_read_and_written() {
        let checkpoint = parse(TEXT).unwrap();
        assert_eq!(
            (&checkpoint.origin[..], checkpoint.size),
            (ORIGIN, 20_852_163)
        );
        assert_eq!(checkpoint.text(), TEXT);
    }

    #[test]
    fn what_is_signed_opens_for_its_own_ledger_only() {
        let checkpoint = parse(TEXT).unwrap();
        let (now, next) = (
            NoteSigner::new(ORIGIN, &[1; 32]),
            NoteSigner::new(ORIGIN, &[2; 32]),
        );
        let (now, next) = (now.unwrap(), next.unwrap());
        let note = checkpoint.sign(&[&now, &next]);
        let known = [next.verifier_key().clone()];
        let open = |origin| Checkpoint::open(note.as_bytes(), origin, &known, Extensions::Refused);
        assert_eq!(open(ORIGIN), Ok((checkpoint.clone(), vec![&known[0]])));
        assert_eq!(
            open("example.com/on-the-sofa"),
            Err(CheckpointError::OtherOrigin)
        );
        let unknown = Checkpoint::open(note.as_bytes(), ORIGIN, &[], Extensions::Refused);
        assert_eq!(unknown, Err(CheckpointError::Note(NoteError::NotSigned)));
    }

    #[test]
    fn extension_lines_are_for_others() {
        let extended = format!("{TEXT}timestamp 7\n");
        assert_eq!(parse(&extended), Err(CheckpointError::Extension));
        assert_eq!(
            Checkpoint::parse(&extended, Extensions::Tolerated),
            parse(TEXT)
        );
        let empty = format!("{TEXT}\n");
        let error = Err(CheckpointError::Lines);
        assert_eq!(Checkpoint::parse(&empty, Extensions::Tolerated), error);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["", "\n", "a\n", "a\n1\n", "\n1\nAA==\n", TEXT.trim_end()] {
            assert_eq!(parse(text), Err(CheckpointError::Lines), "{text:?}");
        }
        for size in [
            "",
            "-1",
            "+1",
            "01",
            "00",
            "1 ",
            "0x1",
            "1e3",
            "18446744073709551616",
        ] {
            let text = TEXT.replace("20852163", size);
            assert_eq!(parse(&text), Err(CheckpointError::Size), "{size:?}");
        }
        assert_eq!(
            parse(&TEXT.replace("20852163", "18446744073709551615"))
                .unwrap()
                .size,
            u64::MAX
        );
        assert_eq!(parse(&TEXT.replace("20852163", "0")).unwrap().size, 0);
        for (from, to) in [
            ("2I=", "2J="),
            ("2I=\n", "2I\n"),
            ("2I=", "I="),
            ("/Xaj", "_Xaj"),
        ] {
            assert_eq!(
                parse(&TEXT.replace(from, to)),
                Err(CheckpointError::Root),
                "{to}"
            );
        }
        let long = format!("{}\n{}", "o".repeat(256), TEXT.split_once('\n').unwrap().1);
        assert_eq!(parse(&long), Err(CheckpointError::Origin));
    }

    proptest! {
        #[test]
        fn parse_after_text_is_the_identity(origin in "[!-~]{1,40}", size: u64, root: [u8; 32]) {
            let checkpoint = Checkpoint { origin, size, root };
            prop_assert_eq!(parse(&checkpoint.text()), Ok(checkpoint));
        }

        #[test]
        fn what_parses_is_what_is_written(text in "[a0-9\\n]{0,20}[A-Za-z0-9+/]{43}=\n{0,2}") {
            if let Ok(checkpoint) = parse(&text) {
                prop_assert_eq!(checkpoint.text(), text);
            }
        }
    }
}
