//! What the house counts, in the OpenMetrics text format.
//!
//! Must not: hold a label that callers choose freely; every label is one of few words.

use super::house::{House, Programme};
use crate::domain::rejection::Rejection;
use crate::domain::window::WindowState;
use crate::ledger::commit::Decided;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use smallvec::SmallVec;
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
    memory: Family<Labels<2>, Gauge>,
    witnesses: Witnesses,
    settlement: Settlements,
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
            memory: Family::default(),
            witnesses: Witnesses::default(),
            settlement: Settlements::default(),
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
        let help = "Bytes of memory that the ledger keeps, by part";
        registry.register("memory_bytes", help, self.memory.clone());
        self.witnesses.register(registry);
        self.settlement.register(registry);
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

    /// Counts the ops of an accepted submission.
    pub fn ops(&self, programme: &str, decided: &Decided) {
        // Most ops of a submission are alike, and a counter is looked up once for those.
        let mut alike: SmallVec<[(&str, Rejection, u64); 4]> = SmallVec::new();
        for (op, effect) in decided.submission.ops.iter().zip(&decided.effects) {
            let (kind, outcome) = (op.action.kind(), effect.outcome());
            match alike.iter_mut().find(|of| (of.0, of.1) == (kind, outcome)) {
                Some((_, _, count)) => *count += 1,
                None => alike.push((kind, outcome, 1)),
            }
        }
        for (kind, outcome, count) in alike {
            let labels = [
                label("programme", programme),
                label("kind", kind),
                label("outcome", outcome.code()),
            ];
            self.ops.get_or_create(&labels).inc_by(count);
        }
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
        let latency = self.latency(route, method, status);
        latency.observe(took.as_secs_f64());
    }

    /// Where it is noted how long requests of one kind take.
    pub fn latency(&self, route: &str, method: &str, status: u16) -> Histogram {
        let labels = [
            label("route", route),
            label("method", method),
            label("status", &status.to_string()),
        ];
        self.latencies.get_or_create_owned(&labels)
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
            for (part, bytes) in ledger.memory() {
                let labels = [
                    label("programme", programme.id.as_str()),
                    label("part", part),
                ];
                let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                self.memory.get_or_create(&labels).set(bytes);
            }
            self.witnesses.set(programme);
            self.settlement.look_up(programme);
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

/// How far a programme is settled; all of it is looked up.
#[derive(Default)]
struct Settlements {
    lag: Family<Labels<1>, Gauge>,
    windows: Family<Labels<2>, Gauge>,
    held: Family<Labels<1>, Gauge>,
    last_settled: Family<Labels<1>, Gauge>,
    ended_early: Family<Labels<1>, Counter>,
    alarm: Family<Labels<1>, Gauge>,
}

/// Windows looked at; older ones are published, or a run says why not.
const WINDOWS_LOOKED_AT: usize = 64;

impl Settlements {
    fn register(&self, registry: &mut Registry) {
        let help = "Entries that the second computation is behind the ledger";
        registry.register("shadow_lag_entries", help, self.lag.clone());
        let help = "Of the last 64 windows those that are not published, by state; stated ones \
            wait for their files";
        registry.register("windows_unpublished", help, self.windows.clone());
        let help = "1 while a window is held because two computations differ";
        registry.register("window_held", help, self.held.clone());
        let help = "The last window whose files are published; -1 before the first";
        registry.register("last_settled_window", help, self.last_settled.clone());
        let help = "Settlement runs that ended early since the start";
        registry.register("settlement_alarms", help, self.ended_early.clone());
        let help = "1 while the last settlement run ended early";
        registry.register("settlement_alarm", help, self.alarm.clone());
    }

    fn look_up(&self, programme: &Programme) {
        let settlement = &programme.settlement;
        let of_it = [label("programme", programme.id.as_str())];
        let set = |gauge: &Family<Labels<1>, Gauge>, value: i64| {
            gauge.get_or_create(&of_it).set(value);
        };
        let mut by_state = [
            (WindowState::Open, 0),
            (WindowState::Cut, 0),
            (WindowState::Held, 0),
            (WindowState::Netted, 0),
            (WindowState::Stated, 0),
        ];
        let mut last_settled = -1;
        let view = programme.ledger.view();
        for window in view.windows.iter().rev().take(WINDOWS_LOOKED_AT) {
            if window.state == WindowState::Stated && settlement.is_published(window.number) {
                last_settled = last_settled.max(i64::from(window.number));
                continue;
            }
            let counted = by_state
                .iter_mut()
                .find(|(state, _)| *state == window.state);
            counted.expect("every state is counted").1 += 1;
        }
        for (state, windows) in by_state {
            let [of_it] = of_it.clone();
            let labels = [of_it, label("state", state.as_str())];
            self.windows.get_or_create(&labels).set(windows);
        }
        let mut all = view.windows.iter();
        let is_held = all.any(|window| window.state == WindowState::Held);
        set(&self.held, i64::from(is_held));
        let lag = settlement.shadow().lag();
        set(&self.lag, i64::try_from(lag).unwrap_or(i64::MAX));
        set(&self.last_settled, last_settled);
        let ended_early = self.ended_early.get_or_create(&of_it);
        let shown = ended_early.inner();
        shown.store(settlement.alarms(), std::sync::atomic::Ordering::Relaxed);
        set(&self.alarm, i64::from(settlement.alarm().is_some()));
    }
}

fn label(name: &'static str, value: &str) -> (&'static str, String) {
    (name, value.to_owned())
}

/// From 0.1 ms to some 13 s.
fn latency() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 18))
}
