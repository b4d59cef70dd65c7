//! The house's folder: where a programme's database, keys and checkpoint copy are, and how they are
//! opened together.
//!
//! ```text
//! tallyhouse.toml
//! data/<programme>/ledger/             the database
//! data/<programme>/checkpoint          copy of the last signed checkpoint
//! keys/<programme>/ledger.pem          signs checkpoints; ledger.vkey verifies them
//! keys/<programme>/house.<key id>.pem  keys that the house uses online
//! govern/<programme>/house.<id>.pem    keys to be taken away and kept apart
//! ```
//!
//! Must not: make or change keys; `init` does.

use crate::domain::programme::{ClockKind, Programme};
use crate::domain::submission::Action;
use crate::ledger::rocks::RocksStore;
use crate::ledger::store::LogStore;
use crate::ledger::{Ledger, Setup};
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::keys;
use crate::proof::entry::EntryRef;
use crate::proof::note::NoteSigner;
use crate::proof::payload;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The database of a programme.
pub fn database(data_dir: &Path, programme: &str) -> PathBuf {
    data_dir.join(programme).join("ledger")
}

/// The copy of its last checkpoint, outside the database.
pub fn checkpoint_copy(data_dir: &Path, programme: &str) -> PathBuf {
    data_dir.join(programme).join("checkpoint")
}

/// Opens every programme of the settings.
///
/// # Errors
/// Which programme cannot be opened, and why; none is served then.
pub fn open(config: &Config, accept_clock: bool) -> anyhow::Result<Vec<Ledger>> {
    let programmes = config.programmes.iter();
    let opened = programmes.map(|programme| {
        let ledger = open_one(config, programme, accept_clock)
            .with_context(|| format!("programme {}", programme.id))?;
        Ok(ledger)
    });
    opened.collect()
}

fn open_one(
    config: &Config,
    programme: &crate::platform::config::Programme,
    accept_clock: bool,
) -> anyhow::Result<Ledger> {
    let folder = database(&config.data_dir, &programme.id);
    anyhow::ensure!(
        folder.is_dir(),
        "there is no ledger in {}; found one with `tallyhouse init`",
        folder.display()
    );
    let store = Arc::new(RocksStore::open(&folder, &config.rocksdb)?);
    let founded = founded(store.as_ref())?;
    anyhow::ensure!(
        founded.id.as_str() == programme.id,
        "the ledger in {} is that of the programme {}",
        folder.display(),
        founded.id
    );
    let key = keys::load(&programme.ledger_key_file)?;
    let signer = NoteSigner::new(&founded.origin, &key.to_bytes())?;
    let clock = match founded.clock {
        ClockKind::Real => Clock::Real,
        ClockKind::Simulated => Clock::simulated(0),
    };
    let setup = Setup {
        log: store.clone(),
        state: store,
        signer,
        clock: Arc::new(clock),
        settings: config.writer.clone(),
        checkpoint_file: Some(checkpoint_copy(&config.data_dir, &programme.id)),
        accept_clock,
    };
    Ok(Ledger::open(setup)?)
}

/// What entry 0 of a ledger fixed.
fn founded(log: &dyn LogStore) -> anyhow::Result<Programme> {
    let record = log.read_from(0, 1)?.pop();
    let record = record.context("the ledger is not founded; run `tallyhouse init`")?;
    let entry = EntryRef::decode(&record.entry).context("entry 0")?;
    let submission = payload::parse(entry.payload, None).context("entry 0")?;
    match submission.ops.into_iter().next().map(|op| op.action) {
        Some(Action::Found(found)) => Ok(found.programme),
        _ => anyhow::bail!("entry 0 does not found a ledger"),
    }
}
