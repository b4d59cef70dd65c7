//! CSV: a statement as one flat table, a window's amounts by debtor and creditor, and reports.
//!
//! RFC 4180: UTF-8, CRLF, one header row, the same number of fields in each row, `.` before
//! decimals. Must not: let a text be taken for a formula. A spreadsheet runs what begins with `=`,
//! `+`, `-` or `@`, so such a text gets an apostrophe in front; numbers are numbers and get none.

mod matrix;
mod report;
mod statement;

pub use self::matrix::matrix;
pub use self::report::report;
pub use self::statement::statement;

/// Rows of one width, written as RFC 4180 has them.
struct Table {
    writer: ::csv::Writer<Vec<u8>>,
    width: usize,
}

impl Table {
    fn new(columns: &[&str]) -> Self {
        let writer = ::csv::WriterBuilder::new()
            .terminator(::csv::Terminator::CRLF)
            .from_writer(Vec::new());
        let mut table = Self {
            writer,
            width: columns.len(),
        };
        table.push(columns.iter().map(|name| (*name).to_owned()).collect());
        table
    }

    fn push(&mut self, mut row: Vec<String>) {
        row.resize(self.width, String::new());
        self.writer
            .write_record(row)
            .expect("memory takes every row of the same width");
    }

    fn into_bytes(self) -> Vec<u8> {
        self.writer.into_inner().expect("memory takes every byte")
    }
}

/// The text as no spreadsheet takes it for a formula.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
