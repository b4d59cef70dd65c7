//! The top of the first page: from whom to whom, and of which days.
//!
//! Must not: hold an amount.

use super::figures;
use super::page::{Area, LEADING, LEFT, MEASURE, NOTE, Paper, RIGHT, STRONG, Style, TOP, Tone};
use super::typeface::Weight;
use super::words;
use crate::domain::ids::{HOUSE, Name};
use crate::render::Sheet;
use crate::render::master::Master;

/// Between the left and the right half.
const MIDDLE: f32 = LEFT + MEASURE * 0.54;

/// What every page of a simulated ledger's statement says.
pub(super) const SIMULATED: &str = "SIMULATED LEDGER";

/// Draws it.
pub(super) fn draw(paper: &mut Paper<'_>, sheet: &Sheet<'_>) {
    let identity = &sheet.statement.identity;
    let title = Style::new(24.0, Weight::Bold, Tone::Ink);
    let end = paper.text(LEFT, TOP + 20.0, "Statement", title);
    if identity.simulated {
        badge(paper, end + 14.0, TOP + 17.0, SIMULATED);
    }
    let days = figures::days(identity.first_day, identity.last_day);
    let window = format!("Window {}  ·  {days}", identity.window);
    let style = Style::new(10.5, Weight::Bold, Tone::Accent);
    paper.text(LEFT, TOP + 38.0, &window, style);
    let programme = format!("Programme {}", identity.programme);
    let right = Style::new(9.0, Weight::Regular, Tone::Soft);
    paper.text_right(RIGHT, TOP + 38.0, &programme, right);
    paper.y = TOP + 50.0;
    paper.rule(LEFT, paper.y, MEASURE, 0.8, Tone::Ink);
    paper.y += 9.0;

    let top = paper.y;
    let partner = &sheet.statement.partner;
    let left = party(paper, sheet, partner, "For", LEFT, MIDDLE - LEFT - 20.0);
    paper.y = top;
    let house = Name::parse(HOUSE).expect("the house's id is a name");
    let right = party(paper, sheet, &house, "From", MIDDLE, RIGHT - MIDDLE);
    paper.y = left.max(right) + 10.0;
}

/// A word in a box.
fn badge(paper: &mut Paper<'_>, x: f32, baseline: f32, text: &str) {
    let style = Style::new(9.0, Weight::Bold, Tone::Alert);
    let (top, height) = (baseline - 11.0, 16.0);
    let end = paper.text(x + 7.0, baseline + 0.2, text, style);
    let width = end + 7.0 - x;
    paper.rule(x, top, width, 1.0, Tone::Alert);
    paper.rule(x, top + height - 1.0, width, 1.0, Tone::Alert);
    for side in [x, x + width - 1.0] {
        let area = Area {
            x: side,
            y: top,
            width: 1.0,
            height,
        };
        paper.fill(area, Tone::Alert);
    }
}

/// Name and address; says how far down they reach.
fn party(
    paper: &mut Paper<'_>,
    sheet: &Sheet<'_>,
    party: &Name,
    title: &str,
    x: f32,
    width: f32,
) -> f32 {
    let mut y = paper.y;
    y += paper.paragraph(x, y, width, 1, title, NOTE);
    let name = Style {
        size: 9.5,
        ..STRONG
    };
    let shown = match words::party(party, sheet.masters) {
        "the house" => "The house",
        name => name,
    };
    y += paper.paragraph(x, y, width, 3, shown, name);
    let style = Style { size: 8.0, ..NOTE };
    for line in address(sheet.masters.get(party), party) {
        y += paper.paragraph(x, y, width, 2, &line, style);
    }
    y + style.size * (LEADING - 1.0)
}

/// What stands below the name; nothing without a master, for then the name is the id.
fn address(master: Option<&Master>, party: &Name) -> Vec<String> {
    let Some(master) = master else {
        return Vec::new();
    };
    let town = format!("{} {}", master.postcode, master.town);
    let tax = master.tax_id.as_ref().map(|tax| format!("Tax id {tax}"));
    let id = (party.as_str() != HOUSE).then(|| format!("Partner id {party}"));
    let ids: Vec<String> = tax.into_iter().chain(id).collect();
    let lines = [
        master.street.clone(),
        format!("{}, {}", town.trim(), master.country),
        ids.join("  ·  "),
    ];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}
