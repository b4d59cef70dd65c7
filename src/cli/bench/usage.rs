//! What a process used so far, as Linux tells it under `/proc`, and what a folder takes on disk.
//!
//! Must not: fail where there is no `/proc`; what is not known is left out.

use std::path::Path;
use std::time::{Duration, Instant};

/// Ticks of a second in `/proc/<pid>/stat`: the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// How long a process is given to have nothing to do.
const IDLE_PATIENCE: Duration = Duration::from_secs(60);
/// For how long it must have had nothing to do.
const IDLE_LOOK: Duration = Duration::from_millis(300);
/// What part of a core is nothing.
const IDLE_PART: f64 = 0.2;

/// What a process used since it began.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Seconds on processors.
    pub cpu_s: Option<f64>,
    /// Bytes that it caused to be written to disk.
    pub written_bytes: Option<u64>,
}

/// What a process used so far.
pub fn of(process: u32) -> Usage {
    Usage {
        cpu_s: cpu_s(process),
        written_bytes: field(process, "io", "write_bytes:"),
    }
}

/// Waits until a process has nothing to do, but not for ever: one that was just started reads what
/// it needs in the background.
pub fn wait_until_idle(process: u32) {
    let end = Instant::now() + IDLE_PATIENCE;
    let mut before = cpu_s(process);
    while Instant::now() < end {
        std::thread::sleep(IDLE_LOOK);
        let now = cpu_s(process);
        let used = now.zip(before).map(|(now, before)| now - before);
        if used.is_none_or(|used| used < IDLE_LOOK.as_secs_f64() * IDLE_PART) {
            return;
        }
        before = now;
    }
}

fn cpu_s(process: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold spaces; fields 14 and 15 of proc(5) are counted behind it.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

/// The most memory that a process had since it began, or since [`forget_peak`].
pub fn memory_peak_bytes(process: u32) -> Option<u64> {
    Some(field(process, "status", "VmHWM:")? * 1_024)
}

/// Begins the peak of memory anew; where that is not allowed, it stays that of the whole life.
pub fn forget_peak(process: u32) {
    // The kernel may refuse; the peak is then an upper bound, as its meaning allows.
    let _ = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
}

fn field(process: u32, file: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/{file}")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Bytes of the files below a folder, without blocks that were set aside for later and without
/// RocksDB's logs, which come and go. A file that goes away meanwhile counts nothing.
pub fn disk_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => disk_bytes(&entry.path()),
        Ok(_)
            if entry
                .path()
                .extension()
                .is_some_and(|ending| ending == "log") =>
        {
            0
        }
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
