//! The scenario that asks for three times what the server can do.
//!
//! It has to go on doing what it can, to refuse the rest at once and say when to come back, and to
//! be itself again as soon as that is over. The server gets few places for requests, so that a
//! client with few connections can fill them. Must not: count what was refused as accepted, or
//! compare with a house that is colder.

use super::Bench;
use super::drive::{self, Answer, Driven, Pace};
use super::generate::{Choice, Request, Shape};
use super::latency::Latency;
use super::load::Until;
use super::measured::{Limit, Measured};
use super::members::Zipf;
use super::reads::{of_answers, times};
use super::usage;
use std::sync::Arc;
use std::time::Duration;

/// Requests that the server takes at once.
const PLACES: usize = 64;
/// How many times the peak is asked for.
const TIMES: f64 = 3.0;
/// Connections that ask for it: more than wait for an answer at any time, and fewer than the files
/// that a process may usually have open.
const CONNECTIONS: usize = 12 * PLACES;
const SECONDS_MAX: f64 = 10.0;
/// Members whose points they are, so that the house has read all of them before it is measured.
const MEMBERS_MAX: usize = 50_000;
/// How exactly requests fall due.
const TICK: Duration = Duration::from_millis(1);
/// Pieces of the time before the peak is measured, each of a quarter of a part's.
const WARM_UPS_MAX: usize = 24;
/// A rate that is not so many times what it was rises no more.
const STEADY: f64 = 1.03;

/// A time of sending, whatever was answered.
struct Sent {
    driven: Driven,
    accepted: Vec<Answer>,
    refused: Vec<Answer>,
}

impl Sent {
    fn accepted_per_s(&self) -> f64 {
        self.accepted.len() as f64 / self.driven.took.as_secs_f64()
    }

    fn latency(answers: &[Answer]) -> Option<Latency> {
        Latency::of(times(answers.iter()))
    }
}

impl Bench {
    /// Peak, three times the peak, and the time right after: in one house, which is warm.
    ///
    /// # Errors
    /// It could not be run.
    pub fn overload(&mut self) -> anyhow::Result<Measured> {
        let seconds = match self.options.seconds.min(SECONDS_MAX) {
            seconds if matches!(self.options.until(), Until::Seconds(_)) => seconds,
            seconds => seconds.min(1.0),
        };
        self.house.kill();
        self.house.start(Some(PLACES))?;
        let process = self.house.process()?;
        usage::wait_until_idle(process);
        let steady = self.warm_up(seconds / 4.0)?;
        let peak = self.prepare(PLACES, steady * seconds);
        let peak = self.send_freely(&peak, Pace::Closed)?;
        let peak_per_s = peak.accepted_per_s();
        let wanted = peak_per_s * TIMES;
        let over = self.prepare(CONNECTIONS, wanted * seconds);
        // Made before, so that it can be sent as soon as the overload ends.
        let then = self.prepare(PLACES, peak_per_s * seconds / 2.0);
        usage::forget_peak(process);
        let before = usage::of(process).cpu_s;
        let pace = Pace::PerSecond {
            rate: wanted,
            tick: TICK,
        };
        let over = self.send_freely(&over, pace)?;
        let after = usage::of(process).cpu_s;
        let then = self.send_freely(&then, Pace::Closed)?;
        let title = format!("{TIMES} times the peak, {CONNECTIONS} connections");
        let mut measured = of_answers("overload", &title, "ops/s", &over.driven);
        measured.achieved = over.accepted_per_s();
        measured.ops = over.accepted.len() as u64;
        measured.latency = Sent::latency(&over.accepted);
        measured.memory_peak_bytes = usage::memory_peak_bytes(process);
        let cpu_s = after.zip(before).map(|(after, before)| after - before);
        measured.cpu_us_per_op = cpu_s.map(|s| s / over.accepted.len().max(1) as f64 * 1e6);
        measured.limited_by(Limit {
            name: format!("its own peak, {PLACES} connections"),
            value: peak_per_s,
        });
        judge(&mut measured, &peak, &over, &then);
        self.house.kill();
        self.house.start(None)?;
        Ok(measured)
    }

    /// Sends until the rate rises no more, which a house with many members has to read a good deal
    /// for; answers the rate.
    fn warm_up(&mut self, seconds: f64) -> anyhow::Result<f64> {
        let mut best = 0.0_f64;
        let mut count = PLACES as f64;
        for _ in 0..WARM_UPS_MAX {
            let requests = self.prepare(PLACES, count);
            let rate = self.send_freely(&requests, Pace::Closed)?.accepted_per_s();
            let (was_long, rises) = (count >= rate * seconds / 2.0, rate > best * STEADY);
            best = best.max(rate);
            if was_long && !rises {
                break;
            }
            count = best * seconds;
        }
        Ok(best)
    }

    /// One-op submissions, about so many in all.
    fn prepare(&mut self, connections: usize, count: f64) -> Arc<Vec<Vec<Request>>> {
        let members = self.members.count().min(MEMBERS_MAX);
        let shape = Shape {
            counted_later: true,
            choice: Choice::Skewed(Zipf::new(members, self.options.skew)),
            ..self.issues(1)
        };
        let each = super::whole((count / connections as f64).ceil()).max(1);
        Arc::new(self.streams(connections, &shape).make(each, &self.members))
    }

    /// Sends submissions of which each may be refused; counts what was accepted.
    fn send_freely(
        &mut self,
        requests: &Arc<Vec<Vec<Request>>>,
        pace: Pace,
    ) -> anyhow::Result<Sent> {
        let driven = drive::drive(self.house.address()?, requests, pace)?;
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        let pairs = requests.iter().flatten().zip(driven.all());
        for (request, answer) in pairs {
            if self.count(request, *answer) {
                accepted.push(*answer);
            } else {
                refused.push(*answer);
            }
        }
        Ok(Sent {
            driven,
            accepted,
            refused,
        })
    }

    fn count(&mut self, request: &Request, answer: Answer) -> bool {
        match (answer.status, answer.retry_after, request.issue) {
            (200 | 201, _, Some((member, points))) => {
                self.members.give(member, points);
                self.auditor.expect(1);
                return true;
            }
            (503, true, _) => {}
            (503, false, _) => {
                self.auditor
                    .find("a refusal does not say when to try again".to_owned());
            }
            (status, ..) => self
                .auditor
                .find(format!("a request was refused with {status}")),
        }
        false
    }
}

fn judge(measured: &mut Measured, peak: &Sent, over: &Sent, then: &Sent) {
    let peak_per_s = peak.accepted_per_s();
    let share = |sent: &Sent| sent.accepted_per_s() / peak_per_s;
    measured.at_least(
        "throughput at three times the peak, of the peak",
        share(over),
        0.9,
    );
    measured.at_least("throughput right after, of the peak", share(then), 0.9);
    if let (Some(peak), Some(over)) = (Sent::latency(&peak.accepted), measured.latency) {
        let times = over.p99_ms / peak.p99_ms;
        measured.at_most(
            "p99 of what is accepted, times that at the peak",
            times,
            3.0,
        );
    }
    if let Some(refused) = Sent::latency(&over.refused) {
        measured.at_most("p99 of a refusal, ms", refused.p99_ms, 20.0);
    }
    measured.at_most("refusals right after", then.refused.len() as f64, 0.0);
    if let Some((then, peak)) = Sent::latency(&then.accepted).zip(Sent::latency(&peak.accepted)) {
        let times = then.p99_ms / peak.p99_ms;
        measured.at_most("p99 right after, times that at the peak", times, 2.0);
    }
    let offered = (over.accepted.len() + over.refused.len()) as f64;
    let offered_per_s = offered / over.driven.took.as_secs_f64();
    let times = offered_per_s / peak_per_s;
    let closed = over.refused.iter().filter(|answer| answer.closes).count();
    measured.notes.push(format!(
        "{offered_per_s:.0} a second were sent, {times:.1} times the peak of {peak_per_s:.0}; \
         {} of {offered:.0} were refused, with {closed} of them the connection closed",
        over.refused.len()
    ));
}
