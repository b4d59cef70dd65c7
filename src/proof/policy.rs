//! The policy: whose cosignatures make a checkpoint one to rely on.
//!
//! Purpose: a text file that partners and auditors keep themselves. With it a cosigned checkpoint
//! is checked offline: signed by a known log, and cosigned by enough known witnesses.
//!
//! Must not: be fetched from the house and believed. What the house serves is a draft.
//!
//! Spec: C2SP tlog-policy. Keys are Ed25519 only. Names are bytes, and compared as such.
//!
//! ```text
//! log <vkey> [<url>]
//! witness <name> <vkey> [<url>]
//! group <name> all|any|<k> <name>...      names of lines before; each name in one group at most
//! quorum <name>|none                      exactly one
//! ```

use super::checkpoint::{Checkpoint, CheckpointError, Extensions, decimal};
use super::cosignature::{WitnessKey, cosigned_by};
use super::note::{NoteError, VerifierKey};

/// Longest policy.
pub const POLICY_BYTES_MAX: usize = 64 * 1024;
/// Most logs, most witnesses and most groups.
pub const LINES_MAX: usize = 64;
/// The quorum that asks for no cosignature.
const NONE: &[u8] = b"none";

/// Who signs, who cosigns, and how much of it is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<WitnessKey>,
    members: Vec<Named>,
    quorum: Option<usize>,
}

/// A witness or a group, by the name that it has in the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    name: Vec<u8>,
    rule: Rule,
    is_grouped: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// The witness with this place among the keys.
    Witness(usize),
    /// At least `threshold` of the members with these places.
    Group {
        threshold: usize,
        members: Vec<usize>,
    },
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct PolicyError {
    /// Which line, from 1; the number of lines where something is missing.
    pub line: usize,
    /// What is wrong with it.
    pub reason: PolicyReason,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyReason {
    /// Too long, or too many logs, witnesses or groups.
    #[error("a policy has at most {POLICY_BYTES_MAX} bytes and {LINES_MAX} lines of each kind")]
    TooLarge,
    /// A control character, or no newline at the end.
    #[error("lines end in a newline and hold no other control character than the tab")]
    Text,
    /// None of the four kinds of line, or words too many or too few.
    #[error("write log <vkey>, witness <name> <vkey>, group <name> <k> <name>... or quorum <name>")]
    Form,
    /// A key cannot be read.
    #[error("{0}")]
    Key(NoteError),
    /// A key is there twice.
    #[error("this key is in the policy already, if under another name")]
    KeyTwice,
    /// A name is there twice, or is `none`.
    #[error("this name is taken")]
    NameTaken,
    /// A name that no line before defines.
    #[error("no line before this one defines that name")]
    Unknown,
    /// A name that is in a group already.
    #[error("this name is a member of a group already, and would count twice")]
    MemberTwice,
    /// Not `all`, `any` or a number from 1 to the number of members.
    #[error("the threshold is all, any, or a number from 1 to the number of members")]
    Threshold,
    /// A second quorum line.
    #[error("there is one quorum line")]
    QuorumTwice,
    /// No quorum line.
    #[error("there is no quorum line")]
    NoQuorum,
}

/// Why a checkpoint does not satisfy a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsatisfied {
    /// It is no checkpoint that a known log signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A known witness's cosignature is wrong.
    #[error("a cosignature by a known witness does not verify; do not trust this checkpoint")]
    BadCosignature,
    /// Too few witnesses of the quorum cosigned it.
    #[error("the cosignatures of {0} known witnesses do not make the quorum")]
    Quorum(usize),
}

/// A checkpoint that satisfies a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Satisfied<'p> {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Who cosigned it, and when, in seconds since 1970.
    pub witnesses: Vec<(&'p WitnessKey, u64)>,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn parse(text: &[u8]) -> Result<Self, PolicyError> {
        let at = |line, reason| PolicyError { line, reason };
        if text.len() > POLICY_BYTES_MAX {
            return Err(at(1, PolicyReason::TooLarge));
        }
        let mut reader = Reader::default();
        let mut count = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            count += 1;
            let read = reader.line(line);
            read.map_err(|reason| at(count, reason))?;
        }
        let quorum = reader.quorum.ok_or(at(count, PolicyReason::NoQuorum))?;
        let Reader {
            logs,
            witnesses,
            members,
            ..
        } = reader;
        Ok(Self {
            logs,
            witnesses,
            members,
            quorum,
        })
    }

    /// The keys of known logs.
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The keys of known witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[WitnessKey] {
        &self.witnesses
    }

    /// Checks that a known log signed a checkpoint and that the quorum cosigned it.
    ///
    /// # Errors
    /// [`Unsatisfied`].
    pub fn check(&self, note: &[u8]) -> Result<Satisfied<'_>, Unsatisfied> {
        let opened = super::note::open(note, &self.logs).map_err(CheckpointError::Note)?;
        let checkpoint = Checkpoint::parse(opened.text, Extensions::Tolerated)?;
        // A log's key speaks for the ledger that it is named after, and for no other.
        let is_own = |key: &&VerifierKey| key.name() == checkpoint.origin;
        if !opened.signed_by.iter().any(is_own) {
            return Err(CheckpointError::OtherOrigin.into());
        }
        let cosigned = cosigned_by(note, &self.witnesses);
        let cosigned = cosigned.map_err(|_| Unsatisfied::BadCosignature)?;
        let has = |place: usize| cosigned.iter().any(|one| *one.by == self.witnesses[place]);
        // A rule names lines before it only, so one pass in order is enough.
        let mut held: Vec<bool> = Vec::with_capacity(self.members.len());
        for named in &self.members {
            held.push(match &named.rule {
                Rule::Witness(place) => has(*place),
                Rule::Group { threshold, members } => {
                    members.iter().filter(|member| held[**member]).count() >= *threshold
                }
            });
        }
        if !self.quorum.is_none_or(|place| held[place]) {
            return Err(Unsatisfied::Quorum(cosigned.len()));
        }
        let witnesses = cosigned.iter().map(|one| (one.by, one.time_s)).collect();
        Ok(Satisfied {
            checkpoint,
            witnesses,
        })
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    witnesses: Vec<WitnessKey>,
    members: Vec<Named>,
    groups: usize,
    quorum: Option<Option<usize>>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyReason> {
        // A line without an end may be half of one, and half a name may be another name.
        let line = line.strip_suffix(b"\n").ok_or(PolicyReason::Text)?;
        let is_text = |byte: &u8| *byte == b'\t' || (*byte >= 0x20 && *byte != 0x7F);
        if !line.iter().all(is_text) {
            return Err(PolicyReason::Text);
        }
        let words = line.split(|byte| matches!(byte, b' ' | b'\t'));
        let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] | [b"log", key, _] => self.log(key),
            [b"witness", name, key] | [b"witness", name, key, _] => self.witness(name, key),
            [b"group", name, threshold, members @ ..] => self.group(name, threshold, members),
            [b"quorum", name] => self.quorum(name),
            _ => Err(PolicyReason::Form),
        }
    }

    fn log(&mut self, key: &[u8]) -> Result<(), PolicyReason> {
        let key = VerifierKey::parse(text(key)?).map_err(PolicyReason::Key)?;
        let is_same = |known: &VerifierKey| known.public_key() == key.public_key();
        if self.logs.iter().any(is_same) {
            return Err(PolicyReason::KeyTwice);
        }
        self.logs.push(key);
        limit(self.logs.len())
    }

    fn witness(&mut self, name: &[u8], key: &[u8]) -> Result<(), PolicyReason> {
        let key = WitnessKey::parse(text(key)?).map_err(PolicyReason::Key)?;
        let is_same = |known: &WitnessKey| known.public_key() == key.public_key();
        if self.witnesses.iter().any(is_same) {
            return Err(PolicyReason::KeyTwice);
        }
        self.define(name, Rule::Witness(self.witnesses.len()))?;
        self.witnesses.push(key);
        limit(self.witnesses.len())
    }

    fn group(
        &mut self,
        name: &[u8],
        threshold: &[u8],
        members: &[&[u8]],
    ) -> Result<(), PolicyReason> {
        let most = members.len();
        let threshold = match threshold {
            b"all" => Some(most),
            b"any" => Some(1),
            number => decimal(text(number)?).and_then(|number| usize::try_from(number).ok()),
        };
        let threshold = threshold.filter(|number| (1..=most).contains(number));
        let threshold = threshold.ok_or(PolicyReason::Threshold)?;
        let mut places = Vec::with_capacity(most);
        for member in members {
            let place = self.find(member).ok_or(PolicyReason::Unknown)?;
            if std::mem::replace(&mut self.members[place].is_grouped, true) {
                return Err(PolicyReason::MemberTwice);
            }
            places.push(place);
        }
        let members = places;
        self.define(name, Rule::Group { threshold, members })?;
        self.groups += 1;
        limit(self.groups)
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyReason> {
        if self.quorum.is_some() {
            return Err(PolicyReason::QuorumTwice);
        }
        self.quorum = Some(match name {
            NONE => None,
            name => Some(self.find(name).ok_or(PolicyReason::Unknown)?),
        });
        Ok(())
    }

    fn define(&mut self, name: &[u8], rule: Rule) -> Result<(), PolicyReason> {
        if name == NONE || self.find(name).is_some() {
            return Err(PolicyReason::NameTaken);
        }
        self.members.push(Named {
            name: name.to_vec(),
            rule,
            is_grouped: false,
        });
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Option<usize> {
        self.members.iter().position(|known| known.name == name)
    }
}

fn limit(count: usize) -> Result<(), PolicyReason> {
    match count <= LINES_MAX {
        true => Ok(()),
        false => Err(PolicyReason::TooLarge),
    }
}

/// A word that has to be text: a key or a number.
fn text(word: &[u8]) -> Result<&str, PolicyReason> {
    str::from_utf8(word).map_err(|_| PolicyReason::Form)
}

#[cfg(test)]
mod tests;
