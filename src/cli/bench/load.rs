//! The scenarios that send submissions as fast as they are answered.
//!
//! Everything is signed before the time runs: the stream is made in pieces of some seconds, and the
//! time of making them does not count. Must not: leave out what was sent from what is checked.

use super::Bench;
use super::drive::{self, Answer, Driven, Pace};
use super::generate::{Request, Shape, Streams};
use super::latency::Latency;
use super::limits::{self, SAMPLE};
use super::measured::{Limit, Measured, Sample};
use super::usage;
use anyhow::Context;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of requests that are made in advance.
const PIECE_BYTES_MAX: f64 = 384e6;
/// Time that a piece should take.
const PIECE_S: f64 = 3.0;
/// Submissions of a connection before the time runs.
const WARM_UP: usize = 4;

/// A scenario of submissions.
pub struct Load<'a> {
    /// Its name.
    pub name: &'a str,
    /// What is done, in words.
    pub title: String,
    /// Connections at once.
    pub connections: usize,
    /// What is sent.
    pub shape: Shape,
    /// How long.
    pub until: Until,
}

/// When a scenario has done enough.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After some seconds of sending.
    Seconds(f64),
    /// After so many ops.
    Ops(usize),
}

/// What pieces came to, added up.
#[derive(Default)]
struct Sum {
    took_s: f64,
    requests: u64,
    answer_bytes: u64,
    client_cpu_s: Option<f64>,
    times_us: Vec<u32>,
}

impl Bench {
    /// Runs a scenario of submissions; checks are the caller's.
    ///
    /// # Errors
    /// It could not be run.
    pub fn load(&mut self, load: &Load<'_>) -> anyhow::Result<Measured> {
        let (shape, connections) = (&load.shape, load.connections);
        anyhow::ensure!(
            self.members.count() >= connections,
            "more connections than members"
        );
        let mut streams = self.streams(connections, shape);
        let process = self.house.process()?;
        let warm = Arc::new(streams.make(WARM_UP, &self.members));
        let warmed = self.send(&warm)?;
        let mut each = self.next_piece(load, &warm, &warmed, 0, 0.0);
        usage::forget_peak(process);
        let (before, disk_before) = (usage::of(process), self.house.disk_bytes());
        let (mut sum, mut last) = (Sum::default(), warm);
        let mut bodies = Vec::new();
        while each > 0 {
            last = Arc::new(streams.make(each, &self.members));
            let client_before = usage::of(std::process::id()).cpu_s;
            let driven = self.send(&last)?;
            let client_after = usage::of(std::process::id()).cpu_s;
            sum.add(&driven, client_after.zip(client_before).map(|(a, b)| a - b));
            each = self.next_piece(load, &last, &driven, sum.requests, sum.took_s);
            bodies = driven.bodies;
        }
        let (after, disk_after) = (usage::of(process), self.house.disk_bytes());
        self.auditor.check_receipts(&self.house, &bodies)?;
        let ops = sum.requests * shape.ops as u64;
        let mut measured = Measured::new(load.name, &load.title, "ops/s", ops as f64 / sum.took_s);
        let per_op = |of: f64| of / ops as f64;
        let between = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| per_op(a - b));
        let written = |of: usage::Usage| of.written_bytes.map(|bytes| bytes as f64);
        measured.cpu_us_per_op = between(after.cpu_s, before.cpu_s).map(|s| s * 1e6);
        measured.client_cpu_us_per_op = sum.client_cpu_s.map(|s| per_op(s) * 1e6);
        measured.disk_bytes_per_op = Some(per_op(disk_after as f64 - disk_before as f64));
        measured.written_bytes_per_op = between(written(after), written(before));
        measured.answer_bytes_per_op = Some(per_op(sum.answer_bytes as f64));
        measured.memory_peak_bytes = usage::memory_peak_bytes(process);
        measured.kinds = shape.mixed.then(|| streams.kinds());
        (measured.seconds, measured.requests, measured.ops) = (sum.took_s, sum.requests, ops);
        measured.latency = Latency::of(sum.times_us);
        self.limit(&mut measured, &last, connections)?;
        Ok(measured)
    }

    /// The streams of the next chapter of the ledger.
    pub fn streams(&mut self, connections: usize, shape: &Shape) -> Streams {
        self.chapter += 1;
        let numbers = (self.chapter, self.options.seed);
        Streams::new(
            connections,
            shape,
            self.house.partners(),
            numbers,
            &self.place,
        )
    }

    /// Sends submissions of which each has to be accepted.
    ///
    /// # Errors
    /// A connection failed.
    pub fn send(&mut self, requests: &Arc<Vec<Vec<Request>>>) -> anyhow::Result<Driven> {
        let driven = drive::drive(self.house.address()?, requests, Pace::Closed)?;
        let ops: usize = requests.iter().flatten().map(|request| request.ops).sum();
        self.auditor.expect(ops as u64);
        self.refuse_refusals(&driven);
        Ok(driven)
    }

    /// Tells of answers that should not be there.
    pub fn refuse_refusals(&mut self, driven: &Driven) {
        let refused = |answer: &&Answer| !matches!(answer.status, 200 | 201);
        if let Some(answer) = driven.all().find(refused) {
            let count = driven.all().filter(refused).count();
            let status = answer.status;
            self.auditor
                .find(format!("{count} requests were refused, one with {status}"));
        }
    }

    /// How many submissions each connection sends in the next piece; 0 if it is enough.
    fn next_piece(
        &self,
        load: &Load<'_>,
        last: &[Vec<Request>],
        driven: &Driven,
        requests: u64,
        took_s: f64,
    ) -> usize {
        let connections = load.connections as f64;
        let sent: usize = last.iter().map(Vec::len).sum();
        let bytes: usize = last
            .iter()
            .flatten()
            .map(|request| request.bytes.len())
            .sum();
        let room = PIECE_BYTES_MAX * sent as f64 / bytes as f64 / connections;
        let rate = sent as f64 / driven.took.as_secs_f64().max(1e-6) / connections;
        let wanted = match load.until {
            Until::Seconds(seconds) if took_s >= seconds * 0.95 => return 0,
            Until::Seconds(seconds) => (seconds - took_s).min(PIECE_S) * rate,
            Until::Ops(ops) => {
                let submissions = ops.div_ceil(load.shape.ops) as f64;
                let left = submissions - requests as f64;
                if left <= 0.0 {
                    return 0;
                }
                left / connections
            }
        };
        super::whole(wanted.min(room).ceil()).max(1)
    }

    /// Measures what limits submissions such as these.
    fn limit(
        &self,
        measured: &mut Measured,
        made: &[Vec<Request>],
        connections: usize,
    ) -> anyhow::Result<()> {
        let all: Vec<&Request> = made.iter().flatten().collect();
        let step = (all.len() / SAMPLE).max(1);
        let chosen = all.iter().step_by(step).map(|request| request.body());
        let chosen: Vec<&[u8]> = chosen.collect();
        let signatures = limits::signatures(&chosen, self.house.partners())?;
        let bytes: usize = chosen.iter().map(|body| body.len()).sum();
        let sample = Sample {
            connections,
            ops: all.first().context("nothing was sent")?.ops,
            // An entry keeps decoded what base64 makes a third longer.
            entry_bytes: bytes as f64 / chosen.len() as f64 * 0.75,
        };
        measured.signatures_per_s = Some(signatures);
        measured.limited_by(Limit::of_ops(&self.limits, &sample, signatures));
        Ok(())
    }
}

impl Sum {
    fn add(&mut self, driven: &Driven, client_cpu_s: Option<f64>) {
        let took: Duration = driven.took;
        self.took_s += took.as_secs_f64();
        for answer in driven.all() {
            self.requests += 1;
            self.answer_bytes += u64::from(answer.body_bytes);
            self.times_us.push(answer.took_us);
        }
        if let Some(client_cpu_s) = client_cpu_s {
            *self.client_cpu_s.get_or_insert(0.0) += client_cpu_s;
        }
    }
}
