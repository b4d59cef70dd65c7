//! How commands look in a terminal: few colours, one meaning each, and none where output is piped.
//!
//! Must not: be used for what `--json` prints.

#[cfg(feature = "server")]
use comfy_table::{LineStyle, Table, TableStyle};
#[cfg(feature = "server")]
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// A line under the header, one at the end, and nothing else.
#[cfg(feature = "server")]
const PLAIN: TableStyle = TableStyle::new()
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// An empty table.
#[cfg(feature = "server")]
pub fn table() -> Table {
    let mut table = Table::new();
    table.load_style(PLAIN);
    table
}

/// A title above a block of output.
#[cfg(feature = "server")]
pub fn title(text: &str) -> String {
    paint("1", text)
}

/// Something that went well.
pub fn good(text: &str) -> String {
    paint("32;1", text)
}

/// Something that needs a look.
pub fn warn(text: &str) -> String {
    paint("33;1", text)
}

/// Something that failed or does not hold.
pub fn bad(text: &str) -> String {
    paint("31;1", text)
}

/// What matters less.
pub fn dim(text: &str) -> String {
    paint("2", text)
}

/// Something to copy: a command, a path, an address.
#[cfg(feature = "server")]
pub fn code(text: &str) -> String {
    paint("36", text)
}

fn paint(codes: &str, text: &str) -> String {
    if has_colour() {
        format!("\x1b[{codes}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Whether colours belong here: a terminal, and nobody said `NO_COLOR`.
fn has_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A progress bar with rate and time left, on standard error; hidden where that is no terminal.
#[cfg(feature = "server")]
pub fn progress(total: u64, unit: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let template = format!(
        "  {{bar:32.cyan/dim}} {{human_pos}}/{{human_len}} {unit}  {{per_sec:>12}}  \
         {{eta:>4}} left  {{msg:.dim}}"
    );
    let style = ProgressStyle::with_template(&template).expect("the template is ours");
    bar.set_style(style.progress_chars("━╸─"));
    bar
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (31_616, "31,616"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
