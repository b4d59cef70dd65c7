//! XLSX: a statement, and a window, as workbooks that finance teams calculate on.
//!
//! Numbers are numbers: money to its last decimal in the currency's format, points with
//! `point_scale` decimals, days as dates. Totals are formulas that carry their result, for readers
//! that do not calculate. What has more than 15 significant digits is written as text, because a
//! spreadsheet would round it.
//! Must not: let the bytes depend on when they are made; the workbook is dated by the cut.

mod book;
mod matrix;
mod statement;
mod summary;

pub use self::matrix::matrix;
pub use self::statement::statement;
pub use rust_xlsxwriter::XlsxError;
