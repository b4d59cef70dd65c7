//! What an auditor holds in hand, damaged and forged in every way: it is found, or it is said that
//! nothing could be checked. Never does anything pass.

mod address;
mod flips;
mod forks;
mod history;
mod signatures;
mod state;
mod statements;
mod tiles;

use crate::process::{self, VERIFY, text};
use crate::support::{Coalition, secret};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tallyhouse::audit::History;
use tallyhouse::proof::checkpoint::Checkpoint;
use tallyhouse::proof::merkle::leaf_hash;
use tallyhouse::proof::note::NoteSigner;
use tallyhouse::proof::tile::TileCoordinate;
use tempfile::TempDir;

/// A ledger as an auditor gets it, in a folder of its own.
pub struct Given {
    pub entries: Vec<Vec<u8>>,
    pub checkpoint: String,
    pub signer: NoteSigner,
    pub folder: TempDir,
}

/// The signer of a ledger's checkpoints.
pub fn signer_of(origin: &str) -> NoteSigner {
    NoteSigner::new(origin, &secret(origin)).expect("an origin")
}

/// A signed checkpoint over entries.
pub fn checkpoint(entries: &[Vec<u8>], signer: &NoteSigner) -> String {
    let history = history(entries);
    let checkpoint = Checkpoint {
        origin: signer.verifier_key().name().to_owned(),
        size: history.size(),
        root: history.root(),
    };
    checkpoint.sign(&[signer])
}

/// The tree over entries.
pub fn history(entries: &[Vec<u8>]) -> History {
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    History::of_leaves(&leaves)
}

impl Given {
    /// What a coalition's ledger holds now.
    pub fn of(coalition: &Coalition) -> Self {
        let records = coalition.ledger.entries(0, usize::MAX).expect("entries");
        Self::made(
            records.into_iter().map(|record| record.entry).collect(),
            &coalition.origin,
        )
    }

    /// These entries, as if they were all of a ledger.
    pub fn made(entries: Vec<Vec<u8>>, origin: &str) -> Self {
        let signer = signer_of(origin);
        let given = Self {
            checkpoint: checkpoint(&entries, &signer),
            entries,
            signer,
            folder: tempfile::tempdir().expect("a folder"),
        };
        given.write("entries.cbor", &given.entries.concat());
        given.write("checkpoint", given.checkpoint.as_bytes());
        given.write("vkey", given.vkey().as_bytes());
        given
    }

    pub fn vkey(&self) -> String {
        self.signer.verifier_key().to_string()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        std::fs::write(&path, bytes).expect("it is written");
        path
    }

    /// The same as tlog-tiles, in the folder `tiles`.
    pub fn tiles(&self) -> PathBuf {
        let history = history(&self.entries);
        for (level, nodes) in (0_u8..).zip(history.widths()) {
            for index in 0..nodes.div_ceil(256) {
                let hashes = history.tile(TileCoordinate { level, index });
                let name = format!("tiles/tile/{level}/{index:03}{}", partial(hashes.len()));
                self.write(&name, &hashes.concat());
            }
        }
        for (index, entries) in self.entries.chunks(256).enumerate() {
            let name = format!("tiles/tile/entries/{index:03}{}", partial(entries.len()));
            self.write(&name, &bundle(entries));
        }
        self.write("tiles/checkpoint", self.checkpoint.as_bytes());
        self.path("tiles")
    }

    /// The verdict on these entries, pinned.
    pub fn ledger(&self, path: &Path, more: &[&str]) -> (i32, Value) {
        let vkey = self.path("vkey");
        let mut args: Vec<&OsStr> = ["ledger", "--json", "--vkey"].map(OsStr::new).to_vec();
        args.extend([vkey.as_os_str(), path.as_os_str()]);
        args.extend(more.iter().map(OsStr::new));
        verify(&args)
    }

    /// The verdict on the file of entries with its checkpoint.
    pub fn verdict(&self, more: &[&str]) -> (i32, Value) {
        let checkpoint = self.path("checkpoint").display().to_string();
        let mut args = vec!["--checkpoint", &checkpoint];
        args.extend(more);
        self.ledger(&self.path("entries.cbor"), &args)
    }
}

/// How the path of a tile ends.
pub fn partial(width: usize) -> String {
    match width {
        256 => String::new(),
        width => format!(".p/{width}"),
    }
}

/// Entries in their frames.
pub fn bundle(entries: &[Vec<u8>]) -> Vec<u8> {
    let framed = entries.iter().flat_map(|entry| {
        let length = u16::try_from(entry.len()).expect("it fits a frame");
        [&length.to_be_bytes()[..], entry].concat()
    });
    framed.collect()
}

/// Runs the verifier: its exit code, and what it printed as JSON, or as text.
pub fn verify<S: AsRef<OsStr>>(args: &[S]) -> (i32, Value) {
    let output = process::run(VERIFY, args);
    let code = output.status.code().expect("it is not killed");
    let said = serde_json::from_slice(&output.stdout);
    assert!(
        !text(&output).contains("panicked"),
        "it panicked: {}",
        text(&output)
    );
    (code, said.unwrap_or_else(|_| json!(text(&output))))
}

/// What the first finding is about: entry and check.
pub fn first_finding(verdict: &Value) -> (u64, String) {
    let finding = &verdict["findings"][0];
    let entry = finding["entry"].as_u64();
    let entry = entry.unwrap_or_else(|| panic!("there is a finding: {verdict}"));
    let check = finding["check"].as_str().expect("a check");
    (entry, check.to_owned())
}

/// One purchase and one redemption.
pub fn trade(coalition: &Coalition, n: u64) {
    let member = format!("m-{n}");
    let issue =
        json!([{"op": "issue", "id": format!("i-{n}"), "member": member, "points": 700 + n}]);
    coalition.accept("bakery/till", &format!("si-{n}"), &issue);
    let burn = json!([{"op": "burn", "id": format!("b-{n}"), "member": member, "points": 300}]);
    coalition.accept("grocer/till", &format!("sb-{n}"), &burn);
}
