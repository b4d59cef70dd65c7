//! What a scenario came to: what was achieved, beside the limit of the machine and the budget.
//!
//! Must not: print.

use super::check::Checked;
use super::generate::Kinds;
use super::latency::Latency;
use super::limits::Limits;
use serde::Serialize;

/// What one scenario measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Its name, as `--scenario` takes it.
    pub scenario: String,
    /// What was done, in words.
    pub title: String,
    /// What `achieved` and `limit` count: a rate, or seconds.
    pub unit: &'static str,
    /// What the server did.
    pub achieved: f64,
    /// What the machine could do at best, in the same run.
    pub limit: Option<Limit>,
    /// `achieved` over `limit`.
    pub ratio: Option<f64>,
    /// Signatures of such submissions that all cores can check in a second.
    pub signatures_per_s: Option<f64>,
    /// Time that was measured.
    pub seconds: f64,
    /// Requests in that time.
    pub requests: u64,
    /// Ops in that time.
    pub ops: u64,
    /// How long the answers took.
    pub latency: Option<Latency>,
    /// Time of processors that the server took for one op.
    pub cpu_us_per_op: Option<f64>,
    /// The same of the load generator, which shares the machine.
    pub client_cpu_us_per_op: Option<f64>,
    /// Bytes of the house's folder that came with one op, but for logs written ahead of tables,
    /// which a setting bounds.
    pub disk_bytes_per_op: Option<f64>,
    /// Bytes that the server wrote to disk for one op; again and again, while it reorders them.
    pub written_bytes_per_op: Option<f64>,
    /// Bytes of the answers for one op.
    pub answer_bytes_per_op: Option<f64>,
    /// The most memory that the server had.
    pub memory_peak_bytes: Option<u64>,
    /// Ops by kind, those of the warm-up too.
    pub kinds: Option<Kinds>,
    /// What was checked afterwards.
    pub checked: Option<Checked>,
    /// Budgets, and whether they were met.
    pub budgets: Vec<Budget>,
    /// What else is to be known.
    pub notes: Vec<String>,
}

impl Measured {
    /// A scenario of which nothing but one figure is known yet.
    pub fn new(scenario: &str, title: &str, unit: &'static str, achieved: f64) -> Self {
        Self {
            scenario: scenario.to_owned(),
            title: title.to_owned(),
            unit,
            achieved,
            limit: None,
            ratio: None,
            signatures_per_s: None,
            seconds: 0.0,
            requests: 0,
            ops: 0,
            latency: None,
            cpu_us_per_op: None,
            client_cpu_us_per_op: None,
            disk_bytes_per_op: None,
            written_bytes_per_op: None,
            answer_bytes_per_op: None,
            memory_peak_bytes: None,
            kinds: None,
            checked: None,
            budgets: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Sets the limit, and with it the ratio.
    pub fn limited_by(&mut self, limit: Limit) {
        self.ratio = Some(self.achieved / limit.value);
        self.limit = Some(limit);
    }

    /// Adds a budget that is met by no less than a bound.
    pub fn at_least(&mut self, what: &str, achieved: f64, bound: f64) {
        self.budget(what, achieved, "≥", bound, achieved >= bound);
    }

    /// Adds a budget that is met by no more than a bound.
    pub fn at_most(&mut self, what: &str, achieved: f64, bound: f64) {
        self.budget(what, achieved, "≤", bound, achieved <= bound);
    }

    fn budget(&mut self, what: &str, achieved: f64, sign: &'static str, bound: f64, met: bool) {
        self.budgets.push(Budget {
            what: what.to_owned(),
            achieved,
            sign,
            bound,
            met,
        });
    }
}

/// What the machine could do at best.
#[derive(Debug, Clone, Serialize)]
pub struct Limit {
    /// What binds.
    pub name: String,
    /// How much of it there is, in the unit of the scenario.
    pub value: f64,
}

impl Limit {
    /// What submissions are limited by: the signatures that all cores can check, the synced appends
    /// that connections wait for, or the bytes that the disk takes.
    pub fn of_ops(limits: &Limits, load: &Sample, signatures_per_s: f64) -> Self {
        let connections = load.connections as f64;
        // On one connection a signature is checked, then an append is synced, then it is answered.
        let core_s = limits.cores as f64 / signatures_per_s;
        let alone = connections / (core_s + 1.0 / limits.synced_appends_per_s);
        let disk = limits.synced_bytes_per_s / load.entry_bytes;
        let candidates = [
            ("signatures on all cores", signatures_per_s),
            ("a signature, then a synced append", alone),
            ("bytes appended and synced", disk),
        ];
        let least = candidates.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let (name, submissions) = least.expect("there are three");
        Self {
            name: name.to_owned(),
            value: submissions * load.ops as f64,
        }
    }
}

/// What the submissions of a scenario are like.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Connections that they came on.
    pub connections: usize,
    /// Ops of each.
    pub ops: usize,
    /// Bytes of each entry, about.
    pub entry_bytes: f64,
}

/// What was wanted, and whether it was achieved.
#[derive(Debug, Clone, Serialize)]
pub struct Budget {
    /// Of what.
    pub what: String,
    /// What it came to.
    pub achieved: f64,
    /// `≥` or `≤`.
    pub sign: &'static str,
    /// What was wanted.
    pub bound: f64,
    /// Whether it was met.
    pub met: bool,
}
