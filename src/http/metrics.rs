//! What the house counts, in the OpenMetrics text format.
//!
//! Must not: hold a label that callers choose freely; every label is one of few words.

use super::house::{House, Programme};
use crate::domain::rejection::Rejection;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

type Labels<const N: usize> = [(&'static str, String); N];
type Latencies = Family<Labels<3>, Histogram, fn() -> Histogram>;

/// How it stands with each witness.
#[derive(Default)]
struct Witnesses {
    entries: Family<Labels<2>, Gauge>,
    time_s: Family<Labels<2>, Gauge>,
    failures: Family<Labels<2>, Gauge>,
    alarms: Family<Labels<2>, Gauge>,
}

impl Witnesses {
    fn register(&self, registry: &mut Registry) {
        let help = "Entries of the last checkpoint that the witness cosigned";
        registry.register("witness_cosigned_entries", help, self.entries.clone());
        let help = "When it did, in seconds since 1970 by its clock; 0 for never";
        registry.register(
            "witness_cosigned_timestamp_seconds",
            help,
            self.time_s.clone(),
        );
        let help = "Questions since the start that brought no cosignature";
        registry.register("witness_failures", help, self.failures.clone());
        let help = "1 while the witness says that this ledger is not what was published";
        registry.register("witness_alarm", help, self.alarms.clone());
    }

    fn set(&self, programme: &Programme) {
        for (witness, standing) in programme.witnessing.iter().flat_map(|w| w.standings()) {
            let labels = [
                label("programme", programme.id.as_str()),
                label("witness", witness),
            ];
            let set = |gauge: &Family<Labels<2>, Gauge>, value: u64| {
                let value = i64::try_from(value).unwrap_or(i64::MAX);
                gauge.get_or_create(&labels).set(value);
            };
            set(&self.entries, standing.size);
            set(&self.time_s, standing.time_s);
            set(&self.failures, standing.failures);
            set(&self.alarms, u64::from(standing.condition.is_alarm()));
        }
    }
}

/// All metrics of the house.
pub struct Metrics {
    registry: Registry,
    submissions: Family<Labels<2>, Counter>,
    ops: Family<Labels<3>, Counter>,
    tokens_refused: Family<Labels<2>, Counter>,
    fork_alarms: Family<Labels<1>, Counter>,
    latencies: Latencies,
    entries: Family<Labels<1>, Gauge>,
    queue: Family<Labels<1>, Gauge>,
    stopped: Family<Labels<1>, Gauge>,
    witnesses: Witnesses,
    requests: Gauge,
    verifier_queue: Gauge,
}

impl Metrics {
    /// Metrics that stand at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("tallyhouse"),
            submissions: Family::default(),
            ops: Family::default(),
            tokens_refused: Family::default(),
            fork_alarms: Family::default(),
            latencies: Latencies::new_with_constructor(latency),
            entries: Family::default(),
            queue: Family::default(),
            stopped: Family::default(),
            witnesses: Witnesses::default(),
            requests: Gauge::default(),
            verifier_queue: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let help = "Submissions answered, by accepted, known or the problem's code";
        registry.register("submissions", help, self.submissions.clone());
        let help = "Ops of accepted submissions, by kind and outcome";
        registry.register("ops", help, self.ops.clone());
        let help = "Read tokens refused, by the problem's code";
        registry.register("tokens_refused", help, self.tokens_refused.clone());
        let help = "Validly signed checkpoints, seen by authors, that contradict the ledger";
        registry.register("fork_alarms", help, self.fork_alarms.clone());
        let help = "Seconds from request to answer, by route, method and status";
        registry.register("request_seconds", help, self.latencies.clone());
        let help = "Entries of the ledger";
        registry.register("entries", help, self.entries.clone());
        let help = "Verified submissions that wait for the writer";
        registry.register("queue_submissions", help, self.queue.clone());
        let help = "1 once the ledger had to stop";
        registry.register("ledger_stopped", help, self.stopped.clone());
        self.witnesses.register(registry);
        let help = "Requests in work";
        registry.register("requests_in_work", help, self.requests.clone());
        let help = "Envelopes and tokens that wait for a verifier";
        registry.register("verifier_queue", help, self.verifier_queue.clone());
    }

    /// Counts an answered submission: `accepted`, `known`, or the problem's code.
    pub fn submission(&self, programme: &str, result: &str) {
        let labels = [label("programme", programme), label("result", result)];
        self.submissions.get_or_create(&labels).inc();
    }

    /// Counts an op of an accepted submission.
    pub fn op(&self, programme: &str, kind: &str, outcome: Rejection) {
        let labels = [
            label("programme", programme),
            label("kind", kind),
            label("outcome", outcome.code()),
        ];
        self.ops.get_or_create(&labels).inc();
    }

    /// Counts a refused token.
    pub fn token_refused(&self, programme: &str, code: &str) {
        let labels = [label("programme", programme), label("code", code)];
        self.tokens_refused.get_or_create(&labels).inc();
    }

    /// Counts evidence of a fork.
    pub fn fork_alarm(&self, programme: &str) {
        let labels = [label("programme", programme)];
        self.fork_alarms.get_or_create(&labels).inc();
    }

    /// Notes how long a request took.
    pub fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        let labels = [
            label("route", route),
            label("method", method),
            label("status", &status.to_string()),
        ];
        let latency = self.latencies.get_or_create(&labels);
        latency.observe(took.as_secs_f64());
    }

    /// Everything as text; what is not counted but looked up is looked up now.
    pub fn text(&self, house: &House) -> String {
        for programme in house.programmes() {
            let of_it = [label("programme", programme.id.as_str())];
            let ledger = &programme.ledger;
            let set = |gauge: &Family<Labels<1>, Gauge>, value: u64| {
                let value = i64::try_from(value).unwrap_or(i64::MAX);
                gauge.get_or_create(&of_it).set(value);
            };
            set(&self.entries, ledger.view().size);
            set(&self.queue, ledger.queue_len() as u64);
            set(&self.stopped, u64::from(ledger.stop_reason().is_some()));
            self.witnesses.set(programme);
        }
        let places = house.server().concurrent_requests_max;
        let in_work = places.saturating_sub(house.requests().available_permits());
        self.requests
            .set(i64::try_from(in_work).unwrap_or(i64::MAX));
        let waiting = house.verifiers().waiting();
        self.verifier_queue
            .set(i64::try_from(waiting).unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to memory cannot fail");
        text
    }
}

fn label(name: &'static str, value: &str) -> (&'static str, String) {
    (name, value.to_owned())
}

/// From 0.1 ms to some 13 s.
fn latency() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 18))
}
