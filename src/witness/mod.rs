//! Witnesses: others who remember how far a ledger had come, so that nobody can take it back.
//!
//! Both sides are here. The house asks the witnesses of its settings to cosign its newest
//! checkpoint ([`rounds`]) and keeps the cosigned one; on start it compares itself with what was
//! published ([`start`]). `tallyhouse witness` is the other side: [`book`] is its memory, and
//! `http::witness` its service.
//!
//! Must not: let a submission wait for a witness, or write to the ledger.
//!
//! | Witness shows | Then the house |
//! |---|---|
//! | a checkpoint under our key that is ahead of us, or differs | refuses to write |
//! | a bare size ahead of us, or says that we contradict ourselves | raises an alarm, goes on |
//! | nothing, garbage, a refusal | says so once, goes on |

mod ask;
pub mod book;
pub mod rounds;
pub mod start;

use crate::domain::governance::Governance;
use crate::ledger::Ledger;
use crate::platform::config::Programme;
use crate::platform::files;
use crate::proof::checkpoint::CheckpointError;
use crate::proof::cosignature::WitnessKey;
use crate::proof::ledger_keys;
use crate::proof::note::{NoteError, VerifierKey};
use crate::proof::policy::{Policy, PolicyError};
use ask::Asker;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

/// Why witnesses cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A key in the settings cannot be read.
    #[error("programme.witness.vkey is \"{vkey}\": {reason}; copy the whole key, of type 0x04")]
    Key {
        /// What is written there.
        vkey: String,
        /// What is wrong with it.
        reason: NoteError,
    },
    /// The keys make no policy: two have one name, or are the same.
    #[error("the witnesses of the settings make no policy: {0}")]
    Policy(#[from] PolicyError),
    /// What was published earlier cannot be read.
    #[error("the cosigned checkpoint cannot be read")]
    File(#[source] std::io::Error),
}

/// The witnesses of one programme, and what came of asking them.
pub struct Witnessing {
    ledger: Ledger,
    witnesses: Vec<Asked>,
    interval: Duration,
    quorum: usize,
    /// The programme's folder.
    folder: PathBuf,
    cosigned: RwLock<Option<Arc<Cosigned>>>,
}

/// A checkpoint that satisfies the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// How many entries it covers.
    pub size: u64,
    /// Its note, with all signatures.
    pub note: String,
}

struct Asked {
    key: WitnessKey,
    url: String,
    asker: Asker,
    standing: Mutex<Standing>,
}

/// How it stands with a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Entries of the last checkpoint that it cosigned.
    pub size: u64,
    /// When it did, in seconds since 1970, as it says; 0 for never.
    pub time_s: u64,
    /// Questions that brought no cosignature, since the house started.
    pub failures: u64,
    /// What came of the last question.
    pub condition: Condition,
}

/// What came of asking a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It was not asked yet.
    NotAsked,
    /// It cosigned.
    Cosigns,
    /// It cannot be reached, or takes too long.
    Silent,
    /// Its answer is none that the protocol knows, or not signed by its key.
    Garbage,
    /// It does not cosign for this ledger: unknown origin or key, or a proof that it does not take.
    Refuses,
    /// It says that it has seen more than we have, or something else.
    Alarms,
}

impl Condition {
    /// Whether it says that this ledger is not what was published.
    #[must_use]
    pub fn is_alarm(self) -> bool {
        self == Self::Alarms
    }
}

/// The draft of a policy for one log and these witnesses.
#[must_use]
pub fn policy_text(
    log_keys: &[VerifierKey],
    witnesses: &[(WitnessKey, &str)],
    quorum: usize,
) -> String {
    let mut text = String::new();
    for key in log_keys {
        text += &format!("log {key}\n");
    }
    for (key, url) in witnesses {
        text += &format!("witness {} {key} {url}\n", key.name());
    }
    if witnesses.is_empty() {
        return text + "quorum none\n";
    }
    let names: Vec<&str> = witnesses.iter().map(|(key, _)| key.name()).collect();
    text + &format!("group enough {quorum} {}\nquorum enough\n", names.join(" "))
}

/// The newest key that a ledger's checkpoints verify with.
///
/// # Panics
/// If its founding entry names a ledger key that founding would have refused.
#[must_use]
pub fn ledger_key(ledger: &Ledger) -> VerifierKey {
    ledger_keys::newest(&ledger.view().governance)
}

impl Witnessing {
    /// The witnesses of a programme's settings; nothing is asked yet. `folder` is the programme's.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn open(ledger: Ledger, settings: &Programme, folder: &Path) -> Result<Self, WitnessError> {
        let log_key = ledger_key(&ledger);
        let read = |witness: &crate::platform::config::Witness| {
            let key = WitnessKey::parse(&witness.vkey);
            let vkey = witness.vkey.clone();
            key.map_err(|reason| WitnessError::Key { vkey, reason })
        };
        let keys = settings.witnesses.iter().map(read);
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let urls = settings
            .witnesses
            .iter()
            .map(|witness| witness.url.as_str());
        let named: Vec<(WitnessKey, &str)> = keys.into_iter().zip(urls).collect();
        let quorum = settings.witnessing.quorum;
        let policy_text = policy_text(std::slice::from_ref(&log_key), &named, quorum);
        // The settings are refused here; later policies differ in the keys of our own alone.
        Policy::parse(policy_text.as_bytes())?;
        let timeout = Duration::from_millis(settings.witnessing.timeout_ms);
        let asked = |(key, url): (WitnessKey, &str)| Asked {
            key,
            url: url.to_owned(),
            asker: Asker::new(url, log_key.name(), timeout),
            standing: Mutex::new(Standing {
                size: 0,
                time_s: 0,
                failures: 0,
                condition: Condition::NotAsked,
            }),
        };
        let witnessing = Self {
            witnesses: named.into_iter().map(asked).collect(),
            ledger,
            interval: Duration::from_secs(settings.witnessing.interval_s),
            quorum,
            folder: folder.to_owned(),
            cosigned: RwLock::default(),
        };
        witnessing.load()?;
        Ok(witnessing)
    }

    /// The newest checkpoint that satisfies the policy, if there was ever one.
    pub fn cosigned(&self) -> Option<Arc<Cosigned>> {
        self.cosigned.read().expect("no writer panics").clone()
    }

    /// The draft of a policy for this ledger, with its keys in force, and its witnesses.
    pub fn policy_text(&self) -> String {
        let view = self.ledger.view();
        self.policy_text_of(&ledger_keys::in_force(&view.governance))
    }

    fn policy_text_of(&self, log_keys: &[VerifierKey]) -> String {
        let named = self
            .witnesses
            .iter()
            .map(|asked| (asked.key.clone(), asked.url.as_str()));
        policy_text(log_keys, &named.collect::<Vec<_>>(), self.quorum)
    }

    /// The policy for a checkpoint of a size.
    fn policy(&self, governance: &Governance, size: u64) -> Result<Policy, PolicyError> {
        Policy::parse(
            self.policy_text_of(&ledger_keys::at(governance, size))
                .as_bytes(),
        )
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How it stands with each witness, by name.
    pub fn standings(&self) -> impl Iterator<Item = (&str, Standing)> {
        let standing = |asked: &Asked| *asked.standing.lock().expect("nobody panics in here");
        let named = move |asked| (Asked::name(asked), standing(asked));
        self.witnesses.iter().map(named)
    }

    /// `data/<programme>/cosigned`.
    fn file(&self) -> PathBuf {
        self.folder.join("cosigned")
    }

    /// Takes over what was published before. One that other witnesses cosigned is not served again;
    /// the start compares it all the same.
    fn load(&self) -> Result<(), WitnessError> {
        let Some(note) = self.published().map_err(WitnessError::File)? else {
            return Ok(());
        };
        let governance = &self.ledger.view().governance;
        let opened = ledger_keys::open(governance, &[], note.as_bytes());
        // One that none of our keys signed is refused by any policy.
        let size = opened.map_or(u64::MAX, |checkpoint| checkpoint.size);
        let policy = self.policy(governance, size)?;
        match policy.check(note.as_bytes()) {
            Ok(satisfied) if !self.witnesses.is_empty() => {
                for (key, time_s) in &satisfied.witnesses {
                    let asked = self.witnesses.iter().find(|asked| asked.key == **key);
                    if let Some(asked) = asked {
                        let mut standing = asked.standing.lock().expect("nobody panics in here");
                        (standing.size, standing.time_s) = (satisfied.checkpoint.size, *time_s);
                    }
                }
                let size = satisfied.checkpoint.size;
                let cosigned = Some(Arc::new(Cosigned { size, note }));
                *self.cosigned.write().expect("no reader panics") = cosigned;
            }
            Ok(_) => {}
            Err(error) => {
                let file = self.file();
                let file = file.display();
                tracing::warn!(%error, %file, "the kept checkpoint is not served: other witnesses");
            }
        }
        Ok(())
    }

    fn published(&self) -> std::io::Result<Option<String>> {
        match std::fs::read_to_string(self.file()) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps a cosigned checkpoint, and serves it from now on. An older one changes nothing.
    fn publish(&self, cosigned: Cosigned) {
        let mut latest = self.cosigned.write().expect("no reader panics");
        if latest
            .as_ref()
            .is_some_and(|known| known.size > cosigned.size)
        {
            return;
        }
        if let Err(error) = files::write(&self.file(), cosigned.note.as_bytes()) {
            // It proves without the file; only the comparison at the next start lacks it.
            tracing::warn!(%error, "the cosigned checkpoint cannot be kept");
        }
        *latest = Some(Arc::new(cosigned));
    }

    /// Compares the ledger with a checkpoint that somebody shows.
    fn compare(&self, note: &[u8]) -> Result<Compared, CheckpointError> {
        // A database put back from before a rotation does not know the key that came after: the
        // key files do.
        let governance = &self.ledger.view().governance;
        let shown = ledger_keys::open(governance, self.ledger.held_keys(), note)?;
        let root = match self.ledger.root_at(shown.size) {
            Ok(root) => root,
            Err(error) => return Ok(Compared::Unreadable(error)),
        };
        Ok(match root {
            Some(root) if root == shown.root => Compared::Same,
            Some(_) => Compared::Differs(shown.size),
            None => Compared::Ahead(shown.size),
        })
    }
}

/// How the ledger compares with a checkpoint under its own key.
#[derive(Debug)]
enum Compared {
    /// It has these entries.
    Same,
    /// The checkpoint covers more entries than there are.
    Ahead(u64),
    /// The first so many entries are others.
    Differs(u64),
    /// The tree cannot be read.
    Unreadable(crate::ledger::store::StoreError),
}

impl Asked {
    fn name(&self) -> &str {
        self.key.name()
    }

    /// Notes a cosignature; answers how it stood before.
    fn cosigned(&self, size: u64, time_s: u64) -> Condition {
        let mut standing = self.standing.lock().expect("nobody panics in here");
        (standing.size, standing.time_s) = (size, time_s);
        std::mem::replace(&mut standing.condition, Condition::Cosigns)
    }

    /// Notes a question that brought none; answers how it stood before.
    fn failed(&self, condition: Condition) -> Condition {
        let mut standing = self.standing.lock().expect("nobody panics in here");
        standing.failures += 1;
        std::mem::replace(&mut standing.condition, condition)
    }
}
