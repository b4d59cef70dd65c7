//! How to verify: what binds the statement to the ledger, and how anybody checks that.
//!
//! Must not: shorten a hash; it is printed whole, in two tones by eights so that it can be read
//! aloud, without spaces so that it can be copied.

use super::figures::{count, instant};
use super::page::{
    Area, GUTTER, LEADING, LEFT, MEASURE, Mark, NOTE, PLAIN, Paper, STRONG, Style, TOP, Tone,
};
use super::typeface::Weight;
use crate::render::Sheet;
use qrcode::{Color, EcLevel, QrCode};

/// The side of the QR code.
const QR: f32 = 96.0;
const LABEL_WIDTH: f32 = 84.0;
/// For codes, which are long.
const CODE: Style = Style::new(7.5, Weight::Regular, Tone::Ink);
/// Below the QR code, where nothing may stand.
const QUIET: f32 = 8.0;
const GROUP: usize = 8;
const LINES_MAX: usize = 4;

/// Where the statement is served.
fn address(sheet: &Sheet<'_>) -> String {
    let (stated, base) = (sheet.stated, sheet.address.trim_end_matches('/'));
    format!(
        "{base}/windows/{}/statements/{}.json",
        stated.window, stated.partner
    )
}

/// Draws the section, whole on one page.
pub(super) fn draw(paper: &mut Paper<'_>, sheet: &Sheet<'_>) {
    let mut scratch = Paper::new(paper.typeface);
    body(&mut scratch, sheet);
    paper.heading("How to verify this statement", scratch.y - TOP);
    body(paper, sheet);
}

fn body(paper: &mut Paper<'_>, sheet: &Sheet<'_>) {
    let (stated, log) = (sheet.stated, &sheet.statement.log);
    let width = MEASURE - QR - GUTTER;
    let intro = "This page is made from statement.json, which the house signed; the signed file is \
                 what counts. Take the file, check its SHA-256, and check it against the ledger:";
    paper.y += paper.paragraph(LEFT, paper.y, width, LINES_MAX, intro, PLAIN) + 3.0;
    let top = paper.y;
    let command = "tallyhouse-verify statement FILE";
    paper.y += paper.paragraph(LEFT, paper.y, width, 1, command, STRONG) + 5.0;
    hash(paper, "SHA-256", &stated.sha256, STRONG.toned(Tone::Ink));
    let place = format!(
        "entry {} (issue_statements, submission {}), statement {} of {}",
        stated.entry,
        stated.submission,
        count(stated.place.saturating_add(1)),
        count(stated.count)
    );
    text(paper, "Stated in", &place, width);
    hash(paper, "Statements root", &stated.root, CODE);
    let window = format!(
        "entries {} to {}, cut on {}",
        log.first_entry,
        log.last_entry,
        instant(&log.cut_at)
    );
    text(paper, "Window", &window, width);
    text(paper, "Tree size", &log.size.to_string(), width);
    hash(paper, "Tree root", &log.root, CODE);
    hash(paper, "Chain head", &log.chain_hash, CODE);
    let netted = format!("entry {}, on {}", log.netted_in, instant(&log.netted_at));
    text(paper, "Netted in", &netted, width);
    hash(paper, "Lines root", &log.lines_root, CODE);
    hash(paper, "Positions root", &log.positions_root, CODE);
    let versions = format!(
        "rules {}, price list {}",
        log.rules_version, log.price_version
    );
    text(paper, "In force", &versions, width);
    text(paper, "Ledger", &sheet.statement.identity.origin, width);
    let address = address(sheet);
    text(paper, "Served at", &address, width);
    let end = paper.y;
    let code = format!("{address}#sha256={}", stated.sha256);
    let x = LEFT + MEASURE - QR;
    if let Some(side) = qr(paper, &code, x, top) {
        let caption = "That address and SHA-256";
        paper.paragraph(x, top + side + QUIET, QR, 2, caption, NOTE);
    }
    paper.y = end.max(top + QR + QUIET + 2.0 * NOTE.size * LEADING);
}

/// A label and a text on one line or more.
fn text(paper: &mut Paper<'_>, label: &str, value: &str, width: f32) {
    paper.text(LEFT, paper.y + CODE.size, label, NOTE);
    let x = LEFT + LABEL_WIDTH;
    let height = paper.paragraph(x, paper.y, width - LABEL_WIDTH, LINES_MAX, value, CODE);
    paper.y += height.max(CODE.size * LEADING) + 1.0;
}

/// A label and a hash.
fn hash(paper: &mut Paper<'_>, label: &str, hex: &str, style: Style) {
    let baseline = paper.y + CODE.size;
    paper.text(LEFT, baseline, label, NOTE);
    let style = Style {
        size: CODE.size,
        ..style
    };
    let mut x = LEFT + LABEL_WIDTH;
    let digits: Vec<char> = hex.chars().collect();
    for (at, group) in digits.chunks(GROUP).enumerate() {
        let tone = if at.is_multiple_of(2) {
            Tone::Ink
        } else {
            Tone::Accent
        };
        let group: String = group.iter().collect();
        x = paper.text(x, baseline, &group, style.toned(tone));
    }
    paper.y += CODE.size * LEADING + 1.0;
}

/// A QR code with its quiet zone outside the square; says how high it is. None if the address is
/// longer than a QR code can be.
fn qr(paper: &mut Paper<'_>, address: &str, x: f32, y: f32) -> Option<f32> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M).ok()?;
    let modules = code.width();
    let colors = code.to_colors();
    let step = QR / modules as f32;
    let mut areas = Vec::new();
    for (row, line) in colors.chunks(modules).enumerate() {
        for (from, length) in runs(line) {
            areas.push(Area {
                x: x + from as f32 * step,
                y: y + row as f32 * step,
                width: length as f32 * step,
                height: step,
            });
        }
    }
    let tone = Tone::Ink;
    paper.put(Mark::Fill { areas, tone });
    let area = Area {
        x,
        y,
        width: QR,
        height: QR,
    };
    let address = address.to_owned();
    paper.put(Mark::Link { area, address });
    Some(QR)
}

/// Dark modules that stand next to each other: where a run begins and how long it is.
fn runs(line: &[Color]) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut at = 0;
    for run in line.chunk_by(|a, b| a == b) {
        if run[0] == Color::Dark {
            runs.push((at, run.len()));
        }
        at += run.len();
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_dark_modules_become_one_rectangle() {
        let line: Vec<Color> = "xx_xxx_"
            .chars()
            .map(|c| if c == 'x' { Color::Dark } else { Color::Light })
            .collect();
        assert_eq!(runs(&line), [(0, 2), (3, 3)]);
        assert_eq!(runs(&[]), []);
    }
}
