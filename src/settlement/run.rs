//! The nightly run: sweeps, cuts, nets, states and publishes, one idempotent step after the other.
//!
//! ```text
//! due days ─▶ expire* ─▶ cut_window ─▶ (shadow arrives, compares) net_window ─▶ write statements
//!                                        │ differ: held                             ▼
//!                                        ▼                        issue_statements ─▶ publish
//!                                 alarm, nothing published
//! ```
//!
//! Where the ledger stands decides what is next, so a run that was killed between any two steps
//! goes on where it stopped and ends with the same bytes. Must not: decide anything itself; the
//! ledger does.

use super::alarm::Alarm;
use super::calendar::Schedule;
use super::desk;
use super::masters;
use super::outcome::{SettleError, Settled};
use super::publish::{self, Bound, Press, Problem};
use super::shadow::Shadow;
use crate::domain::effect::Given;
use crate::domain::governance::Governance;
use crate::domain::programme::{Payout, Programme};
use crate::domain::submission::{Action, IssueStatements};
use crate::domain::tally::statements::Statements;
use crate::domain::tally::{Closing, Tally};
use crate::domain::time::{Day, Micros};
use crate::domain::window::{Window, WindowState};
use crate::ledger::{Ledger, roots};
use crate::platform::clock::ClockError;
use crate::proof::entry::EntryRef;
use crate::proof::keys::Signer;
use crate::proof::merkle::Hash;
use crate::proof::{hex, netting, payload};
use crate::render::master::Masters;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a step waits for the shadow.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where and how a programme is settled.
#[derive(Debug, Clone)]
pub struct Settings {
    /// When windows close.
    pub schedule: Schedule,
    /// Whether the house settles by itself.
    pub automatic: bool,
    /// Folder of the windows' files.
    pub windows_dir: PathBuf,
    /// Folder of the masters.
    pub masters_dir: PathBuf,
    /// Where the shadow keeps its tally.
    pub shadow_file: PathBuf,
    /// Where the house serves the programme, as written in files for people.
    pub address: String,
}

/// The settlement of one programme.
pub struct Settlement {
    ledger: Ledger,
    shadow: Shadow,
    signer: Option<Signer>,
    settings: Settings,
    /// One run at a time.
    running: Mutex<()>,
    alarm: Alarm,
}

impl Settlement {
    /// Starts the shadow of a ledger.
    ///
    /// # Errors
    /// Its thread could not be had.
    pub fn start(
        ledger: Ledger,
        signer: Option<Signer>,
        settings: Settings,
    ) -> std::io::Result<Arc<Self>> {
        let shadow = Shadow::start(ledger.clone(), Some(settings.shadow_file.clone()))?;
        Ok(Arc::new(Self {
            ledger,
            shadow,
            signer,
            settings,
            running: Mutex::new(()),
            alarm: Alarm::default(),
        }))
    }

    /// The ledger it settles.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The second computation.
    pub fn shadow(&self) -> &Shadow {
        &self.shadow
    }

    /// Where and how it settles.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Why the last run ended early, if it did.
    pub fn alarm(&self) -> Option<String> {
        self.alarm.reason()
    }

    /// How many runs ended early since the start.
    pub fn alarms(&self) -> u64 {
        self.alarm.count()
    }

    /// The ledger's present.
    pub fn now(&self) -> Micros {
        Micros(self.ledger.clock().now_us()).max(self.ledger.view().last_time)
    }

    /// Settles every window whose days have closed, or closes the open one through a given day.
    /// Does nothing where nothing is due.
    ///
    /// # Errors
    /// [`SettleError`]; what was done stands.
    pub fn settle(&self, until: Option<Day>) -> Result<Vec<Settled>, SettleError> {
        let settled = {
            // A run that panicked left nothing half done: the ledger says what is next.
            let _alone = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            self.run(until)
        };
        self.alarm.note(settled.as_ref().err());
        settled
    }

    /// Moves a simulated clock, and lets the night come at the first cutoff on the way. Nothing is
    /// accepted meanwhile, so all further days on the way are closed together at the end. A night
    /// that ends early does not hold time up.
    ///
    /// # Errors
    /// [`ClockError`], with nothing moved.
    pub fn move_clock(&self, to: Micros) -> Result<(), ClockError> {
        let clock = self.ledger.clock();
        let (_, cutoff) = self.settings.schedule.next_cutoff(self.now());
        let night = |settlement: &Self| {
            if let Err(error) = settlement.settle(None) {
                tracing::error!(%error, "the nightly run ended early");
            }
        };
        let by_itself = clock.is_simulated() && self.settings.automatic;
        if by_itself && cutoff <= to {
            clock.advance_to(cutoff.0)?;
            night(self);
        }
        clock.advance_to(to.0)?;
        if by_itself && self.is_due() {
            night(self);
        }
        Ok(())
    }

    /// Whether a run has something to do.
    pub fn is_due(&self) -> bool {
        let windows = self.ledger.view().windows.clone();
        let last = self.settings.schedule.last_closed(self.now());
        let open = windows.open().map(|open| open.first_day);
        let to_cut = last.zip(open).is_some_and(|(last, first)| last >= first);
        let unfinished = |window: &Window| {
            matches!(window.state, WindowState::Cut | WindowState::Netted)
                || window.state == WindowState::Stated && !self.is_published(window.number)
        };
        to_cut || windows.iter().rev().take(64).any(unfinished)
    }

    fn run(&self, until: Option<Day>) -> Result<Vec<Settled>, SettleError> {
        let signer = self.signer.as_ref().ok_or(SettleError::NoKey)?;
        self.cut(signer, until)?;
        let mut settled = Vec::new();
        let unpublished = |window: &&Window| {
            let done = window.state == WindowState::Stated && self.is_published(window.number);
            window.state != WindowState::Open && !done
        };
        let windows = self.ledger.view().windows.clone();
        let numbers: Vec<u32> = windows
            .iter()
            .filter(unpublished)
            .map(|w| w.number)
            .collect();
        for number in numbers {
            self.net(signer, number)?;
            self.state(signer, number)?;
            settled.push(self.publish(signer, number)?);
        }
        self.complete(signer)?;
        Ok(settled)
    }

    /// Sweeps what expired and cuts the open window, if its days have closed.
    fn cut(&self, signer: &Signer, until: Option<Day>) -> Result<(), SettleError> {
        let view = self.ledger.view();
        let open = view
            .windows
            .open()
            .ok_or_else(|| unreadable("no open window"))?;
        let last = match until {
            Some(day) => Some(day),
            None => self.settings.schedule.last_closed(self.now()),
        };
        let Some(last_day) = last.filter(|last| *last >= open.first_day) else {
            return Ok(());
        };
        let offset = view.governance.programme.utc_offset_min;
        let today = self.now().day(offset);
        let up_to = Day(today.0.saturating_sub(1));
        // A run that was killed between its sweep and its cut must not leave a trace.
        let mut swept = desk::last(&self.ledger)? == Some((Action::Expire(up_to), DONE));
        while !swept {
            let sweep = json!({"op": "expire", "up_to": up_to});
            let done = desk::submit(&self.ledger, signer, "expire", sweep)?;
            swept = done.applied.given != Some(Given::More(true));
        }
        let number = open.number;
        let cut = json!({"op": "cut_window", "window": number, "last_day": last_day});
        desk::submit(&self.ledger, signer, &format!("cut-{number}"), cut)?;
        tracing::info!(window = number, %last_day, "window cut");
        Ok(())
    }

    /// Nets a window that is cut, once the shadow has seen its cut.
    fn net(&self, signer: &Signer, number: u32) -> Result<(), SettleError> {
        let window = self.window(number)?;
        if window.state == WindowState::Held {
            return Err(held(number, self.shadow.tally().difference.clone()));
        }
        if window.state != WindowState::Cut {
            return Ok(());
        }
        let cut = window
            .cut
            .ok_or_else(|| unreadable("a cut window without cut"))?;
        let tally = self.shadow.wait_for(cut.entry + 1, PATIENCE)?;
        let governance = self.ledger.view().governance.clone();
        let lines = netting::price_lines(&governance, tally.lines_of(number));
        let mut root = roots::lines_root(&lines);
        let difference = tally.difference.clone();
        if difference.is_some() {
            // The points differ: no root of ours may net this window.
            root = [0; 32];
        }
        // The shadow goes on; what is still held of its tally would have to be copied.
        drop(lines);
        drop(tally);
        let net = json!({"op": "net_window", "window": number, "lines_root": hex::encode(&root)});
        let done = desk::submit(&self.ledger, signer, &format!("net-{number}"), net)?;
        match done.applied.given {
            Some(Given::Netted(netted)) if !netted.held => {
                let (lines, payments) = (netted.lines, netted.payments);
                tracing::info!(window = number, lines, payments, "window netted");
                Ok(())
            }
            _ => {
                self.shadow.begin_again();
                Err(held(number, difference))
            }
        }
    }

    /// Binds the statements of a netted window.
    fn state(&self, signer: &Signer, number: u32) -> Result<(), SettleError> {
        if self.window(number)?.state != WindowState::Netted {
            return Ok(());
        }
        let governance = self.ledger.view().governance.clone();
        let (closing, root) = self.closing(number)?;
        let statements = Statements::new(&closing, &governance, &root);
        let (hashes, document) = publish::hashes(&statements);
        let issue = json!({
            "op": "issue_statements",
            "window": number,
            "count": hashes.count(),
            "root": hex::encode(&hashes.root()),
            "document_sha256": hex::encode(&document),
        });
        desk::submit(&self.ledger, signer, &format!("state-{number}"), issue)?;
        Ok(())
    }

    /// Publishes the files of a stated window.
    fn publish(&self, signer: &Signer, number: u32) -> Result<Settled, SettleError> {
        let window = self.window(number)?;
        let bound = self.bound(&window)?;
        let governance = self.ledger.view().governance.clone();
        let (closing, root) = self.closing(number)?;
        let statements = Statements::new(&closing, &governance, &root);
        let (masters, unbound) = self.masters(&governance)?;
        let waiting = self.waiting();
        let press = self.press(signer, &masters, &unbound, &waiting);
        let problems = publish::publish(&press, &statements, &bound)?;
        for problem in &problems {
            let (file, why) = (&problem.file, &problem.problem);
            tracing::warn!(window = number, %file, %why, "a file could not be made");
        }
        drop(statements);
        drop(closing);
        self.shadow.forget(number);
        tracing::info!(
            window = number,
            statements = window.statements,
            "window published"
        );
        Ok(Settled {
            window: number,
            first_day: window.first_day,
            last_day: window.last_day.unwrap_or(window.first_day),
            statements: window.statements,
            problems,
        })
    }

    /// Makes files that were left out for want of masters.
    fn complete(&self, signer: &Signer) -> Result<(), SettleError> {
        let view = self.ledger.view();
        let numbers = view
            .windows
            .iter()
            .rev()
            .take(64)
            .map(|window| window.number);
        let noted = |number: &u32| {
            let folder = publish::folder(&self.settings.windows_dir, *number);
            folder.join("problems.json").exists()
        };
        let numbers: Vec<u32> = numbers.filter(noted).collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let (masters, unbound) = self.masters(&view.governance)?;
        let waiting = self.waiting();
        let press = self.press(signer, &masters, &unbound, &waiting);
        for number in numbers {
            publish::complete(&press, number)?;
        }
        Ok(())
    }

    /// Why the house does not pay for a window yet: its programme pays when collected, and not
    /// everything was.
    fn waiting(&self) -> BTreeMap<u32, String> {
        let view = self.ledger.view();
        if view.governance.settings.payout != Payout::WhenCollected {
            return BTreeMap::new();
        }
        let open = view.windows.iter().filter(|window| window.uncollected > 0);
        let reason = |window: &Window| {
            let open = window.uncollected;
            let reason = format!(
                "the programme pays when collected, and {open} payments to the house are not \
                 confirmed yet: settle again once they are"
            );
            (window.number, reason)
        };
        open.map(reason).collect()
    }

    fn press<'a>(
        &'a self,
        signer: &'a Signer,
        masters: &'a Masters,
        unbound: &'a [Problem],
        waiting: &'a BTreeMap<u32, String>,
    ) -> Press<'a> {
        Press {
            dir: &self.settings.windows_dir,
            signer,
            masters,
            unbound,
            waiting,
            address: &self.settings.address,
        }
    }

    fn masters(&self, governance: &Governance) -> Result<(Masters, Vec<Problem>), SettleError> {
        let all = masters::load(&self.settings.masters_dir)?;
        let (bound, unbound) = masters::bound(all, governance);
        let problems = unbound.iter().map(|unbound| Problem {
            file: format!("{}.toml", unbound.party),
            problem: unbound.to_string(),
        });
        Ok((bound, problems.collect()))
    }

    fn window(&self, number: u32) -> Result<Window, SettleError> {
        let view = self.ledger.view();
        let window = view.windows.get(number).cloned();
        window.ok_or_else(|| unreadable("a window is missing"))
    }

    /// Whether the files of a window are in place.
    pub fn is_published(&self, number: u32) -> bool {
        publish::folder(&self.settings.windows_dir, number).is_dir()
    }

    /// The closing of a netted window and the tree's root at its cut: the shadow's, or where it has
    /// let it go, the same read from the log again.
    fn closing(&self, number: u32) -> Result<(Closing, Hash), SettleError> {
        let window = self.window(number)?;
        let netted = window
            .netted
            .ok_or_else(|| unreadable("a window not netted"))?;
        let tally = self.shadow.wait_for(netted.entry + 1, PATIENCE)?;
        let closing = match tally.closing(number) {
            Some(closing) => closing.clone(),
            None => {
                let again: Tally = super::shadow::read_again(&self.ledger, netted.entry + 1)?;
                let closing = again.closing(number).cloned();
                closing.ok_or_else(|| unreadable("a netted window without lines"))?
            }
        };
        let root = self.ledger.root_at(closing.cut.cut.entry + 1)?;
        Ok((closing, root.ok_or_else(|| unreadable("no root at a cut"))?))
    }

    /// What the entry of `issue_statements` binds.
    fn bound(&self, window: &Window) -> Result<Bound, SettleError> {
        let stated = window
            .stated
            .ok_or_else(|| unreadable("a window not stated"))?;
        let record = self.ledger.entries(stated.entry, 1)?.pop();
        let record = record.ok_or_else(|| unreadable("an entry is missing"))?;
        let entry = EntryRef::decode(&record.entry).map_err(unreadable)?;
        let submission = payload::parse(entry.payload, Some(0)).map_err(unreadable)?;
        let op = submission.ops.first().map(|op| &op.action);
        let Some(Action::IssueStatements(IssueStatements {
            root,
            document_sha256,
            ..
        })) = op
        else {
            return Err(unreadable("an entry that issues no statements"));
        };
        Ok(Bound {
            entry: stated.entry,
            submission: submission.id,
            root: *root,
            document_sha256: *document_sha256,
        })
    }

    /// Ends the shadow.
    pub fn close(&self) {
        self.shadow.close();
    }
}

/// Where a programme is served, as written in files for people: its origin's host.
pub fn address(programme: &Programme) -> String {
    let host = programme.origin.split('/').next().unwrap_or_default();
    format!("https://{host}/v1/{}", programme.id)
}

/// What a sweep gives that left nothing.
const DONE: Option<Given> = Some(Given::More(false));

fn held(window: u32, difference: Option<String>) -> SettleError {
    let reason = difference.unwrap_or_else(|| "the roots over their lines".to_owned());
    tracing::error!(window, %reason, "WINDOW HELD: two computations differ");
    SettleError::Held { window, reason }
}

fn unreadable(what: impl std::fmt::Display) -> SettleError {
    SettleError::Unreadable(format!("{what}"))
}
