//! The tables of `tallyhouse.toml`: their settings, defaults and limits.
//!
//! A new setting has its unit in its name, a default, a range in `check`, and a line in
//! `config/tallyhouse.toml`; tests compare the four. Reading files is `config`'s task.

use super::config::{ConfigError, in_range};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};

const MIB: usize = 1 << 20;
const GIB: usize = 1 << 30;

/// Limits on requests.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Host in the origin of programmes founded here.
    pub public_origin_host: String,
    /// Longest body of a request, 1,024..=98,304.
    pub body_bytes_max: usize,
    /// Time a client has to send its headers, 100..=60,000.
    pub header_read_timeout_ms: u64,
    /// Time a client has to send its body, 100..=60,000.
    pub body_read_timeout_ms: u64,
    /// Requests in work at once, 1..=100,000.
    pub concurrent_requests_max: usize,
    /// Requests of one author in a second, 1..=1,000,000.
    pub author_requests_per_second_max: u32,
    /// Requests that one author may save up, 1..=1,000,000.
    pub author_burst_requests_max: u32,
    /// Time for requests in work to end after a signal to stop, 0..=600,000.
    pub shutdown_grace_ms: u64,
}

/// Limits on the writer of each programme.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Writer {
    /// Verified submissions that wait for the writer, 1..=1,048,576.
    pub queue_submissions_max: usize,
    /// Submissions in one durable commit, 1..=65,536.
    pub batch_submissions_max: usize,
    /// Ops in one durable commit, 1,000..=1,048,576.
    pub batch_ops_max: usize,
    /// Memory for members and for the filter over used ids, 16 MiB..=1 TiB.
    pub cache_bytes_max: usize,
}

/// Sizes of the database of each programme.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct RocksDb {
    /// Log files of all column families together, 16 MiB..=16 GiB.
    pub wal_bytes_max: usize,
    /// Memtables of all column families together, 16 MiB..=16 GiB. They count as blocks.
    pub memtables_bytes_max: usize,
    /// Cache of uncompressed blocks, and memtables, 8 MiB..=1 TiB.
    pub block_cache_bytes_max: usize,
}

/// How events are logged.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The form of a line. Default text.
    pub format: LogFormat,
    /// The least event that is logged. Default info.
    pub level: LogLevel,
}

/// The form of a logged line.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// The weight of an event.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something needs a look.
    Warn,
    /// What the house does.
    #[default]
    Info,
    /// How it does it.
    Debug,
    /// Each step.
    Trace,
}

impl Server {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !is_host(&self.public_origin_host) {
            return Err(ConfigError::Unusable {
                setting: "server.public_origin_host",
                value: self.public_origin_host.clone(),
                advice: "write a lower-case host name without port, like points.example.org",
            });
        }
        in_range("server.body_bytes_max", self.body_bytes_max, 1_024..=98_304)?;
        in_range(
            "server.header_read_timeout_ms",
            self.header_read_timeout_ms,
            100..=60_000,
        )?;
        in_range(
            "server.body_read_timeout_ms",
            self.body_read_timeout_ms,
            100..=60_000,
        )?;
        in_range(
            "server.concurrent_requests_max",
            self.concurrent_requests_max,
            1..=100_000,
        )?;
        let (steady, burst) = (
            self.author_requests_per_second_max,
            self.author_burst_requests_max,
        );
        in_range(
            "server.author_requests_per_second_max",
            steady,
            1..=1_000_000,
        )?;
        in_range("server.author_burst_requests_max", burst, 1..=1_000_000)?;
        in_range(
            "server.shutdown_grace_ms",
            self.shutdown_grace_ms,
            0..=600_000,
        )
    }
}

impl Writer {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        in_range(
            "writer.queue_submissions_max",
            self.queue_submissions_max,
            1..=1_048_576,
        )?;
        in_range(
            "writer.batch_submissions_max",
            self.batch_submissions_max,
            1..=65_536,
        )?;
        in_range(
            "writer.batch_ops_max",
            self.batch_ops_max,
            1_000..=1_048_576,
        )?;
        in_range(
            "writer.cache_bytes_max",
            self.cache_bytes_max,
            16 * MIB..=1_024 * GIB,
        )
    }
}

impl RocksDb {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        in_range(
            "rocksdb.wal_bytes_max",
            self.wal_bytes_max,
            16 * MIB..=16 * GIB,
        )?;
        in_range(
            "rocksdb.memtables_bytes_max",
            self.memtables_bytes_max,
            16 * MIB..=16 * GIB,
        )?;
        in_range(
            "rocksdb.block_cache_bytes_max",
            self.block_cache_bytes_max,
            8 * MIB..=1_024 * GIB,
        )
    }
}

impl LogLevel {
    /// The level's name, as settings and filters write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7_400)),
            public_origin_host: "localhost".to_owned(),
            body_bytes_max: 98_304,
            header_read_timeout_ms: 5_000,
            body_read_timeout_ms: 10_000,
            concurrent_requests_max: 4_096,
            author_requests_per_second_max: 5_000,
            author_burst_requests_max: 10_000,
            shutdown_grace_ms: 10_000,
        }
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            queue_submissions_max: 8_192,
            batch_submissions_max: 2_048,
            batch_ops_max: 16_384,
            cache_bytes_max: GIB + 256 * MIB,
        }
    }
}

impl Default for RocksDb {
    fn default() -> Self {
        Self {
            wal_bytes_max: 128 * MIB,
            memtables_bytes_max: 64 * MIB,
            block_cache_bytes_max: 128 * MIB,
        }
    }
}

/// A host name of RFC 1123 in lower case. At most 200 bytes leave room in an origin of 255 for the
/// programme's name.
fn is_host(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 200
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| letter(byte) || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}
