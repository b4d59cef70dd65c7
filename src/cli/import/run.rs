//! Runs: rows of one partner that follow each other, as one submission.
//!
//! What a run holds, and every id in it, follows from the file, its name and the rates alone, never
//! from what happened before. Must not: know what was sent already.

use super::rows::Row;
use crate::domain::ids::Name;
use crate::domain::time::Micros;
use serde_json::{Value, json};

/// Bytes of ops in a submission; the rest of the payload needs far less than what is left.
const OPS_BYTES_MAX: usize = 59_000;
/// Rows of a submission, each of two ops at most.
const ROWS_MAX: usize = crate::domain::submission::OPS_MAX / 2;

/// Rows of one partner that are sent together.
#[derive(Debug)]
pub struct Run {
    /// Whose rows.
    pub partner: Name,
    /// The rows, in the file's order.
    pub rows: Vec<PlannedRow>,
    bytes: usize,
}

/// A row with the ops that it asks for.
#[derive(Debug)]
pub struct PlannedRow {
    /// The row.
    pub row: Row,
    /// Its ops: a burn, an issue, or both in this order.
    pub ops: Vec<Value>,
}

impl PlannedRow {
    /// The row's ops; their ids begin with the import's name.
    pub fn new(name: &str, row: Row) -> Self {
        let mut ops = Vec::with_capacity(2);
        let (line, member, basket) = (row.line, row.member.as_str(), row.basket.as_str());
        let occurred_at = row.occurred_at.to_rfc3339_seconds();
        if row.burn > 0 {
            ops.push(json!({"op": "burn", "id": format!("{name}-{line}-b"),
                "occurred_at": occurred_at, "ref": basket, "member": member,
                "points": row.burn, "allow_partial": true}));
        }
        if row.issue > 0 {
            ops.push(json!({"op": "issue", "id": format!("{name}-{line}-i"),
                "occurred_at": occurred_at, "ref": basket, "member": member,
                "points": row.issue}));
        }
        Self { row, ops }
    }

    fn bytes(&self) -> usize {
        self.ops.iter().map(|op| op.to_string().len() + 1).sum()
    }
}

impl Run {
    /// A run that begins with this row.
    pub fn of(first: PlannedRow) -> Self {
        Self {
            partner: first.row.partner,
            bytes: first.bytes(),
            rows: vec![first],
        }
    }

    /// Takes a row in, or gives it back if it begins another run.
    #[must_use]
    pub fn take(&mut self, next: PlannedRow) -> Option<PlannedRow> {
        let bytes = next.bytes();
        let fits = self.bytes + bytes <= OPS_BYTES_MAX && self.rows.len() < ROWS_MAX;
        if next.row.partner != self.partner || !fits {
            return Some(next);
        }
        self.bytes += bytes;
        self.rows.push(next);
        None
    }

    /// The submission's id: the import's name and the run's first line.
    pub fn submission(&self, name: &str) -> String {
        format!("{name}-{}", self.rows[0].row.line)
    }

    /// The ops of all rows, in order.
    pub fn ops(&self) -> impl Iterator<Item = &Value> {
        self.rows.iter().flat_map(|row| row.ops.iter())
    }

    /// The latest instant of its rows.
    pub fn latest(&self) -> Micros {
        let times = self.rows.iter().map(|row| row.row.occurred_at);
        times.max().unwrap_or_default()
    }
}
