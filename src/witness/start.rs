//! The start: before the house writes, it compares itself with what was published.
//!
//! A database put back from yesterday's backup is sound in itself; only others remember that there
//! was more. Whoever shows a checkpoint under our own key that we do not have proves it, and
//! nothing is written: two histories under one key could not be told apart from fraud.
//!
//! Must not: refuse to start on anybody's word alone. An answer without our signature is no proof.

use super::ask::AskError;
use super::{Asked, Compared, Condition, Witnessing};
use crate::platform::files;
use std::path::PathBuf;

/// The ledger is not what was published under its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Published {
    /// More entries were published than there are.
    #[error(
        "this database is older than what was published: {shown_by} shows a checkpoint of {size} \
         entries under our own key, and here are {has}: restore a newer backup (the checkpoint is \
         in {})",
        .kept.display()
    )]
    Ahead {
        /// Who shows it.
        shown_by: String,
        /// Entries that it covers.
        size: u64,
        /// Entries that there are.
        has: u64,
        /// Where it is kept.
        kept: PathBuf,
    },
    /// Other entries were published.
    #[error(
        "this database is not the one that was published: {shown_by} shows a checkpoint of {size} \
         entries under our own key, and the first {size} here are others: restore a backup of the \
         published one (the checkpoint is in {})",
        .kept.display()
    )]
    Differs {
        /// Who shows it.
        shown_by: String,
        /// Entries that it covers.
        size: u64,
        /// Where it is kept.
        kept: PathBuf,
    },
}

impl Witnessing {
    /// Compares the ledger with the kept cosigned checkpoint and with what each witness shows. Who
    /// shows nothing is named in the log.
    ///
    /// # Errors
    /// [`Published`]: do not write.
    pub fn check_start(&self) -> Result<(), Published> {
        match self.published() {
            Ok(Some(note)) => self.judge("the kept cosigned checkpoint", note.as_bytes())?,
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the kept cosigned checkpoint cannot be read"),
        }
        std::thread::scope(|scope| {
            let asked = self.witnesses.iter().map(|asked| {
                let ask = move || (asked, asked.asker.shown());
                std::thread::Builder::new().spawn_scoped(scope, ask)
            });
            let asked: Vec<_> = asked.collect();
            for thread in asked {
                match thread.map(std::thread::ScopedJoinHandle::join) {
                    Ok(Ok((asked, shown))) => self.hear(asked, shown)?,
                    _ => tracing::error!("a witness could not be asked at the start"),
                }
            }
            Ok(())
        })
    }

    fn hear(
        &self,
        asked: &Asked,
        shown: Result<Option<Vec<u8>>, AskError>,
    ) -> Result<(), Published> {
        let witness = asked.name();
        match shown {
            Ok(Some(note)) => return self.judge(witness, &note),
            Ok(None) => tracing::info!(
                witness,
                "the witness shows no checkpoint; the first round asks it for its size"
            ),
            Err(error) => {
                asked.failed(Condition::Silent);
                tracing::error!(
                    witness,
                    %error,
                    "the witness cannot tell whether this database is the newest; starting without"
                );
            }
        }
        Ok(())
    }

    /// Compares the ledger with a checkpoint that somebody shows, and keeps it if it proves that
    /// the ledger is not what was published.
    pub(super) fn judge(&self, shown_by: &str, note: &[u8]) -> Result<(), Published> {
        let shown_by = shown_by.to_owned();
        match self.compare(note) {
            Ok(Compared::Same) => Ok(()),
            Ok(Compared::Ahead(size)) => Err(Published::Ahead {
                shown_by,
                size,
                has: self.ledger.view().size,
                kept: self.keep(size, note),
            }),
            Ok(Compared::Differs(size)) => Err(Published::Differs {
                shown_by,
                size,
                kept: self.keep(size, note),
            }),
            Ok(Compared::Unreadable(error)) => {
                tracing::error!(%error, shown_by, "the tree cannot be compared");
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, shown_by, "what it shows is no checkpoint under our key");
                Ok(())
            }
        }
    }

    /// Keeps the evidence beside the database, which may be replaced.
    fn keep(&self, size: u64, note: &[u8]) -> PathBuf {
        let file = self.folder.join(format!("published-{size}.checkpoint"));
        if let Err(error) = files::write(&file, note) {
            tracing::error!(%error, "the checkpoint that contradicts this database is not kept");
        }
        file
    }
}
