//! `tallyhouse import`: purchases in CSV become signed submissions, each exactly once.
//!
//! For each row first a burn worth `discount`, as far as points are there, then an issue for
//! `amount`; both rounded down to whole units, and nothing where that is zero. Rows keep their
//! order: rows of one partner that follow each other are one submission, answered before the next
//! is sent, so that balances do not depend on timing. How it survives every crash: [`send`].
//!
//! A row that cannot be read, or that the ledger refuses, is reported with its line and reason and
//! goes to the rejects file; the others go on.

pub mod report;
pub mod rows;
pub mod run;
pub mod send;

use super::client::Client;
use super::exit::Exit;
use super::remote::Remote;
use super::{keyfile, style};
use crate::domain::ids::{Name, Reference};
use crate::proof::keys::Signer;
use anyhow::Context;
use indicatif::ProgressBar;
use report::{Rejects, Report};
use rows::{Header, Rates};
use run::{PlannedRow, Run};
use rust_decimal::Decimal;
use send::{Sender, Sent};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Sends purchases in CSV as signed submissions; run again, it continues where it stopped.
///
/// Columns: occurred_at, partner, store, basket, member, amount, discount. Exit code 0: every row
/// is in the ledger. 1: some rows were rejected, and are in the rejects file. 2: it stopped; run
/// it again.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse import purchases.csv --keys keys --earn 10 --burn 100 \
                  \\\n    --url http://127.0.0.1:7400/v1/demo \
                  --clock-key house/keys/demo/house.operate-1.pem"
)]
pub struct Arguments {
    /// The purchases
    file: PathBuf,
    #[command(flatten)]
    remote: Remote,
    /// The folder of the partners' keys, PARTNER.KEY-ID.pem
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// Points issued per unit of the currency paid
    #[arg(long, value_name = "POINTS")]
    earn: Decimal,
    /// Points burned per unit of the currency discounted
    #[arg(long, value_name = "POINTS")]
    burn: Decimal,
    /// The import's name, from which all ids begin; default: the file's name
    #[arg(long)]
    name: Option<String>,
    /// The house's operate key, which moves the clock of a simulated ledger to each purchase
    #[arg(long, value_name = "FILE")]
    clock_key: Option<PathBuf>,
    /// Where rejected rows go; default: beside the file, ending in .rejects.csv
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Seconds to go on trying while the house is busy or away
    #[arg(long, default_value_t = 120)]
    patience_s: u64,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Imports the file and prints the report.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => name_of(&arguments.file),
    };
    let rejects = match &arguments.rejects {
        Some(path) => path.clone(),
        None => arguments.file.with_extension("rejects.csv"),
    };
    let clock_key = arguments.clock_key.as_deref().map(keyfile::signer);
    let import = Import {
        client: &arguments.remote.client()?,
        file: &arguments.file,
        name: &name,
        keys: &arguments.keys,
        clock_key: clock_key.transpose()?,
        earn: arguments.earn,
        burn: arguments.burn,
        rejects: &rejects,
        patience: Duration::from_secs(arguments.patience_s),
    };
    let report = import.run(arguments.json)?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{} {}", style::good("imported"), arguments.file.display());
        report.print();
    }
    Ok(match report.rows_rejected {
        0 => Exit::Done,
        _ => Exit::Refused,
    })
}

/// A name for an import from its file's, in the alphabet of ids.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let plain = |letter: char| match letter {
        'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-' => letter,
        _ => '-',
    };
    let name: String = stem.unwrap_or_default().chars().map(plain).collect();
    let name = name.trim_start_matches(['.', '_', '-']);
    name.chars().take(40).collect()
}

/// What is imported, where to, and how.
pub struct Import<'a> {
    /// Of the programme.
    pub client: &'a Client,
    /// The purchases.
    pub file: &'a Path,
    /// The import's name.
    pub name: &'a str,
    /// The folder of the partners' keys.
    pub keys: &'a Path,
    /// Moves the clock of a simulated ledger.
    pub clock_key: Option<Signer>,
    /// Displayed points issued per unit of the currency.
    pub earn: Decimal,
    /// Displayed points burned per unit of the currency.
    pub burn: Decimal,
    /// Where rejected rows go.
    pub rejects: &'a Path,
    /// How long to go on while the house is busy or away.
    pub patience: Duration,
}

/// An import at work.
struct Work<'a> {
    sender: Sender<'a>,
    header: Header,
    keys: &'a Path,
    signers: HashMap<Name, Option<Signer>>,
    report: Report,
    rejects: Rejects,
    bar: ProgressBar,
    quiet: bool,
}

impl Import<'_> {
    /// Imports the file.
    ///
    /// # Errors
    /// It stopped; run again, it continues.
    pub fn run(&self, quiet: bool) -> anyhow::Result<Report> {
        let longest = format!("{}-18446744073709551615-b", self.name);
        Reference::parse(&longest).context("--name is no beginning of an id")?;
        let info = super::client::retrying(self.patience, || self.client.info())?;
        anyhow::ensure!(
            !info.is_simulated() || self.clock_key.is_some(),
            "this ledger's clock is simulated: --clock-key names the key that moves it"
        );
        let clock_key = self.clock_key.as_ref().filter(|_| info.is_simulated());
        let rates = Rates {
            earn: self.earn,
            burn: self.burn,
            point_scale: info.point_scale,
        };
        let mut file = self.open()?;
        let header = Header::parse(file.headers()?)?;
        let total = self.open()?.records().count();
        let mut work = Work {
            sender: Sender::new(
                self.client,
                info.origin,
                self.name,
                clock_key,
                self.patience,
            ),
            header,
            keys: self.keys,
            signers: HashMap::new(),
            report: Report::default(),
            rejects: Rejects::new(self.rejects)?,
            bar: style::progress(u64::try_from(total)?, "rows"),
            quiet,
        };
        work.bar.set_position(0);
        let done = work.all(file, &rates, self.name);
        work.bar.finish_and_clear();
        work.report.rejects_file = work.rejects.finish()?;
        done.context("the import stopped; the same command continues it")?;
        Ok(work.report)
    }

    fn open(&self) -> anyhow::Result<csv::Reader<std::fs::File>> {
        let mut reader = csv::ReaderBuilder::new();
        let file = reader.flexible(true).from_path(self.file);
        file.with_context(|| format!("cannot read {}", self.file.display()))
    }
}

impl Work<'_> {
    fn all(
        &mut self,
        mut file: csv::Reader<std::fs::File>,
        rates: &Rates,
        name: &str,
    ) -> anyhow::Result<()> {
        let mut open: Option<Run> = None;
        let mut record = csv::ByteRecord::new();
        while file.read_byte_record(&mut record)? {
            self.report.rows += 1;
            let line = record.position().map_or(0, csv::Position::line);
            let text = csv::StringRecord::from_byte_record_lossy(record.clone());
            let is_text = csv::StringRecord::from_byte_record(record.clone()).is_ok();
            let row = match is_text {
                true => self.header.row(line, &text, rates),
                false => Err("it is not UTF-8".to_owned()),
            };
            let row = match row {
                Ok(row) if row.burn == 0 && row.issue == 0 => {
                    self.report.rows_without_points += 1;
                    self.bar.inc(1);
                    continue;
                }
                Ok(row) => row,
                Err(reason) => {
                    self.reject(line, &text, "", &reason)?;
                    self.bar.inc(1);
                    continue;
                }
            };
            let next = PlannedRow::new(name, row);
            open = match open {
                None => Some(Run::of(next)),
                Some(mut run) => match run.take(next) {
                    None => Some(run),
                    Some(next) => {
                        self.send(run)?;
                        Some(Run::of(next))
                    }
                },
            };
        }
        open.map_or(Ok(()), |run| self.send(run))
    }

    /// Sends a run and counts what became of it. Rows that the ledger's receipt does not hold were
    /// appended to the file since; they are sent as a run of their own.
    fn send(&mut self, run: Run) -> anyhow::Result<()> {
        let Some(signer) = self.signer(run.partner)? else {
            let folder = self.keys.display();
            let reason = format!("no key {}.<key id>.pem in {folder}", run.partner);
            return self.reject_all(&run, &reason);
        };
        let (results, before) = match self.sender.send(&run, &signer)? {
            Sent::Answered { results, before } => (results, before),
            Sent::Refused(reason) => return self.reject_all(&run, &reason),
        };
        self.report.submissions += 1;
        self.report.submissions_before += u64::from(before);
        let mut appended: Option<Run> = None;
        for planned in run.rows {
            let known = |op: &serde_json::Value| {
                op["id"].as_str().is_some_and(|id| results.contains_key(id))
            };
            if before && !planned.ops.iter().any(known) {
                appended = Some(match appended {
                    None => Run::of(planned),
                    Some(mut run) => {
                        let taken = run.take(planned).is_none();
                        assert!(taken, "a part of a run is no longer than the run");
                        run
                    }
                });
                continue;
            }
            let refused = self.report.count(&planned, &results);
            let all = refused.len() == planned.ops.len();
            let reasons: Vec<&str> = refused.iter().map(|(_, reason)| reason.as_str()).collect();
            if let Some((kind, _)) = refused.first() {
                let only = if all { "" } else { kind.as_str() };
                let row = &planned.row;
                self.reject(row.line, &row.text, only, &reasons.join("; "))?;
            }
            self.bar.inc(1);
        }
        appended.map_or(Ok(()), |run| self.send(run))
    }

    fn signer(&mut self, partner: Name) -> anyhow::Result<Option<Signer>> {
        if let Some(signer) = self.signers.get(&partner) {
            return Ok(signer.clone());
        }
        let file = keyfile::find(self.keys, partner.as_str())?;
        let signer = file.as_deref().map(keyfile::signer).transpose()?;
        self.signers.insert(partner, signer.clone());
        Ok(signer)
    }

    fn reject_all(&mut self, run: &Run, reason: &str) -> anyhow::Result<()> {
        for planned in &run.rows {
            self.reject(planned.row.line, &planned.row.text, "", reason)?;
            self.bar.inc(1);
        }
        Ok(())
    }

    fn reject(
        &mut self,
        line: u64,
        text: &csv::StringRecord,
        only: &str,
        reason: &str,
    ) -> anyhow::Result<()> {
        self.report.rows_rejected += 1;
        if !self.quiet {
            let told = format!("{} line {line}: {reason}", style::warn("rejected"));
            self.bar.suspend(|| eprintln!("{told}"));
        }
        self.rejects.keep(&self.header, line, text, only, reason)
    }
}
