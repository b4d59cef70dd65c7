//! The scenario that reads balances while others write at half the rate that the server can take.
//!
//! Must not: read what only the house may read; every reader is a partner with a token of its own.

use super::Bench;
use super::drive::{self, Answer, Driven, Pace};
use super::generate::Request;
use super::house::PROGRAMME;
use super::latency::Latency;
use super::load::{Load, Until};
use super::measured::{Limit, Measured};
use super::members::{Members, Sequence};
use super::scenarios::CONNECTIONS;
use super::usage;
use crate::cli::client;
use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections that read.
const READERS: usize = 8;
/// Reads where their latency is judged.
const READS_A_SECOND: f64 = 2_000.0;
/// How exactly requests fall due.
const TICK: Duration = Duration::from_micros(200);
/// Requests that a reader sends before it begins again.
const REQUESTS: usize = 2_048;
/// How long tokens are good; the house takes at most 600.
const TOKEN_LIFE_S: u64 = 590;
/// How long reads go on at most, so that no token ends.
const SECONDS_MAX: f64 = 300.0;

impl Bench {
    /// Reads under write load: at a steady rate, by which their latency is judged, and as many as
    /// the house can answer, whose latency is that of a queue; and the writes beside each.
    ///
    /// # Errors
    /// It could not be run.
    pub fn reads(&mut self) -> anyhow::Result<Vec<Measured>> {
        let steady = super::style::grouped(super::whole(READS_A_SECOND) as u64);
        let title = format!("balances read, {steady} a second, writes at half");
        let seconds = self.options.seconds.clamp(0.2, SECONDS_MAX);
        let each = super::whole(READS_A_SECOND * seconds / READERS as f64).max(1);
        self.peak()?;
        // What scenarios before left to be compacted is not this one's.
        usage::wait_until_idle(self.house.process()?);
        let mut measured = self.reads_beside(&title, each, Some(READS_A_SECOND))?;
        if let Some(latency) = measured[0].latency {
            measured[0].at_most(
                "p99 of a balance at half the write rate, ms",
                latency.p99_ms,
                2.0,
            );
        }
        let title = format!("balances read, {READERS} connections, writes at half");
        measured.extend(self.reads_beside(&title, REQUESTS, None)?);
        Ok(measured)
    }

    /// Reads at a rate, or one after the other, of `each` requests a reader; beside writes.
    fn reads_beside(
        &mut self,
        title: &str,
        each: usize,
        rate: Option<f64>,
    ) -> anyhow::Result<Vec<Measured>> {
        let write_rate = self.peak()? / 2.0;
        let seconds = self.options.seconds.clamp(0.2, SECONDS_MAX);
        // Chosen before the writes are made: those are not in the ledger yet.
        let asked = Arc::new(self.read_requests(each));
        let writes = self.writes_at(write_rate, seconds);
        let (address, process) = (self.house.address()?, self.house.process()?);
        usage::forget_peak(process);
        let before = usage::of(process).cpu_s;
        let (written, read) = std::thread::scope(|scope| {
            let steady = per_second(write_rate);
            let writer = scope.spawn(move || drive::drive(address, &writes, steady));
            let end = Instant::now() + Duration::from_secs_f64(seconds);
            let pace = rate.map_or(Pace::Until(end), per_second);
            let read = drive::drive(address, &asked, pace);
            (writer.join().expect("it does not panic"), read)
        });
        let (written, read) = (written?, read?);
        let after = usage::of(process).cpu_s;
        self.refuse_refusals(&written);
        self.refuse_refusals(&read);
        let mut reads = of_answers("reads", title, "reads/s", &read);
        // A token is a signature too.
        let verify = self.limits.verify_with_table_per_s * self.limits.cores as f64;
        reads.limited_by(Limit {
            name: "signatures of tokens on all cores".to_owned(),
            value: verify,
        });
        reads.memory_peak_bytes = usage::memory_peak_bytes(process);
        let title = format!("the writes beside them, {CONNECTIONS} connections");
        let mut writes = of_answers("reads", &title, "ops/s", &written);
        let notes = &mut writes.notes;
        notes.push(format!("{write_rate:.0} a second were asked for"));
        notes.push("the processor time is that of a read or write".to_owned());
        let requests = (reads.requests + writes.requests) as f64;
        let cpu_s = after.zip(before).map(|(after, before)| after - before);
        writes.cpu_us_per_op = cpu_s.map(|s| s / requests * 1e6);
        Ok(vec![reads, writes])
    }

    fn writes_at(&mut self, rate: f64, seconds: f64) -> Arc<Vec<Vec<Request>>> {
        let shape = self.issues(1);
        let mut streams = self.streams(CONNECTIONS, &shape);
        let each = super::whole((rate * seconds / CONNECTIONS as f64).ceil()).max(1);
        self.auditor.expect((each * CONNECTIONS) as u64);
        Arc::new(streams.make(each, &self.members))
    }

    /// One-op submissions a second on 64 connections, as measured before or now.
    ///
    /// # Errors
    /// It could not be measured.
    pub fn peak(&mut self) -> anyhow::Result<f64> {
        if let Some(peak) = self.single_peak {
            return Ok(peak);
        }
        let load = Load {
            name: "peak",
            title: String::new(),
            connections: CONNECTIONS,
            shape: self.issues(1),
            until: Until::Seconds(self.options.seconds.min(5.0)),
        };
        let peak = self.load(&load)?.achieved;
        self.single_peak = Some(peak);
        Ok(peak)
    }

    fn read_requests(&self, each: usize) -> Vec<Vec<Request>> {
        let until_s = Micros(Clock::Real.now_us()).seconds() + TOKEN_LIFE_S;
        let mut random = Sequence(self.options.seed);
        let request = |token: &str, member: usize| {
            let id = Members::id(member);
            let bytes = format!(
                "GET /v1/{PROGRAMME}/members/{id} HTTP/1.1\r\nHost: bench\r\n\
                 Authorization: Bearer {token}\r\n\r\n"
            )
            .into_bytes();
            let body_at = bytes.len();
            Request {
                bytes,
                body_at,
                ops: 0,
                issue: None,
            }
        };
        let readers = (0..READERS).map(|number| {
            let partners = self.house.partners();
            let signer = &partners[number * 7 % partners.len()];
            let token = client::token(signer, &self.place.origin, "read", until_s);
            let members = std::iter::repeat_with(|| self.zipf.draw(&mut random));
            let known = members.filter(|member| self.members.available(*member) > 0);
            known
                .take(each)
                .map(|member| request(&token, member))
                .collect()
        });
        readers.collect()
    }
}

fn per_second(rate: f64) -> Pace {
    Pace::PerSecond { rate, tick: TICK }
}

/// What answers come to.
pub fn of_answers(name: &str, title: &str, unit: &'static str, driven: &Driven) -> Measured {
    let took_s = driven.took.as_secs_f64();
    let count = driven.all().count();
    let mut measured = Measured::new(name, title, unit, count as f64 / took_s);
    (measured.seconds, measured.requests) = (took_s, count as u64);
    measured.ops = count as u64;
    let bytes: u64 = driven
        .all()
        .map(|answer| u64::from(answer.body_bytes))
        .sum();
    measured.answer_bytes_per_op = Some(bytes as f64 / count.max(1) as f64);
    measured.latency = Latency::of(times(driven.all()));
    measured
}

/// The times of answers.
pub fn times<'a>(answers: impl Iterator<Item = &'a Answer>) -> Vec<u32> {
    answers.map(|answer| answer.took_us).collect()
}
