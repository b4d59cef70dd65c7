//! What every log and state store owes the writer, asked of each of them.

use std::path::Path;
use tallyhouse::ledger::memory::{Fault, MemoryStore};
use tallyhouse::ledger::rocks;
use tallyhouse::ledger::store::{
    AppendError, Batch, Epoch, LogStore, Record, StateStore, StoreError, Table, Write,
};
use tallyhouse::platform::config::RocksDb as Settings;
use tallyhouse::proof::tile::{TILE_BYTES, Tile, TileCoordinate};

/// A log and a state of one kind.
struct Stores<'a> {
    log: &'a dyn LogStore,
    state: &'a dyn StateStore,
}

fn settings() -> Settings {
    let mib = 1 << 20;
    Settings {
        wal_bytes_max: 16 * mib,
        memtables_bytes_max: 16 * mib,
        block_cache_bytes_max: 8 * mib,
    }
}

/// Asks something of stores in memory.
fn in_memory(store: &MemoryStore, ask: impl Fn(&Stores)) {
    ask(&Stores {
        log: store,
        state: store,
    });
}

/// Asks something of databases in a folder.
fn in_folder(folder: &Path, ask: impl Fn(&Stores)) {
    let (log, state) = rocks::open(folder, &settings()).expect("opened");
    ask(&Stores {
        log: &log,
        state: &state,
    });
}

/// Asks something of each kind of store, empty.
fn each(ask: impl Fn(&Stores)) {
    in_memory(&MemoryStore::default(), &ask);
    let folder = tempfile::tempdir().expect("a folder");
    in_folder(folder.path(), ask);
}

/// Asks the same of a memory store, and of databases that are closed and opened in between.
fn each_reopened(before: impl Fn(&Stores), after: impl Fn(&Stores)) {
    let memory = MemoryStore::default();
    in_memory(&memory, &before);
    in_memory(&memory, &after);
    let folder = tempfile::tempdir().expect("a folder");
    in_folder(folder.path(), before);
    in_folder(folder.path(), after);
}

fn record(seed: usize, bytes: usize) -> Record {
    let byte = |at: usize| u8::try_from((seed * 31 + at) % 251).expect("a byte");
    Record {
        entry: (0..bytes).map(byte).collect(),
        effects: (0..bytes / 2 + 1).map(|at| byte(at + 7)).collect(),
    }
}

fn batch(from: usize, count: usize) -> Batch {
    // Short and long ones, which are stored in two ways.
    let records = (from..from + count).map(|n| record(n, if n % 3 == 0 { 9_000 } else { 50 }));
    let byte = u8::try_from((from + count) % 256).expect("a byte");
    Batch {
        records: records.collect(),
        tiles: vec![Tile {
            coordinate: tile_at(from),
            bytes: vec![byte; TILE_BYTES],
        }],
        checkpoint: format!("checkpoint of {}", from + count),
        chain_hash: [byte; 32],
    }
}

fn tile_at(from: usize) -> TileCoordinate {
    TileCoordinate {
        level: 0,
        index: from as u64,
    }
}

fn size(store: &Stores) -> u64 {
    log_size(store.log)
}

fn log_size(log: &dyn LogStore) -> u64 {
    log.head().expect("it reads").size
}

#[test]
fn a_log_begins_empty() {
    each(|store| {
        let head = store.log.head().expect("it reads");
        assert_eq!((head.size, head.chain_hash), (0, [0; 32]));
        assert_eq!(head.checkpoint, None);
        assert_eq!(store.log.read_from(0, 10).expect("it reads"), []);
        assert_eq!(store.log.tile(tile_at(0)).expect("it reads"), None);
        assert_eq!(store.state.index().expect("it reads"), 0);
    });
}

#[test]
fn batches_are_read_back_in_order_without_gap() {
    let append = |store: &Stores| {
        let epoch = store.log.take_epoch().expect("an epoch");
        store.log.append(0, epoch, &batch(0, 1)).expect("appended");
        store.log.append(1, epoch, &batch(1, 6)).expect("appended");
        store.log.append(7, epoch, &batch(7, 3)).expect("appended");
    };
    each_reopened(append, |store| {
        let head = store.log.head().expect("it reads");
        assert_eq!((head.size, head.chain_hash), (10, [10; 32]));
        assert_eq!(head.checkpoint.as_deref(), Some("checkpoint of 10"));
        let all: Vec<Record> = (0..3)
            .flat_map(|at| batch([0, 1, 7][at], [1, 6, 3][at]).records)
            .collect();
        assert_eq!(store.log.read_from(0, 100).expect("it reads"), all);
        assert_eq!(store.log.read_from(4, 3).expect("it reads"), all[4..7]);
        assert_eq!(store.log.read_from(9, 5).expect("it reads"), all[9..]);
        for past in [10, 11, u64::MAX] {
            assert_eq!(store.log.read_from(past, 5).expect("it reads"), []);
        }
        assert_eq!(store.log.read_from(0, 0).expect("it reads"), []);
        for from in [0, 1, 7] {
            let tile = store.log.tile(tile_at(from)).expect("it reads");
            assert_eq!(tile.map(|tile| tile.len()), Some(TILE_BYTES));
        }
        assert_eq!(store.log.tile(tile_at(2)).expect("it reads"), None);
        let deeper = TileCoordinate { level: 1, index: 0 };
        assert_eq!(store.log.tile(deeper).expect("it reads"), None);
    });
}

#[test]
fn an_append_at_another_size_is_stale_and_writes_nothing() {
    each(|store| {
        let epoch = store.log.take_epoch().expect("an epoch");
        store.log.append(0, epoch, &batch(0, 4)).expect("appended");
        for wrong in [0, 3, 5, u64::MAX] {
            let refused = store.log.append(wrong, epoch, &batch(4, 2));
            assert!(
                matches!(refused, Err(AppendError::Stale)),
                "{wrong}: {refused:?}"
            );
        }
        assert_eq!(size(store), 4);
        assert_eq!(store.log.read_from(0, 100).expect("it reads").len(), 4);
        assert_eq!(store.log.tile(tile_at(4)).expect("it reads"), None);
    });
}

#[test]
fn an_earlier_epoch_is_fenced_off() {
    let begin = |store: &Stores| {
        let first = store.log.take_epoch().expect("an epoch");
        store.log.append(0, first, &batch(0, 1)).expect("appended");
        assert!(store.log.take_epoch().expect("an epoch") > first);
        let refused = store.log.append(1, first, &batch(1, 1));
        assert!(matches!(refused, Err(AppendError::Stale)), "{refused:?}");
    };
    each_reopened(begin, |store| {
        // Epochs go on rising after a restart, and a number that was never taken is none.
        let third = store.log.take_epoch().expect("an epoch");
        assert_eq!(third, Epoch(3));
        for other in [Epoch(0), Epoch(1), Epoch(2), Epoch(4)] {
            let refused = store.log.append(1, other, &batch(1, 1));
            assert!(
                matches!(refused, Err(AppendError::Stale)),
                "{other:?}: {refused:?}"
            );
        }
        assert_eq!(size(store), 1);
        store.log.append(1, third, &batch(1, 1)).expect("appended");
        assert_eq!(size(store), 2);
    });
}

fn put<'a>(table: Table, key: &'a str, value: &'a str) -> Write<'a> {
    Write {
        is_new: false,
        table,
        key: key.as_bytes(),
        value: Some(value.as_bytes()),
    }
}

fn delete(table: Table, key: &str) -> Write<'_> {
    Write {
        value: None,
        ..put(table, key, "")
    }
}

fn get(store: &Stores, table: Table, keys: &[&str]) -> Vec<Option<String>> {
    get_of(store.state, table, keys)
}

fn get_of(state: &dyn StateStore, table: Table, keys: &[&str]) -> Vec<Option<String>> {
    let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.as_bytes().to_vec()).collect();
    let values = state.multi_get(table, &keys).expect("it reads");
    let text = |value: Vec<u8>| String::from_utf8(value).expect("text");
    values.into_iter().map(|value| value.map(text)).collect()
}

fn scan(store: &Stores, from: &str, to: &str, limit: usize) -> String {
    let pairs = store
        .state
        .scan(Table::Expiry, from.as_bytes(), to.as_bytes(), limit);
    let keys = pairs.expect("it reads").into_iter().map(|(key, _)| key);
    let text = |key: Vec<u8>| String::from_utf8(key).expect("text");
    keys.map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_flush_writes_all_tables_and_the_index_in_one_step() {
    let write = |store: &Stores| {
        let all = Table::ALL.map(|table| put(table, "a", table.name()));
        store.state.flush(3, &all).expect("flushed");
        let more = [
            put(Table::Members, "b", "1"),
            delete(Table::Members, "never there"),
            put(Table::Members, "d", "2"),
            delete(Table::OpIds, "a"),
            put(Table::Lines, "a", ""),
        ];
        store.state.flush(7, &more).expect("flushed");
    };
    each_reopened(write, |store| {
        assert_eq!(store.state.index().expect("it reads"), 7);
        let some = |text: &str| Some(text.to_owned());
        // In the order of the keys asked for, each as often as asked.
        assert_eq!(
            get(store, Table::Members, &["d", "b", "c", "a", "b"]),
            [some("2"), some("1"), None, some("members"), some("1")]
        );
        assert_eq!(get(store, Table::OpIds, &["a"]), [None]);
        assert_eq!(get(store, Table::Lines, &["a"]), [some("")]);
        assert_eq!(
            get(store, Table::Submissions, &["a"]),
            [some("submissions")]
        );
        assert_eq!(get(store, Table::Governance, &[]), []);
        // The log was not touched.
        assert_eq!(size(store), 0);
        store.state.flush(8, &[]).expect("flushed");
        assert_eq!(store.state.index().expect("it reads"), 8);
    });
}

#[test]
fn many_writes_and_few_follow_each_other() {
    let keys: Vec<String> = (0..6_000).map(|number| format!("{number:05}")).collect();
    let write = |store: &Stores| {
        let all = |value| keys.iter().map(move |key| put(Table::Members, key, value));
        let few: Vec<Write<'_>> = all("few").take(10).collect();
        store.state.flush(1, &few).expect("flushed");
        let mut many: Vec<Write<'_>> = all("many").skip(5).collect();
        many[1].value = None;
        store.state.flush(2, &many).expect("flushed");
        store.state.flush(3, &few[8..9]).expect("flushed");
    };
    each_reopened(write, |store| {
        let found = get(
            store,
            Table::Members,
            &["00004", "00005", "00006", "00008", "05999"],
        );
        let found: Vec<&str> = found.iter().map(|v| v.as_deref().unwrap_or("-")).collect();
        assert_eq!(found, ["few", "many", "-", "few", "many"]);
        assert_eq!(store.state.index().expect("it reads"), 3);
    });
}

#[test]
fn a_run_is_there_at_once_ahead_of_the_index_and_later_writes_count() {
    let keys: Vec<String> = (0..5_000).map(|number| format!("{number:05}")).collect();
    let run = |store: &Stores, value: &'static str, skip: usize| {
        let new = |key| Write {
            is_new: true,
            ..put(Table::OpIds, key, value)
        };
        let records: Vec<Write<'_>> = keys.iter().skip(skip).map(|key| new(key)).collect();
        assert!(store.state.run_records_min() <= 5_000, "it is worth a run");
        store.state.add_run(Table::OpIds, &records).expect("added");
    };
    let write = |store: &Stores| {
        store
            .state
            .flush(1, &[put(Table::OpIds, "00001", "before")])
            .expect("flushed");
        run(store, "first", 2);
        store
            .state
            .flush(2, &[put(Table::OpIds, "00003", "changed")])
            .expect("flushed");
        run(store, "again", 4_000);
    };
    each_reopened(write, |store| {
        let found = get(
            store,
            Table::OpIds,
            &["00000", "00001", "00002", "00003", "04999"],
        );
        let found: Vec<&str> = found.iter().map(|v| v.as_deref().unwrap_or("-")).collect();
        assert_eq!(found, ["-", "before", "first", "changed", "again"]);
        assert_eq!(store.state.index().expect("it reads"), 2);
        let mut seen = 0;
        let count = &mut |_: &[u8]| {
            seen += 1;
            seen < 4_000
        };
        store.state.keys(Table::OpIds, count).expect("it reads");
        assert_eq!(seen, 4_000, "as many as were wanted");
    });
}

#[test]
fn a_scan_is_in_order_from_the_first_to_before_the_last() {
    each(|store| {
        let keys = ["b", "a", "ab", "c", "aa", "b\u{7f}"];
        let writes: Vec<Write<'_>> = keys.iter().map(|key| put(Table::Expiry, key, "")).collect();
        store.state.flush(1, &writes).expect("flushed");
        // Neighbours in other tables do not show.
        let others = [
            put(Table::Governance, "a", "x"),
            put(Table::Members, "b", "x"),
        ];
        store.state.flush(2, &others).expect("flushed");
        assert_eq!(scan(store, "", "z", 100), "a aa ab b b\u{7f} c");
        assert_eq!(scan(store, "aa", "b", 100), "aa ab");
        assert_eq!(scan(store, "aa", "c", 2), "aa ab");
        assert_eq!(scan(store, "aab", "c", 1), "ab");
        assert_eq!(scan(store, "", "z", 0), "");
        assert_eq!(scan(store, "", "z", usize::MAX), "a aa ab b b\u{7f} c");
        // Nothing lies between a place and itself, or backwards.
        assert_eq!(scan(store, "b", "b", 100), "");
        assert_eq!(scan(store, "c", "a", 100), "");
    });
}

#[test]
fn log_and_state_are_written_apart() {
    each_reopened(
        |store| {
            let epoch = store.log.take_epoch().expect("an epoch");
            store.log.append(0, epoch, &batch(0, 5)).expect("appended");
            store
                .state
                .flush(2, &[put(Table::Members, "a", "1")])
                .expect("flushed");
        },
        |store| {
            assert_eq!(size(store), 5);
            assert_eq!(store.state.index().expect("it reads"), 2);
        },
    );
}

#[test]
fn a_second_process_cannot_open_a_database_that_is_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = rocks::open(folder.path(), &settings()).expect("opened");
    let second = rocks::open(folder.path(), &settings());
    assert!(matches!(second, Err(StoreError::Database(_))));
    drop(open);
    rocks::open(folder.path(), &settings()).expect("opened after the first was closed");
}

#[test]
fn a_record_as_large_as_any_is_read_back() {
    each(|store| {
        let epoch = store.log.take_epoch().expect("an epoch");
        let big = Record {
            entry: vec![1; 65_535],
            effects: (0..40 << 20)
                .map(|at: usize| u8::try_from(at % 253).expect("a byte"))
                .collect(),
        };
        let one = Batch {
            records: vec![big.clone()],
            ..batch(0, 1)
        };
        store.log.append(0, epoch, &one).expect("appended");
        assert!(store.log.read_from(0, 1).expect("it reads") == [big]);
    });
}

#[test]
fn a_fault_does_what_it_says_once() {
    for (fault, kept) in [
        (Fault::Refuse, 0),
        (Fault::UncertainLost, 0),
        (Fault::UncertainKept, 2),
    ] {
        let store = MemoryStore::default();
        let epoch = store.take_epoch().expect("an epoch");
        store.append(0, epoch, &batch(0, 3)).expect("appended");
        store.fail_append_past(5, fault);
        store
            .append(3, epoch, &batch(3, 2))
            .expect("not past it yet");
        let failed = store.append(5, epoch, &batch(5, 2));
        let refused = matches!(failed, Err(AppendError::Refused(_)));
        let uncertain = matches!(failed, Err(AppendError::Uncertain(_)));
        assert_eq!(
            (refused, uncertain),
            (fault == Fault::Refuse, fault != Fault::Refuse)
        );
        assert_eq!(log_size(&store), 5 + kept);
        store
            .append(5 + kept, epoch, &batch(7, 2))
            .expect("appended");
    }
}

#[test]
fn a_crash_takes_the_state_back_to_where_it_was_durable() {
    let store = MemoryStore::default();
    let epoch = store.take_epoch().expect("an epoch");
    store.append(0, epoch, &batch(0, 3)).expect("appended");
    store
        .flush(1, &[put(Table::Members, "a", "1")])
        .expect("flushed");
    store.sync_state();
    let later = [put(Table::Members, "a", "2"), put(Table::Members, "b", "2")];
    store.flush(3, &later).expect("flushed");
    store.crash();
    assert_eq!(StateStore::index(&store).expect("it reads"), 1);
    assert_eq!(
        get_of(&store, Table::Members, &["a", "b"]),
        [Some("1".to_owned()), None]
    );
    assert_eq!(log_size(&store), 3, "the log is durable");
}
