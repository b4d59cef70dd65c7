//! Every scenario, in the order in which they run, and what is checked after each.
//!
//! Must not: measure; the others do.

use super::Bench;
use super::generate::{Choice, Shape};
use super::load::{Load, Until};
use super::measured::Measured;
use super::members::Zipf;

/// The names that `--scenario` takes; a beginning of them takes several.
pub const NAMES: [&str; 15] = [
    "single-1",
    "single-8",
    "single-64",
    "single-256",
    "batch-10",
    "batch-100",
    "batch-400",
    "fill",
    "mix-wide",
    "mix-hot",
    "reads",
    "overload",
    "audit",
    "window",
    "restart",
];
/// Members that are hot.
const HOT_MEMBERS: usize = 1_000;
/// Connections where there is no other reason for a number.
pub const CONNECTIONS: usize = 64;
/// Connections of large submissions: each keeps a place busy for as long as many small ones.
pub const CONNECTIONS_BULK: usize = 16;
/// Another number, so that members get to other authors than those that they were filled by.
const CONNECTIONS_MIXED: usize = 17;
/// Ops of a large submission.
pub const BATCH_OPS: usize = 400;
/// Ops of a submission of the mix.
const MIX_OPS: usize = 100;

impl Bench {
    /// Runs one scenario and checks the ledger afterwards.
    ///
    /// # Errors
    /// It could not be run, or not be checked; what does not hold is a finding of the auditor.
    pub fn run(&mut self, name: &str) -> anyhow::Result<()> {
        let mut measured = match name.split_once('-') {
            Some(("single", connections)) => vec![self.single(name, connections.parse()?)?],
            Some(("batch", ops)) => vec![self.batch(name, ops.parse()?)?],
            Some(("mix", "wide")) => vec![self.mix(name, self.members.count())?],
            Some(("mix", _)) => vec![self.mix(name, HOT_MEMBERS.min(self.members.count()))?],
            _ => match name {
                "fill" => vec![self.fill()?],
                "reads" => self.reads()?,
                "overload" => vec![self.overload()?],
                "audit" => self.audits()?,
                "window" => self.window()?,
                _ => vec![self.restart()?],
            },
        };
        let checked = self.auditor.check(&self.house, &self.members)?;
        if let Some(last) = measured.last_mut() {
            last.checked = Some(checked);
        }
        self.measured.extend(measured);
        Ok(())
    }

    fn seconds(&self) -> Until {
        match self.options.ops {
            Some(ops) => Until::Ops(ops),
            None => Until::Seconds(self.options.seconds),
        }
    }

    /// Issues for random members, as many in a submission as asked for.
    pub fn issues(&self, ops: usize) -> Shape {
        Shape {
            ops,
            mixed: false,
            choice: Choice::Skewed(self.zipf.clone()),
            counted_later: false,
        }
    }

    fn single(&mut self, name: &str, connections: usize) -> anyhow::Result<Measured> {
        let shape = self.issues(1);
        let s = if connections == 1 { "" } else { "s" };
        let title = format!("submissions of 1 op, {connections} connection{s}");
        let until = self.seconds();
        let mut measured = self.load(&Load {
            name,
            title,
            connections,
            shape,
            until,
        })?;
        if connections == CONNECTIONS {
            let achieved = measured.achieved;
            self.single_peak = Some(achieved);
            measured.at_least(
                "one-op submissions a second, 64 connections",
                achieved,
                20e3,
            );
            if let Some(latency) = measured.latency {
                measured.at_most("their p99, ms", latency.p99_ms, 12.0);
            }
        }
        Ok(measured)
    }

    fn batch(&mut self, name: &str, ops: usize) -> anyhow::Result<Measured> {
        let title = format!("submissions of {ops} ops, {CONNECTIONS_BULK} connections");
        let (shape, until) = (self.issues(ops), self.seconds());
        let connections = CONNECTIONS_BULK;
        self.load(&Load {
            name,
            title,
            connections,
            shape,
            until,
        })
    }

    /// Gives every member its first points.
    fn fill(&mut self) -> anyhow::Result<Measured> {
        let members = self.members.count();
        let choice = Choice::Each;
        let shape = Shape {
            choice,
            ..self.issues(BATCH_OPS)
        };
        let load = Load {
            name: "fill",
            title: format!(
                "first points of {} members, {CONNECTIONS_BULK} connections",
                super::style::grouped(members as u64)
            ),
            connections: CONNECTIONS_BULK,
            shape,
            until: Until::Ops(members),
        };
        let mut measured = self.load(&load)?;
        self.budgets_of_bulk(&mut measured);
        Ok(measured)
    }

    fn budgets_of_bulk(&self, measured: &mut Measured) {
        let members = super::style::grouped(self.members.count() as u64);
        let what = format!("ops a second, {BATCH_OPS} a submission, {members} members");
        measured.at_least(&what, measured.achieved, 600e3);
        if let Some(latency) = measured.latency {
            measured.at_most("their p99, ms", latency.p99_ms, 60.0);
            measured.at_most("their p99.9, ms", latency.p999_ms, 250.0);
        }
        if let Some(bytes) = measured.disk_bytes_per_op {
            measured.at_most("bytes of disk an op", bytes, 110.0);
        }
        if let Some(bytes) = measured.memory_peak_bytes {
            measured.at_most("MiB of memory", bytes as f64 / f64::from(1 << 20), 2_048.0);
        }
    }

    fn mix(&mut self, name: &str, members: usize) -> anyhow::Result<Measured> {
        let shape = Shape {
            ops: MIX_OPS,
            mixed: true,
            choice: Choice::Skewed(Zipf::new(members, self.options.skew)),
            counted_later: false,
        };
        let whose = super::style::grouped(members as u64);
        let (connections, until) = (CONNECTIONS_MIXED, self.seconds());
        let title = format!(
            "the mix over {whose} members, submissions of {MIX_OPS} ops, {connections} connections"
        );
        self.load(&Load {
            name,
            title,
            connections,
            shape,
            until,
        })
    }
}
