//! The house's folder: where a programme's database, keys and checkpoint copy are, and how they are
//! opened together.
//!
//! ```text
//! tallyhouse.toml
//! data/<programme>/ledger/             the database
//! data/<programme>/checkpoint          copy of the last signed checkpoint
//! data/<programme>/cosigned             the last checkpoint that enough witnesses cosigned
//! data/<programme>/shadow              what the shadow has summed so far
//! data/<programme>/windows/            statements and files, a folder for each window
//! keys/<programme>/ledger.pem          signs checkpoints; ledger.vkey verifies them
//! keys/<programme>/house.<key id>.pem  keys that the house uses online
//! govern/<programme>/house.<id>.pem    keys to be taken away and kept apart
//! ```
//!
//! Must not: make or change keys; `init` does.

use crate::cli::keyfile;
use crate::domain::programme::{ClockKind, Programme};
use crate::domain::submission::Action;
use crate::ledger::rocks;
use crate::ledger::store::LogStore;
use crate::ledger::{Ledger, Setup};
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::keys;
use crate::proof::entry::EntryRef;
use crate::proof::note::NoteSigner;
use crate::proof::payload;
use crate::settlement::calendar::Schedule;
use crate::settlement::night::Watch;
use crate::settlement::run::Settings;
use crate::settlement::{self, Settlement};
use crate::witness::Witnessing;
use crate::witness::rounds::Rounds;
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
pub fn open(config: &Config, accept_clock: bool) -> anyhow::Result<Vec<Arc<Settlement>>> {
    let programmes = config.programmes.iter();
    let opened = programmes.map(|programme| {
        let ledger = open_one(config, programme, accept_clock)
            .with_context(|| format!("programme {}", programme.id))?;
        settlement(config, programme, ledger).with_context(|| format!("programme {}", programme.id))
    });
    opened.collect()
}

/// Ends settlements and their ledgers.
pub fn close(settlements: &[Arc<Settlement>]) {
    for settlement in settlements {
        settlement.close();
        settlement.ledger().close();
    }
}

/// Asks the witnesses of every programme whether its ledger is what was published.
///
/// # Errors
/// It is not, and must not be written to; or the settings name a witness that cannot be asked.
pub fn witness(
    config: &Config,
    settlements: &[Arc<Settlement>],
) -> anyhow::Result<Vec<Arc<Witnessing>>> {
    let opened = config.programmes.iter().zip(settlements);
    let witnessed = opened.map(|(programme, settlement)| {
        let folder = config.data_dir.join(&programme.id);
        let ledger = settlement.ledger().clone();
        let named = || format!("programme {}", programme.id);
        let witnessing = Witnessing::open(ledger, programme, &folder).with_context(named)?;
        witnessing.check_start().with_context(named)?;
        Ok(Arc::new(witnessing))
    });
    witnessed.collect()
}

/// Starts to ask witnesses for cosignatures, where there are any.
///
/// # Errors
/// A thread could not be had.
pub fn ask(witnessed: &[Arc<Witnessing>]) -> std::io::Result<Vec<Rounds>> {
    let asked = witnessed.iter().filter(|w| w.standings().next().is_some());
    asked.map(|w| Rounds::start(w.clone())).collect()
}

/// Watches over the nights of programmes that settle by themselves. Where time is moved by hand,
/// nights come with it.
///
/// # Errors
/// A thread could not be had.
pub fn watch(settlements: &[Arc<Settlement>]) -> std::io::Result<Vec<Watch>> {
    let alone = |s: &&Arc<Settlement>| s.settings().automatic && !s.ledger().clock().is_simulated();
    let automatic = settlements.iter().filter(alone);
    automatic.map(|s| Watch::start(s.clone())).collect()
}

/// The settlement of an open ledger. Without the key that signs at night it serves what there is.
fn settlement(
    config: &Config,
    programme: &crate::platform::config::Programme,
    ledger: Ledger,
) -> anyhow::Result<Arc<Settlement>> {
    let wanted = &programme.settlement;
    let file = format!("house.{}.pem", wanted.operate_key);
    let file = programme.keys_dir.join(file);
    let signer = match file.exists() {
        true => Some(keyfile::signer(&file)?),
        false => {
            let file = file.display();
            tracing::warn!(%file, "no key to settle with; nothing is cut by night");
            None
        }
    };
    let folder = config.data_dir.join(&programme.id);
    let settings = Settings {
        schedule: Schedule::new(wanted)?,
        automatic: wanted.automatic && signer.is_some(),
        windows_dir: folder.join("windows"),
        masters_dir: wanted.masters_dir.clone(),
        shadow_file: folder.join("shadow"),
        address: settlement::address(&ledger.view().governance.programme),
    };
    Ok(Settlement::start(ledger, signer, settings)?)
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
    let (log, state) = rocks::open(&folder, &config.rocksdb)?;
    let founded = founded(&log)?;
    anyhow::ensure!(
        founded.id.as_str() == programme.id,
        "the ledger in {} is that of the programme {}",
        folder.display(),
        founded.id
    );
    let signers = ledger_signers(programme, &founded.origin)?;
    let clock = match founded.clock {
        ClockKind::Real => Clock::Real,
        ClockKind::Simulated => Clock::simulated(0),
    };
    let setup = Setup {
        log: Arc::new(log),
        state: Arc::new(state),
        signers,
        clock: Arc::new(clock),
        settings: config.writer.clone(),
        checkpoint_file: Some(checkpoint_copy(&config.data_dir, &programme.id)),
        accept_clock,
    };
    Ok(Ledger::open(setup)?)
}

/// The ledger keys in the files of the settings, the next one last.
///
/// # Errors
/// A file cannot be used, or both hold one key.
pub fn ledger_signers(
    programme: &crate::platform::config::Programme,
    origin: &str,
) -> anyhow::Result<Vec<NoteSigner>> {
    let files = [
        Some(&programme.ledger_key_file),
        programme.next_ledger_key_file.as_ref(),
    ];
    let mut signers: Vec<NoteSigner> = Vec::new();
    for file in files.into_iter().flatten() {
        let signer = NoteSigner::new(origin, &keys::load(file)?.to_bytes())?;
        anyhow::ensure!(
            signers
                .iter()
                .all(|known| known.public() != signer.public()),
            "ledger_key_file and next_ledger_key_file hold one and the same key; make the next one \
             with `tallyhouse key handover`, or delete next_ledger_key_file"
        );
        signers.push(signer);
    }
    Ok(signers)
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
