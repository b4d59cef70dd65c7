//! Stores: what a durable log and a state store owe the writer. Two traits, because log and state
//! will live apart.
//!
//! **Log.** `append` is atomic and durable before it returns: after `Ok`, no crash loses a byte of
//! it; after [`AppendError::Stale`] or [`AppendError::Refused`], nothing of it will ever be read;
//! after [`AppendError::Uncertain`] nobody knows, and the caller must stop and recover. Batches are
//! ordered and gapless. An append under an older epoch than the last one taken, or at another size
//! than the log has, must fail: so a writer that was replaced cannot write.
//!
//! **State.** A fold over the log, flushed behind it: `flush` is atomic, in order, and stores the
//! index it stands at, but need not be durable when it returns; after a crash an earlier flush may
//! be the last. It must never be durable ahead of the log. Nothing may assume that log and state
//! commit together.

use crate::proof::tile::{Tile, TileCoordinate};

/// A term of office of one writer; a later one fences off all earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// One entry and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The entry's bytes: the leaf.
    pub entry: Vec<u8>,
    /// The bytes that the entry's effects digest is of.
    pub effects: Vec<u8>,
}

/// What is committed in one synced write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Entries from the log's size on.
    pub records: Vec<Record>,
    /// Hash tiles that became full.
    pub tiles: Vec<Tile>,
    /// The signed checkpoint after the batch.
    pub checkpoint: String,
    /// Chain hash of the last entry.
    pub chain_hash: [u8; 32],
}

/// Where a log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many entries it has.
    pub size: u64,
    /// Chain hash of the last one; 32 zero bytes when there is none.
    pub chain_hash: [u8; 32],
    /// The signed checkpoint of that size; none when empty.
    pub checkpoint: Option<String>,
}

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored is not what was written.
    #[error("the store holds something it should not: {0}")]
    Corrupt(String),
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another writer took over, or the log has another size: nothing was written.
    #[error("the log is no longer ours to write: epoch or size is stale")]
    Stale,
    /// The store said no before writing: nothing was written.
    #[error("the log refused the batch")]
    Refused(#[source] StoreError),
    /// The write may or may not have happened.
    #[error("the log does not say whether the batch is durable")]
    Uncertain(#[source] StoreError),
}

/// A durable, append-only log with one writer.
pub trait LogStore: Send + Sync {
    /// Begins a new epoch, which fences off all earlier ones.
    ///
    /// # Errors
    /// [`StoreError`] if the new epoch is not durable.
    fn take_epoch(&self) -> Result<Epoch, StoreError>;

    /// Where the log ends.
    ///
    /// # Errors
    /// [`StoreError`].
    fn head(&self) -> Result<Head, StoreError>;

    /// Appends a batch, durably, if the log has the expected size and the epoch is the last taken.
    ///
    /// # Errors
    /// [`AppendError`], which says whether anything may have been written.
    fn append(&self, expected_size: u64, epoch: Epoch, batch: &Batch) -> Result<(), AppendError>;

    /// Up to `limit` records from `index` on, in order and without gap; fewer only at the end.
    ///
    /// # Errors
    /// [`StoreError`].
    fn read_from(&self, index: u64, limit: usize) -> Result<Vec<Record>, StoreError>;

    /// A full hash tile.
    ///
    /// # Errors
    /// [`StoreError`].
    fn tile(&self, coordinate: TileCoordinate) -> Result<Option<Vec<u8>>, StoreError>;
}

/// The tables of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Members by reference.
    Members,
    /// Applied ops by author and id.
    OpIds,
    /// Accepted submissions by author and id.
    Submissions,
    /// Lines by window and parties.
    Lines,
    /// Governance, and totals by party.
    Governance,
    /// Days on which a sweep has work, with the member.
    Expiry,
    /// Windows by number, and what is rolled forward.
    Windows,
    /// Payments, disputes and acknowledgements.
    Clearing,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 8] = [
        Self::Members,
        Self::OpIds,
        Self::Submissions,
        Self::Lines,
        Self::Governance,
        Self::Expiry,
        Self::Windows,
        Self::Clearing,
    ];

    /// Its name in a database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::OpIds => "op_ids",
            Self::Submissions => "submissions",
            Self::Lines => "lines",
            Self::Governance => "governance",
            Self::Expiry => "expiry",
            Self::Windows => "windows",
            Self::Clearing => "clearing",
        }
    }
}

/// One change to the state; no value deletes the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write<'a> {
    /// In which table.
    pub table: Table,
    /// Whether nothing before the batch wrote this key.
    pub is_new: bool,
    /// Under which key.
    pub key: &'a [u8],
    /// What, or nothing.
    pub value: Option<&'a [u8]>,
}

/// A key with its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// The state: tables of keys and values, and the index they stand at.
pub trait StateStore: Send + Sync {
    /// How many entries the state is the fold of.
    ///
    /// # Errors
    /// [`StoreError`].
    fn index(&self) -> Result<u64, StoreError>;

    /// The values of keys, in the order of the keys.
    ///
    /// # Errors
    /// [`StoreError`].
    fn multi_get(&self, table: Table, keys: &[Vec<u8>])
    -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// Up to `limit` pairs with `from` ≤ key < `to`, in order of their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError>;

    /// Calls `each` with every key of a table, in no order, until it answers `false`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn keys(&self, table: Table, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), StoreError>;

    /// So many new records of a table are worth a run; fewer are flushed with all others.
    fn run_records_min(&self) -> usize;

    /// Adds records of new ids, in order of their keys, before the flush that belongs to them. They
    /// may be durable at once, ahead of the index: whoever reads a record of an id takes one of a
    /// later entry than the state's for absent.
    ///
    /// # Errors
    /// [`StoreError`], after which some or all of them may be there.
    fn add_run(&self, table: Table, records: &[Write<'_>]) -> Result<(), StoreError>;

    /// Applies all writes in one atomic step, together with the index they bring the state to. They
    /// come in order of tables and keys, each key once.
    ///
    /// # Errors
    /// [`StoreError`], after which the state may stand before or after the flush.
    fn flush(&self, index: u64, writes: &[Write<'_>]) -> Result<(), StoreError>;

    /// Bytes of memory that state and log keep, by part.
    fn memory(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
