//! The scenarios after the load: audits, the close of a window, and a start after a kill.
//!
//! Must not: take the server's word for what an audit measures.

use super::Bench;
use super::check::Checked;
use super::load::{Load, Until};
use super::measured::{Limit, Measured};
use super::scenarios::{BATCH_OPS, CONNECTIONS};
use super::usage;
use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use anyhow::Context;
use serde_json::{Value, json};
use std::time::Duration;

impl Bench {
    /// Audits of entries with one op, and of entries with many.
    ///
    /// # Errors
    /// It could not be run.
    pub fn audits(&mut self) -> anyhow::Result<Vec<Measured>> {
        let mut measured = Vec::new();
        for ops in [1, BATCH_OPS] {
            let load = Load {
                name: "audit",
                title: String::new(),
                connections: CONNECTIONS,
                shape: self.issues(ops),
                until: match self.options.until() {
                    Until::Seconds(seconds) => Until::Seconds(seconds / 2.0),
                    ops => ops,
                },
            };
            // Whatever came before is audited before, so that only these entries are timed.
            self.auditor.check(&self.house, &self.members)?;
            let loaded = self.load(&load)?;
            let checked = self.auditor.check(&self.house, &self.members)?;
            let strict = self.limits.verify_strict_per_s * self.limits.cores as f64;
            measured.push(audited(ops, &checked, loaded.signatures_per_s, strict));
        }
        Ok(measured)
    }

    /// Closes the open window up to today.
    ///
    /// # Errors
    /// It could not be closed.
    pub fn window(&mut self) -> anyhow::Result<Vec<Measured>> {
        self.auditor.check(&self.house, &self.members)?;
        let entries = self.auditor.entries();
        let process = self.house.process()?;
        usage::forget_peak(process);
        let (client, key) = (self.house.client()?, self.house.key("operate-1")?);
        let now = || Micros(Clock::Real.now_us());
        let (begun, before) = (Duration::from_micros(now().0), usage::of(process).cpu_s);
        let until = now().day(0).to_string();
        let answer = client.operate(&key, "/settle", &json!({"until": until}))?;
        let took_s = (Duration::from_micros(now().0) - begun).as_secs_f64();
        let after = usage::of(process).cpu_s;
        let answer: Value = serde_json::from_slice(&answer)?;
        let settled = answer["settled"]
            .as_array()
            .and_then(|settled| settled.last());
        let settled = settled.context("no window was closed")?;
        let number = &settled["window"];
        let told = client.read_books_json(&format!("/windows/{number}"), &key)?;
        let lines = told["netting"]["lines"].as_u64().unwrap_or_default();
        self.auditor.house_ops_since(entries);
        self.auditor.check(&self.house, &self.members)?;
        let steps = self.auditor.house_entries(entries)?;
        let at = |op: &str| {
            steps
                .iter()
                .rev()
                .find(|(name, _)| name == op)
                .map(|(_, at)| *at)
        };
        let cut = at("cut_window").context("no cut in the ledger")?;
        let net = at("net_window").context("no netting in the ledger")?;
        let partners = self.house.partners().len();
        let size = format!(
            "{partners} partners, {} lines",
            super::style::grouped(lines)
        );
        let net_s = (net - begun).as_secs_f64();
        let title = format!("from the wish to the netted window: {size}");
        let mut netting = Measured::new("window", &title, "s", net_s);
        netting.seconds = net_s;
        netting.at_most("seconds for cut and net", net_s, 1.0);
        let lag = (cut - begun).as_secs_f64();
        netting.notes.push(format!(
            "cut after {lag:.3} s, netted {:.3} s later",
            net_s - lag
        ));
        let title = format!("statements and all files: {size}");
        let files_s = took_s - net_s;
        let mut files = Measured::new("window", &title, "s", files_s);
        files.seconds = files_s;
        files.at_most("seconds for all statements and files", files_s, 60.0);
        files.memory_peak_bytes = usage::memory_peak_bytes(process);
        let cpu_s = after
            .zip(before)
            .map_or(0.0, |(after, before)| after - before);
        files.notes.push(format!(
            "{cpu_s:.2} s of processor time for the whole window"
        ));
        if settled["problems"]
            .as_array()
            .is_some_and(|problems| !problems.is_empty())
        {
            files
                .notes
                .push("payment files are left out: partners have no masters".to_owned());
        }
        Ok(vec![netting, files])
    }

    /// Kills the server, starts it again and waits until it is ready.
    ///
    /// # Errors
    /// It does not become ready.
    pub fn restart(&mut self) -> anyhow::Result<Measured> {
        // Something that was just accepted has to be there afterwards.
        let load = Load {
            name: "restart",
            title: String::new(),
            connections: CONNECTIONS,
            shape: self.issues(1),
            until: Until::Seconds(self.options.seconds.min(1.0)),
        };
        self.load(&load)?;
        self.house.kill();
        let took_s = self.house.start(None)?.as_secs_f64();
        let members = super::style::grouped(self.members.count() as u64);
        let title = format!("from kill -9 to ready: {members} members");
        let mut measured = Measured::new("restart", &title, "s", took_s);
        measured.seconds = took_s;
        measured.memory_peak_bytes = usage::memory_peak_bytes(self.house.process()?);
        measured.at_most("seconds to be ready after kill -9", took_s, 5.0);
        Ok(measured)
    }
}

/// An audit's row: entries or ops a second, against the signatures in them as the audit checks
/// them, with a table of each key; `strict` is what all cores can do without one.
fn audited(ops: usize, checked: &Checked, signatures_per_s: Option<f64>, strict: f64) -> Measured {
    let s = if ops == 1 { "" } else { "s" };
    let title = format!("audit of entries of {ops} op{s}");
    let achieved = checked.ops as f64 / checked.replay_s;
    let mut measured = Measured::new("audit", &title, "ops/s", achieved);
    (measured.seconds, measured.requests) = (checked.replay_s, checked.entries);
    measured.ops = checked.ops;
    measured.disk_bytes_per_op = Some(checked.bytes as f64 / checked.ops.max(1) as f64);
    let export = checked.ops as f64 / checked.export_s;
    let judged = checked.judge_s;
    measured.notes.push(format!(
        "exported over HTTP at {export:.0} ops/s before; the sums over all members took \
         {judged:.2} s after it, and are not in the rate"
    ));
    if let Some(signatures) = signatures_per_s {
        measured.limited_by(Limit {
            name: "signatures on all cores".to_owned(),
            value: signatures * ops as f64,
        });
    }
    match ops {
        1 => measured.at_least(
            "audit of one-op entries, of `verify_strict` on all cores",
            achieved / strict,
            0.8,
        ),
        _ => measured.at_least("ops a second of an audit, 400 an entry", achieved, 1.5e6),
    }
    measured
}
