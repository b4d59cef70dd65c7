//! Rounds: again and again the house asks every witness to cosign its newest checkpoint.
//!
//! All witnesses of a round are asked about the same checkpoint, each on a thread of its own, so
//! one that hangs delays nobody else's answer. As soon as enough have cosigned, the checkpoint is
//! published; who comes later is added. Must not: keep a submission waiting, or give up.

use super::ask::{AskError, Said};
use super::{Asked, Compared, Condition, Cosigned, Witnessing};
use crate::ledger::store::StoreError;
use crate::ledger::view::View;
use crate::proof::add_checkpoint::AddCheckpoint;
use crate::proof::cosignature::{self, cosigned_by};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A witness is asked again within a round when it names another size: once to learn the size, once
/// more if somebody else was faster.
const QUESTIONS_MAX: usize = 3;

/// A thread that asks the witnesses of one programme.
pub struct Rounds {
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Rounds {
    /// Begins with the first round.
    ///
    /// # Errors
    /// The thread could not be had.
    pub fn start(witnessing: Arc<Witnessing>) -> std::io::Result<Self> {
        let ending = Arc::new(AtomicBool::new(false));
        let told = ending.clone();
        let thread = std::thread::Builder::new()
            .name("witness-rounds".to_owned())
            .spawn(move || {
                while !told.load(Ordering::Acquire) {
                    witnessing.round(&told);
                    std::thread::park_timeout(witnessing.interval);
                }
            })?;
        Ok(Self {
            ending,
            thread: Some(thread),
        })
    }
}

/// Waits for the question that is under way: as long as a witness may take for one answer.
impl Drop for Rounds {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("it answered {0}: {1}")]
    Refused(u16, String),
    #[error("it has seen {0} entries, and here are fewer: is this an old copy of the database?")]
    Ahead(u64),
    #[error("it has seen other entries than these, by the size of {0}")]
    Contradicts(u64),
    #[error("it named one size after another")]
    Undecided,
    #[error("the house is stopping")]
    Stopping,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure {
    fn condition(&self) -> Condition {
        match self {
            Self::Ask(AskError::Unreachable(_)) | Self::Stopping | Self::Store(_) => {
                Condition::Silent
            }
            Self::Ask(AskError::Garbage(_)) | Self::Undecided => Condition::Garbage,
            Self::Refused(..) => Condition::Refuses,
            Self::Ahead(_) | Self::Contradicts(_) => Condition::Alarms,
        }
    }
}

/// The signature lines of a round, by the place of the witness.
struct Gathered<'a> {
    view: &'a View,
    lines: Mutex<BTreeMap<usize, String>>,
}

impl Witnessing {
    /// Asks every witness once about the newest checkpoint; stops asking when `ending` is set.
    pub fn round(&self, ending: &AtomicBool) {
        let view = self.ledger.view();
        let gathered = Gathered {
            view: &view,
            lines: Mutex::new(self.lines_before(&view)),
        };
        std::thread::scope(|scope| {
            for (place, asked) in self.witnesses.iter().enumerate() {
                let gathered = &gathered;
                let ask = move || self.ask(place, asked, gathered, ending);
                let builder = std::thread::Builder::new().name("witness-ask".to_owned());
                if let Err(error) = builder.spawn_scoped(scope, ask) {
                    tracing::warn!(%error, "a witness is not asked in this round");
                }
            }
        });
    }

    /// Where no entry came since the last round, its cosignatures stand until there are newer ones.
    fn lines_before(&self, view: &View) -> BTreeMap<usize, String> {
        let Some(published) = self.cosigned() else {
            return BTreeMap::new();
        };
        if !published.note.starts_with(&view.checkpoint) {
            return BTreeMap::new();
        }
        let places = self.witnesses.iter().enumerate();
        let lines = places.filter_map(|(place, asked)| {
            let known = std::slice::from_ref(&asked.key);
            let found = cosigned_by(published.note.as_bytes(), known).ok()?;
            Some((place, found.first()?.line.to_owned()))
        });
        lines.collect()
    }

    fn ask(&self, place: usize, asked: &Asked, gathered: &Gathered<'_>, ending: &AtomicBool) {
        let condition = match self.cosign(asked, gathered.view, ending) {
            Ok((line, time_s)) => {
                let before = asked.cosigned(gathered.view.size, time_s);
                self.gather(place, line, gathered);
                Ok(before)
            }
            Err(Failure::Stopping) => return,
            Err(failure) => {
                let before = asked.failed(failure.condition());
                Err((failure, before))
            }
        };
        self.tell(asked, condition);
    }

    /// Says what changed, and only then: one line when a witness fails, one when it is back.
    fn tell(&self, asked: &Asked, outcome: Result<Condition, (Failure, Condition)>) {
        let witness = asked.name();
        match outcome {
            Ok(Condition::Cosigns) => {}
            Ok(_) => tracing::info!(witness, "the witness cosigns"),
            Err((failure, before)) => {
                let condition = failure.condition();
                if condition.is_alarm() {
                    // What it shows may prove it; a proof ends the ledger.
                    self.look_closer(asked);
                }
                if condition == before {
                    return;
                }
                let why = std::error::Error::source(&failure).map(ToString::to_string);
                let why = why.unwrap_or_default();
                if condition.is_alarm() {
                    tracing::error!(witness, %failure, "a witness contradicts this ledger");
                } else {
                    tracing::warn!(witness, %failure, why, "a witness does not cosign");
                }
            }
        }
    }

    /// The witness's cosignature on the checkpoint of a view.
    fn cosign(
        &self,
        asked: &Asked,
        view: &View,
        ending: &AtomicBool,
    ) -> Result<(String, u64), Failure> {
        let mut old_size = asked.standing.lock().expect("nobody panics in here").size;
        let mut is_told = false;
        for _ in 0..QUESTIONS_MAX {
            if ending.load(Ordering::Acquire) {
                return Err(Failure::Stopping);
            }
            let proof = self.ledger.consistency_proof(view, old_size)?;
            let proof = proof.ok_or(Failure::Ahead(old_size))?;
            let checkpoint = view.checkpoint.clone();
            let request = AddCheckpoint {
                old_size,
                proof,
                checkpoint,
            };
            match asked.asker.add(&request)? {
                Said::Cosigned(lines) => return cosignature_of(asked, view, &lines),
                Said::Has(size) if size > view.size => return Err(Failure::Ahead(size)),
                // It has this very size, and still does not take this checkpoint.
                Said::Has(size) if size == old_size => return Err(Failure::Contradicts(size)),
                Said::Has(size) => (old_size, is_told) = (size, true),
                // The size is right, the proof is ours, and it does not lead there.
                Said::Refused(422, _) if is_told || old_size > 0 => {
                    return Err(Failure::Contradicts(old_size));
                }
                Said::Refused(status, words) => return Err(Failure::Refused(status, words)),
            }
        }
        Err(Failure::Undecided)
    }

    fn gather(&self, place: usize, line: String, gathered: &Gathered<'_>) {
        let mut lines = gathered.lines.lock().expect("nobody panics in here");
        lines.insert(place, line);
        if lines.len() < self.quorum {
            return;
        }
        let cosignatures: String = lines.values().map(String::as_str).collect();
        let note = format!("{}{cosignatures}", gathered.view.checkpoint);
        let size = gathered.view.size;
        let policy = self.policy(&gathered.view.governance, size);
        let policy = policy.expect("the settings made a policy at the start");
        match policy.check(note.as_bytes()) {
            Ok(_) => self.publish(Cosigned { size, note }),
            Err(error) => tracing::error!(%error, "a cosigned checkpoint fails its own policy"),
        }
    }

    /// After an alarm: the ledger ends if the witness shows a checkpoint of ours that proves it.
    fn look_closer(&self, asked: &Asked) {
        let Ok(Some(note)) = asked.asker.shown() else {
            return;
        };
        if let Ok(Compared::Ahead(_) | Compared::Differs(_)) = self.compare(&note)
            && let Err(published) = self.judge(asked.name(), &note)
        {
            self.ledger.stop(&published.to_string());
        }
    }
}

/// Finds the witness's own line among those that it sent, and checks it.
fn cosignature_of(asked: &Asked, view: &View, lines: &str) -> Result<(String, u64), Failure> {
    let garbage = |reason: &str| Failure::Ask(AskError::Garbage(reason.to_owned()));
    let text = view.checkpoint.split_inclusive("\n\n").next();
    let text = text.and_then(|text| text.strip_suffix('\n'));
    let text = text.expect("a checkpoint of ours is a note");
    let known = std::slice::from_ref(&asked.key);
    let found = cosignature::check(text, lines, known);
    let found = found.map_err(|error| garbage(&error.to_string()))?;
    let found = found.first();
    let found = found.ok_or_else(|| garbage("no signature of the key in the settings"))?;
    Ok((found.line.to_owned(), found.time_s))
}
