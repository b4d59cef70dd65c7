//! A report as one flat table, each row with the entry and time that it holds for.
//!
//! Must not: change a cell but to guard it.

use super::{Table, guarded};
use crate::domain::report;

/// Every row of a report, and behind it the last entry that it counts and when that was accepted.
pub fn report(report: &report::Table, entry: u64, at: &str) -> Vec<u8> {
    let as_of = ["as_of_entry", "as_of_time"];
    let columns: Vec<&str> = report.columns.iter().copied().chain(as_of).collect();
    let mut table = Table::new(&columns);
    let as_of = [entry.to_string(), at.to_owned()];
    for row in &report.rows {
        let cells = row.iter().map(|cell| match cell {
            report::Cell::Text(text) => guarded(text),
            other => other.to_string(),
        });
        table.push(cells.chain(as_of.clone()).collect());
    }
    table.into_bytes()
}
