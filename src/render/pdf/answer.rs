//! The answer: what is to be paid or received, by when, to whom and under which reference.
//!
//! Must not: work out an amount beyond sums of the payments shown.

use super::figures::{Figures, counted, day, in_fours};
use super::page::{
    Area, BODY, LEADING, LEFT, MEASURE, Mark, NOTE, PLAIN, Paper, STRONG, Style, Tone,
};
use super::table::{Cell, Column, Kind, Row, Table};
use super::typeface::Weight;
use super::words;
use crate::domain::ids::HOUSE;
use crate::domain::money::Money;
use crate::domain::statement::OpenItem;
use crate::render::Sheet;
use crate::render::master::{Mandate, Master};

/// Around the panel's text.
const INSET: f32 = 14.0;
const HEADLINE: Style = Style::new(20.0, Weight::Bold, Tone::Ink);
/// With whom and until when.
const SUBLINE: Style = Style::new(11.5, Weight::Bold, Tone::Ink);
const LABEL_WIDTH: f32 = 82.0;
const LINES_MAX: usize = 4;

/// Draws the panel, and below it the payments if they are several, and earlier items.
pub(super) fn draw(paper: &mut Paper<'_>, sheet: &Sheet<'_>) {
    let figures = Figures::of(&sheet.statement.identity);
    let payments = &sheet.statement.position.payments;
    panel(paper, sheet, figures);
    if payments.len() > 1 {
        paper.y += 6.0;
        let table = items(sheet, figures, payments, false);
        table.lay(paper.typeface, LEFT, MEASURE).flow(paper);
    }
    let earlier = &sheet.statement.open_items;
    if !earlier.is_empty() {
        let table = items(sheet, figures, earlier, true);
        let laid = table.lay(paper.typeface, LEFT, MEASURE);
        paper.heading("Still unpaid from earlier windows", laid.start_height());
        laid.flow(paper);
    }
}

/// The headline on a tinted ground, with what is needed to pay.
fn panel(paper: &mut Paper<'_>, sheet: &Sheet<'_>, figures: Figures<'_>) {
    let (x, top, inner) = (LEFT + INSET, paper.y, MEASURE - 2.0 * INSET);
    let page = paper.pages.len() - 1;
    let under = paper.pages[page].len();
    paper.y += INSET - 3.0;
    let [headline, more] = headline(sheet, figures);
    paper.y += paper.paragraph(x, paper.y, inner, LINES_MAX, &headline, HEADLINE);
    if !more.is_empty() {
        paper.y += paper.paragraph(x, paper.y, inner, LINES_MAX, &more, SUBLINE);
    }
    paper.y += 3.0;
    for (text, tone) in remarks(sheet, figures) {
        let weight = match tone {
            Tone::Alert => Weight::Bold,
            _ => Weight::Regular,
        };
        let style = Style::new(9.0, weight, tone);
        paper.y += paper.paragraph(x, paper.y, inner, LINES_MAX, &text, style);
    }
    if let [payment] = sheet.statement.position.payments.as_slice() {
        paper.y += 4.0;
        for (label, value, style) in details(sheet, payment) {
            let baseline = paper.y + BODY + 1.0;
            paper.text(x, baseline, label, NOTE);
            let value_x = x + LABEL_WIDTH;
            let width = inner - LABEL_WIDTH;
            let height = paper.paragraph(value_x, paper.y, width, LINES_MAX, &value, style);
            paper.y += height.max(BODY * LEADING) + 1.5;
        }
    }
    paper.y += INSET - 4.0;
    let area = |x: f32, width: f32| Area {
        x,
        y: top,
        width,
        height: paper.y - top,
    };
    let ground = |area, tone| Mark::Fill {
        areas: vec![area],
        tone,
    };
    let marks = [
        ground(area(LEFT, MEASURE), Tone::Tint),
        ground(area(LEFT, 3.0), Tone::Accent),
    ];
    paper.pages[page].splice(under..under, marks);
}

fn pays(item: &OpenItem) -> bool {
    item.direction == "pay"
}

/// The sum of amounts; none only past 96 bits.
pub(super) fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    let zero = Money::default();
    let sum = amounts.into_iter().try_fold(zero, Money::checked_add);
    sum.expect("amounts are below 10^15, so their sum is within 96 bits")
}

/// The one sentence that the reader came for, on two lines.
fn headline(sheet: &Sheet<'_>, figures: Figures<'_>) -> [String; 2] {
    let position = &sheet.statement.position;
    match position.payments.as_slice() {
        [] if position.rolled_out.is_zero() => ["Nothing to pay".to_owned(), String::new()],
        [] => ["Nothing to pay now".to_owned(), String::new()],
        [one] => {
            let (verb, joint) = match pays(one) {
                true => ("pay", "to"),
                false => ("receive", "from"),
            };
            let amount = figures.money(one.amount);
            let name = words::party(&one.counterparty, sheet.masters);
            let due = day(one.due_on);
            [
                format!("You {verb} {amount}"),
                format!("{joint} {name} by {due}"),
            ]
        }
        several => {
            let part = |paid: bool, verb: &str| {
                let part = several.iter().filter(|item| pays(item) == paid);
                let number = part.clone().count();
                let total = figures.money(sum(part.map(|item| item.amount)));
                let payments = counted(number, "payment");
                (number > 0).then(|| format!("{verb} {total} in {payments}"))
            };
            let parts = [part(true, "pay"), part(false, "receive")];
            let mut parts = parts.into_iter().flatten();
            let first = parts.next().unwrap_or_default();
            let second = parts.next().map(|second| format!("and {second}"));
            [format!("You {first}"), second.unwrap_or_default()]
        }
    }
}

/// What else there is to know at once: rolled forward, overdue, still open.
fn remarks(sheet: &Sheet<'_>, figures: Figures<'_>) -> Vec<(String, Tone)> {
    let statement = sheet.statement;
    let mut remarks = Vec::new();
    let rolled = statement.position.rolled_out;
    if !rolled.is_zero() {
        let amount = figures.money(rolled.magnitude());
        let owed = if rolled.is_debit() {
            "that you owe"
        } else {
            "owed to you"
        };
        let text = format!(
            "{amount} {owed} is under the payment minimum and rolls forward to the next window."
        );
        remarks.push((text, Tone::Ink));
    } else if statement.position.payments.is_empty() {
        let text = if statement.lines.is_empty() {
            "There are no lines in this window."
        } else {
            "What you owe and what you are owed come to the same."
        };
        remarks.push((text.to_owned(), Tone::Soft));
    }
    for (status, tone) in [("overdue", Tone::Alert), ("open", Tone::Ink)] {
        for (paid, verb) in [(true, "to pay"), (false, "to receive")] {
            let earlier = statement.open_items.iter();
            let same = earlier.filter(|item| item.status == status && pays(item) == paid);
            let number = same.clone().count();
            if number > 0 {
                let amount = figures.money(sum(same.map(|item| item.amount)));
                let items = counted(number, "earlier item");
                let word = words::sentence(status);
                let text = format!("{word}: {amount} {verb}, {items}; see below.");
                remarks.push((text, tone));
            }
        }
    }
    remarks
}

/// `DE02 1203 0000 0000 2020 51 (BYLADEM1001)`
fn account(master: &Master) -> String {
    let iban = in_fours(&master.iban);
    let bic = master.bic.as_ref();
    bic.map_or(iban.clone(), |bic| format!("{iban}  (BIC {bic})"))
}

/// What is needed to make or to recognise one payment.
fn details(sheet: &Sheet<'_>, payment: &OpenItem) -> Vec<(&'static str, String, Style)> {
    let other = sheet.masters.get(&payment.counterparty);
    let own = sheet.masters.get(&sheet.statement.partner);
    let strong = Style {
        size: 9.0,
        ..STRONG
    };
    let plain = Style { size: 9.0, ..PLAIN };
    let mut details = vec![("Reference", in_fours(&payment.reference), strong)];
    if !pays(payment) {
        details.extend(own.map(|own| ("To your account", account(own), plain)));
        return details;
    }
    details.extend(other.map(|other| ("To account", account(other), strong)));
    if let Some((own, mandate)) = mandate(sheet, payment) {
        let text = format!(
            "Under your mandate {} it may be collected from {}; then there is nothing to transfer.",
            mandate.id,
            in_fours(&own.iban)
        );
        details.push(("Direct debit", text, plain));
    }
    details
}

/// The partner and its mandate, if the house may collect this payment.
fn mandate<'a>(sheet: &Sheet<'a>, payment: &OpenItem) -> Option<(&'a Master, &'a Mandate)> {
    let own = sheet.masters.get(&sheet.statement.partner)?;
    let mandate = own.mandate.as_ref()?;
    let to_house = pays(payment) && payment.counterparty.as_str() == HOUSE;
    to_house.then_some((own, mandate))
}

/// The account to pay to, and the mandate under which it may be collected instead.
fn account_note(sheet: &Sheet<'_>, item: &OpenItem) -> String {
    let other = sheet.masters.get(&item.counterparty);
    let iban = other
        .filter(|_| pays(item))
        .map(|other| in_fours(&other.iban));
    let mandate = mandate(sheet, item).map(|(_, mandate)| mandate.id.as_str());
    match (iban, mandate) {
        (Some(iban), Some(mandate)) => format!("{iban}, or by mandate {mandate}"),
        (None, Some(mandate)) => format!("By mandate {mandate}"),
        (iban, None) => iban.unwrap_or_default(),
    }
}

/// Payments or earlier items as a table, sums last.
fn items(sheet: &Sheet<'_>, figures: Figures<'_>, items: &[OpenItem], earlier: bool) -> Table {
    let mut columns = vec![
        ("Counterparty and account", Column::Text(1)),
        ("Reference", Column::Code),
        ("Due", Column::Figure),
        ("You pay", Column::Figure),
        ("You receive", Column::Figure),
    ];
    if earlier {
        columns.insert(0, ("Status", Column::Code));
        columns.insert(1, ("Window", Column::Figure));
    }
    let mut rows: Vec<Row> = (items.iter())
        .map(|item| item_row(sheet, figures, item, earlier))
        .collect();
    if items.len() > 1 {
        let of = |paid: bool| {
            let same = items.iter().filter(move |item| pays(item) == paid);
            same.map(|item| item.amount).collect::<Vec<_>>()
        };
        let mut texts = vec![String::new(); columns.len() - 2];
        texts[0] = "Total".to_owned();
        texts.extend([of(true), of(false)].map(|amounts| {
            let none = amounts.is_empty();
            let total = figures.amount(sum(amounts));
            if none { String::new() } else { total }
        }));
        rows.push(Row::new(Kind::Total, texts));
    }
    Table { columns, rows }
}

fn item_row(sheet: &Sheet<'_>, figures: Figures<'_>, item: &OpenItem, earlier: bool) -> Row {
    let overdue = item.status == "overdue";
    let alert = if overdue {
        STRONG.toned(Tone::Alert)
    } else {
        PLAIN
    };
    let amount = Cell::styled(figures.amount(item.amount), STRONG);
    let empty = Cell::styled("", PLAIN);
    let name = words::party(&item.counterparty, sheet.masters);
    let note = account_note(sheet, item);
    let (pay, receive) = if pays(item) {
        (amount, empty)
    } else {
        (empty, amount)
    };
    let mut cells = vec![
        Cell::styled(name, PLAIN).noted(note),
        Cell::styled(in_fours(&item.reference), PLAIN),
        Cell::styled(day(item.due_on), alert),
        pay,
        receive,
    ];
    if earlier {
        let status = if overdue {
            "OVERDUE".to_owned()
        } else {
            words::sentence(&item.status)
        };
        cells.insert(0, Cell::styled(status, alert));
        cells.insert(1, Cell::styled(item.window.to_string(), PLAIN));
    }
    let kind = Kind::Plain;
    Row { kind, cells }
}
