//! `tallyhouse bench`: what the real server does, beside what the machine could do in the same run.
//!
//! A house is founded in a folder of its own and served by the real program in another process;
//! submissions are signed in advance and sent over the loopback. After each scenario the ledger is
//! audited and balances are compared with what the generator expects: a figure of a server that
//! lost something, or refused what it should have taken, is none.
//! Must not: leave a server or a folder behind, or say anything about the machine's name.

mod check;
mod closing;
mod drive;
mod generate;
mod house;
mod latency;
mod limits;
mod load;
mod measured;
mod members;
mod overload;
mod plot;
mod reads;
mod report;
mod scenarios;
mod table;
mod usage;

use super::exit::Exit;
use super::style;
use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use anyhow::Context;
use check::Auditor;
use generate::Place;
use house::{House, PROGRAMME};
use limits::Limits;
use load::Until;
use measured::Measured;
use members::{Members, Zipf};
use report::Report;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long submissions that are signed in advance are good; the house takes at most 24 h.
const VALID_S: u64 = 20 * 3_600;

/// Measures what this machine can do, and what the server achieves of it; checks all of it.
///
/// Starts the real server on the loopback with a ledger of its own. A full run takes about half an
/// hour and 10 GB of disk, a quick one a minute.
/// Exit code 0: measured, and every check held. 1: something was lost or refused, or an audit found
/// something: then the figures say nothing. 2: it could not be run. A budget that is missed is
/// told, and is no failure.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse bench --quick\n  tallyhouse bench --scenario single \
                  --seconds 5\n  tallyhouse bench --report results"
)]
pub struct Arguments {
    /// A run of a minute: few members, short scenarios
    #[arg(long)]
    quick: bool,
    /// Only this scenario, or those that begin so; can be repeated
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Seconds of sending in each scenario; default: 15, quick 1
    #[arg(long)]
    seconds: Option<f64>,
    /// Ops in each scenario, instead of seconds
    #[arg(long)]
    ops: Option<usize>,
    /// Members of the programme; default: 10,000,000, quick 20,000
    #[arg(long, value_parser = clap::value_parser!(u32).range(1_000..=50_000_000))]
    members: Option<u32>,
    /// Partners, each with a key; default: 1,000, quick 40
    #[arg(long, value_parser = clap::value_parser!(u32).range(8..=10_000))]
    partners: Option<u32>,
    /// What the random choices begin with
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How unevenly ops fall on members: the exponent of a Zipf distribution
    #[arg(long, default_value_t = members::REAL_SKEW, value_parser = skew)]
    skew: f64,
    /// The folder in which the house is made, on the disk to be measured; default: a temporary one
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Leave the house's folder
    #[arg(long)]
    keep: bool,
    /// Write results.md, results.svg and results.json into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Expect so many points too many, to see the checks fail
    #[arg(long, hide = true, default_value_t = 0)]
    expect_off_by: u32,
}

/// What a run was asked for.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Options {
    /// Whether it is a short run, whose figures are rough.
    pub quick: bool,
    /// Seconds of sending in each scenario.
    pub seconds: f64,
    /// Ops of each scenario, instead of seconds.
    pub ops: Option<usize>,
    /// Members of the programme.
    pub members: u32,
    /// Partners of the programme.
    pub partners: u32,
    /// What the random choices began with.
    pub seed: u64,
    /// The exponent of the Zipf distribution by which ops fall on members.
    pub skew: f64,
}

impl Options {
    fn of(arguments: &Arguments) -> Self {
        let (seconds, members, partners) = match arguments.quick {
            true => (1.0, 20_000, 40),
            false => (15.0, 10_000_000, 1_000),
        };
        Self {
            quick: arguments.quick,
            seconds: arguments.seconds.unwrap_or(seconds),
            ops: arguments.ops,
            members: arguments.members.unwrap_or(members),
            partners: arguments.partners.unwrap_or(partners),
            seed: arguments.seed,
            skew: arguments.skew,
        }
    }

    fn until(&self) -> Until {
        self.ops.map_or(Until::Seconds(self.seconds), Until::Ops)
    }
}

/// A run under way.
struct Bench {
    options: Options,
    house: House,
    members: Arc<Members>,
    zipf: Zipf,
    place: Place,
    auditor: Auditor,
    limits: Limits,
    /// Numbers the streams of the ledger, so that no id comes twice.
    chapter: u32,
    /// One-op submissions a second on 64 connections.
    single_peak: Option<f64>,
    measured: Vec<Measured>,
}

fn skew(text: &str) -> Result<f64, String> {
    let skew = text.parse().ok().filter(|skew| *skew > 0.0 && *skew < 1.0);
    skew.ok_or_else(|| "a skew is above 0 and below 1".to_owned())
}

/// Runs the scenarios and prints what they came to.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let names = chosen(&arguments.scenario)?;
    let seconds = arguments.seconds.unwrap_or(1.0);
    anyhow::ensure!(
        seconds > 0.0 && seconds < 3_600.0,
        "--seconds is above 0, below 3,600"
    );
    let id = super::sign::new_id().to_lowercase();
    let folder = arguments.dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = Folder {
        path: folder.join(format!("tallyhouse-bench-{id}")),
        keep: arguments.keep,
    };
    std::fs::create_dir_all(&folder.path)
        .with_context(|| format!("cannot make the folder {}", folder.path.display()))?;
    let report = measure(arguments, &folder.path, &names)?;
    if let Some(dir) = &arguments.report {
        report.write(dir)?;
    }
    match arguments.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => table::print(&report),
    }
    match report.holds {
        true => Ok(Exit::Done),
        false => Ok(Exit::Refused),
    }
}

fn measure(arguments: &Arguments, folder: &Path, names: &[&'static str]) -> anyhow::Result<Report> {
    let options = Options::of(arguments);
    let progress = |text: &str| eprintln!("{}", style::dim(text));
    progress("measuring the machine's limits");
    let each = Duration::from_secs_f64(if options.quick { 0.2 } else { 2.0 });
    let limits = Limits::measure(folder, each)?;
    progress("founding a house");
    let partners = usize::try_from(options.partners)?;
    let house = House::new(&folder.join("house"), partners, options.seed)?;
    let members = usize::try_from(options.members)?;
    let now = Micros(Clock::Real.now_us());
    let mut bench = Bench {
        auditor: Auditor::new(folder, &house, arguments.expect_off_by),
        members: Arc::new(Members::new(members)),
        zipf: Zipf::new(members, options.skew),
        place: Place {
            path: format!("/v1/{PROGRAMME}/submissions"),
            origin: house.founded().origin.clone(),
            valid_until: now.plus_seconds(VALID_S).to_rfc3339_seconds(),
        },
        house,
        limits,
        options,
        chapter: 0,
        single_peak: None,
        measured: Vec::new(),
    };
    for name in names {
        progress(name);
        bench
            .run(name)
            .with_context(|| format!("scenario {name}"))?;
        bench
            .measured
            .iter()
            .rev()
            .take(1)
            .for_each(|measured| progress(&table::line(measured)));
        // Figures that come after a failed check say nothing.
        if !bench.auditor.findings.is_empty() {
            break;
        }
    }
    Ok(Report::new(
        bench.options,
        bench.limits,
        bench.measured,
        bench.auditor.findings,
    ))
}

/// The scenarios that are wanted, in the order in which they run.
fn chosen(wanted: &[String]) -> anyhow::Result<Vec<&'static str>> {
    for wanted in wanted {
        let known = scenarios::NAMES.iter().any(|name| name.starts_with(wanted));
        let names = scenarios::NAMES.join(", ");
        anyhow::ensure!(known, "there is no scenario {wanted}; there are {names}");
    }
    let is_wanted = |name: &&'static str| {
        wanted.is_empty() || wanted.iter().any(|wanted| name.starts_with(wanted))
    };
    Ok(scenarios::NAMES.into_iter().filter(is_wanted).collect())
}

/// The folder of a run: removed with everything in it, unless it is to be kept.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed is left; there is nothing else to do about it.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// The whole part of a number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast to an integer saturates, which is what is wanted of counts"
)]
fn whole(number: f64) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_chosen_by_how_they_begin() {
        let check = |wanted: &[&str], expected: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(chosen(&wanted).unwrap(), expected);
        };
        check(&["restart", "mix"], &["mix-wide", "mix-hot", "restart"]);
        check(&["single-6"], &["single-64"]);
        assert_eq!(chosen(&[]).unwrap().len(), scenarios::NAMES.len());
        assert!(chosen(&["fly".to_owned()]).is_err());
    }
}
