//! What the machine can do at best, measured in the same run as what the server achieves.
//!
//! Only ratios within one run carry over to another machine or hour. Must not: use the server.

use crate::proof::jws::{Jws, Typ};
use crate::proof::keys::{Kid, PublicKey, Signer};
use anyhow::Context;
use rocksdb::{DB, Options, WriteBatch, WriteOptions};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a small signed or hashed message: a submission with one op.
const MESSAGE_BYTES: usize = 300;
/// Bytes of a small synced append.
const APPEND_BYTES: usize = 4_096;
/// Bytes of a large one.
const STREAM_BYTES: usize = 1 << 20;
/// Puts of a synced batch, and bytes of each.
const BATCH_PUTS: u64 = 1_000;
const PUT_BYTES: usize = 232;
/// Submissions of a scenario whose signatures are checked for its limit.
pub const SAMPLE: usize = 2_000;

/// What the machine can do a second.
#[derive(Debug, Clone, Serialize)]
pub struct Limits {
    /// Cores that threads can use.
    pub cores: usize,
    /// `verify_strict` of 300 bytes, on one core.
    pub verify_strict_per_s: f64,
    /// The same with a table of the key.
    pub verify_with_table_per_s: f64,
    /// BLAKE3 over 300 bytes, on one core.
    pub blake3_per_s: f64,
    /// SHA-256 over 300 bytes, on one core.
    pub sha256_per_s: f64,
    /// Appends of 4 KiB to a file, each synced before the next.
    pub synced_appends_per_s: f64,
    /// Bytes appended in pieces of 1 MiB, each synced before the next.
    pub synced_bytes_per_s: f64,
    /// Puts of 232 bytes into RocksDB, in synced batches of 1,000.
    pub rocksdb_puts_per_s: f64,
}

impl Limits {
    /// Measures each for some time; files are made in a folder, and removed.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn measure(folder: &Path, each: Duration) -> anyhow::Result<Self> {
        let signer = Signer::new(Kid::parse("limit/k").expect("a name"), &[7; 32]);
        let message = [0x55; MESSAGE_BYTES];
        let signature = signer.sign(&message);
        let key = signer.public_key();
        let table = key.with_table();
        let verify = |key: &PublicKey| {
            rate(each, || {
                assert!(key.verify(black_box(&message), &signature));
            })
        };
        let folder = folder.join("limits");
        std::fs::create_dir_all(&folder)?;
        let measured = Self {
            cores: crate::cli::verify::cores(),
            verify_strict_per_s: verify(&key),
            verify_with_table_per_s: verify(&table),
            blake3_per_s: rate(each, || {
                black_box(blake3::hash(black_box(&message)));
            }),
            sha256_per_s: rate(each, || {
                black_box(Sha256::digest(black_box(&message)));
            }),
            synced_appends_per_s: appends(&folder, APPEND_BYTES, each)?,
            synced_bytes_per_s: appends(&folder, STREAM_BYTES, each)? * STREAM_BYTES as f64,
            rocksdb_puts_per_s: puts(&folder, each)?,
        };
        std::fs::remove_dir_all(&folder)?;
        Ok(measured)
    }
}

/// How often something can be done in a second.
fn rate(each: Duration, mut work: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < each {
        for _ in 0..16 {
            work();
        }
        count += 16;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

fn appends(folder: &Path, bytes: usize, each: Duration) -> anyhow::Result<f64> {
    let file = folder.join("appends");
    let mut file: File = OpenOptions::new().create(true).append(true).open(file)?;
    let piece = vec![0x55; bytes];
    let mut failed = None;
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < each && failed.is_none() {
        failed = file.write_all(&piece).and_then(|()| file.sync_data()).err();
        count += 1;
    }
    match failed {
        Some(error) => Err(error).context("a synced append"),
        None => Ok(f64::from(count) / begun.elapsed().as_secs_f64()),
    }
}

fn puts(folder: &Path, each: Duration) -> anyhow::Result<f64> {
    let mut options = Options::default();
    options.create_if_missing(true);
    let store = DB::open(&options, folder.join("rocksdb"))?;
    let mut synced = WriteOptions::default();
    synced.set_sync(true);
    let value = [0x55; PUT_BYTES - 8];
    let begun = Instant::now();
    let mut key = 0_u64;
    while begun.elapsed() < each {
        let mut batch = WriteBatch::default();
        for _ in 0..BATCH_PUTS {
            batch.put(key.to_be_bytes(), value);
            key += 1;
        }
        store.write_opt(batch, &synced)?;
    }
    Ok(key as f64 / begun.elapsed().as_secs_f64())
}

/// Checks the signatures of submissions on all cores, with a table of each key, and answers how
/// many a second.
///
/// # Errors
/// A submission is none.
pub fn signatures(bodies: &[&[u8]], signers: &[Signer]) -> anyhow::Result<f64> {
    let known = signers.iter().map(|signer| (signer.kid().as_str(), signer));
    let known: HashMap<&str, &Signer> = known.collect();
    let mut keys: HashMap<String, PublicKey> = HashMap::new();
    let mut parsed = Vec::with_capacity(bodies.len());
    for body in bodies {
        let jws = Jws::parse(body, Typ::Submission)?;
        let kid = jws.kid.as_str();
        let signer = known.get(kid).context("an author that nobody knows")?;
        let key = keys.entry(kid.to_owned());
        let key = key.or_insert_with(|| signer.public_key().with_table());
        parsed.push((jws, key.clone()));
    }
    anyhow::ensure!(
        !parsed.is_empty(),
        "no submission to measure the limit with"
    );
    let share = parsed.len().div_ceil(crate::cli::verify::cores());
    let pass = || {
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for part in parsed.chunks(share) {
                scope.spawn(|| part.iter().for_each(|(jws, key)| assert!(jws.verify(key))));
            }
        });
        parsed.len() as f64 / begun.elapsed().as_secs_f64()
    };
    // The better of two: the first also warms the tables up.
    Ok(pass().max(pass()))
}
