//! Checks what was measured: the entries since the last check are audited, and what members have is
//! compared with what the generator expects.
//!
//! Must not: trust an answer of the server that the audit can work out.

use super::house::House;
use super::members::{Members, Sequence};
use crate::audit::{Pins, Replay};
use crate::cli::export::{self, Format};
use crate::cli::verify;
use crate::proof::entry::EntryRef;
use crate::proof::note::VerifierKey;
use crate::proof::receipt;
use anyhow::Context;
use serde::Serialize;
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Members whose balance is asked for.
const SAMPLED: u32 = 200;

/// An auditor that goes on where it stopped.
pub struct Auditor {
    replay: Replay,
    file: PathBuf,
    read_bytes: u64,
    /// Ops that were sent, or that founding and registering took.
    expected_ops: u64,
    /// Ops that were applied, by the last check.
    applied_ops: u64,
    /// Where ops of the house begin that the next check is to expect.
    house_since: Option<u64>,
    /// Points by which the first member's balance is expected to be off: to see a check fail.
    off_by: u32,
    /// What does not hold.
    pub findings: Vec<String>,
}

/// What one check looked at.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Checked {
    /// Entries that were audited.
    pub entries: u64,
    /// Ops in them.
    pub ops: u64,
    /// Time of their replay.
    pub replay_s: f64,
    /// Time of judging the whole ledger after it, which grows with its members.
    pub judge_s: f64,
    /// Time of their export over HTTP.
    pub export_s: f64,
    /// Bytes of them.
    pub bytes: u64,
    /// Members whose balance was compared.
    pub members: u64,
}

impl Auditor {
    /// An auditor of a house that has a set-up behind it.
    pub fn new(folder: &Path, house: &House, off_by: u32) -> Self {
        Self {
            replay: Replay::new(),
            file: folder.join("entries.cbor"),
            read_bytes: 0,
            expected_ops: house.ops_before,
            applied_ops: 0,
            house_since: None,
            off_by,
            findings: Vec::new(),
        }
    }

    /// Ops were accepted; all of them are to be found applied.
    pub fn expect(&mut self, ops: u64) {
        self.expected_ops += ops;
    }

    /// From this entry on, the house wrote ops of its own: they are to be found applied too.
    pub fn house_ops_since(&mut self, entry: u64) {
        self.house_since = Some(entry);
    }

    /// Something that does not hold, found elsewhere.
    pub fn find(&mut self, finding: String) {
        self.findings.push(finding);
    }

    /// Exports and audits what is new, and compares it with what was expected.
    ///
    /// # Errors
    /// It could not be checked; what does not hold is a finding.
    pub fn check(&mut self, house: &House, members: &Members) -> anyhow::Result<Checked> {
        let (before, begun) = (self.replay.size(), Instant::now());
        let ops_before = self.applied_ops;
        let key = house.key("audit-1")?;
        let exported = export::export(&house.client()?, &key, &self.file, Format::Cbor)?;
        let export_s = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let from = self.read_bytes;
        let mut file = File::open(&self.file)?;
        file.seek(SeekFrom::Start(from))?;
        self.read_bytes = file.metadata()?.len();
        verify::replay_on(&mut self.replay, BufReader::new(file), |_| ())?;
        let replay_s = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let pins = Pins {
            checkpoint: Some(exported.checkpoint),
            ledger_keys: vec![VerifierKey::parse(&house.founded().vkey)?],
            found_hash: Some(house.founded().found),
            ..Pins::default()
        };
        let verdict = self.replay.finish(&pins)?.context("there is no entry")?;
        let judge_s = begun.elapsed().as_secs_f64();
        self.findings
            .extend(verdict.findings.iter().map(ToString::to_string));
        let refused = verdict
            .outcomes
            .iter()
            .filter(|(code, _)| **code != "applied");
        let refused: Vec<String> = refused.map(|(code, ops)| format!("{ops} {code}")).collect();
        if !refused.is_empty() {
            self.findings
                .push(format!("ops were refused: {}", refused.join(", ")));
        }
        let applied = verdict.outcomes.get("applied").copied().unwrap_or_default();
        self.applied_ops = applied;
        if let Some(since) = self.house_since.take() {
            // Each of them stands alone in its submission.
            self.expected_ops += self.house_entries(since)?.len() as u64;
        }
        let expected = self.expected_ops;
        if applied != expected {
            self.findings.push(format!(
                "{expected} ops were sent, {applied} are in the ledger"
            ));
        }
        let members = self.compare(house, members)?;
        Ok(Checked {
            entries: self.replay.size() - before,
            ops: applied - ops_before,
            replay_s,
            judge_s,
            export_s,
            bytes: self.read_bytes - from,
            members,
        })
    }

    /// All points together by the audit, and the balances of some members by the server: the most
    /// frequent ones and random ones.
    fn compare(&mut self, house: &House, members: &Members) -> anyhow::Result<u64> {
        let parties = self.replay.books().parties.iter();
        let outstanding = parties.map(|party| Some(party.outstanding_total()?.units()));
        let outstanding: Option<u64> = outstanding.sum();
        let expected = members.outstanding() + u64::from(self.off_by);
        if outstanding != Some(expected) {
            let found = outstanding.map_or_else(|| "none".to_owned(), |points| points.to_string());
            let finding = format!("members should have {expected} points together, have {found}");
            self.findings.push(finding);
        }
        let (client, key) = (house.client()?, house.key("audit-1")?);
        let count = u32::try_from(members.count())?;
        let mut random = Sequence(self.replay.size());
        let chosen = (0..SAMPLED).map(|place| match place % 2 {
            0 => place / 2,
            _ => random.below(count),
        });
        let mut compared = 0;
        for member in chosen.filter(|member| *member < count).collect::<Vec<_>>() {
            let expected = members.available(member as usize);
            let off_by = if member == 0 { self.off_by } else { 0 };
            let expected = u64::from(expected + off_by);
            let path = format!("/members/{}", Members::id(member as usize));
            let found = match client.get(&path, (&key, "audit")) {
                Ok(body) => body["available"].as_u64(),
                Err(error) if error.is_absent() => Some(0),
                Err(error) => return Err(error.into()),
            };
            if found != Some(expected) {
                let found = found.unwrap_or_default();
                let finding = format!("m-{member} should have {expected} points, has {found}");
                self.findings.push(finding);
            }
            compared += 1;
        }
        Ok(compared)
    }

    /// Checks receipts that the server answered with.
    ///
    /// # Errors
    /// The house's verifier key cannot be read.
    pub fn check_receipts(&mut self, house: &House, bodies: &[Vec<u8>]) -> anyhow::Result<()> {
        let key = VerifierKey::parse(&house.founded().vkey)?;
        for body in bodies.iter().filter(|body| !body.is_empty()) {
            if let Err(error) = receipt::verify(body, std::slice::from_ref(&key)) {
                self.findings
                    .push(format!("a receipt does not hold: {error}"));
            }
        }
        Ok(())
    }

    /// The instants of the house's own entries since an index, by the first op of each.
    ///
    /// # Errors
    /// The export cannot be read.
    pub fn house_entries(&self, since: u64) -> anyhow::Result<Vec<(String, Duration)>> {
        let mut file = BufReader::new(File::open(&self.file)?);
        let mut entries = verify::ExportReader::new(&mut file);
        let mut found = Vec::new();
        while let Some(bytes) = entries.next_entry()? {
            let entry = EntryRef::decode(&bytes)?;
            if entry.index >= since && entry.author == crate::domain::ids::HOUSE {
                let payload: serde_json::Value = serde_json::from_slice(entry.payload)?;
                let op = payload["ops"][0]["op"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                found.push((op, Duration::from_micros(entry.accepted_at_us)));
            }
        }
        Ok(found)
    }

    /// Entries that were audited.
    pub fn entries(&self) -> u64 {
        self.replay.size()
    }
}
