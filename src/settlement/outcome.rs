//! What became of a nightly run.
//!
//! Must not: hide a problem; a file that could not be made is named with its reason.

use super::desk::DeskError;
use super::masters::MastersError;
use super::publish::{Problem, PublishError};
use super::shadow::ShadowError;
use crate::domain::time::Day;
use crate::ledger::store::StoreError;
use serde::Serialize;

/// Why a run ended early. What was done stands, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// There is no key to sign with.
    #[error("no operate key: put the file that settlement.operate_key names into keys_dir")]
    NoKey,
    /// Two computations differ.
    #[error(
        "window {window} is held: the ledger and the shadow differ ({reason}); find out why, then \
         release it with window_release"
    )]
    Held {
        /// Which window.
        window: u32,
        /// What differs, as far as it is known.
        reason: String,
    },
    /// The shadow cannot follow.
    #[error(transparent)]
    Shadow(#[from] ShadowError),
    /// A submission of the house did not take effect.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The masters cannot be read.
    #[error(transparent)]
    Masters(#[from] MastersError),
    /// The files cannot be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our own bug, or a log that is not ours.
    #[error("the ledger holds something that settlement cannot read: {0}")]
    Unreadable(String),
}

/// A window that a run took further.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// Its number.
    pub window: u32,
    /// The first day it covers.
    pub first_day: Day,
    /// The last day it covers.
    pub last_day: Day,
    /// How many statements were published.
    pub statements: u32,
    /// Files that could not be made.
    pub problems: Vec<Problem>,
}
