//! The result of a run: one document, and the page and the plot that are made of it.
//!
//! Must not: name the machine; what it is made of says what the figures are worth.

use super::limits::Limits;
use super::measured::{Budget, Measured};
use super::{Options, plot, table};
use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use anyhow::Context;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// Everything that a run came to.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of the program.
    pub version: &'static str,
    /// The day of the run.
    pub date: String,
    /// What was asked for.
    pub options: Options,
    /// What it ran on.
    pub machine: Machine,
    /// What that machine could do.
    pub limits: Limits,
    /// What was measured, in order.
    pub scenarios: Vec<Measured>,
    /// What does not hold.
    pub findings: Vec<String>,
    /// Whether every check held.
    pub holds: bool,
}

/// What a run was made on.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The model of its processor.
    pub processor: String,
    /// Cores that threads can use.
    pub cores: usize,
    /// Its memory.
    pub memory_gib: Option<u64>,
    /// The version of its kernel.
    pub kernel: String,
}

impl Machine {
    fn present() -> Self {
        let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kib = memory.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_default(),
            cores: crate::cli::verify::cores(),
            memory_gib: kib.map(|kib| kib.div_ceil(1 << 20)),
            kernel: version(&read("/proc/sys/kernel/osrelease")),
        }
    }
}

/// The numbers of a release, without what a builder put behind them.
fn version(release: &str) -> String {
    let is_number = |c: &char| c.is_ascii_digit() || *c == '.';
    release.chars().take_while(is_number).collect()
}

impl Report {
    /// The report of a run that ends now.
    pub fn new(
        options: Options,
        limits: Limits,
        scenarios: Vec<Measured>,
        findings: Vec<String>,
    ) -> Self {
        let today = Micros(Clock::Real.now_us()).day(0);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            date: today.to_string(),
            options,
            machine: Machine::present(),
            limits,
            scenarios,
            holds: findings.is_empty(),
            findings,
        }
    }

    /// Every budget of the run.
    pub fn budgets(&self) -> impl Iterator<Item = &Budget> {
        self.scenarios.iter().flat_map(|measured| &measured.budgets)
    }

    /// Writes `results.json`, `results.md` and `results.svg`.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn write(&self, dir: &Path) -> anyhow::Result<()> {
        let files = [
            ("results.json", serde_json::to_string_pretty(self)? + "\n"),
            ("results.md", self.page()),
            ("results.svg", plot::svg(self)),
        ];
        std::fs::create_dir_all(dir)
            .and_then(|()| {
                files
                    .iter()
                    .try_for_each(|(name, text)| std::fs::write(dir.join(name), text))
            })
            .with_context(|| format!("cannot write the report into {}", dir.display()))
    }

    /// The page, in Markdown.
    fn page(&self) -> String {
        let mut page = String::from("# What it achieves, and what the machine could do\n\n");
        self.write_head(&mut page);
        page.push_str("![achieved and limit of each scenario](results.svg)\n\n## Scenarios\n\n");
        markdown(&mut page, &table::HEADER, &self.scenarios, table::cells);
        let notes = |measured: &Measured| -> Vec<String> {
            let note = |note: &String| format!("- {}: {note}\n", measured.title);
            measured.notes.iter().map(note).collect()
        };
        page.push('\n');
        page.extend(self.scenarios.iter().flat_map(notes));
        page.push_str("\n## The machine's limits\n\n");
        let limits = table::limits(&self.limits);
        markdown(
            &mut page,
            &["<limit", "a second"],
            &limits,
            |(name, rate)| vec![(*name).to_owned(), table::number(*rate)],
        );
        page.push_str("\n## Budgets\n\n");
        let header = ["<budget", "wanted", "achieved", "<met"];
        let budgets: Vec<&Budget> = self.budgets().collect();
        markdown(&mut page, &header, &budgets, |budget| table::budget(budget));
        self.write_missed(&mut page);
        page
    }

    fn write_head(&self, page: &mut String) {
        let (machine, options) = (&self.machine, &self.options);
        let memory = machine
            .memory_gib
            .map_or_else(String::new, |gib| format!(", {gib} GiB"));
        let quick = if options.quick {
            " This was a quick run: its figures are rough."
        } else {
            ""
        };
        let members = super::style::grouped(options.members.into());
        let partners = super::style::grouped(options.partners.into());
        let checks = match self.holds {
            true => "Every check held: audits of all entries, and balances.",
            false => "**Checks failed: these figures say nothing.**",
        };
        let text = format!(
            "Measured on {}, version {}, on {} ({} cores{memory}, Linux {}), with the load \
             generator on the same cores. {members} members, {partners} partners, seed {}. \
             Ops fall on members as 1 / rank^{}; a month of real purchases has {}.{quick} \
             {checks}\n\nOnly ratios carry over to another machine: achieved and limit are \
             from the same run. To repeat it:\n\n```sh\ntallyhouse bench --report DIR\n```\n\n",
            self.date,
            self.version,
            machine.processor,
            machine.cores,
            machine.kernel,
            options.seed,
            options.skew,
            super::members::REAL_SKEW
        );
        page.push_str(&text);
    }

    fn write_missed(&self, page: &mut String) {
        page.push_str("\n## What is not as good as wished\n\n");
        let missed = self.budgets().filter(|budget| !budget.met);
        let lines: String = missed
            .map(|budget| {
                let Budget { what, sign, .. } = budget;
                let (achieved, bound) =
                    (table::number(budget.achieved), table::number(budget.bound));
                format!("- {what}: {achieved}, and {sign} {bound} was wanted\n")
            })
            .collect();
        match lines.is_empty() {
            true => page.push_str("Every budget of this run was met.\n"),
            false => page.push_str(&lines),
        }
        for finding in &self.findings {
            // A text takes everything.
            let _ = writeln!(page, "- **{finding}**");
        }
    }
}

/// A table; columns whose name begins with `<` are on the left.
fn markdown<T>(page: &mut String, names: &[&str], rows: &[T], cells: impl Fn(&T) -> Vec<String>) {
    let header = names
        .iter()
        .map(|name| name.trim_start_matches('<').to_owned());
    let sides = names.iter().map(|name| match name.starts_with('<') {
        true => "---".to_owned(),
        false => "---:".to_owned(),
    });
    let head = [header.collect::<Vec<_>>(), sides.collect()];
    for row in head.into_iter().chain(rows.iter().map(cells)) {
        page.push_str(&format!("| {} |\n", row.join(" | ")));
    }
}
