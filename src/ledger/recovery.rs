//! Recovery: brings memory to where the log ends, and refuses a log that is not what was signed.
//!
//! The stored state is loaded and the entries after it are executed again, through the same code as
//! in normal running. Then the right edge of chain and tree is recomputed from the stored bytes and
//! compared with the last signed checkpoint, in the database and in its copy outside.

use super::core::Core;
use super::prefetch;
use super::reader::StateReader;
use super::record::{self, GOVERNANCE, STANDING, Standing, decode};
use super::store::{Head, LogStore, Record, StoreError, Table};
use super::view::View;
use super::writes::Writes;
use crate::domain::books::{Books, PartyBooks};
use crate::domain::execute::Signer;
use crate::domain::governance::Governance;
use crate::domain::ids::Party;
use crate::domain::submission::{Action, Op, Submission};
use crate::domain::window::{Window, Windows};
use crate::domain::working_set::WorkingSet;
use crate::proof::chain::{ChainHasher, GENESIS};
use crate::proof::checkpoint::{Checkpoint, Extensions};
use crate::proof::entry::EntryRef;
use crate::proof::ledger_keys;
use crate::proof::merkle;
use crate::proof::note::NoteSigner;
use crate::proof::payload;
use crate::proof::tile::{Edge, TileError};
use std::sync::Arc;

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no entry 0.
    #[error("the ledger is not founded; run `tallyhouse init`")]
    NotFounded,
    /// The key does not sign this ledger's checkpoints.
    #[error("the ledger key file is not the key that entry 0 names; put the right file in place")]
    OtherLedgerKey,
    /// A key that signs this ledger's checkpoints is not at hand.
    #[error(
        "the ledger key {key}, in force since entry {added}, is in none of the files; name its \
         file as ledger_key_file, or as next_ledger_key_file while two keys are in force"
    )]
    LedgerKeyMissing {
        /// The key, as a verifier key.
        key: String,
        /// The entry that added it.
        added: u64,
    },
    /// The state stands beyond the end of the log.
    #[error("the log has {log} entries but the state stands at {state}: the log lost entries")]
    LogBehindState {
        /// Entries in the log.
        log: u64,
        /// Entries in the state.
        state: u64,
    },
    /// A stored entry is not what the rules make of it.
    #[error("entry {index} cannot be replayed: {reason}")]
    Entry {
        /// Which.
        index: u64,
        /// Why.
        reason: String,
    },
    /// The stored bytes are not those of a signed checkpoint.
    #[error("the log does not match the signed checkpoint {place}: {reason}")]
    Checkpoint {
        /// Which copy.
        place: &'static str,
        /// What differs.
        reason: String,
    },
}

/// Entries executed again between two flushes of the state.
const REPLAY_ENTRIES: usize = 512;

/// Recovers the writer's core. `outside` is the checkpoint kept outside the database, if there.
///
/// # Errors
/// [`RecoveryError`].
pub fn recover(
    log: &dyn LogStore,
    reader: &StateReader,
    signers: Vec<NoteSigner>,
    outside: Option<&str>,
) -> Result<Core, RecoveryError> {
    let head = log.head()?;
    if head.size == 0 {
        return Err(RecoveryError::NotFounded);
    }
    let state = reader.stored_index()?;
    if state > head.size {
        return Err(RecoveryError::LogBehindState {
            log: head.size,
            state,
        });
    }
    let (set, standing) = load(reader)?;
    let chain_hash = match state {
        0 => GENESIS,
        at => ChainHasher::new().hash(&entry(log, at - 1)?.entry),
    };
    let edge = edge_at(log, state)?;
    let mut core = Core::new(set, signers, standing.last_time, chain_hash, edge);
    replay(&mut core, log, reader, head.size)?;
    check_signers(&core)?;
    check_edge(&core, log, &head, outside)?;
    Ok(core)
}

fn load(reader: &StateReader) -> Result<(WorkingSet, Standing), RecoveryError> {
    let governance = reader.get(Table::Governance, GOVERNANCE.to_vec())?;
    let Some(governance) = governance else {
        return Ok((WorkingSet::empty(), Standing::default()));
    };
    let governance: Governance = decode(&governance)?;
    let standing = reader.get(Table::Governance, STANDING.to_vec())?;
    let standing: Standing = standing
        .as_deref()
        .map(decode)
        .transpose()?
        .unwrap_or_default();
    let numbers = 0..u16::try_from(governance.party_count()).expect("parties fit 16 bits");
    let keys: Vec<Vec<u8>> = numbers.map(|n| record::party_key(Party(n))).collect();
    let parties = reader
        .multi_get(Table::Governance, &keys)?
        .into_iter()
        .map(|value| {
            value
                .as_deref()
                .map_or_else(|| Ok(PartyBooks::default()), decode)
        });
    let parties = parties.collect::<Result<Vec<_>, _>>()?;
    let windows = load_windows(reader)?;
    let first = windows.first_not_netted();
    let from = first.map_or(standing.window, |window| window.number);
    // No line's key has 255 in its window's first byte: that many days never pass.
    let lines = reader.scan(Table::Lines, &from.to_be_bytes(), &[0xFF], usize::MAX)?;
    let lines = lines
        .iter()
        .map(|(key, total)| Ok((record::parse_line_key(key)?, decode(total)?)));
    let lines = lines.collect::<Result<_, StoreError>>()?;
    let books = Books::load(standing.window, parties, lines);
    Ok((
        WorkingSet::load(Some(Arc::new(governance)), books, windows),
        standing,
    ))
}

fn load_windows(reader: &StateReader) -> Result<Windows, StoreError> {
    let pairs = reader.scan(Table::Windows, &[], b"b", usize::MAX)?;
    let windows = pairs.iter().map(|(_, value)| {
        let window: Window = decode(value)?;
        Ok((window.number, window))
    });
    let windows = windows.collect::<Result<_, StoreError>>()?;
    let carried = reader.get(Table::Windows, record::CARRIED.to_vec())?;
    let carried = carried.as_deref().map(decode).transpose()?;
    Ok(Windows::load(windows, carried.unwrap_or_default()))
}

fn entry(log: &dyn LogStore, index: u64) -> Result<Record, StoreError> {
    let missing = || StoreError::Corrupt(format!("entry {index} is missing"));
    log.read_from(index, 1)?.pop().ok_or_else(missing)
}

fn edge_at(log: &dyn LogStore, size: u64) -> Result<Edge, RecoveryError> {
    let tile = |coordinate| log.tile(coordinate);
    let leaf = |index| Ok(merkle::leaf_hash(&entry(log, index)?.entry));
    Edge::recover(size, tile, leaf).map_err(|error| match error {
        TileError::Read(error) => RecoveryError::Store(error),
        other => RecoveryError::Checkpoint {
            place: "in the database",
            reason: format!("the tree cannot be rebuilt: {other:?}"),
        },
    })
}

fn replay(
    core: &mut Core,
    log: &dyn LogStore,
    reader: &StateReader,
    size: u64,
) -> Result<(), RecoveryError> {
    while core.next_index() < size {
        let records = log.read_from(core.next_index(), REPLAY_ENTRIES)?;
        if records.is_empty() {
            let missing = format!("entry {} is missing", core.next_index());
            return Err(StoreError::Corrupt(missing).into());
        }
        for record in records {
            let index = core.next_index();
            let wrong = |reason: String| RecoveryError::Entry { index, reason };
            let bytes = record.entry.clone();
            let entry = EntryRef::decode(&bytes).map_err(|error| wrong(error.to_string()))?;
            let (submission, signer) = parse(core, &entry).map_err(wrong)?;
            // A sweep reads the expiry table, which has to stand exactly here.
            if submission.ops[0].action.stands_alone() {
                flush(core, reader)?;
            }
            let one = std::iter::once((signer.party, &submission));
            prefetch::prefetch(&mut core.set, reader, index, None, one)?;
            let due = core.due(reader, &submission)?;
            core.replay(record, &entry, &submission, &signer, &due)
                .map_err(|reason| wrong(reason.to_owned()))?;
        }
        flush(core, reader)?;
    }
    Ok(())
}

/// The submission of a stored entry, and who signed it. Its signature was checked before it was
/// stored, and the audit checks it again; here the bytes are bound by the signed checkpoint.
fn parse(core: &Core, entry: &EntryRef<'_>) -> Result<(Submission, Signer), String> {
    use crate::domain::ids::Name;
    let governance = core.set.governance.as_deref();
    let decimals = governance.map(|governance| governance.programme.currency.decimals());
    let submission = payload::parse(entry.payload, decimals).map_err(|error| error.to_string())?;
    let header = crate::proof::jws::Header::parse(entry.protected);
    let kid = header.map_err(|error| error.to_string())?.kid;
    let name = |text| Name::parse(text).map_err(|error| error.to_string());
    let party = match governance {
        Some(governance) => governance.party(&name(entry.author)?),
        None => Some(Party::HOUSE),
    };
    let party = party.ok_or_else(|| format!("its author {} is unknown", entry.author))?;
    Ok((
        submission,
        Signer {
            party,
            key: name(kid.key_id())?,
        },
    ))
}

/// Refuses a signer of checkpoints that is not the one that a founding submission names: the ledger
/// could never be opened.
///
/// # Errors
/// [`RecoveryError::OtherLedgerKey`].
pub fn check_signer(signer: &NoteSigner, founding: &Submission) -> Result<(), RecoveryError> {
    let key = signer.verifier_key();
    let named = |op: &Op| match &op.action {
        Action::Found(found) => {
            found.programme.ledger_key == signer.public() && found.programme.origin == key.name()
        }
        _ => false,
    };
    match founding.ops.iter().all(named) {
        true => Ok(()),
        false => Err(RecoveryError::OtherLedgerKey),
    }
}

/// Refuses to start where a key in force could not sign the next checkpoint.
fn check_signers(core: &Core) -> Result<(), RecoveryError> {
    let governance = core.set.governance();
    for key in governance.ledger_keys_in_force() {
        if core.signers.iter().all(|held| held.public() != key.public) {
            let vkey = ledger_keys::verifier_key(&governance.programme.origin, &key.public);
            return Err(RecoveryError::LedgerKeyMissing {
                key: vkey.to_string(),
                added: key.added.entry,
            });
        }
    }
    Ok(())
}

fn flush(core: &mut Core, reader: &StateReader) -> Result<(), RecoveryError> {
    if let Some(folded) = core.fold() {
        let first = folded.expected_size;
        let room = Writes::default();
        let writes = record::writes(room, first, &folded.changes, &folded.standing);
        reader.store(folded.size, writes)?;
    }
    Ok(())
}

fn check_edge(
    core: &Core,
    log: &dyn LogStore,
    head: &Head,
    outside: Option<&str>,
) -> Result<(), RecoveryError> {
    let wrong = |place, reason: String| RecoveryError::Checkpoint { place, reason };
    if core.chain_hash != head.chain_hash {
        let reason = "the chain ends in another hash".to_owned();
        return Err(wrong("in the database", reason));
    }
    let here = head.checkpoint.as_deref().unwrap_or_default();
    let size =
        check_checkpoint(core, log, here).map_err(|reason| wrong("in the database", reason))?;
    if size != head.size {
        let reason = format!("it is of size {size}, the log has {} entries", head.size);
        return Err(wrong("in the database", reason));
    }
    if let Some(outside) = outside {
        check_checkpoint(core, log, outside)
            .map_err(|reason| wrong("kept outside the database", reason))?;
    }
    Ok(())
}

/// Checks that all keys signed that were in force at the checkpoint's size, and that the tree leads
/// to its root. One that is ahead of the log may be signed by a key which only lost entries added.
fn check_checkpoint(core: &Core, log: &dyn LogStore, note: &str) -> Result<u64, String> {
    let governance = core.set.governance();
    let mut known = ledger_keys::all(governance);
    let held = core.signers.iter().map(NoteSigner::verifier_key);
    let held: Vec<_> = held.filter(|key| !known.contains(key)).cloned().collect();
    known.extend(held);
    let origin = &governance.programme.origin;
    let opened = Checkpoint::open(note.as_bytes(), origin, &known, Extensions::Refused);
    let (checkpoint, signed_by) = opened.map_err(|error| error.to_string())?;
    let due = ledger_keys::at(governance, checkpoint.size);
    let missing = due.iter().find(|key| !signed_by.contains(key));
    if let Some(key) = missing.filter(|_| checkpoint.size <= core.edge.size()) {
        return Err(format!("the ledger key {key} has not signed it"));
    }
    let root = core
        .edge
        .root_at(checkpoint.size, |coordinate| log.tile(coordinate));
    match root {
        Ok(root) if root == checkpoint.root => Ok(checkpoint.size),
        Ok(_) => Err(format!(
            "the first {} entries have another root",
            checkpoint.size
        )),
        Err(TileError::OutOfRange) => {
            let (size, has) = (checkpoint.size, core.edge.size());
            Err(format!(
                "it covers {size} entries, and only {has} are there: the log lost some"
            ))
        }
        Err(error) => Err(format!("the tree cannot be read: {error:?}")),
    }
}

/// What readers see of a recovered ledger.
///
/// # Errors
/// [`RecoveryError`].
pub fn view(core: &Core, log: &dyn LogStore) -> Result<Arc<View>, RecoveryError> {
    let governance = core.set.governance().clone();
    Ok(Arc::new(View {
        size: core.edge.size(),
        chain_hash: core.chain_hash,
        last_time: core.last_time,
        edge: core.edge.clone(),
        checkpoint: log.head()?.checkpoint.unwrap_or_default(),
        keys: core.keys(),
        governance,
        window: core.set.books.window,
        windows: Arc::new(core.set.windows.clone()),
    }))
}
