//! The tables of a run, for a terminal and for the page.
//!
//! Must not: leave out a budget that was missed.

use super::limits::Limits;
use super::measured::{Budget, Measured};
use super::report::Report;
use crate::cli::style;
use crate::cli::table::with_header;
use comfy_table::{Cell, CellAlignment, Table};

/// The columns of scenarios.
pub const HEADER: [&str; 12] = [
    "<scenario",
    "achieved",
    "limit",
    "ratio",
    "<limited by",
    "p50 ms",
    "p99 ms",
    "max ms",
    "CPU µs/op",
    "disk B/op",
    "answer B/op",
    "peak MiB",
];

/// The cells of a scenario.
pub fn cells(measured: &Measured) -> Vec<String> {
    let with_unit = |value: f64| format!("{} {}", number(value), measured.unit);
    let optional = |value: Option<f64>| value.map_or_else(|| "·".to_owned(), number);
    let latency = measured.latency;
    let limit = measured.limit.as_ref();
    let mib = measured
        .memory_peak_bytes
        .map(|bytes| bytes as f64 / f64::from(1 << 20));
    vec![
        measured.title.clone(),
        with_unit(measured.achieved),
        limit.map_or_else(|| "·".to_owned(), |limit| number(limit.value)),
        measured
            .ratio
            .map_or_else(|| "·".to_owned(), |ratio| format!("{ratio:.2}")),
        limit.map_or_else(|| "·".to_owned(), |limit| limit.name.clone()),
        optional(latency.map(|latency| latency.p50_ms)),
        optional(latency.map(|latency| latency.p99_ms)),
        optional(latency.map(|latency| latency.max_ms)),
        optional(measured.cpu_us_per_op),
        optional(measured.disk_bytes_per_op),
        optional(measured.answer_bytes_per_op),
        optional(mib),
    ]
}

/// The machine's limits, each with its rate.
pub fn limits(limits: &Limits) -> [(&'static str, f64); 7] {
    [
        (
            "`verify_strict` of 300 B, one core",
            limits.verify_strict_per_s,
        ),
        (
            "the same with a table of the key",
            limits.verify_with_table_per_s,
        ),
        ("BLAKE3 of 300 B, one core", limits.blake3_per_s),
        ("SHA-256 of 300 B, one core", limits.sha256_per_s),
        ("appends of 4 KiB, each synced", limits.synced_appends_per_s),
        ("bytes appended in synced MiB", limits.synced_bytes_per_s),
        (
            "RocksDB puts of 232 B in synced batches of 1,000",
            limits.rocksdb_puts_per_s,
        ),
    ]
}

/// The cells of a budget.
pub fn budget(budget: &Budget) -> Vec<String> {
    let met = if budget.met { "yes" } else { "**no**" };
    let wanted = format!("{} {}", budget.sign, number(budget.bound));
    vec![
        budget.what.clone(),
        wanted,
        number(budget.achieved),
        met.to_owned(),
    ]
}

/// A scenario in one line.
pub fn line(measured: &Measured) -> String {
    let Measured { title, unit, .. } = measured;
    let ratio = measured
        .ratio
        .map_or_else(String::new, |ratio| format!(", {ratio:.2} of the limit"));
    format!("  {title}: {} {unit}{ratio}", number(measured.achieved))
}

/// Prints a report.
pub fn print(report: &Report) {
    let section = |title: &str| println!("\n{}", style::title(title));
    section("The machine's limits");
    let mut table = with_header(&["<limit", "a second"]);
    for (name, rate) in limits(&report.limits) {
        add(
            &mut table,
            &["<", ""],
            vec![name.replace('`', ""), number(rate)],
        );
    }
    println!("{table}");
    section("Scenarios");
    let mut table = with_header(&HEADER);
    for measured in &report.scenarios {
        add(&mut table, &HEADER, cells(measured));
    }
    println!("{table}");
    for measured in &report.scenarios {
        for note in &measured.notes {
            println!("  {}", style::dim(&format!("{}: {note}", measured.title)));
        }
    }
    section("Budgets");
    for budget in report.budgets() {
        let (achieved, bound) = (number(budget.achieved), number(budget.bound));
        let text = format!(
            "{}: {achieved}, wanted {} {bound}",
            budget.what, budget.sign
        );
        match budget.met {
            true => println!("  {} {text}", style::good("✓")),
            false => println!("  {} {text}", style::warn("✗")),
        }
    }
    section("Checks");
    match report.holds {
        true => println!(
            "  {} every entry audited, every balance as expected",
            style::good("✓")
        ),
        false => report.findings.iter().for_each(|finding| {
            println!("  {} {finding}", style::bad("✗"));
        }),
    }
}

fn add(table: &mut Table, header: &[&str], cells: Vec<String>) {
    let cells = cells
        .into_iter()
        .zip(header)
        .map(|(text, name)| match name.starts_with('<') {
            true => Cell::new(text),
            false => Cell::new(text).set_alignment(CellAlignment::Right),
        });
    table.add_row(cells);
}

/// A number with as many digits as it is worth.
pub fn number(value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "" };
    let size = value.abs();
    match size {
        size if size >= 100.0 => {
            let whole = super::whole(size.round());
            format!("{sign}{}", style::grouped(whole as u64))
        }
        size if size >= 10.0 => format!("{sign}{size:.1}"),
        0.0 => "0".to_owned(),
        size => format!("{sign}{size:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_as_long_as_they_are_worth() {
        for (value, text) in [
            (1_234_567.8, "1,234,568"),
            (100.0, "100"),
            (12.34, "12.3"),
            (0.956, "0.96"),
            (0.0, "0"),
            (-12.34, "−12.3"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
