//! Log and state in two RocksDB databases: the embedded default.
//!
//! Two, because what is appended to the log waits in one queue with all else that its database
//! writes, and nobody waits for the state.
//! Must not: write the state ahead of the log; the caller sees to that.

mod log;
mod state;

pub use log::RocksLog;
pub use state::RocksState;

use super::store::StoreError;
use crate::platform::config::RocksDb as Settings;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB,
    Options, WriteBufferManager,
};
use std::path::Path;

/// The part of the settings' write-ahead log that the state gets: little goes through it.
const STATE_PART: usize = 4;

/// Memory that both databases share: blocks, and memtables, which count as blocks.
#[derive(Clone)]
struct Memory {
    cache: Cache,
    memtables: WriteBufferManager,
}

/// Opens or creates the databases in a folder, which RocksDB locks against other processes.
///
/// # Errors
/// [`StoreError::Database`] if the folder cannot be used or another process has it open.
pub fn open(folder: &Path, settings: &Settings) -> Result<(RocksLog, RocksState), StoreError> {
    let cache = Cache::new_lru_cache(settings.block_cache_bytes_max);
    let memtables = WriteBufferManager::new_write_buffer_manager_with_cache(
        settings.memtables_bytes_max,
        false,
        cache.clone(),
    );
    let memory = Memory { cache, memtables };
    let part = Settings {
        wal_bytes_max: settings.wal_bytes_max / STATE_PART,
        ..settings.clone()
    };
    let rest = Settings {
        wal_bytes_max: settings.wal_bytes_max - part.wal_bytes_max,
        ..settings.clone()
    };
    let log = RocksLog::open(&folder.join("log"), &rest, &memory)?;
    let state = RocksState::open(&folder.join("state"), &part, &memory)?;
    Ok((log, state))
}

fn open_database(
    folder: &Path,
    settings: &Settings,
    memory: &Memory,
    families: impl IntoIterator<Item = (&'static str, Options)>,
) -> Result<DB, StoreError> {
    std::fs::create_dir_all(folder).map_err(|error| StoreError::Database(Box::new(error)))?;
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_max_total_wal_size(to_u64(settings.wal_bytes_max));
    options.set_write_buffer_manager(&memory.memtables);
    options.set_max_background_jobs(2);
    options.set_bytes_per_sync(1 << 20);
    options.set_keep_log_file_num(4);
    let families = families.into_iter();
    let families = families.map(|(name, options)| ColumnFamilyDescriptor::new(name, options));
    DB::open_cf_descriptors(&options, folder, families).map_err(database)
}

/// Blocks with index and filter in small parts: those of a whole file are larger than what the
/// cache keeps in one place, and would be read anew for every key.
fn blocks(cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks.set_format_version(5);
    blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    blocks.set_partition_filters(true);
    blocks.set_metadata_block_size(4 << 10);
    blocks.set_pin_top_level_index_and_filter(true);
    blocks
}

fn family<'a>(db: &'a DB, name: &str) -> &'a ColumnFamily {
    db.cf_handle(name)
        .expect("every family is created at opening")
}

fn to_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn database(error: rocksdb::Error) -> StoreError {
    StoreError::Database(Box::new(error))
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}
