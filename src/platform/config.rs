//! The settings of a house: `tallyhouse.toml`.
//!
//! `config/tallyhouse.toml` names every setting with its unit, default and limit, and a test keeps
//! it equal to this file. An unknown setting is an error, and so is a value outside its range:
//! nothing is corrected silently. Rules of a programme do not belong here: they are entries of its
//! ledger.

pub use super::sections::{Log, LogFormat, LogLevel, RocksDb, Server, Writer};
pub use super::settlement::{CutoffDay, Settlement, ZONE_ADVICE};
pub use super::witnessing::{Witness, Witnessing};

use crate::proof::keys::is_name;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

const PROGRAMMES_MAX: usize = 64;

/// All settings of a house.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the ledgers are kept: one folder per programme. Default `data`.
    pub data_dir: PathBuf,
    /// Threads that check signatures and parse, but for short texts while the house is not nearly
    /// full, 0..=1,024; 0 is one per core.
    pub verifier_threads: usize,
    /// Requests over HTTP.
    pub server: Server,
    /// The writer of each programme.
    pub writer: Writer,
    /// The database.
    pub rocksdb: RocksDb,
    /// Logging.
    pub log: Log,
    /// The programmes that this house serves, 64 at most.
    #[serde(rename = "programme")]
    pub programmes: Vec<Programme>,
}

/// A programme that this house serves.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// The programme's id.
    pub id: String,
    /// The key that signs checkpoints.
    pub ledger_key_file: PathBuf,
    /// The key to which it hands over, or has just done so. Default: none.
    #[serde(default)]
    pub next_ledger_key_file: Option<PathBuf>,
    /// The folder of the keys with which the house signs by itself.
    pub keys_dir: PathBuf,
    /// Whether anybody may read the log's bundles of entries. Default false: auditors alone.
    #[serde(default)]
    pub public_entries: bool,
    /// The nightly run.
    #[serde(default)]
    pub settlement: Settlement,
    /// How its witnesses are asked.
    #[serde(default)]
    pub witnessing: Witnessing,
    /// Who is asked to cosign its checkpoints, 16 at most.
    #[serde(default, rename = "witness")]
    pub witnesses: Vec<Witness>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the settings in {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The text is not TOML, or names an unknown setting, or a value has the wrong type.
    #[error(transparent)]
    Parse(#[from] toml::de::Error),
    /// A number is outside its range.
    #[error("{setting} is {value}: set it to a number from {min} to {max}, or delete it")]
    OutOfRange {
        /// The setting's full name.
        setting: &'static str,
        /// What it is set to.
        value: String,
        /// Its least value.
        min: String,
        /// Its greatest value.
        max: String,
    },
    /// A text cannot be used.
    #[error("{setting} is \"{value}\": {advice}")]
    Unusable {
        /// The setting's full name.
        setting: &'static str,
        /// What it is set to.
        value: String,
        /// What to write instead.
        advice: &'static str,
    },
}

impl Config {
    /// Reads the settings in a file; relative paths in it start at the file's folder.
    ///
    /// # Errors
    /// The file cannot be read, or as [`Config::parse`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut config = Self::parse(&text)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.data_dir = folder.join(&config.data_dir);
        for programme in &mut config.programmes {
            programme.ledger_key_file = folder.join(&programme.ledger_key_file);
            if let Some(next) = &mut programme.next_ledger_key_file {
                *next = folder.join(&next);
            }
            programme.keys_dir = folder.join(&programme.keys_dir);
            let masters_dir = &mut programme.settlement.masters_dir;
            *masters_dir = folder.join(&masters_dir);
        }
        Ok(config)
    }

    /// Reads settings and checks every limit; paths stay as they are written.
    ///
    /// # Errors The text is not TOML, names an unknown setting, or a value is of the wrong type or
    /// outside its range.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        in_range("verifier_threads", config.verifier_threads, 0..=1_024)?;
        config.server.check()?;
        config.writer.check()?;
        config.rocksdb.check()?;
        check_programmes(&config.programmes)?;
        Ok(config)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            verifier_threads: 0,
            server: Server::default(),
            writer: Writer::default(),
            rocksdb: RocksDb::default(),
            log: Log::default(),
            programmes: Vec::new(),
        }
    }
}

pub(super) fn in_range<T: Copy + Display + PartialOrd>(
    setting: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), ConfigError> {
    if range.contains(&value) {
        return Ok(());
    }
    let (min, max) = (range.start().to_string(), range.end().to_string());
    Err(ConfigError::OutOfRange {
        setting,
        value: value.to_string(),
        min,
        max,
    })
}

fn check_programmes(programmes: &[Programme]) -> Result<(), ConfigError> {
    if programmes.len() > PROGRAMMES_MAX {
        return Err(ConfigError::OutOfRange {
            setting: "the number of [[programme]] tables",
            value: programmes.len().to_string(),
            min: "0".to_owned(),
            max: PROGRAMMES_MAX.to_string(),
        });
    }
    let mut ids = BTreeSet::new();
    for programme in programmes {
        let advice = if !is_name(&programme.id) || programme.id == "house" {
            "write 1 to 32 lower-case letters, digits and hyphens; house is reserved"
        } else if !ids.insert(&programme.id) {
            "each programme has one table; delete one of the two"
        } else {
            programme.settlement.check()?;
            programme.witnessing.check(&programme.witnesses)?;
            continue;
        };
        let value = programme.id.clone();
        return Err(ConfigError::Unusable {
            setting: "programme.id",
            value,
            advice,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &str = include_str!("../../config/tallyhouse.toml");

    /// The table of the nightly run, within a programme.
    const SETTLEMENT: &str = "[[programme]]\nid = \"a\"\nledger_key_file = \"a\"\n\
                              keys_dir = \"a\"\n[programme.settlement]";

    /// The tables of its witnesses.
    const WITNESSING: &str = "[[programme]]\nid = \"a\"\nledger_key_file = \"a\"\n\
                              keys_dir = \"a\"\n[programme.witnessing]";
    const WITNESS: &str = "[[programme]]\nid = \"a\"\nledger_key_file = \"a\"\n\
                           keys_dir = \"a\"\n[[programme.witness]]";

    fn message(text: &str) -> String {
        Config::parse(text).unwrap_err().to_string()
    }

    /// The names that a table takes, from the words of the error about an unknown one.
    fn settings_of(table: &str) -> Vec<String> {
        let message = message(&format!("{table}\ncolour = 1"));
        let (_, expected) = message.split_once(", expected ").unwrap();
        expected
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_reference_holds_exactly_the_defaults() {
        assert_eq!(Config::parse(REFERENCE).unwrap(), Config::default());
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn the_reference_names_every_setting() {
        for table in [
            "",
            "[server]",
            "[writer]",
            "[rocksdb]",
            "[log]",
            "[[programme]]",
            SETTLEMENT,
            WITNESSING,
            WITNESS,
        ] {
            let start = REFERENCE.find(&format!("\n{table}\n")).unwrap_or_default();
            for setting in settings_of(table) {
                let named = ["", "#"]
                    .iter()
                    .any(|mark| REFERENCE[start..].contains(&format!("\n{mark}{setting} = ")));
                let is_table = ["[", "."]
                    .iter()
                    .any(|before| REFERENCE.contains(&format!("{before}{setting}]")));
                assert!(named || is_table, "{table} {setting}");
            }
        }
    }

    #[test]
    fn the_example_of_a_programme_can_be_used() {
        let text: String = REFERENCE
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let config = Config::parse(&text).unwrap();
        assert_eq!(config.programmes.len(), 1);
        assert_eq!(config.programmes[0].id, "demo");
        assert_eq!(config.programmes[0].settlement, Settlement::default());
        assert_eq!(config.programmes[0].witnessing, Witnessing::default());
        assert_eq!(config.programmes[0].witnesses.len(), 1);
        assert_eq!(
            config.programmes[0].ledger_key_file,
            Path::new("keys/ledger.pem")
        );
    }

    #[test]
    fn an_unknown_setting_is_named_with_its_line() {
        for text in [
            "colour = 1",
            "[server]\ncolour = 1",
            "[writer]\ncolour = 1",
            "[rocksdb]\ncolour = 1",
            "[log]\ncolour = 1",
            "[[programme]]\nid = \"a\"\nledger_key_file = \"a\"\nkeys_dir = \"a\"\ncolour = 1",
        ] {
            let message = message(text);
            assert!(message.contains("unknown field `colour`"), "{message}");
            assert!(message.contains("line"), "{message}");
        }
    }

    #[test]
    fn a_value_outside_its_range_is_named_with_the_range() {
        for (text, expected) in [
            (
                "verifier_threads = 1025",
                "verifier_threads is 1025: set it to a number from 0 to 1024",
            ),
            (
                "[server]\nbody_bytes_max = 98305",
                "server.body_bytes_max is 98305: ",
            ),
            (
                "[server]\nheader_read_timeout_ms = 99",
                "server.header_read_timeout_ms is 99: ",
            ),
            (
                "[server]\nbody_read_timeout_ms = 60001",
                "server.body_read_timeout_ms is 60001: ",
            ),
            (
                "[server]\nconcurrent_requests_max = 0",
                "server.concurrent_requests_max is 0: ",
            ),
            (
                "[writer]\nqueue_submissions_max = 0",
                "writer.queue_submissions_max is 0: ",
            ),
            (
                "[writer]\nbatch_submissions_max = 65537",
                "writer.batch_submissions_max is 65537: ",
            ),
            (
                "[writer]\nbatch_ops_max = 999",
                "writer.batch_ops_max is 999: ",
            ),
            (
                "[writer]\ncache_bytes_max = 1",
                "writer.cache_bytes_max is 1: ",
            ),
            (
                "[rocksdb]\nwal_bytes_max = 1",
                "rocksdb.wal_bytes_max is 1: ",
            ),
            (
                "[rocksdb]\nmemtables_bytes_max = 1",
                "rocksdb.memtables_bytes_max is 1: ",
            ),
            (
                "[rocksdb]\nblock_cache_bytes_max = 1",
                "rocksdb.block_cache_bytes_max is 1: ",
            ),
        ] {
            let message = message(text);
            assert!(message.starts_with(expected), "{message}");
        }
    }

    #[test]
    fn a_text_that_cannot_be_used_is_named_with_advice() {
        for host in [
            "",
            "Example.org",
            "a..b",
            "-a",
            "a:80",
            "http://a",
            &"a.".repeat(101),
        ] {
            let message = message(&format!("[server]\npublic_origin_host = \"{host}\""));
            assert!(message.ends_with("like points.example.org"), "{message}");
        }
        let programme = |id: &str| {
            format!("[[programme]]\nid = \"{id}\"\nledger_key_file = \"a\"\nkeys_dir = \"a\"\n")
        };
        for id in ["", "Demo", "house", "a_b"] {
            assert!(
                message(&programme(id)).ends_with("house is reserved"),
                "{id}"
            );
        }
        let twice = message(&programme("demo").repeat(2));
        assert!(
            twice.starts_with("programme.id is \"demo\": each programme has one"),
            "{twice}"
        );
        let many: String = (0..65)
            .map(|number| programme(number.to_string().as_str()))
            .collect();
        assert!(message(&many).contains("is 65: set it to a number from 0 to 64"));
    }

    #[test]
    fn relative_paths_start_at_the_folder_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tallyhouse.toml");
        let programme = "[[programme]]\nid = \"a\"\nledger_key_file = \"k.pem\"\n\
            keys_dir = \"/k\"\nnext_ledger_key_file = \"k2.pem\"\n";
        fs::write(&path, programme).unwrap();
        let config = Config::load(&path).unwrap();
        assert_eq!(config.data_dir, folder.path().join("data"));
        assert_eq!(
            config.programmes[0].ledger_key_file,
            folder.path().join("k.pem")
        );
        let next = config.programmes[0].next_ledger_key_file.as_deref();
        assert_eq!(next, Some(folder.path().join("k2.pem").as_path()));
        assert_eq!(config.programmes[0].keys_dir, Path::new("/k"));
        let masters_dir = &config.programmes[0].settlement.masters_dir;
        assert_eq!(*masters_dir, folder.path().join("masters"));
        let absent = Config::load(&folder.path().join("absent.toml")).unwrap_err();
        assert!(
            absent
                .to_string()
                .starts_with("cannot read the settings in "),
            "{absent}"
        );
    }
}
