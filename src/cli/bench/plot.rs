//! The plot of a run, as SVG: how much of the limit was achieved, and how long answers took.
//!
//! Colours follow the reader's scheme, light or dark. Must not: need a font, a script or anything
//! else from elsewhere.

use super::measured::Measured;
use super::report::Report;
use super::table::number;
use std::fmt::Write;

const WIDTH: f64 = 1_040.0;
const LEFT: f64 = 400.0;
const RIGHT: f64 = 250.0;
const ROW: f64 = 26.0;
const BAR: f64 = 14.0;
const TOP: f64 = 70.0;
const GAP: f64 = 96.0;
/// The latencies that the second part shows, in powers of ten of a millisecond.
const DECADES: std::ops::RangeInclusive<i32> = -1..=4;

const STYLE: &str = "<style>\
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:17px;font-weight:600}\
.dim{fill:#59636e}.end{text-anchor:end}.mid{text-anchor:middle}.ground{fill:#fff}\
.limit{fill:#d8dee4}.bar{fill:#1a7f64}.line{stroke:#d1d9e0}.span{stroke:#8fb9f0;stroke-width:6}\
.p50{fill:#0b5cad}.p99{fill:#c4540a}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.dim{fill:#9198a1}.ground{fill:#0d1117}\
.limit{fill:#2f3742}.bar{fill:#3fb98f}.line{stroke:#3d444d}.span{stroke:#23456e}\
.p50{fill:#79b8ff}.p99{fill:#ffa657}}</style>";

/// The plot of a report.
pub fn svg(report: &Report) -> String {
    let limited: Vec<&Measured> = report
        .scenarios
        .iter()
        .filter(|m| m.ratio.is_some())
        .collect();
    let timed: Vec<&Measured> = report
        .scenarios
        .iter()
        .filter(|m| m.latency.is_some())
        .collect();
    let second = TOP + ROW * limited.len() as f64 + GAP;
    let height = second + ROW * timed.len() as f64 + 60.0;
    let mut plot = Plot {
        text: String::new(),
    };
    plot.add(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\">{STYLE}\
         <title>What the server achieves, and what the machine could do</title>\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>"
    ));
    plot.text(
        20.0,
        30.0,
        "title",
        "Achieved, as a share of the machine's limit",
    );
    plot.ratios(&limited);
    plot.text(20.0, second - 46.0, "title", "Time of an answer, in ms");
    plot.legend(second - 46.0);
    plot.latencies(&timed, second);
    let (machine, date) = (&report.machine, &report.date);
    let quick = if report.options.quick {
        ", a quick run"
    } else {
        ""
    };
    let foot = format!(
        "{}, {} cores, {date}{quick}",
        machine.processor, machine.cores
    );
    plot.text(20.0, height - 14.0, "dim", &foot);
    plot.text.push_str("</svg>\n");
    plot.text
}

struct Plot {
    text: String,
}

impl Plot {
    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("a text takes everything");
        self.text.push('\n');
    }

    fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>"
        ));
    }

    fn bar(&mut self, y: f64, width: f64, class: &str) {
        self.add(format_args!(
            "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\" \
             class=\"{class}\"/>"
        ));
    }

    /// What the marks of the second part mean.
    fn legend(&mut self, y: f64) {
        let (dot, end) = (y - 4.5, LEFT + 190.0);
        for (x, class, word) in [(LEFT, "p50", "p50"), (LEFT + 70.0, "p99", "p99")] {
            self.add(format_args!(
                "<circle cx=\"{x:.1}\" cy=\"{dot:.1}\" r=\"5\" class=\"{class}\"/>"
            ));
            self.text(x + 10.0, y, "dim", word);
        }
        let from = end - 50.0;
        self.add(format_args!(
            "<line x1=\"{from:.1}\" y1=\"{dot:.1}\" x2=\"{end:.1}\" y2=\"{dot:.1}\" \
             class=\"span\"/>"
        ));
        self.text(end + 8.0, y, "dim", "up to the longest");
    }

    fn grid(&mut self, x: f64, top: f64, rows: usize, label: &str) {
        let bottom = top + ROW * rows as f64;
        self.add(format_args!(
            "<line x1=\"{x:.1}\" y1=\"{top:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\" class=\"line\"/>"
        ));
        self.text(x, top - 8.0, "dim mid", label);
    }

    fn ratios(&mut self, rows: &[&Measured]) {
        let room = WIDTH - LEFT - RIGHT;
        for percent in [0, 25, 50, 75, 100] {
            let x = LEFT + room * f64::from(percent) / 100.0;
            self.grid(x, TOP, rows.len(), &format!("{percent} %"));
        }
        for (place, measured) in rows.iter().enumerate() {
            let y = TOP + ROW * place as f64 + 6.0;
            let ratio = measured.ratio.unwrap_or_default();
            self.bar(y, room, "limit");
            self.bar(y, room * ratio.clamp(0.0, 1.0), "bar");
            self.text(LEFT - 10.0, y + 11.5, "end", &measured.title);
            let limit = measured.limit.as_ref().map_or(0.0, |limit| limit.value);
            let (achieved, limit) = (number(measured.achieved), number(limit));
            let text = format!("{achieved} of {limit} {}", measured.unit);
            self.text(WIDTH - RIGHT + 12.0, y + 11.5, "", &text);
        }
    }

    fn latencies(&mut self, rows: &[&Measured], top: f64) {
        let room = WIDTH - LEFT - RIGHT;
        let (first, last) = (f64::from(*DECADES.start()), f64::from(*DECADES.end()));
        let at = |ms: f64| {
            let share = (ms.max(1e-3).log10() - first) / (last - first);
            LEFT + room * share.clamp(0.0, 1.0)
        };
        for decade in DECADES {
            let ms = 10_f64.powi(decade);
            self.grid(at(ms), top, rows.len(), &format!("{ms}"));
        }
        for (place, measured) in rows.iter().enumerate() {
            let Some(latency) = measured.latency else {
                continue;
            };
            let y = top + ROW * place as f64 + 13.0;
            let (p50, p99, max) = (at(latency.p50_ms), at(latency.p99_ms), at(latency.max_ms));
            self.text(LEFT - 10.0, y + 4.5, "end", &measured.title);
            self.add(format_args!(
                "<line x1=\"{p50:.1}\" y1=\"{y:.1}\" x2=\"{max:.1}\" y2=\"{y:.1}\" class=\"span\"/>\
                 <circle cx=\"{p50:.1}\" cy=\"{y:.1}\" r=\"5\" class=\"p50\"/>\
                 <circle cx=\"{p99:.1}\" cy=\"{y:.1}\" r=\"5\" class=\"p99\"/>"
            ));
            let [p50, p99, max] = [latency.p50_ms, latency.p99_ms, latency.max_ms].map(number);
            let text = format!("p50 {p50} · p99 {p99} · max {max}");
            self.text(WIDTH - RIGHT + 12.0, y + 4.5, "", &text);
        }
    }
}
