//! The report of an import: counts, and the rows that are not in the ledger as asked.
//!
//! The rejects file is written anew by every import of a file. It can be corrected and imported
//! itself, under another name: its column `only` names the one op of a row still to be done.

use super::rows::{COLUMNS, Header, ONLY};
use super::run::PlannedRow;
use crate::cli::style;
use anyhow::Context;
use csv::StringRecord;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What an import did.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Rows of the file, without the header.
    pub rows: u64,
    /// Submissions in the ledger.
    pub submissions: u64,
    /// Of these, submissions that an earlier import had sent.
    pub submissions_before: u64,
    /// Issues applied.
    pub issues: u64,
    /// Points issued, in smallest units.
    pub issued_points: u64,
    /// Burns applied.
    pub burns: u64,
    /// Points burned, in smallest units.
    pub burned_points: u64,
    /// Burns that found fewer points than asked for.
    pub burns_partial: u64,
    /// Burns that found no points at all.
    pub burns_without_points: u64,
    /// Ops that were in the ledger under their ids before.
    pub duplicates: u64,
    /// Rows whose amount and discount are worth no point.
    pub rows_without_points: u64,
    /// Rows that are not in the ledger as asked.
    pub rows_rejected: u64,
    /// Where these are, if there are any.
    pub rejects_file: Option<PathBuf>,
}

impl Report {
    /// Counts the results of a row; answers the ops that the ledger refused: kind and words.
    pub fn count(
        &mut self,
        planned: &PlannedRow,
        results: &HashMap<String, Value>,
    ) -> Vec<(String, String)> {
        let mut refused = Vec::new();
        for op in &planned.ops {
            let kind = op["op"].as_str().unwrap_or_default();
            let result = op["id"].as_str().and_then(|id| results.get(id));
            let Some(result) = result else {
                refused.push((
                    kind.to_owned(),
                    "the receipt does not name this op".to_owned(),
                ));
                continue;
            };
            let moved = result["points"].as_u64().unwrap_or_default();
            match (result["code"].as_str().unwrap_or_default(), kind) {
                ("applied", "issue") => {
                    self.issues += 1;
                    self.issued_points += moved;
                }
                ("applied", _) => {
                    self.burns += 1;
                    self.burned_points += moved;
                    self.burns_partial += u64::from(op["points"].as_u64() != Some(moved));
                }
                ("duplicate", _) => self.duplicates += 1,
                // A discount that no points pay for is a discount, and no fault of the row.
                ("insufficient_points" | "member_unknown", "burn") => {
                    self.burns_without_points += 1;
                }
                (code, _) => {
                    let advice = result["advice"].as_str().unwrap_or_default();
                    refused.push((kind.to_owned(), format!("{kind}: {code}: {advice}")));
                }
            }
        }
        refused
    }

    /// Prints the report for people.
    pub fn print(&self) {
        let count = style::grouped;
        let line = |name: &str, number: u64, note: String| {
            println!("  {name:<22} {:>12}  {}", count(number), style::dim(&note));
        };
        line("rows", self.rows, String::new());
        let before = format!("{} sent before", count(self.submissions_before));
        line("submissions", self.submissions, before);
        line(
            "points issued",
            self.issued_points,
            format!("{} issues", count(self.issues)),
        );
        let partial = format!(
            "{} burns, {} of them partial; {} found no points",
            count(self.burns),
            count(self.burns_partial),
            count(self.burns_without_points)
        );
        line("points burned", self.burned_points, partial);
        if self.duplicates > 0 {
            line("ops there before", self.duplicates, String::new());
        }
        line(
            "rows worth no point",
            self.rows_without_points,
            String::new(),
        );
        line("rows rejected", self.rows_rejected, String::new());
        if let Some(file) = &self.rejects_file {
            println!("  {} {}", style::warn("see"), file.display());
        }
    }
}

/// Rows that are not in the ledger as asked.
pub struct Rejects {
    path: PathBuf,
    writer: Option<csv::Writer<std::fs::File>>,
}

impl Rejects {
    /// The rejects of an import; an old file of them is removed.
    ///
    /// # Errors
    /// The old file cannot be removed.
    pub fn new(path: &Path) -> anyhow::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot replace {}", path.display()));
            }
            _ => {}
        }
        Ok(Self {
            path: path.to_owned(),
            writer: None,
        })
    }

    /// Keeps a row with its line and the reason. `only` is the op still to be done, or nothing for
    /// the whole row.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(
        &mut self,
        header: &Header,
        line: u64,
        text: &StringRecord,
        only: &str,
        reason: &str,
    ) -> anyhow::Result<()> {
        let failed = || format!("cannot write {}", self.path.display());
        if self.writer.is_none() {
            let mut writer = csv::Writer::from_path(&self.path).with_context(failed)?;
            let columns = COLUMNS.into_iter().chain([ONLY, "line", "reason"]);
            writer.write_record(columns).with_context(failed)?;
            self.writer = Some(writer);
        }
        let line = line.to_string();
        let fields = header.fields(text).into_iter();
        let record = fields.chain([only, line.as_str(), reason]);
        let writer = self.writer.as_mut().expect("it was just opened");
        writer.write_record(record).with_context(failed)
    }

    /// Ends the file, and answers where it is if there is one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> anyhow::Result<Option<PathBuf>> {
        let Some(writer) = &mut self.writer else {
            return Ok(None);
        };
        writer.flush()?;
        Ok(Some(self.path))
    }
}
