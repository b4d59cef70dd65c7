//! `tallyhouse demo`: a coalition's week on the real server, and a check of all of it.
//!
//! Nothing here is special: the ledger is founded as by `init`, served as by `serve`, filled by
//! `import` over HTTP while the house closes each day by itself, kept by `export` and checked as by
//! `tallyhouse-verify`. What it shows of money is read from the files that the house publishes.

mod books;
mod coalition;
mod masters;
mod server;
mod tour;
mod windows;

use super::client::Client;
use super::exit::Exit;
use super::export::{self, Format};
use super::import::Import;
use super::{keyfile, style, verify};
use crate::audit::{Pins, Verdict};
use crate::platform::config::{Config, Log, LogLevel};
use crate::platform::{shutdown, telemetry};
use crate::proof::note::VerifierKey;
use crate::settlement::calendar::Schedule;
use anyhow::Context;
use books::Books;
use coalition::Coalition;
use indicatif::{ProgressBar, ProgressStyle};
use server::Server;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use windows::Published;

/// Where the demo's clock starts: the first day of its purchases.
const START: &str = "2017-01-01T00:00:00Z";
const PURCHASES: &str = include_str!("../../../config/demo/purchases.csv");

/// Runs a small coalition on a week of real purchases, and checks everything it did.
///
/// Exit code 0: all purchases are in the ledger, and all of it holds. 1: something does not.
/// 2: it could not be run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse demo --keep")]
pub struct Arguments {
    /// The folder of the demo's house; default: a new one among the temporary files
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Purchases in CSV, instead of the week that comes with the program
    #[arg(long, value_name = "FILE")]
    purchases: Option<PathBuf>,
    /// Leave the house running until interrupted
    #[arg(long)]
    keep: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the demo.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    telemetry::start(&Log {
        level: LogLevel::Warn,
        ..Log::default()
    })?;
    let dir = folder(arguments)?;
    let purchases = purchases(arguments, &dir)?;
    let demo = Demo {
        coalition: Coalition::load()?,
        dir,
        purchases,
        quiet: arguments.json,
    };
    demo.say(&format!(
        "\n{}  a coalition of {} partners, one week of real purchases\n",
        style::title("Tallyhouse demo"),
        demo.coalition.partners()
    ));
    let (done, server) = demo.run()?;
    let exit = demo.report(&done, &server, arguments)?;
    if arguments.keep {
        demo.say(&format!(
            "\n{} Ctrl-C stops it.",
            style::good("The house is running.")
        ));
        wait()?;
    }
    server.stop()?;
    Ok(exit)
}

fn folder(arguments: &Arguments) -> anyhow::Result<PathBuf> {
    let dir = match &arguments.dir {
        Some(dir) => dir.clone(),
        None => {
            let id = super::sign::new_id().to_lowercase();
            std::env::temp_dir().join(format!("tallyhouse-demo-{id}"))
        }
    };
    std::fs::create_dir_all(&dir)
        .with_context(|| format!("cannot make the folder {}", dir.display()))?;
    Ok(dir)
}

fn purchases(arguments: &Arguments, dir: &Path) -> anyhow::Result<PathBuf> {
    if let Some(file) = &arguments.purchases {
        return Ok(file.clone());
    }
    let file = dir.join("purchases.csv");
    std::fs::write(&file, PURCHASES).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn wait() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        shutdown::listen()?.await;
        anyhow::Ok(())
    })
}

/// A demo to be run.
struct Demo {
    coalition: Coalition,
    dir: PathBuf,
    purchases: PathBuf,
    quiet: bool,
}

/// A demo that was run.
struct Done {
    founded: super::init::Founded,
    imported: super::import::report::Report,
    import_time: Duration,
    published: Published,
    verdict: Verdict,
    verify_time: Duration,
    books: Books,
}

impl Demo {
    fn say(&self, text: &str) {
        if !self.quiet {
            println!("{text}");
        }
    }

    fn step(&self, number: u8, text: &str, note: &str) {
        let mark = style::good("✓");
        self.say(&format!("{mark} {number}. {text}  {}", style::dim(note)));
    }

    fn partner_keys(&self) -> PathBuf {
        self.dir.join("partners")
    }

    fn run(&self) -> anyhow::Result<(Done, Server)> {
        let id = &self.coalition.programme.id;
        let founded = self.coalition.found(&self.dir)?;
        masters::write(&founded.masters_dir)?;
        self.step(1, "founded", &founded.origin);
        let config = Config::load(&founded.config)?;
        let server = Server::start(&config)?;
        let url = format!("http://{}/v1/{id}", server.address);
        self.step(
            2,
            "serving",
            &format!("{url}, RocksDB in {}", self.dir.display()),
        );
        let client = Client::new(&url);
        self.coalition
            .register(&client, &founded, &self.partner_keys())?;
        let partners = self.coalition.partners();
        let note = "proposed by one govern key, approved by another";
        self.step(
            3,
            &format!("registered {partners} partners, their keys and prices"),
            note,
        );
        let started = Instant::now();
        let imported = self.import(&client, &founded)?;
        let import_time = started.elapsed();
        let note = format!(
            "{} signed submissions over HTTP in {:.1} s, each durable before its answer",
            style::grouped(imported.submissions),
            import_time.as_secs_f64()
        );
        self.step(
            4,
            &format!("cleared {} purchases", style::grouped(imported.rows)),
            &note,
        );
        self.close_last_day(&client, &founded, &config)?;
        let mut published = self.collect(&client, &founded)?;
        let books = Books::new(std::mem::take(&mut published.documents));
        let note = format!(
            "each at 00:00: cut, netted, stated; {} statements signed and checked",
            published.statements
        );
        self.step(5, &format!("closed {} windows", books.count()), &note);
        let started = Instant::now();
        let verdict = self.verify(&client, &founded)?;
        let verify_time = started.elapsed();
        let held = if verdict.holds() {
            "holds"
        } else {
            "does not hold"
        };
        let note = format!(
            "{} entries exported and replayed against the signed checkpoint in {:.1} s",
            style::grouped(verdict.entries),
            verify_time.as_secs_f64()
        );
        self.step(6, &format!("audited: the ledger {held}"), &note);
        let done = Done {
            founded,
            imported,
            import_time,
            published,
            verdict,
            verify_time,
            books,
        };
        Ok((done, server))
    }

    /// The days before the last closed while purchases came in: the clock went past their cutoffs.
    fn close_last_day(
        &self,
        client: &Client,
        founded: &super::init::Founded,
        config: &Config,
    ) -> anyhow::Result<()> {
        let programme = config.programmes.first().context("no programme")?;
        let schedule = Schedule::new(&programme.settlement)?;
        let key = keyfile::signer(&founded.keys_dir.join("house.operate-1.pem"))?;
        let (_, cutoff) = schedule.next_cutoff(client.now()?);
        client.move_clock(&key, cutoff)?;
        Ok(())
    }

    fn import(
        &self,
        client: &Client,
        founded: &super::init::Founded,
    ) -> anyhow::Result<super::import::report::Report> {
        let clock_key = keyfile::signer(&founded.keys_dir.join("house.operate-1.pem"))?;
        let import = Import {
            client,
            file: &self.purchases,
            name: "demo",
            keys: &self.partner_keys(),
            clock_key: Some(clock_key),
            earn: self.coalition.earn_rate(),
            burn: self.coalition.burn_rate()?,
            rejects: &self.dir.join("rejects.csv"),
            patience: Duration::from_secs(30),
        };
        import.run(self.quiet)
    }

    /// Exports all entries and replays them, pinned to what founding printed.
    fn verify(&self, client: &Client, founded: &super::init::Founded) -> anyhow::Result<Verdict> {
        let auditor = keyfile::signer(&founded.keys_dir.join("house.audit-1.pem"))?;
        let file = self.dir.join("entries.ndjson");
        let exported = export::export(client, &auditor, &file, Format::Ndjson)?;
        std::fs::write(self.dir.join("checkpoint.txt"), &exported.checkpoint)?;
        let bar = ProgressBar::new(exported.entries);
        let shape = "  {bar:32.cyan/dim} {human_pos}/{human_len} entries replayed  {per_sec}";
        bar.set_style(ProgressStyle::with_template(shape)?.progress_chars("━╸─"));
        let input = BufReader::new(std::fs::File::open(&file)?);
        let replay = verify::replay(input, |entries| bar.set_position(entries))?;
        bar.finish_and_clear();
        let pins = Pins {
            checkpoint: Some(exported.checkpoint),
            ledger_keys: vec![VerifierKey::parse(&founded.vkey)?],
            found_hash: Some(founded.found),
            ..Pins::default()
        };
        let verdict = replay.finish(&pins)?;
        verdict.context("there is no entry to verify")
    }

    fn report(&self, done: &Done, server: &Server, arguments: &Arguments) -> anyhow::Result<Exit> {
        let holds = done.verdict.holds() && done.books.balances();
        let exit = match holds && done.imported.rows_rejected == 0 {
            true => Exit::Done,
            false => Exit::Refused,
        };
        if self.quiet {
            let published = &done.published;
            let report = serde_json::json!({"dir": self.dir, "address": server.address,
                "import": done.imported, "import_s": done.import_time.as_secs_f64(),
                "windows": done.books.count(), "statements": published.statements,
                "saved": done.books.saved(), "index": published.folder.join("index.html"),
                "verdict": done.verdict, "verify_s": done.verify_time.as_secs_f64()});
            println!("{report}");
            return Ok(exit);
        }
        let section = |title: &str| println!("\n{}", style::title(title));
        section("The purchases");
        done.imported.print();
        section("Each day is a window");
        println!("{}", done.books.windows());
        section("Who owes whom before netting, all windows together");
        println!("{}", done.books.matrix());
        section("What each party comes to");
        println!("{}", done.books.positions());
        let sum = match done.books.balances() {
            true => style::good("✓ all positions, the house's included, sum to exactly zero"),
            false => style::bad("✗ the positions do not sum to zero"),
        };
        println!("{sum}");
        for finding in &done.verdict.findings {
            println!("{} {finding}", style::bad("finding:"));
        }
        section("What netting saved");
        println!(
            "  {}: {}",
            done.books.saving(),
            style::good(&format!("{} saved", done.books.saved()))
        );
        section("What was checked");
        tour::print_checks(&done.verdict, done.published.statements);
        section("For finance");
        tour::print_files(&done.published);
        section("Look around");
        tour::print(
            self,
            (&done.founded, &done.published),
            server,
            arguments.keep,
        )?;
        Ok(exit)
    }
}
